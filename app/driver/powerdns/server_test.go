package powerdns_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	pdns "github.com/joeig/go-powerdns/v3"

	"allotment/app"
	"allotment/app/driver/powerdns"
	"allotment/app/provision/drivertest"
	"allotment/e2e/lab"
)

// server is the lab's PowerDNS, seen without the driver.
type server struct {
	dns    *lab.DNS
	client *pdns.Client
	place  string
}

func open(t *testing.T) server {
	t.Helper()
	l := lab.T(t, lab.Options{DNS: true})
	b := make([]byte, 6)
	rand.Read(b) //nolint:errcheck // never fails (crypto/rand)
	client := pdns.New(l.DNS.APIURL, l.DNS.ServerID, pdns.WithAPIKey(l.DNS.APIKey))
	return server{dns: l.DNS, client: client, place: "z" + hex.EncodeToString(b) + ".example"}
}

// zone makes a zone by hand.
func (s server) zone(t *testing.T, name string) {
	t.Helper()
	settle(t, func() error {
		_, err := s.client.Zones.AddNative(t.Context(), name, false, "", false, "", "DEFAULT", false, []string{"ns.example."})
		return err
	})
}

func (s server) harness(t *testing.T, config powerdns.Config) drivertest.Harness[app.RecordsSpec, app.RecordsState] {
	t.Helper()
	at, err := url.Parse(s.dns.APIURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := drivertest.NewProxy(t, "tcp", at.Host)
	config.URL, config.APIKey, config.ServerID = "http://"+proxy.Addr(), s.dns.APIKey, s.dns.ServerID
	driver, err := powerdns.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return drivertest.Harness[app.RecordsSpec, app.RecordsState]{
		Driver: driver, Place: s.place, Links: []drivertest.Link{proxy},
		Objects: s.objects, Version: s.version, Foreign: s.foreign,
		Hidden: []string{"127.0.0.1", proxy.Addr(), at.Host, s.dns.APIKey},
	}
}

// objects are the rrsets of all zones of this place, without what every zone has.
func (s server) objects(t testing.TB) []drivertest.Object {
	var objects []drivertest.Object
	for _, zone := range s.zones(t) {
		full, err := s.client.Zones.Get(t.Context(), *zone.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range full.RRsets {
			object := drivertest.Object{Name: *set.Name + " " + string(*set.Type), Content: fmt.Sprint(*set.TTL)}
			for _, record := range set.Records {
				if *set.Type != pdns.RRTypeSOA {
					object.Content += " " + *record.Content
				}
			}
			for _, comment := range set.Comments {
				object.Mark = strings.TrimPrefix(*comment.Content, "allotment resource=")
			}
			objects = append(objects, object)
		}
	}
	return objects
}

// version is the serial number of each zone: each write raises it.
func (s server) version(t testing.TB) string {
	var version string
	for _, zone := range s.zones(t) {
		version += fmt.Sprintf("%s %d\n", *zone.Name, *zone.EditedSerial)
	}
	return version
}

func (s server) zones(t testing.TB) []pdns.Zone {
	t.Helper()
	all, err := s.client.Zones.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var zones []pdns.Zone
	for _, zone := range all {
		if strings.HasSuffix("."+*zone.Name, "."+s.place+".") {
			zones = append(zones, zone)
		}
	}
	return zones
}

func (s server) foreign(t testing.TB, _ app.Ref, spec app.RecordsSpec) {
	t.Helper()
	set := spec.Records[0]
	settle(t, func() error {
		return s.client.Records.Add(t.Context(), spec.Zone, set.Name, pdns.RRType(set.Type), 60, []string{"198.51.100.1"})
	})
}
