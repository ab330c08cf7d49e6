package ecb_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/ecb"
)

// daily is a file as the bank publishes it, of one day.
const daily = `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
	<gesmes:subject>Reference rates</gesmes:subject>
	<gesmes:Sender>
		<gesmes:name>European Central Bank</gesmes:name>
	</gesmes:Sender>
	<Cube>
		<Cube time='2025-11-26'>
			<Cube currency='USD' rate='1.1570'/>
			<Cube currency='JPY' rate='181.05'/>
			<Cube currency='CHF' rate='0.9324'/>
			<Cube currency='IDR' rate='19272.42'/>
		</Cube>
	</Cube>
</gesmes:Envelope>
`

// recent is the same file with one more day.
var recent = strings.Replace(daily, "\t\t</Cube>\n", "\t\t</Cube>\n\t\t<Cube time=\"2025-11-25\">\n\t\t\t<Cube currency=\"CHF\" rate=\"0.93\"/>\n\t\t</Cube>\n", 1)

// serve is a web server that has both files, and a client of it.
func serve(t *testing.T, daily, recent string) (*ecb.Client, *httptest.Server) {
	t.Helper()
	mux := http.NewServeMux()
	for path, text := range map[string]string{"/stats/eurofxref-daily.xml": daily, "/stats/eurofxref-hist-90d.xml": recent} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return client(t, s.URL+"/stats/eurofxref-daily.xml", 5*time.Second), s
}

func client(t *testing.T, address string, limit time.Duration) *ecb.Client {
	t.Helper()
	c, err := ecb.New(address, limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func texts(rates []app.ExchangeRate) string {
	var all []string
	for _, r := range rates {
		all = append(all, r.Day.String()+" "+r.Currency+" "+r.PerEuro.String())
	}
	return strings.Join(all, ", ")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	c, s := serve(t, daily, recent)
	newest, err := c.Newest(t.Context())
	if want := "2025-11-26 USD 1.157, 2025-11-26 JPY 181.05, 2025-11-26 CHF 0.9324, 2025-11-26 IDR 19272.42"; err != nil || texts(newest) != want {
		t.Errorf("%s (%v), want %s", texts(newest), err, want)
	}
	for _, r := range newest {
		if r.Source != s.URL+"/stats/eurofxref-daily.xml" {
			t.Errorf("%s is from %s", r.Currency, r.Source)
		}
	}
	all, err := c.Recent(t.Context())
	if want := texts(newest) + ", 2025-11-25 CHF 0.93"; err != nil || texts(all) != want || all[0].Source != s.URL+"/stats/eurofxref-hist-90d.xml" {
		t.Errorf("%s (%v), want %s", texts(all), err, want)
	}
}

// TestNonsenseIsRefused: a file with anything that cannot be is not taken at all.
func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	chf := func(rate string) string { return strings.Replace(daily, "0.9324", rate, 1) }
	day := func(day string) string { return strings.Replace(daily, "2025-11-26", day, 1) }
	for name, file := range map[string]string{
		"nothing": "", "a web page": "<!DOCTYPE html><html><body>503</body></html>", "cut off": daily[:len(daily)/2], "JSON": `{"CHF": 0.93}`,
		"no rates":     strings.Replace(daily[:strings.Index(daily, "<Cube>")], "\t<Cube", "", 1) + "</gesmes:Envelope>",
		"an empty day": strings.Join([]string{daily[:strings.Index(daily, "<Cube currency")], "</Cube></Cube></gesmes:Envelope>"}, ""),
		"zero":         chf("0"), "below zero": chf("-0.93"), "no number": chf("NaN"), "a comma": chf("0,93"), "a power": chf("1e5"), "no rate": chf(""),
		"too large": chf("1000000000000"), "too many decimals": chf("0.9324001"), "endless": chf(strings.Repeat("9", 400)),
		"no day": day(""), "a day that is not": day("2025-02-30"), "before the euro": day("1998-12-31"), "of the future": day("2999-01-01"),
		"another form": day("26-11-2025"), "the euro itself": strings.Replace(daily, "CHF", "EUR", 1), "no currency": strings.Replace(daily, "CHF", "", 1),
		"a small letter": strings.Replace(daily, "CHF", "CHf", 1), "a long currency": strings.Replace(daily, "CHF", "CHFX", 1),
		"twice": strings.Replace(daily, "JPY", "CHF", 1), "two files": daily + daily[strings.Index(daily, "<gesmes:Envelope"):], "text behind": daily + "rates",
		"another house": strings.Replace(daily, "www.ecb.int", "www.example.org", 1), "another envelope": strings.Replace(daily, "www.gesmes.org", "www.example.org", 1),
		"too long": daily + strings.Repeat(" ", 1<<20),
	} {
		c, _ := serve(t, file, file)
		if got, err := c.Newest(t.Context()); err == nil || len(got) > 0 {
			t.Errorf("%s: %s is taken", name, texts(got))
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	c, s := serve(t, daily, recent)
	if _, err := client(t, s.URL+"/elsewhere.xml", time.Second).Newest(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a file that is not there: %v", err)
	}
	stay := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stay }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(stay) })
	if _, err := client(t, slow.URL, 50*time.Millisecond).Newest(t.Context()); err == nil {
		t.Error("a server that does not answer")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Newest(gone); err == nil {
		t.Error("given up")
	}
	s.Close()
	if _, err := c.Recent(t.Context()); err == nil {
		t.Error("nobody is there")
	}
}

func TestAddressIsChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "www.ecb.europa.eu", "ftp://www.ecb.europa.eu/x", "://", "https://name:secret@example.org/x"} {
		if _, err := ecb.New(bad, time.Second); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
