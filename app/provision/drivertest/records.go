package drivertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"allotment/app"
)

// Records is the suite of drivers for DNS records. Place is a zone that exists and that tenants share.
func Records(t *testing.T, open func(t *testing.T) Harness[app.RecordsSpec, app.RecordsState]) {
	run(t, open, recordsWishes())
	t.Run("SameName", func(t *testing.T) { t.Parallel(); testSameName(t, open(t)) })
	t.Run("Presentation", func(t *testing.T) { t.Parallel(); testPresentation(t, open(t)) })
	t.Run("TypeChange", func(t *testing.T) { t.Parallel(); testTypeChange(t, open(t)) })
}

// NewRecords is a fake for DNS records.
func NewRecords() *Fake[app.RecordsSpec, app.RecordsState] {
	return newFake(fakeKind[app.RecordsSpec, app.RecordsState]{
		check: checkRecords,
		places: func(_ app.Ref, s app.RecordsSpec) []string {
			var places []string
			for _, r := range s.Records {
				places = append(places, r.Name+" "+r.Type)
			}
			return places
		},
		id: func(_ app.Ref, s app.RecordsSpec) string { return s.Zone },
		state: func(_ app.Ref, s app.RecordsSpec) app.RecordsState {
			return app.RecordsState{Zone: s.Zone, Records: sortedRecords(s.Records)}
		},
	})
}

// checkRecords refuses what no zone can hold.
func checkRecords(s app.RecordsSpec) error {
	types := map[string][]string{}
	for _, r := range s.Records {
		if r.Name != s.Zone && !strings.HasSuffix(r.Name, "."+s.Zone) {
			return app.Errorf(app.Permanent, "The name %s is outside of %s.", r.Name, s.Zone)
		}
		if len(r.Values) == 0 || r.TTL <= 0 {
			return app.Errorf(app.Permanent, "The record %s has no value.", r.Name)
		}
		if r.Type == "CNAME" && r.Name == s.Zone {
			return app.Errorf(app.Permanent, "The name %s cannot stand for another name.", r.Name)
		}
		types[r.Name] = append(types[r.Name], r.Type)
		if all := types[r.Name]; len(all) > 1 && slices.Contains(all, "CNAME") {
			return app.Errorf(app.Permanent, "The name %s cannot stand for another name and have records of its own.", r.Name)
		}
	}
	return nil
}

func recordsWishes() wishes[app.RecordsSpec, app.RecordsState] {
	return wishes[app.RecordsSpec, app.RecordsState]{
		want: wantRecords,
		change: func(s app.RecordsSpec) app.RecordsSpec {
			s.Records = slices.Clone(s.Records)
			s.Records[0].Values = []string{"192.0.2.77", "192.0.2.78"}
			s.Records[0].TTL = 60
			name := "more." + s.Records[0].Name
			s.Records[1] = app.Record{Name: name, Type: "CNAME", TTL: 300, Values: []string{s.Records[0].Name + "."}}
			return s
		},
		rival:  func(_ app.Ref, s app.RecordsSpec) (app.Ref, app.RecordsSpec) { return newRef(s.Zone), s },
		misfit: recordsMisfit,
		refused: map[string]func(string) (app.Ref, app.RecordsSpec){
			"OutsideTheZone": badRecords(func(zone string) []app.Record { return []app.Record{aRecord("www.elsewhere.example")} }),
			"SuffixOnly":     badRecords(func(zone string) []app.Record { return []app.Record{aRecord("not" + zone)} }),
			"NoValue":        badRecords(func(zone string) []app.Record { return []app.Record{{Name: "x." + zone, Type: "A", TTL: 300}} }),
			"AliasWithMore": badRecords(func(zone string) []app.Record {
				return []app.Record{aRecord("x." + zone), {Name: "x." + zone, Type: "CNAME", TTL: 300, Values: []string{"y." + zone + "."}}}
			}),
			"AliasAtZone": badRecords(func(zone string) []app.Record {
				return []app.Record{{Name: zone, Type: "CNAME", TTL: 300, Values: []string{"y.example."}}}
			}),
		},
	}
}

