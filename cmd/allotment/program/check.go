package program

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"allotment/app/provision"
	"allotment/app/vault"
	"allotment/billing"
)

// complain notes that a setting is wrong, by its name.
type complain func(name, format string, args ...any)

func (bad complain) listen(name, value string) {
	if _, _, err := net.SplitHostPort(value); err != nil {
		bad(name, "%q is not an address like 127.0.0.1:8080", value)
	}
}

func (bad complain) reach(name, value string) {
	if u, err := url.Parse(value); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		bad(name, "%q is not an address like https://portal.example.org", value)
	}
}

func (bad complain) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		bad(name, "%q is not one of %s", value, strings.Join(allowed, ", "))
	}
}

// Check says everything that is wrong with the settings, each with its name and what is allowed.
func (c Config) Check() error {
	var errs []error
	bad := complain(func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	})
	c.checkAddresses(bad)
	c.checkCertificates(bad)
	c.checkKept(bad)
	c.Stripe.check(bad, bad.reach)
	bad.oneOf("mail.imap_security", c.Mail.IMAPSecurity, "tls", "starttls", "none")
	bad.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	bad.oneOf("log.format", c.Log.Format, "text", "json")
	c.checkSMTP(bad)
	c.checkSessions(bad)
	if c.Work.Steps < 1 || c.Work.Steps > 1000 {
		bad("work.steps", "%d is not between 1 and 1000", c.Work.Steps)
	}
	if c.Proxmox.FirstNumber < 100 || c.Proxmox.LastNumber < c.Proxmox.FirstNumber {
		bad("proxmox.first_number", "the range from proxmox.first_number to proxmox.last_number must begin at 100 or later and not be empty")
	}
	_, pool := c.pool()
	_, proxies := c.trustedProxies()
	_, networks := c.providerNetworks()
	return errors.Join(append(errs, pool, proxies, networks)...)
}

// checkAddresses looks at where the portal listens, and where it finds what it talks to.
func (c Config) checkAddresses(bad complain) {
	bad.listen("web.listen", c.Web.Listen)
	bad.listen("enrol.listen", c.Enrol.Listen)
	bad.reach("web.url", c.Web.URL)
	bad.reach("enrol.url", c.Enrol.URL)
	bad.reach("proxmox.url", c.Proxmox.URL)
	bad.reach("powerdns.url", c.PowerDNS.URL)
	if c.VIES.URL != "" {
		bad.reach("vies.url", c.VIES.URL)
	}
	if c.VIES.Limit < time.Second || c.VIES.Limit > time.Minute {
		bad("vies.limit", "%s is not from 1s to 1m", c.VIES.Limit)
	}
	c.Exchange.check(bad)
	if c.OpenID.GuestURL != "" {
		bad.reach("openid.guest_url", c.OpenID.GuestURL)
	}
	if c.OpenID.HydraURL != "" {
		bad.reach("openid.hydra_url", c.OpenID.HydraURL)
		bad.reach("openid.hydra_issuer", c.OpenID.HydraIssuer)
	}
	if c.Zone.Name == "" || strings.HasSuffix(c.Zone.Name, ".") || strings.ToLower(c.Zone.Name) != c.Zone.Name {
		bad("zone.name", "%q is not a zone like apps.example.org, in lower case and without a trailing dot", c.Zone.Name)
	}
	if !strings.Contains(c.Apps.URL, "{host}") {
		bad("apps.url", "%q does not hold {host}", c.Apps.URL)
	}
}

func (c Config) checkCertificates(bad complain) {
	if !strings.HasPrefix(c.Enrol.URL, "https://") {
		bad("enrol.url", "must begin with https://, since secrets pass there")
	}
	if (c.Web.Certificate == "") != (c.Web.CertificateKey == "") {
		bad("web.certificate", "give both web.certificate and web.certificate_key, or neither")
	}
	if c.Enrol.Certificate == "" || c.Enrol.CertificateKey == "" {
		bad("enrol.certificate", "enrol.certificate and enrol.certificate_key name the PEM files of the endpoint's certificate")
	}
}

