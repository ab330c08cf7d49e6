package program

import (
	"context"
	"net/mail"

	"allotment/app"
	"allotment/app/driver/smtp"
	"allotment/app/outbox"
	"allotment/views"
)

// checkSMTP says what is wrong with the settings of the portal's own mail.
func (c Config) checkSMTP(bad func(name, format string, args ...any)) {
	if c.SMTP.URL == "" {
		return
	}
	if _, err := smtp.New(smtp.Config{URL: c.SMTP.URL}); err != nil {
		bad("smtp.url", "%v", err)
	}
	if _, err := mail.ParseAddress(c.SMTP.From); err != nil {
		bad("smtp.from", "%q is not a sender like Example Hosting <portal@example.org>", c.SMTP.From)
	}
}

// Outbox joins what sends the portal's own mail.
func (p *Program) Outbox() (*outbox.Outbox, error) {
	carrier, err := p.carrier()
	if err != nil {
		return nil, err
	}
	return &outbox.Outbox{Store: p.Store, Vault: p.Vault, Writer: views.Letters{}, Carrier: carrier, Head: p.letterhead, Files: p.Portal.MailFiles}, nil
}

// letterhead is in whose name an organization's mail is written: its seller's, as far as that has a brand, else the installation's.
func (p *Program) letterhead(ctx context.Context, organization app.ID) (app.Letterhead, error) {
	brand, err := p.Store.BrandOf(ctx, organization)
	if err != nil {
		return app.Letterhead{}, err
	}
	head := app.Letterhead{Name: brand.Sender(), Address: brand.SenderAddress, Support: brand.SupportEmail, URL: brand.URL(p.Config.Web.URL), Colour: brand.Light}
	from, err := mail.ParseAddress(p.Config.SMTP.From)
	if err != nil {
		return head, nil // nothing is sent without the setting
	}
	if head.Address == "" {
		head.Address = from.Address
	}
	if brand.Organization == (app.ID{}) && from.Name != "" {
		head.Name = from.Name
	}
	return head, nil
}

func (p *Program) carrier() (outbox.Carrier, error) {
	c := p.Config.SMTP
	if c.URL == "" {
		return noServer{}, nil
	}
	ca, err := pem("smtp.ca", c.CA)
	if err != nil {
		return nil, err
	}
	return smtp.New(smtp.Config{URL: c.URL, CA: ca})
}

// noServer stands in where no mail server is configured: mail waits.
type noServer struct{}

// Send says that there is no mail server.
func (noServer) Send(context.Context, app.Letter) error {
	return app.Errorf(app.Retryable, "No mail server is set up: see smtp.url in the settings.")
}
