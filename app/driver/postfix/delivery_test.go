package postfix_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/smtp"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// TestDelivery: a guest sends with its credential as its domain and nothing else, mail reaches the mailbox also by its alias,
// and after Remove neither works.
func TestDelivery(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	_, state, err := h.Driver.Ensure(t.Context(), ref, spec)
	if err != nil {
		t.Fatal(err)
	}
	box := spec.Mailboxes[0].Name + "@" + spec.Domain
	if err := s.send(t, state.RelayUser, spec.RelayPassword, "app@"+spec.Domain, "info@"+spec.Domain); err != nil {
		t.Fatalf("the guest cannot send: %v", err)
	}
	client := s.store
	if err := client.SetACL("user/"+box, imap.RightsIdentifier(s.lab.Mail.IMAPAdmin), imap.RightModificationAdd, imap.RightSet("lrs")).Wait(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		status, err := client.Status("user/"+box, &imap.StatusOptions{NumMessages: true}).Wait()
		if err == nil && *status.NumMessages == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the message did not arrive: %+v, %v", status, err)
		}
	}
	if err := s.send(t, state.RelayUser, spec.RelayPassword, "app@elsewhere.example", box); err == nil || !strings.Contains(err.Error(), "553") {
		t.Errorf("the guest may send as another domain: %v", err)
	}
	if err := s.send(t, state.RelayUser, "wrong", "app@"+spec.Domain, box); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("a wrong password: %v", err)
	}
	if err := h.Driver.Remove(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if err := s.send(t, state.RelayUser, spec.RelayPassword, "app@"+spec.Domain, box); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("the credential outlived its domain: %v", err)
	}
}

// send submits one message over STARTTLS.
func (s server) send(t *testing.T, user, password, from, to string) error {
	t.Helper()
	ca, err := os.ReadFile(s.lab.Mail.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AppendCertsFromPEM(ca)
	client, err := smtp.Dial(s.lab.Mail.SubmissionAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.StartTLS(&tls.Config{RootCAs: trust, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal(err)
	}
	if err := client.Auth(smtp.PlainAuth("", user, password, "127.0.0.1")); err != nil {
		return err
	}
	if err := client.Mail(from); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte("From: " + from + "\r\nTo: " + to + "\r\nSubject: a try\r\n\r\nIt is here.\r\n")); err != nil {
		return err
	}
	return w.Close()
}
