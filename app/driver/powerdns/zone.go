package powerdns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"

	"github.com/joeig/go-powerdns/v3"

	"allotment/app"
)

// zone is a zone as it was read.
type zone struct {
	name    string // with its trailing dot
	account string
	rrsets  []rrset
}

// account marks the zones that were made here. PowerDNS writes it with the zone's first row, before any record.
const account = "allotment"

// zone reads a zone; a missing one is app.NotFound, with an empty zone.
func (d *Driver) zone(ctx context.Context, name string) (*zone, error) {
	got, err := d.client.Zones.Get(ctx, name)
	if err != nil {
		return &zone{name: name}, classify(err)
	}
	z := &zone{name: name, account: powerdns.StringValue(got.Account)}
	for _, set := range got.RRsets {
		z.rrsets = append(z.rrsets, read(set))
	}
	return z, nil
}

// makeZone makes a tenant's own zone together with its first records, so that there is never one without an owner.
func (d *Driver) makeZone(ctx context.Context, ref app.Ref, name string, wanted []rrset) error {
	if !d.createZones || slices.Contains(d.shared, name) {
		return app.Errorf(app.Permanent, "The domain %s is not managed here.", strings.TrimSuffix(name, "."))
	}
	made := powerdns.Zone{
		Name: &name, Kind: powerdns.ZoneKindPtr(powerdns.NativeZoneKind), DNSsec: powerdns.Bool(true),
		Account: powerdns.String(account),
		RRsets: []powerdns.RRset{{
			Name: &name, Type: powerdns.RRTypePtr(powerdns.RRTypeNS), TTL: powerdns.Uint32(3600),
			Records: contents(d.nameservers), Comments: comment(organizationMark(ref)),
		}},
	}
	for _, set := range wanted {
		if set.name == name && (set.kind == "NS" || set.kind == "SOA") {
			return app.Errorf(app.Permanent, "The name servers of %s cannot be chosen.", strings.TrimSuffix(name, "."))
		}
		made.RRsets = append(made.RRsets, set.replace(ref))
	}
	_, err := d.client.Zones.Add(ctx, &made)
	switch err = classify(err); {
	case app.CodeOf(err) == app.Conflict:
		return app.Because(app.Retryable, err, "The domain %s is being set up at this moment.", strings.TrimSuffix(name, "."))
	case app.CodeOf(err) == app.Retryable && !errors.Is(err, syscall.ECONNREFUSED):
		return app.Because(app.Unknown, err, "The name servers had a problem with the new domain.")
	}
	return err
}

// halfMade says whether making the zone here stopped after its first row: PowerDNS makes that outside of its transaction.
func (z *zone) halfMade() bool { return z.account == account && len(z.rrsets) == 0 }

// belongsTo says whether the zone was made here for ref's organization.
func (z *zone) belongsTo(ref app.Ref) bool {
	return slices.ContainsFunc(z.rrsets, func(s rrset) bool {
		return s.name == z.name && s.kind == "NS" && slices.Contains(s.comments, organizationMark(ref))
	})
}

// marked are the rrsets with ref's mark.
func (z *zone) marked(ref app.Ref) []rrset {
	var marked []rrset
	for _, set := range z.rrsets {
		if set.hasMark(ref) {
			marked = append(marked, set)
		}
	}
	return marked
}

// onlyHas says whether nothing is in the zone but ref's rrsets and what every zone has.
func (z *zone) onlyHas(ref app.Ref) bool {
	return !slices.ContainsFunc(z.rrsets, func(s rrset) bool {
		apex := s.name == z.name && (s.kind == "SOA" || s.kind == "NS")
		return !apex && !s.hasMark(ref)
	})
}

// difference are the changes that lead from zone to wanted for ref: removals first, since PowerDNS checks one after another
// whether a CNAME stands alone. A wanted name that someone else has is app.Permanent.
func difference(z *zone, ref app.Ref, wanted []rrset) ([]powerdns.RRset, error) {
	var removals, changes []powerdns.RRset
	for _, set := range z.marked(ref) {
		if !slices.ContainsFunc(wanted, set.sameKey) {
			removals = append(removals, set.remove())
		}
	}
	for _, set := range wanted {
		equal := false
		for _, present := range z.rrsets {
			switch {
			case present.hasMark(ref):
				equal = equal || present.equal(set)
			case present.sameKey(set), present.name == set.name && (present.kind == "CNAME" || set.kind == "CNAME"):
				return nil, app.Errorf(app.Permanent, "The name %s is in use by someone else.", strings.TrimSuffix(set.name, "."))
			}
		}
		if !equal {
			changes = append(changes, set.replace(ref))
		}
	}
	return append(removals, changes...), nil
}
