package browser

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// signsIn types an address and a password into the sign-in page.
func (p *person) signsIn(email, password string) {
	p.t.Helper()
	p.open("/signin")
	p.fill("#email", email)
	p.fill("#password", password)
	p.pressOn(`form[action="/signin"] button`)
}

var linkInMail = regexp.MustCompile(`https?://[^\s"<>]+/(?:reset|verify|undo)/[A-Za-z0-9_-]+`)

// linkMailed waits for a mail to an address whose subject has the words, as it left the house, and returns its link.
func (w *world) linkMailed(t *testing.T, to, subject string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		all, err := w.site.Lab.Mail.Sent(to)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(all) - 1; i >= 0; i-- {
			message, err := mail.ReadMessage(bytes.NewReader(all[i]))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(message.Header.Get("Subject"), subject) {
				continue
			}
			body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
			if err != nil {
				t.Fatal(err)
			}
			if link := linkInMail.FindString(string(body)); link != "" {
				return link
			}
			t.Fatalf("the mail %q has no link:\n%s", subject, body)
		}
	}
	t.Fatalf("no mail %q to %s", subject, to)
	return ""
}

// TestSecondFactorInBrowser sets up an authenticator app from its page, and signs in with its code and with a recovery code.
func TestSecondFactorInBrowser(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Codes", "codes")
	p := w.newPerson(t, "a careful person", desk)
	p.signsIn(tenant.Email, w.password)
	p.sees("My services")
	p.open("/account/security")
	p.press("Set up an authenticator app")
	p.sees("Scan this picture with the app")
	p.audit("the page of a new authenticator app")
	secret := strings.ReplaceAll(p.text("#secret"), " ", "")
	code := func(at time.Time) string {
		c, err := totp.GenerateCode(secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	p.fill("#code", code(time.Now()))
	p.press("Use this app from now on")
	p.sees("Your recovery codes")
	p.audit("the page of recovery codes")
	spare := strings.Fields(p.text("#recovery"))
	if len(spare) != 10 {
		t.Fatalf("%d recovery codes: %v", len(spare), spare)
	}
	other := w.newPerson(t, "the same person elsewhere", desk)
	other.signsIn(tenant.Email, w.password)
	other.sees("One more step")
	other.audit("the second step")
	other.fill("#code", code(time.Now().Add(90*time.Second)))
	other.press("Continue")
	other.sees("is fast")
	other.heard() // the browser notes the 422
	other.fill("#code", spare[0])
	other.press("Continue")
	other.sees("My services")
	p.open("/account/sessions")
	p.sees("password + recovery code")
	p.press("Sign out everywhere else")
	p.until(patience, "the other session's end", fmt.Sprintf(`!(%s).includes("recovery code")`, pageText))
	other.open("/services")
	other.sees("Welcome back")
}

// TestResetThroughMail asks for a new password, reads the mail that left the house, and uses its link.
func TestResetThroughMail(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Forgetful", "forgetful")
	p := w.newPerson(t, "a forgetful person", desk)
	p.open("/signin")
	p.press("Forgotten?")
	p.sees("We send a link") // the page before has such a field, too
	p.fill("#email", tenant.Email)
	p.press("Send the link")
	p.sees("Please look into your mailbox")
	p.audit("after asking for the link")
	link := w.linkMailed(t, tenant.Email, "Set a new password")
	p.open(link)
	p.sees("At least 12 characters")
	p.audit("the page of the new password")
	p.fill("#password", "password1234")
	p.press("Set the password")
	p.sees("tried first")
	p.heard() // the browser notes the 422
	const fresh = "beans, peas and a rake"
	p.fill("#password", fresh)
	p.press("Set the password")
	p.sees("Your password has been changed")
	p.signsIn(tenant.Email, fresh)
	p.sees("My services")
	p.open(link)
	p.sees("too old")
	p.heard() // and the 410
}

// TestNewAddressThroughMail changes an address with the link that the new one gets, and takes it back with the one that the old one gets.
func TestNewAddressThroughMail(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Mover", "mover")
	fresh := fmt.Sprintf("moved-%d@demo.example", time.Now().UnixNano())
	p := w.newPerson(t, "a mover", desk).signedIn(tenant.Email)
	p.open("/account")
	p.fill("#email", fresh)
	p.press("Change the address")
	p.sees(fresh)
	p.open(w.linkMailed(t, fresh, "confirm your e-mail address"))
	p.sees("Is this your address?")
	p.audit("the page of a link")
	p.press("Yes, this is my address")
	p.sees("Your address is confirmed")
	p.audit("the page of what is done")
	p.open(w.linkMailed(t, tenant.Email, "being changed"))
	p.press("Yes, it was not me")
	p.sees("Your address is as it was")
	p.open("/services")
	p.sees("Welcome back")
}