func wantRecords(zone string, nth int) (app.Ref, app.RecordsSpec) {
	host := fmt.Sprintf("host%d.%s", nth, zone)
	return newRef(zone), app.RecordsSpec{Zone: zone, Records: []app.Record{
		{Name: host, Type: "A", TTL: 300, Values: []string{"192.0.2.10"}},
		{Name: host, Type: "AAAA", TTL: 300, Values: []string{"2001:db8::10"}},
		{Name: "_note." + host, Type: "TXT", TTL: 300, Values: []string{`"one thing"`}},
	}}
}

func badRecords(records func(zone string) []app.Record) func(string) (app.Ref, app.RecordsSpec) {
	return func(zone string) (app.Ref, app.RecordsSpec) {
		return newRef(zone), app.RecordsSpec{Zone: zone, Records: records(zone)}
	}
}

func aRecord(name string) app.Record {
	return app.Record{Name: name, Type: "A", TTL: 300, Values: []string{"192.0.2.10"}}
}

func recordsMisfit(_ app.Ref, s app.RecordsSpec, o app.RecordsState) string {
	if got, want := sortedRecords(o.Records), sortedRecords(s.Records); o.Zone != s.Zone || !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("zone %s has %v, want %s with %v", o.Zone, got, s.Zone, want)
	}
	return ""
}

// sortedRecords are the same records in one order.
func sortedRecords(records []app.Record) []app.Record {
	sorted := slices.Clone(records)
	for i, r := range sorted {
		sorted[i].Values = slices.Sorted(slices.Values(r.Values))
	}
	slices.SortFunc(sorted, func(a, b app.Record) int { return strings.Compare(a.Name+" "+a.Type, b.Name+" "+b.Type) })
	return sorted
}

// testSameName: two services may have records of different types under one name, and each sees its own.
func testSameName(t *testing.T, h Harness[app.RecordsSpec, app.RecordsState]) {
	w := recordsWishes()
	name := "both." + h.Place
	web, mail := newRef(h.Place), newRef(h.Place)
	webSpec := app.RecordsSpec{Zone: h.Place, Records: []app.Record{aRecord(name)}}
	mailSpec := app.RecordsSpec{Zone: h.Place, Records: []app.Record{{Name: name, Type: "MX", TTL: 300, Values: []string{"10 mx.example."}}}}
	web = ensure(t, h, w, web, webSpec)
	mail = ensure(t, h, w, mail, mailSpec)
	remove(t, h, web)
	wantFit(t, h, w, mail, mailSpec)
}

// testPresentation: values of every type that recipes use come back as they were asked for, and a repeat writes nothing.
func testPresentation(t *testing.T, h Harness[app.RecordsSpec, app.RecordsState]) {
	w, zone := recordsWishes(), h.Place
	ref := newRef(zone)
	long := `"` + strings.Repeat("a", 255) + `" "` + strings.Repeat("b", 100) + `"`
	spec := app.RecordsSpec{Zone: zone, Records: []app.Record{
		{Name: "p." + zone, Type: "TXT", TTL: 300, Values: []string{`"v=spf1 -all"`, `"with \"quotes\" and \\"`, long}},
		{Name: "p." + zone, Type: "MX", TTL: 300, Values: []string{"10 mx1." + zone + ".", "20 mx2." + zone + "."}},
		{Name: "p." + zone, Type: "AAAA", TTL: 300, Values: []string{"2001:db8::1"}},
		{Name: "p." + zone, Type: "CAA", TTL: 300, Values: []string{`0 issue "ca.example"`}},
		{Name: "_imaps._tcp." + zone, Type: "SRV", TTL: 300, Values: []string{"0 1 993 mail." + zone + "."}},
		{Name: "*.p." + zone, Type: "CNAME", TTL: 300, Values: []string{"p." + zone + "."}},
	}}
	ref = ensure(t, h, w, ref, spec)
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, spec) })
}

// testTypeChange: a name that becomes another name, and back, in one step each.
func testTypeChange(t *testing.T, h Harness[app.RecordsSpec, app.RecordsState]) {
	w := recordsWishes()
	name := "turn." + h.Place
	address := app.RecordsSpec{Zone: h.Place, Records: []app.Record{aRecord(name)}}
	alias := app.RecordsSpec{Zone: h.Place, Records: []app.Record{{Name: name, Type: "CNAME", TTL: 300, Values: []string{"x." + h.Place + "."}}}}
	ref := ensure(t, h, w, newRef(h.Place), address)
	ref = ensure(t, h, w, ref, alias)
	ensure(t, h, w, ref, address)
}
