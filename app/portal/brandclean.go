package portal

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"allotment/app"
	"allotment/app/colour"
)

const maxBrandName = 60

// BrandRequest is what the form of a brand sends.
type BrandRequest struct {
	Name          string
	Light, Dark   string // colours, "#1f6f43"; "" for the house's own
	SupportEmail  string
	SupportURL    string
	ImprintURL    string
	PrivacyURL    string
	SenderName    string
	SenderAddress string
	Host          string
}

// cleanBrand returns the settings with the request in them, or all that is wrong with it at once.
func (p *Portal) cleanBrand(actor app.Actor, now app.BrandSettings, r BrandRequest) (app.BrandSettings, error) {
	fields, next := map[string]string{}, now
	put := func(field string, into *string, clean func(string) (string, string), text string) {
		value, message := clean(text)
		if message != "" {
			fields[field] = message
		}
		*into = value
	}
	var host, sender string
	put("name", &next.Name, cleanName, r.Name)
	put("light", &next.Light, readable(colour.Day, "This colour is too faint to read on the light pages. Please choose a darker one."), r.Light)
	put("dark", &next.Dark, readable(colour.Night, "This colour is too dim to read on the dark pages. Please choose a lighter one."), r.Dark)
	put("support_email", &next.SupportEmail, cleanAddress, r.SupportEmail)
	put("support_url", &next.SupportURL, cleanURL, r.SupportURL)
	put("imprint_url", &next.ImprintURL, cleanURL, r.ImprintURL)
	put("privacy_url", &next.PrivacyURL, cleanURL, r.PrivacyURL)
	put("sender_name", &next.SenderName, optionalName, r.SenderName)
	put("sender_address", &sender, cleanAddress, r.SenderAddress)
	put("host", &host, p.cleanBrandHost, r.Host)
	if len(fields) > 0 {
		const words = "Please look at the fields that are marked."
		return next, &app.Error{Code: app.Invalid, Message: words, Format: words, Fields: fields}
	}
	p.ask(actor, &next, host, sender)
	return next, nil
}

// ask puts a host and a sender's address into the settings: at once, where staff says so, where nothing changes, and where they are given up;
// otherwise staff is asked.
func (p *Portal) ask(actor app.Actor, b *app.BrandSettings, host, sender string) {
	asks := !actor.Staff() && ((host != "" && host != b.Host) || (sender != "" && sender != b.SenderAddress))
	if !asks {
		b.Host, b.SenderAddress = host, sender
		b.AskedHost, b.AskedSender, b.AskedAt, b.Answer = "", "", app.BrandSettings{}.AskedAt, ""
		return
	}
	if b.AskedAt.IsZero() || b.AskedHost != host || b.AskedSender != sender {
		b.AskedHost, b.AskedSender, b.AskedAt, b.Answer = host, sender, p.now(), ""
	}
}

func readable(theme colour.Theme, message string) func(string) (string, string) {
	return func(text string) (string, string) {
		if strings.TrimSpace(text) == "" {
			return "", ""
		}
		hex, ok := colour.Clean(text)
		switch {
		case !ok:
			return text, "Please give the colour as # and six digits or letters from a to f, like #1f6f43."
		case !colour.Readable(theme, hex):
			return hex, message
		}
		return hex, ""
	}
}

func optionalName(text string) (string, string) {
	if strings.TrimSpace(text) == "" {
		return "", ""
	}
	return cleanName(text)
}

func cleanAddress(text string) (string, string) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return "", ""
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > 254 || strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) }) {
		return text, "Please give a valid e-mail address."
	}
	return text, ""
}

func cleanURL(text string) (string, string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", ""
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || len(text) > 300 || strings.ContainsAny(text, "\"<> \\") {
		return text, "Please give a whole address that begins with https://."
	}
	return text, ""
}

// cleanBrandHost returns a host name as it is kept, in ASCII and lower case.
func (p *Portal) cleanBrandHost(text string) (string, string) {
	text = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(text)), ".")
	if text == "" {
		return "", ""
	}
	host, err := idna.Lookup.ToASCII(text)
	if _, number := netip.ParseAddr(host); err != nil || number == nil || len(host) > 253 || !hostName.MatchString(host) {
		return text, "Please give a whole host name, like portal.example.org, without https:// and without a path."
	}
	main, err := url.Parse(p.cfg.URL)
	if host == p.cfg.Zone || strings.HasSuffix(host, "."+p.cfg.Zone) || (err == nil && host == main.Hostname()) {
		return host, "This address is kept for the provider. Please choose another one."
	}
	return host, ""
}

// firstRunes is the beginning of a text.
func firstRunes(text string, n int) string {
	for utf8.RuneCountInString(text) > n {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
