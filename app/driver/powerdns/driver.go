// Package powerdns makes a service's DNS records in a PowerDNS authoritative server through its HTTP API.
//
// Each rrset that it makes has the comment "allotment resource=<id>", and a zone that it makes has "allotment
// organization=<id>" at its NS rrset; it changes nothing else. PowerDNS knows no conditional change, so a foreign rrset that
// appears under a wanted name between our reading and our writing, some milliseconds, would be replaced.
//
// Needed on the server: a backend that keeps comments (the SQL ones do, LMDB does not).
package powerdns

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/joeig/go-powerdns/v3"

	"allotment/app"
)

// callLimit bounds one call of a method of Driver.
const callLimit = 9 * time.Second

// Config says where the server is and what belongs to the provider.
type Config struct {
	URL      string // of the API's server, without /api/v1: "http://127.0.0.1:8081"
	APIKey   string
	ServerID string // "" is "localhost"

	// Zones are the provider's own zones that tenants share. They exist, and are never made or removed here.
	Zones []string

	// CreateZones makes a tenant's own zone when it is absent, signed with DNSSEC; Nameservers are its NS records.
	CreateZones bool
	Nameservers []string
}

// Driver implements the driver of app.KindRecords. The external ID is the zone.
type Driver struct {
	client      *powerdns.Client
	search      *search
	shared      []string // with their trailing dots
	createZones bool
	nameservers []string
}

// New checks config; it does not talk to the server.
func New(config Config) (*Driver, error) {
	at, err := url.Parse(config.URL)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return nil, fmt.Errorf("powerdns: the URL %q is not one of http or https with a host", config.URL)
	}
	if config.APIKey == "" {
		return nil, errors.New("powerdns: the API key is missing")
	}
	if config.CreateZones && len(config.Nameservers) == 0 {
		return nil, errors.New("powerdns: zones cannot be made without name servers")
	}
	if config.ServerID == "" {
		config.ServerID = "localhost"
	}
	client := &http.Client{Timeout: callLimit, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	return &Driver{
		client: powerdns.New(config.URL, config.ServerID, powerdns.WithAPIKey(config.APIKey), powerdns.WithHTTPClient(client)),
		search: &search{client: client, url: at.JoinPath("api/v1/servers", config.ServerID, "search-data"), key: config.APIKey},
		shared: canonicalAll(config.Zones), createZones: config.CreateZones, nameservers: canonicalAll(config.Nameservers),
	}, nil
}

// Observe returns the records with ref's mark, wherever they are.
func (d *Driver) Observe(ctx context.Context, ref app.Ref) (app.RecordsState, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	names, err := d.search.zones(ctx, resourceMark(ref))
	if err != nil {
		return app.RecordsState{}, classify(err)
	}
	if own := canonical(ref.ExternalID); slices.Contains(names, own) {
		names = []string{own} // while a service moves to another zone, the one that the engine knows of counts
	}
	for _, name := range names {
		zone, err := d.zone(ctx, name)
		if err != nil && app.CodeOf(err) != app.NotFound {
			return app.RecordsState{}, err
		}
		if records := zone.marked(ref); len(records) > 0 {
			return state(name, records), nil
		}
	}
	return app.RecordsState{}, app.Errorf(app.NotFound, "There are no such DNS records.")
}

// Ensure makes the records of spec, and takes away those with ref's mark that spec does not have, all in one change.
func (d *Driver) Ensure(ctx context.Context, ref app.Ref, spec app.RecordsSpec) (string, app.RecordsState, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	name, wanted, err := wish(spec)
	if err != nil {
		return "", app.RecordsState{}, err
	}
	zone, err := d.zone(ctx, name)
	if err == nil && zone.halfMade() {
		if err := unlessGone(d.client.Zones.Delete(ctx, name)); err != nil {
			return "", app.RecordsState{}, err
		}
		zone, err = d.zone(ctx, name)
	}
	switch {
	case app.CodeOf(err) == app.NotFound:
		err = d.makeZone(ctx, ref, name, wanted)
	case err == nil:
		err = d.change(ctx, ref, zone, wanted)
	}
	if err != nil {
		return "", app.RecordsState{}, err
	}
	if old := canonical(ref.ExternalID); old != "." && old != name {
		if err := d.leave(ctx, ref, old); err != nil {
			return "", app.RecordsState{}, err
		}
	}
	return strings.TrimSuffix(name, "."), state(name, wanted), nil
}

// change brings ref's rrsets in a zone that exists to what is wanted.
func (d *Driver) change(ctx context.Context, ref app.Ref, zone *zone, wanted []rrset) error {
	if !slices.Contains(d.shared, zone.name) && !zone.belongsTo(ref) {
		return app.Errorf(app.Permanent, "The domain %s is in use by someone else.", strings.TrimSuffix(zone.name, "."))
	}
	changes, err := difference(zone, ref, wanted)
	if err != nil || len(changes) == 0 {
		return err
	}
	err = classify(d.client.Records.Patch(ctx, zone.name, &powerdns.RRsets{Sets: changes}))
	if app.CodeOf(err) == app.NotFound {
		return app.Because(app.Retryable, err, "The domain %s is being removed at this moment.", strings.TrimSuffix(zone.name, "."))
	}
	return err
}

// Remove takes away the records with ref's mark, and with the last of them the tenant's zone if it was made here.
func (d *Driver) Remove(ctx context.Context, ref app.Ref) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	names, err := d.search.zones(ctx, resourceMark(ref))
	if err != nil {
		return classify(err)
	}
	if own := canonical(ref.ExternalID); own != "." && !slices.Contains(names, own) {
		names = append(names, own) // it may be an empty zone of ours
	}
	for _, name := range names {
		if err := d.leave(ctx, ref, name); err != nil {
			return err
		}
	}
	return nil
}

// leave takes ref's rrsets out of one zone. A zone of ours with nothing else in it goes as a whole, in one call.
func (d *Driver) leave(ctx context.Context, ref app.Ref, name string) error {
	zone, err := d.zone(ctx, name)
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if zone.halfMade() || zone.belongsTo(ref) && !slices.Contains(d.shared, name) && zone.onlyHas(ref) {
		return unlessGone(d.client.Zones.Delete(ctx, name))
	}
	changes, err := difference(zone, ref, nil)
	if err != nil || len(changes) == 0 {
		return err
	}
	return unlessGone(d.client.Records.Patch(ctx, name, &powerdns.RRsets{Sets: changes}))
}

// unlessGone is a removal's error; that the zone is gone is none.
func unlessGone(err error) error {
	if err = classify(err); app.CodeOf(err) == app.NotFound {
		return nil
	}
	return err
}
