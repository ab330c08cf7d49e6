// Package smtp hands letters to a mail server (RFC 5321), over TLS unless the server is this very machine. Each letter has a connection of its own.
package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"

	"allotment/app"
)

// Config says where the mail server is.
type Config struct {
	// URL is smtp://[login:password@]host[:587] with STARTTLS demanded, smtps://…[:465] with TLS from the first byte, or smtp+plain://…[:25] without
	// any, which is for this very machine.
	URL     string
	CA      string        // PEM of the authority to trust; "" is the system's
	Timeout time.Duration // of the connection and of each command; 0 means 15 seconds
}

// Carrier implements outbox.Carrier.
type Carrier struct {
	host    string
	options []mail.Option
}

// New checks config; it does not talk to the server.
func New(config Config) (*Carrier, error) {
	at, err := url.Parse(config.URL)
	if err != nil || at.Hostname() == "" || (at.Path != "" && at.Path != "/") || at.RawQuery != "" {
		return nil, errors.New("the address is not one like smtp://login:password@mail.example.org:587")
	}
	if config.Timeout == 0 {
		config.Timeout = 15 * time.Second
	}
	// Letters need no SMTPUTF8 (RFC 6531), and one that claims to is turned away by servers further on that cannot.
	c := &Carrier{host: at.Hostname(), options: []mail.Option{mail.WithTimeout(config.Timeout), mail.WithoutNoop(), mail.WithoutSMTPUTF8()}}
	port := 0
	switch at.Scheme {
	case "smtp":
		port, c.options = 587, append(c.options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "smtps":
		port, c.options = 465, append(c.options, mail.WithSSL())
	case "smtp+plain":
		if port = 25; !here(at.Hostname()) {
			return nil, errors.New("smtp+plain is for a mail server on this very machine; use smtp or smtps")
		}
		c.options = append(c.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("%q is not one of smtp, smtps and smtp+plain", at.Scheme)
	}
	if text := at.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("%q is not a port", text)
		}
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: at.Hostname()}
	if config.CA != "" {
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM([]byte(config.CA)) {
			return nil, errors.New("the authority's file holds no certificate")
		}
	}
	c.options = append(c.options, mail.WithPort(port), mail.WithTLSConfig(trust))
	if at.User != nil {
		password, _ := at.User.Password()
		c.options = append(c.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(at.User.Username()), mail.WithPassword(password))
	}
	if _, err := mail.NewClient(c.host, c.options...); err != nil {
		return nil, fmt.Errorf("the address: %w", err)
	}
	return c, nil
}

// here reports whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Send hands a letter to the server.
func (c *Carrier) Send(ctx context.Context, letter app.Letter) error {
	message, err := compose(letter)
	if err != nil {
		return app.Because(app.Permanent, err, "The mail has an address that no mail server takes.")
	}
	client, err := mail.NewClient(c.host, c.options...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return classifyDial(err)
	}
	err = client.Send(message)
	_ = client.Close() // the server has answered, or it is gone
	if message.IsDelivered() {
		return nil // what went wrong afterwards is about the connection
	}
	return classify(err)
}

// compose puts a letter into the form that travels. Nothing in it can begin a header of its own.
func compose(letter app.Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.FromFormat(oneLine(letter.From.Name), letter.From.Address); err != nil {
		return nil, err
	}
	if err := m.AddToFormat(oneLine(letter.ToName), letter.To); err != nil {
		return nil, err
	}
	if letter.From.Support != "" {
		if err := m.ReplyTo(letter.From.Support); err != nil {
			return nil, err
		}
	}
	m.SetMessageIDWithValue(letter.MessageID)
	m.SetDateWithValue(letter.At)
	m.Subject(oneLine(letter.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answering machine answers
	m.SetBodyString(mail.TypeTextPlain, letter.Text)
	m.AddAlternativeString(mail.TypeTextHTML, letter.HTML)
	for _, file := range letter.Files {
		if err := m.AttachReader(oneLine(file.Name), bytes.NewReader(file.Data), mail.WithFileContentType(mail.ContentType(file.Type))); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// oneLine puts a space in the place of whatever could end a line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}