// checkKept looks at what the portal keeps: its secrets, money, files and rows.
func (c Config) checkKept(bad complain) {
	if _, err := vault.Open(c.Key); err != nil {
		bad("key", "%v", err)
	}
	if _, err := billing.ParseMoney("1", c.Currency); err != nil {
		bad("currency", "%q is not a currency code like EUR", c.Currency)
	}
	for i, code := range c.Currencies {
		if _, err := billing.ParseMoney("1", code); err != nil {
			bad("currencies", "%q is not a currency code like EUR", code)
		}
		if code == c.Currency || slices.Contains(c.Currencies[:i], code) {
			bad("currencies", "%q stands here twice, or is the setting currency", code)
		}
	}
	if c.Exports.Keep < time.Hour || c.Exports.Keep > 90*24*time.Hour {
		bad("exports.keep", "%s is not from 1h to 2160h", c.Exports.Keep)
	}
	if c.Exports.Folder != "" && !filepath.IsAbs(c.Exports.Folder) {
		bad("exports.folder", "%q is not an absolute path", c.Exports.Folder)
	}
	if c.Database.URL == "" {
		bad("database.url", "is missing: postgres://allotment_program@host/allotment")
	}
}

// pool reads the addresses' settings.
func (c Config) pool() (provision.Pool, error) {
	a := c.Addresses
	first, err1 := address("addresses.first", a.First, false)
	last, err2 := address("addresses.last", a.Last, false)
	gateway, err3 := address("addresses.gateway", a.Gateway, false)
	nameserver, err4 := address("addresses.nameserver", a.Nameserver, true)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return provision.Pool{}, err
	}
	network := netip.PrefixFrom(gateway, a.Bits)
	switch {
	case !network.IsValid():
		return provision.Pool{}, fmt.Errorf("addresses.bits: %d is not the length of a network's prefix", a.Bits)
	case !network.Contains(first) || !network.Contains(last) || last.Less(first):
		return provision.Pool{}, fmt.Errorf("addresses.first: the addresses from %s to %s do not lie in order within the gateway's network %s", first, last, network.Masked())
	case !gateway.Less(first) && !last.Less(gateway):
		return provision.Pool{}, fmt.Errorf("addresses.gateway: %s lies within the pool itself", gateway)
	}
	return provision.Pool{First: first, Last: last, Bits: a.Bits, Gateway: gateway, Nameserver: nameserver}, nil
}

func (c Config) trustedProxies() ([]netip.Prefix, error) {
	return networks("web.trusted_proxies", c.Web.TrustedProxies)
}

func (c Config) providerNetworks() ([]netip.Prefix, error) {
	return networks("web.provider_networks", c.Web.Providers)
}

// networks reads a list of networks and single addresses.
func networks(name string, texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			all = append(all, prefix)
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is neither an address nor a network like 10.0.0.0/8", name, text)
		}
		all = append(all, netip.PrefixFrom(a, a.BitLen()))
	}
	return all, nil
}

// checkSessions holds the settings of sessions. Five minutes are the least in which people can still work.
func (c Config) checkSessions(bad func(setting, format string, args ...any)) {
	for setting, value := range map[string]time.Duration{"sessions.idle": c.Sessions.Idle, "sessions.staff_idle": c.Sessions.StaffIdle} {
		if value < 5*time.Minute || value > 24*time.Hour {
			bad(setting, "%s is not between 5m and 24h", value)
		}
	}
	if c.Sessions.Longest < c.Sessions.Idle || c.Sessions.Longest < c.Sessions.StaffIdle || c.Sessions.Longest > 30*24*time.Hour {
		bad("sessions.longest", "%s is shorter than the idle times, or longer than 720h", c.Sessions.Longest)
	}
}
