package postfix_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// imap is a connection of the administrator that does not go through the driver's.
func (s server) imap(t testing.TB) *imapclient.Client {
	t.Helper()
	ca, err := os.ReadFile(s.lab.Mail.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AppendCertsFromPEM(ca)
	client, err := imapclient.DialStartTLS(s.lab.Mail.IMAPAddr, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if err := client.Login(s.lab.Mail.IMAPAdmin, s.lab.Mail.IMAPAdminPassword).Wait(); err != nil {
		t.Fatal(err)
	}
	return client
}
