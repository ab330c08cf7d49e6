package catalog_test

import (
	"reflect"
	"strings"
	"testing"

	"allotment/catalog"
)

func TestDNS(t *testing.T) {
	t.Parallel()
	got := app(t, "roundcube").DNS(catalog.DNSValues{
		Domain: "post.example.org", Address4: "192.0.2.7", MailHost: "mail.example.net", MailPort: 587, IMAPHost: "imap.example.net", IMAPPort: 143,
	})
	want := []catalog.Record{
		{Name: "post.example.org", Type: "A", TTL: 300, Values: []string{"192.0.2.7"}},
		{Name: "post.example.org", Type: "MX", TTL: 300, Values: []string{"10 mail.example.net."}},
		{Name: "post.example.org", Type: "TXT", TTL: 300, Values: []string{`"v=spf1 a:mail.example.net -all"`}},
		{Name: "_dmarc.post.example.org", Type: "TXT", TTL: 300, Values: []string{`"v=DMARC1; p=quarantine"`}},
		{Name: "_submission._tcp.post.example.org", Type: "SRV", TTL: 300, Values: []string{"0 1 587 mail.example.net."}},
		{Name: "_imap._tcp.post.example.org", Type: "SRV", TTL: 300, Values: []string{"0 1 143 imap.example.net."}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the records are\n%+v\nwant\n%+v", got, want)
	}
}

func TestDNSLeavesOutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	got := app(t, "redmine").DNS(catalog.DNSValues{Domain: "plan.example.org", Address6: "2001:db8::7"})
	want := []catalog.Record{{Name: "plan.example.org", Type: "AAAA", TTL: 300, Values: []string{"2001:db8::7"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the records are %+v, want %+v", got, want)
	}
}

func TestDNSSetsAndText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 300)
	entry := &catalog.App{
		Hosts: []catalog.Host{{Name: "www.{domain}"}, {Name: "{domain}"}},
		Records: []catalog.DNSRecord{
			{Name: "{domain}", Type: "TXT", Value: `a "quoted" \ text`, TTL: 600},
			{Name: "{host}", Type: "CNAME", Value: "{domain}."},
			{Name: "{domain}", Type: "TXT", Value: long, TTL: 60},
		},
	}
	got := entry.DNS(catalog.DNSValues{Domain: "example.org"})
	want := []catalog.Record{
		{Name: "example.org", Type: "TXT", TTL: 60, Values: []string{`"a \"quoted\" \\ text"`, `"` + long[:255] + `" "` + long[255:] + `"`}},
		{Name: "www.example.org", Type: "CNAME", TTL: 300, Values: []string{"example.org."}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the records are\n%+v\nwant\n%+v", got, want)
	}
	if names := entry.HostNames("example.org"); !reflect.DeepEqual(names, []string{"www.example.org", "example.org"}) {
		t.Errorf("the hosts are %v", names)
	}
	if records := entry.DNS(catalog.DNSValues{}); len(records) != 0 {
		t.Errorf("there are records without a domain: %v", records)
	}
}
