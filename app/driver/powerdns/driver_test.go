package powerdns_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	pdns "github.com/joeig/go-powerdns/v3"

	"allotment/app"
	"allotment/app/driver/powerdns"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
)

var _ provision.Records = (*powerdns.Driver)(nil)

// TestRecords is the suite in a zone that tenants share.
func TestRecords(t *testing.T) {
	t.Parallel()
	drivertest.Records(t, func(t *testing.T) drivertest.Harness[app.RecordsSpec, app.RecordsState] {
		s := open(t)
		s.zone(t, s.place)
		return s.harness(t, powerdns.Config{Zones: []string{s.place}})
	})
}

// TestRecordsOfOwnZone is the suite in a tenant's zone that comes with the first record and goes with the last. The zone is the
// organization's, so the suite's others are in zones of their own.
func TestRecordsOfOwnZone(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t, powerdns.Config{CreateZones: true, Nameservers: []string{"ns1.example", "ns2.example."}})
	ref, spec := wish(s.place)
	before := h.Objects(t)

	var id string
	settle(t, func() (err error) { id, _, err = h.Driver.Ensure(t.Context(), ref, spec); return err })
	if id != s.place {
		t.Errorf("the external ID is %q", id)
	}
	zone, err := s.client.Zones.Get(t.Context(), s.place)
	if err != nil || !pdns.BoolValue(zone.DNSsec) {
		t.Errorf("the zone is not signed: %v, %v", zone, err)
	}

	colleague := ref
	colleague.Service, colleague.Resource = app.NewID(), app.NewID()
	more := app.RecordsSpec{Zone: s.place, Records: []app.Record{{Name: "more." + s.place, Type: "A", TTL: 60, Values: []string{"192.0.2.9"}}}}
	settle(t, func() error { _, _, err := h.Driver.Ensure(t.Context(), colleague, more); return err })
	stranger := app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID()}
	more.Records[0].Name = "evil." + s.place
	if _, _, err := h.Driver.Ensure(t.Context(), stranger, more); app.CodeOf(err) != app.Permanent {
		t.Errorf("another organization got into the zone: %v", err)
	}

	settle(t, func() error { return h.Driver.Remove(t.Context(), ref) })
	if _, err := h.Driver.Observe(t.Context(), colleague); err != nil {
		t.Errorf("the other service's records went too: %v", err)
	}
	settle(t, func() error { return h.Driver.Remove(t.Context(), colleague) })
	if after := h.Objects(t); !reflect.DeepEqual(after, before) {
		t.Errorf("the zone did not go with its last record: %v", after)
	}
}

// TestCutOwnZone: the reply to the call that makes the zone is lost, and the one that removes it.
func TestCutOwnZone(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t, powerdns.Config{CreateZones: true, Nameservers: []string{"ns1.example"}})
	for nth := 1; nth < 10; nth++ {
		ref, spec := wish(fmt.Sprintf("z%d.%s", nth, s.place))
		h.Links[0].CutReply(nth)
		_, _, err := h.Driver.Ensure(t.Context(), ref, spec)
		cut := h.Links[0].WasReplyCut()
		if h.Links[0].Mend(); cut && err == nil {
			t.Fatalf("reply %d was cut, but there is no error", nth)
		}
		settle(t, func() error { _, _, err := h.Driver.Ensure(t.Context(), ref, spec); return err })
		h.Links[0].CutReply(nth)
		h.Driver.Remove(t.Context(), ref) //nolint:errcheck // its reply may be lost; what counts is the next
		h.Links[0].Mend()
		settle(t, func() error { return h.Driver.Remove(t.Context(), ref) })
		if left := h.Objects(t); len(left) > 0 {
			t.Fatalf("after Remove whose reply %d was lost there is %v", nth, left)
		}
		if !cut {
			return
		}
	}
	t.Error("no call went through")
}

// TestForeignZone: a zone that someone made by hand stays as it is.
func TestForeignZone(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.zone(t, s.place)
	h := s.harness(t, powerdns.Config{CreateZones: true, Nameservers: []string{"ns1.example"}})
	ref, spec := wish(s.place)
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); app.CodeOf(err) != app.Permanent {
		t.Errorf("Ensure in a foreign zone: %v", err)
	}
	ref.ExternalID = s.place
	if err := h.Driver.Remove(t.Context(), ref); err != nil {
		t.Error(err)
	}
	if _, err := s.client.Zones.Get(t.Context(), s.place); err != nil {
		t.Errorf("the foreign zone is gone: %v", err)
	}
}

// TestMove: records that are wanted in another zone leave the first one.
func TestMove(t *testing.T) {
	t.Parallel()
	s := open(t)
	from, to := "from."+s.place, "to."+s.place
	s.zone(t, from)
	s.zone(t, to)
	h := s.harness(t, powerdns.Config{Zones: []string{from, to}})
	ref, spec := wish(from)
	var id string
	ensure := func() (err error) { id, _, err = h.Driver.Ensure(t.Context(), ref, spec); return err }
	settle(t, ensure)
	_, spec = wish(to)
	ref.ExternalID = id
	if settle(t, ensure); id != to {
		t.Fatalf("the external ID is %q", id)
	}
	for _, object := range h.Objects(t) {
		if object.Mark != "" && strings.Contains(object.Name, from) {
			t.Errorf("%v was left behind", object)
		}
	}
}

// TestHalfMadeZone: a crash of the server while it made our zone left one without records.
func TestHalfMadeZone(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t, powerdns.Config{CreateZones: true, Nameservers: []string{"ns1.example"}})
	half := func() {
		name := s.place + "."
		if _, err := s.client.Zones.Add(t.Context(), &pdns.Zone{Name: &name, Kind: pdns.ZoneKindPtr(pdns.NativeZoneKind),
			Account: pdns.String("allotment"), Nameservers: []string{"ns1.example."}}); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []pdns.RRType{pdns.RRTypeNS, pdns.RRTypeSOA} {
			settle(t, func() error { return s.client.Records.Delete(t.Context(), name, name, kind) })
		}
	}
	ref, spec := wish(s.place)
	half()
	settle(t, func() error { _, _, err := h.Driver.Ensure(t.Context(), ref, spec); return err })
	settle(t, func() error { return h.Driver.Remove(t.Context(), ref) })
	half()
	ref.ExternalID = s.place
	settle(t, func() error { return h.Driver.Remove(t.Context(), ref) })
	if zones := s.zones(t); len(zones) > 0 {
		t.Errorf("the half-made zone stays: %v", zones)
	}
}

func TestNewRefusesConfig(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]powerdns.Config{
		"no URL":          {APIKey: "k"},
		"no scheme":       {URL: "127.0.0.1:80", APIKey: "k"},
		"no key":          {URL: "http://127.0.0.1"},
		"no name servers": {URL: "http://127.0.0.1", APIKey: "k", CreateZones: true},
	} {
		if _, err := powerdns.New(config); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// settle repeats f while it fails as the lab's SQLite does when several write at once.
func settle(t testing.TB, f func() error) {
	t.Helper()
	var api *pdns.Error
	for try := 1; ; try++ {
		err := f()
		if err == nil {
			return
		}
		if !errors.As(err, &api) || api.StatusCode != http.StatusInternalServerError || try == 50 {
			t.Fatalf("try %d: %v", try, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func wish(zone string) (app.Ref, app.RecordsSpec) {
	ref := app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID(), Name: zone}
	return ref, app.RecordsSpec{Zone: zone, Records: []app.Record{{Name: "www." + zone, Type: "A", TTL: 60, Values: []string{"192.0.2.8"}}}}
}
