package planner

import (
	"net/netip"

	"allotment/app"
	"allotment/catalog"
)

// MailSite is how DNS records name the mail system.
type MailSite struct {
	Host     string
	Port     int
	IMAPHost string
	IMAPPort int
}

// Records returns the DNS records of a service at an address; an invalid address leaves "{address4}" in its place, for a preview.
func Records(entry *catalog.App, host string, address netip.Addr, mail MailSite) []app.Record {
	values := catalog.DNSValues{
		Domain: host, MailHost: mail.Host, MailPort: mail.Port, IMAPHost: mail.IMAPHost, IMAPPort: mail.IMAPPort,
	}
	switch {
	case !address.IsValid():
		values.Address4 = "{address4}"
	case address.Is4():
		values.Address4 = address.String()
	default:
		values.Address6 = address.String()
	}
	var records []app.Record
	for _, r := range entry.DNS(values) {
		records = append(records, app.Record{Name: r.Name, Type: r.Type, TTL: r.TTL, Values: r.Values})
	}
	return records
}
