package app

import (
	"net"
	"net/url"
	"time"
)

// Brand is how a seller looks to its buyers: on pages, in mails and on invoices.
type Brand struct {
	Organization  ID     // the seller; the zero ID where there is no brand, only a name
	Name          string // never empty
	Logo          string // names the picture, and changes with it; "" without one
	LogoWide      bool   // the picture says the name itself
	Light         string // the main colour on light pages, "#1f6f43"; "" for the house's own
	Dark          string // the main colour on dark pages
	SupportEmail  string
	SupportURL    string
	ImprintURL    string
	PrivacyURL    string
	SenderName    string // of its mails; "" for Name
	SenderAddress string // of its mails; "" for the installation's own
	Host          string // where its people sign in; "" for the installation's own address
}

// Sender is the name that mails come from.
func (b Brand) Sender() string {
	if b.SenderName != "" {
		return b.SenderName
	}
	return b.Name
}

// URL is the address under which the brand's people reach the portal: the installation's own address with the brand's host in it.
func (b Brand) URL(installation string) string {
	u, err := url.Parse(installation)
	if err != nil || b.Host == "" {
		return installation
	}
	port := u.Port()
	u.Host = b.Host
	if port != "" {
		u.Host = net.JoinHostPort(b.Host, port)
	}
	return u.String()
}

// BrandSettings is a brand as its seller sets it, with what staff has not confirmed yet. A host name and a sender's address lead people to
// trust what they see, so they count once the operator's staff has confirmed them.
type BrandSettings struct {
	Brand
	OrganizationName string // of the seller
	AskedHost        string // asked for; "" for none
	AskedSender      string
	AskedAt          time.Time // zero where nothing waits for an answer
	Answer           string    // why staff declined; "" where it did not
}
