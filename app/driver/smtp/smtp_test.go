package smtp_test

import (
	"bytes"
	"io"
	"mime"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/postfix"
	"allotment/app/driver/smtp"
	"allotment/e2e/lab"
)

// TestPostfix sends through a real Postfix, over STARTTLS.
func TestPostfix(t *testing.T) {
	t.Parallel()
	l := lab.T(t, lab.Options{Postgres: true, Directory: true, Mail: true})
	if err := postfix.Migrate(t.Context(), l.Mail.DatabaseURL); err != nil { // Postfix looks up there whose mail it keeps
		t.Fatal(err)
	}
	ca, err := os.ReadFile(l.Mail.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	carrier, err := smtp.New(smtp.Config{URL: "smtp://" + l.Mail.RelayAddr, CA: string(ca)})
	if err != nil {
		t.Fatal(err)
	}
	letter := app.Letter{
		From: app.Letterhead{Name: "Gärtnerei\r\nBcc: everybody@example.test", Address: "portal@example.test", Support: "help@example.test"},
		To:   "guest@example.test", ToName: "Gast\nBcc: all@example.test", MessageID: app.NewID().String() + "@example.test", At: time.Now(),
		Subject: "Einladung für Sie\r\nBcc: everyone@example.test", Text: "Grüße\n.\nQUIT\n", HTML: "<p>Grüße</p>",
	}
	if err := carrier.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	got := arrived(t, l.Mail, letter.To)
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "Einladung für Sie  Bcc: everyone@example.test" {
		t.Errorf("subject %q (%v)", subject, err)
	}
	if got.Header.Get("Bcc") != "" || got.Header.Get("Message-Id") != "<"+letter.MessageID+">" || got.Header.Get("Reply-To") != "<help@example.test>" {
		t.Errorf("head: %v", got.Header)
	}
	if !strings.Contains(got.Header.Get("Received"), "with ESMTPS ") {
		t.Errorf("it came without TLS: %s", got.Header.Get("Received"))
	}
	body, err := io.ReadAll(got.Body)
	if err != nil || !bytes.Contains(body, []byte("QUIT")) || !bytes.Contains(body, []byte("text/html")) {
		t.Errorf("body: %s (%v)", body, err)
	}

	strict, err := smtp.New(smtp.Config{URL: "smtp://" + l.Mail.RelayAddr})
	if err != nil {
		t.Fatal(err)
	}
	if err := strict.Send(t.Context(), letter); app.CodeOf(err) != app.Retryable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a server whose certificate nobody vouches for: %v", err)
	}
	foreign, err := smtp.New(smtp.Config{URL: "smtp://" + l.Mail.SMTPAddr, CA: string(ca)})
	if err != nil {
		t.Fatal(err)
	}
	if err := foreign.Send(t.Context(), letter); app.CodeOf(err) != app.Permanent {
		t.Errorf("a server that does not relay: %v", err)
	}
}

func arrived(t *testing.T, m *lab.Mail, to string) *mail.Message {
	t.Helper()
	for range 200 {
		sent, err := m.Sent(to)
		if err != nil {
			t.Fatal(err)
		}
		if len(sent) > 0 {
			message, err := mail.ReadMessage(bytes.NewReader(sent[0]))
			if err != nil {
				t.Fatal(err)
			}
			return message
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing arrived for %s", to)
	return nil
}

func TestAddressesNobodyTakes(t *testing.T) {
	t.Parallel()
	carrier, err := smtp.New(smtp.Config{URL: "smtp+plain://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"", "nobody", "a@b\r\nRCPT TO:<c@d>", "a@b>, <c@d"} {
		err := carrier.Send(t.Context(), app.Letter{From: app.Letterhead{Name: "Us", Address: "us@example.test"}, To: to, MessageID: "1@example.test"})
		if app.CodeOf(err) != app.Permanent {
			t.Errorf("%q: %v, want Permanent", to, err)
		}
	}
	err = carrier.Send(t.Context(), app.Letter{From: app.Letterhead{Name: "Us", Address: "us@example.test"}, To: "a@example.test", MessageID: "1@example.test"})
	if app.CodeOf(err) != app.Retryable {
		t.Errorf("no server: %v, want Retryable", err)
	}
}

func TestWrongAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://mail.example.org:0", "smtp://mail.example.org/inbox", "smtp+plain://mail.example.org",
		"smtps://mail.example.org?x=y",
	} {
		if _, err := smtp.New(smtp.Config{URL: url}); err == nil {
			t.Errorf("%q is accepted", url)
		}
	}
	if _, err := smtp.New(smtp.Config{URL: "smtps://mail.example.org", CA: "rubbish"}); err == nil {
		t.Error("a file without a certificate is accepted")
	}
}
