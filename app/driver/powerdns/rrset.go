package powerdns

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/joeig/go-powerdns/v3"
	"github.com/miekg/dns"

	"allotment/app"
)

// maxTTL is the largest TTL (RFC 2181 section 8).
const maxTTL = 1<<31 - 1

// rrset is all records of one name and type, with values in one canonical form and order, so that two can be compared.
type rrset struct {
	name     string // lower case, with its trailing dot
	kind     string // upper case
	ttl      uint32
	values   []string
	comments []string
}

func resourceMark(ref app.Ref) string { return "allotment resource=" + ref.Resource.String() }
func organizationMark(ref app.Ref) string {
	return "allotment organization=" + ref.Organization.String()
}

// wish checks spec and returns its zone and rrsets.
func wish(spec app.RecordsSpec) (zone string, wanted []rrset, err error) {
	zone = canonical(spec.Zone)
	if _, ok := dns.IsDomainName(zone); !ok || zone == "." || strings.ContainsAny(zone, " /\\") {
		return "", nil, app.Errorf(app.Permanent, "%q is not a domain.", spec.Zone)
	}
	if len(spec.Records) == 0 {
		return "", nil, app.Errorf(app.Permanent, "No DNS records were asked for.")
	}
	for _, record := range spec.Records {
		set, err := wishRecord(zone, record)
		if err != nil {
			return "", nil, err
		}
		for _, other := range wanted {
			if other.sameKey(set) {
				return "", nil, app.Errorf(app.Permanent, "The name %s was asked for twice.", record.Name)
			}
			if other.name == set.name && (other.kind == "CNAME" || set.kind == "CNAME") {
				return "", nil, app.Errorf(app.Permanent, "The name %s cannot stand for another name and have records of its own.", record.Name)
			}
		}
		wanted = append(wanted, set)
	}
	return zone, wanted, nil
}

// wishRecord checks one record.
func wishRecord(zone string, record app.Record) (rrset, error) {
	set := rrset{name: canonical(record.Name), kind: strings.ToUpper(record.Type), ttl: uint32(record.TTL)}
	_, known := dns.StringToType[set.kind]
	_, named := dns.IsDomainName(set.name)
	switch {
	case !known || !named || strings.ContainsAny(set.name, " /\\"):
		return rrset{}, app.Errorf(app.Permanent, "%q with type %q cannot be a DNS record.", record.Name, record.Type)
	case set.name != zone && !strings.HasSuffix(set.name, "."+zone):
		return rrset{}, app.Errorf(app.Permanent, "The name %s is outside of %s.", record.Name, strings.TrimSuffix(zone, "."))
	case set.kind == "CNAME" && (set.name == zone || len(record.Values) > 1):
		return rrset{}, app.Errorf(app.Permanent, "The name %s cannot stand for another name.", record.Name)
	case len(record.Values) == 0:
		return rrset{}, app.Errorf(app.Permanent, "The DNS record %s has no value.", record.Name)
	case record.TTL <= 0 || record.TTL > maxTTL:
		return rrset{}, app.Errorf(app.Permanent, "The DNS record %s has no proper time to live.", record.Name)
	}
	for _, value := range record.Values {
		value, err := canonicalValue(set.kind, value)
		if err != nil {
			return rrset{}, app.Because(app.Permanent, err, "A value of the DNS record %s is not well formed.", record.Name)
		}
		set.values = append(set.values, value)
	}
	slices.Sort(set.values)
	set.values = slices.Compact(set.values)
	return set, nil
}

// canonicalValue is value as every DNS tool writes it; a text without quotes gets them.
func canonicalValue(kind, value string) (string, error) {
	if strings.ContainsAny(value, "\n\r") {
		return "", fmt.Errorf("%q has a line break", value)
	}
	if kind == "TXT" && !strings.HasPrefix(strings.TrimSpace(value), `"`) {
		value = quote(value)
	}
	rr, err := dns.NewRR(". 1 IN " + kind + " " + value)
	if err != nil {
		return "", err
	}
	if rr == nil {
		return "", fmt.Errorf("%q is empty", value)
	}
	if aaaa, ok := rr.(*dns.AAAA); ok && aaaa.AAAA.To4() != nil {
		return "", fmt.Errorf("%q is not an IPv6 address", net.IP(aaaa.AAAA))
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String()), nil
}

// quote makes strings of at most 255 bytes of a text (RFC 1035 section 3.3.14).
func quote(text string) string {
	var parts []string
	for len(text) > 255 {
		parts, text = append(parts, text[:255]), text[255:]
	}
	parts = append(parts, text)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for i, part := range parts {
		parts[i] = `"` + escape.Replace(part) + `"`
	}
	return strings.Join(parts, " ")
}

// read is an rrset as the server has it.
func read(set powerdns.RRset) rrset {
	r := rrset{name: canonical(powerdns.StringValue(set.Name)), ttl: powerdns.Uint32Value(set.TTL)}
	if set.Type != nil {
		r.kind = string(*set.Type)
	}
	for _, record := range set.Records {
		value := powerdns.StringValue(record.Content)
		if same, err := canonicalValue(r.kind, value); err == nil {
			value = same
		}
		if powerdns.BoolValue(record.Disabled) {
			value = "(disabled) " + value // never equal to a wanted one
		}
		r.values = append(r.values, value)
	}
	for _, c := range set.Comments {
		r.comments = append(r.comments, powerdns.StringValue(c.Content))
	}
	slices.Sort(r.values)
	return r
}

// replace is the change that makes the rrset as it is, with ref's mark.
func (r rrset) replace(ref app.Ref) powerdns.RRset {
	return powerdns.RRset{
		Name: &r.name, Type: powerdns.RRTypePtr(powerdns.RRType(r.kind)), TTL: &r.ttl,
		ChangeType: powerdns.ChangeTypePtr(powerdns.ChangeTypeReplace), Records: contents(r.values), Comments: comment(resourceMark(ref)),
	}
}

// remove is the change that takes the rrset away.
func (r rrset) remove() powerdns.RRset {
	return powerdns.RRset{
		Name: &r.name, Type: powerdns.RRTypePtr(powerdns.RRType(r.kind)), ChangeType: powerdns.ChangeTypePtr(powerdns.ChangeTypeDelete),
	}
}

func (r rrset) hasMark(ref app.Ref) bool { return slices.Contains(r.comments, resourceMark(ref)) }
func (r rrset) sameKey(o rrset) bool     { return r.name == o.name && r.kind == o.kind }
func (r rrset) equal(o rrset) bool {
	return r.sameKey(o) && r.ttl == o.ttl && slices.Equal(r.values, o.values)
}

// state is what the engine sees of rrsets.
func state(zone string, sets []rrset) app.RecordsState {
	s := app.RecordsState{Zone: strings.TrimSuffix(zone, ".")}
	for _, set := range sets {
		s.Records = append(s.Records, app.Record{Name: strings.TrimSuffix(set.name, "."), Type: set.kind, TTL: int(set.ttl), Values: set.values})
	}
	return s
}

func contents(values []string) []powerdns.Record {
	var records []powerdns.Record
	for _, value := range values {
		records = append(records, powerdns.Record{Content: powerdns.String(value), Disabled: powerdns.Bool(false)})
	}
	return records
}

func comment(mark string) []powerdns.Comment {
	return []powerdns.Comment{{Content: &mark, Account: powerdns.String("")}}
}

// canonical is a name in lower case with its trailing dot.
func canonical(name string) string { return dns.CanonicalName(name) }

func canonicalAll(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, canonical(name))
	}
	return all
}
