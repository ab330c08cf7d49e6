package catalog

import (
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// maxDomain leaves room below 253 characters (RFC 1035 section 3.1) for the names that an app puts below its domain.
const maxDomain = 200

// domains turns what people type into the ASCII form of a domain name (RFC 5891), with the mapping of UTS 46 that browsers use.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.ValidateLabels(true),
	idna.CheckHyphens(true), idna.VerifyDNSLength(true), idna.Transitional(false))

var (
	lastLabel = regexp.MustCompile(`\.[a-z][a-z0-9-]*$`)                                                     // a top level of digits alone would be an IP address to a browser
	localPart = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$") // RFC 5321 Dot-string
)

// cleanDomain returns the domain name in lower case and ASCII, without a trailing dot; false for what is none.
func cleanDomain(value string) (string, bool) {
	name, err := domains.ToASCII(strings.TrimSuffix(value, "."))
	if err != nil || len(name) > maxDomain || !lastLabel.MatchString(name) {
		return "", false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", false
	}
	return name, true
}

// cleanEmail returns the address with its domain in lower case and ASCII; false for what is none. Quoted local parts are lawful but
// nobody has one, and much software stumbles over them.
func cleanEmail(value string) (string, bool) {
	at := strings.LastIndex(value, "@")
	if at < 1 || at > 64 || !localPart.MatchString(value[:at]) {
		return "", false
	}
	domain, ok := cleanDomain(value[at+1:])
	return value[:at] + "@" + domain, ok
}
