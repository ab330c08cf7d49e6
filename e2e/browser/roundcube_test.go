package browser

import (
	"fmt"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"allotment/e2e/site"
)

// TestOrderRoundcube orders webmail, writes and reads mail in it, gets mail from outside, and sends some there.
func TestOrderRoundcube(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	w.needReal(t, "roundcube")
	tenant := w.customer(t, "Demo Post Office", "post")
	p := w.newPerson(t, "the tenant", desk).signedIn(tenant.Email)
	host := "post." + site.Zone
	p.open("/catalog/roundcube/order")
	p.fill("#field-name", "Our mail")
	p.fill("#field-host", "post")
	p.fill("#field-question-mailbox", "anna")
	p.sees("This address is free.")
	p.press("Continue to the review")
	p.sees("10 mail." + site.Zone + ".")
	p.sees("Sends and receives mail for " + host)
	p.press("Order for €4.50 a month")
	p.sees("Our mail is growing")
	p.watch()
	took := p.until(4*time.Minute, "a service that is ready", `document.querySelector("#progress-title")?.textContent.includes("Our mail is ready") ?? false`)
	t.Logf("ready after %v", took.Round(time.Second))
	p.wantWatched()
	password := p.reveal("mailbox_password")
	address := "anna@" + host
	p.press("Open Our mail")
	p.webmail(address, password)

	p.writes(address, "To ourselves", "Water the seedlings on Monday.")
	p.reads("To ourselves", "Water the seedlings on Monday.")
	w.fromOutside(t, "stranger@example.com", address, "From outside", "We have seeds to share.")
	p.reads("From outside", "We have seeds to share.")

	p.writes("stranger@example.com", "To outside", "Yes please, some beans.")
	w.wantSent(t, "stranger@example.com", address, "Yes please, some beans.")
	p.wantNoScript()
}

// webmail signs in to Roundcube.
func (p *person) webmail(address, password string) {
	p.t.Helper()
	p.until(patience, "the webmail", `!!document.querySelector("#rcmloginuser")`)
	p.fill("#rcmloginuser", address)
	p.fill("#rcmloginpwd", password)
	p.key("\r")
	p.idle("the inbox", "#messagelist")
}

// idle waits until Roundcube shows an element and its script takes commands.
func (p *person) idle(what, selector string) {
	p.t.Helper()
	p.until(patience, what, fmt.Sprintf(`document.readyState === "complete" && !!document.querySelector(%q) && !rcmail.busy`, selector))
}

// writes sends a mail.
func (p *person) writes(to, subject, body string) {
	p.t.Helper()
	p.pressOn("a.compose")
	p.idle("an empty mail", "#compose_to input")
	p.fill("#compose_to input", to)
	p.key("\t")
	p.until(patience, "the addressee taken", fmt.Sprintf(`document.querySelector("#_to").value.includes(%q)`, to))
	p.fill("#compose-subject", subject)
	p.pressOn("#composebody")
	p.key(body)
	p.pressOn("button.send, a.button.send")
	p.idle("the mail gone and the list back", "#messagelist")
}

// reads looks into the inbox until a mail is there, and opens it.
func (p *person) reads(subject, body string) {
	p.t.Helper()
	row := fmt.Sprintf(`[...document.querySelectorAll("#messagelist tr.message")].find((r) => r.innerText.includes(%q))`, subject)
	for end := time.Now().Add(patience); p.poll(2*time.Second, "!!"+row) != nil; {
		if time.Now().After(end) {
			p.t.Fatalf("%s waits in vain for the mail %q", p.name, subject)
		}
		p.open(strings.Split(p.address(), "?")[0] + "?_task=mail&_mbox=INBOX")
		p.idle("the inbox again", "#messagelist")
	}
	p.tamper(row + `.id = "wanted"`)
	p.pressOn("#wanted")
	p.sees(body)
}

// address is where the browser is.
func (p *person) address() (address string) {
	p.t.Helper()
	if err := p.eval(`location.href`, &address); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	return address
}

// fromOutside hands the provider a mail as any other mail server would: without signing in.
func (w *world) fromOutside(t *testing.T, from, to, subject, body string) {
	t.Helper()
	c, err := smtp.Dial(w.site.Lab.Mail.SMTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail(from); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(to); err != nil {
		t.Fatal(err)
	}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(data, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <outside.%s>\r\n\r\n%s\r\n", from, to, subject, from, body)
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantSent waits until the provider has sent a mail on to the rest of the world.
func (w *world) wantSent(t *testing.T, to, from, body string) {
	t.Helper()
	var sent [][]byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var err error
		if sent, err = w.site.Lab.Mail.Sent(to); err != nil {
			t.Fatal(err)
		}
		for _, mail := range sent {
			if strings.Contains(string(mail), body) && strings.Contains(string(mail), from) {
				return
			}
		}
	}
	t.Errorf("no such mail to %s was sent, but these: %q", to, sent)
}
