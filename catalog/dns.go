package catalog

import (
	"strconv"
	"strings"
)

// Host is a name under which the app answers.
type Host struct {
	Name  string `yaml:"name"` // over {domain}: "{domain}" or "webmail.{domain}"
	Label Text   `yaml:"label"`
}

// DNSRecord is one record that the app needs. Name and Value may hold the placeholders of DNSValues, each in braces; a record in
// which a placeholder has no value (no IPv6 address, no mail) is left out.
type DNSRecord struct {
	Name  string `yaml:"name"`          // absolute, without the trailing dot
	Type  string `yaml:"type"`          // A, AAAA, CNAME, MX, TXT or SRV
	Value string `yaml:"value"`         // presentation format (RFC 1035 section 5); of a TXT the bare text, without quotes
	TTL   int    `yaml:"ttl,omitempty"` // seconds; 300 when left out
}

// DNSValues is what placeholders stand for. An empty string, or port 0, means that there is none.
type DNSValues struct {
	Domain   string // {domain}: the answer to the question "domain"; {host} is the app's first host over it
	Address4 string // {address4}
	Address6 string // {address6}
	MailHost string // {mail_host}: where mail for the domain arrives and is submitted
	MailPort int    // {mail_port}: of submission
	IMAPHost string // {imap_host}
	IMAPPort int    // {imap_port}
}

// Record is a set of DNS records with one name and type, as a DNS server keeps it. Values are in presentation format.
type Record struct {
	Name   string
	Type   string
	TTL    int // seconds
	Values []string
}

// defaultTTL keeps a mistake short-lived.
const defaultTTL = 300

// Host returns the host that people open when the app is ordered for domain.
func (a *App) Host(domain string) string { return a.HostNames(domain)[0] }

// HostNames returns every host of the app for domain, the one that people open first.
func (a *App) HostNames(domain string) []string {
	names := make([]string, len(a.Hosts))
	for i, host := range a.Hosts {
		names[i] = strings.ReplaceAll(host.Name, "{domain}", domain)
	}
	return names
}

// DNS returns the records that the app needs, in the manifest's order; records of one name and type come as one set.
func (a *App) DNS(values DNSValues) []Record {
	words := a.placeholders(values)
	var sets []Record
	for _, template := range a.Records {
		name, okName := fill(template.Name, words)
		value, okValue := fill(template.Value, words)
		if !okName || !okValue {
			continue
		}
		if template.Type == "TXT" {
			value = quoteTXT(value)
		}
		ttl := template.TTL
		if ttl == 0 {
			ttl = defaultTTL
		}
		sets = addToSet(sets, Record{Name: name, Type: template.Type, TTL: ttl, Values: []string{value}})
	}
	return sets
}

// placeholders is the fixed set of what a template may name.
func (a *App) placeholders(v DNSValues) map[string]string {
	host := ""
	if v.Domain != "" {
		host = a.Host(v.Domain)
	}
	return map[string]string{
		"domain": v.Domain, "host": host, "address4": v.Address4, "address6": v.Address6,
		"mail_host": v.MailHost, "mail_port": port(v.MailPort), "imap_host": v.IMAPHost, "imap_port": port(v.IMAPPort),
	}
}

func port(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// fill puts values in the place of {names}; false when one has no value. What a value holds is not looked at again.
func fill(template string, values map[string]string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, "}")
		value := values[name]
		if value == "" {
			return "", false
		}
		b.WriteString(value)
		template = after
	}
}

// addToSet adds a record to the set of its name and type, which keeps the lowest TTL (RFC 2181 section 5.2: one per set).
func addToSet(sets []Record, record Record) []Record {
	for i := range sets {
		if sets[i].Name == record.Name && sets[i].Type == record.Type {
			sets[i].Values = append(sets[i].Values, record.Values...)
			sets[i].TTL = min(sets[i].TTL, record.TTL)
			return sets
		}
	}
	return append(sets, record)
}

// quoteTXT writes text as character strings of at most 255 bytes (RFC 1035 section 3.3.14).
func quoteTXT(text string) string {
	var parts []string
	for len(text) > 255 {
		parts = append(parts, text[:255])
		text = text[255:]
	}
	parts = append(parts, text)
	for i, part := range parts {
		parts[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(part) + `"`
	}
	return strings.Join(parts, " ")
}
