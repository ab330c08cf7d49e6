package vies_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/vies"
	fake "allotment/e2e/vies"
)

func client(t *testing.T, url string) *vies.Client {
	t.Helper()
	c, err := vies.New(url, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func serve(t *testing.T) *fake.Server {
	t.Helper()
	s, err := fake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestConformance asks the Commission's test service, whose numbers bring about every answer and fault, and the fake's: both must be taken the
// same way. The Commission's is asked where VIES_TEST_URL names it.
func TestConformance(t *testing.T) {
	t.Parallel()
	services := map[string]string{"fake": serve(t).TestURL}
	if url := os.Getenv("VIES_TEST_URL"); url != "" {
		services["commission"] = url
	}
	cases := []struct {
		number string
		result app.VATResult
		fault  string
	}{
		{"100", app.VATValid, ""}, {"200", app.VATInvalid, ""}, {"201", app.VATInvalid, ""},
		{"300", app.VATUnanswered, "SERVICE_UNAVAILABLE"}, {"301", app.VATUnanswered, "MS_UNAVAILABLE"}, {"302", app.VATUnanswered, "TIMEOUT"},
		{"400", app.VATUnanswered, "VAT_BLOCKED"}, {"401", app.VATUnanswered, "IP_BLOCKED"}, {"500", app.VATUnanswered, "GLOBAL_MAX_CONCURRENT_REQ"},
		{"501", app.VATUnanswered, "GLOBAL_MAX_CONCURRENT_REQ_TIME"}, {"600", app.VATUnanswered, "MS_MAX_CONCURRENT_REQ"},
		{"601", app.VATUnanswered, "MS_MAX_CONCURRENT_REQ_TIME"}, {"202", app.VATUnanswered, "INVALID_REQUESTER_INFO"},
		{"999", app.VATUnanswered, "SERVICE_UNAVAILABLE"},
	}
	for name, url := range services {
		for _, c := range cases {
			got := client(t, url).Ask(t.Context(), app.VATQuestion{ID: "DE" + c.number})
			if got.Result != c.result || got.Fault != c.fault || got.Request == "" || got.Answer == "" || got.AskedAt.IsZero() {
				t.Errorf("%s, %s: %+v, want %s %s", name, c.number, got, c.result, c.fault)
			}
		}
	}
}

func TestAnswersAreEvidence(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Register("NL123456789B01", fake.Trader{Name: "Demo Hosting"})
	s.Register("DE123456789", fake.Trader{Name: "Demo <Garten> & Söhne", Address: "Beispielweg 1\n10115 Berlin"})
	s.Register("ESX1234567X", fake.Trader{})
	c := client(t, s.URL)
	got := c.Ask(t.Context(), app.VATQuestion{ID: "DE123456789", Requester: "NL123456789B01"})
	if got.Result != app.VATValid || got.Name != "Demo <Garten> & Söhne" || !strings.Contains(got.Address, "10115 Berlin") || got.AnsweredOn.IsZero() {
		t.Errorf("%+v", got)
	}
	if asked := s.Asked(); len(asked) != 1 || asked[0].Consultation == "" || got.Consultation != asked[0].Consultation || asked[0].Requester != "NL123456789B01" {
		t.Errorf("asked %+v, got consultation %q", asked, got.Consultation)
	}
	if got = c.Ask(t.Context(), app.VATQuestion{ID: "ESX1234567X"}); got.Result != app.VATValid || got.Name != "" || got.Consultation != "" {
		t.Errorf("a state that does not tell: %+v", got)
	}
	if got = c.Ask(t.Context(), app.VATQuestion{ID: "DE999999999", Requester: "NL123456789B01"}); got.Result != app.VATInvalid || got.Consultation == "" {
		t.Errorf("an ID that was not given out: %+v", got)
	}
	if got = c.Ask(t.Context(), app.VATQuestion{ID: "DE123456789", Requester: "NL000000000B00"}); got.Result != app.VATValid || got.Requester != "" || got.Consultation != "" {
		t.Errorf("a requester that nobody knows: %+v", got)
	}
	s.Withdraw("DE123456789")
	if got = c.Ask(t.Context(), app.VATQuestion{ID: "DE123456789"}); got.Result != app.VATInvalid {
		t.Errorf("an ID that was taken back: %+v", got)
	}
	for _, bad := range []string{"", "DE", "XX123456789", "GB123456789", "DE12345678901234", "DE1 2'<3"} {
		if got = c.Ask(t.Context(), app.VATQuestion{ID: bad}); got.Result != app.VATInvalid {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

// TestNoAnswerIsNotANo: whatever breaks on the way, an ID is not said to be invalid.
func TestNoAnswerIsNotANo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Register("DE123456789", fake.Trader{Name: "Demo"})
	c := client(t, s.URL)
	ask := func() app.VATCheck { return c.Ask(t.Context(), app.VATQuestion{ID: "DE123456789"}) }
	for _, fault := range []string{"MS_UNAVAILABLE", "TIMEOUT", "MS_MAX_CONCURRENT_REQ", "A_NEW_WORD"} {
		for _, plain := range []bool{true, false} {
			s.PlainFaults(plain)
			s.Away("DE", fault)
			if got := ask(); got.Result != app.VATUnanswered || got.Fault != fault {
				t.Errorf("%s (status 200: %t): %+v", fault, plain, got)
			}
		}
	}
	s.Away("DE", "")
	s.Away("", "GLOBAL_MAX_CONCURRENT_REQ")
	if got := ask(); got.Result != app.VATUnanswered || got.Fault != "GLOBAL_MAX_CONCURRENT_REQ" {
		t.Errorf("%+v", got)
	}
	s.Away("", "")
	if got := ask(); got.Result != app.VATValid {
		t.Errorf("after the fault: %+v", got)
	}
	other := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><r:checkVatApproxResponse xmlns:r="urn:ec.europa.eu:taxud:vies:services:checkVat:types">` +
		`<r:countryCode>DE</r:countryCode><r:vatNumber>111111111</r:vatNumber><r:valid>false</r:valid></r:checkVatApproxResponse></e:Body></e:Envelope>`
	for _, answer := range []string{"", "<html>503 Service Unavailable</html>", "{}", strings.Repeat("x", 1<<20), other, "<e:Envelope"} {
		broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		t.Cleanup(broken.Close)
		got := client(t, broken.URL).Ask(t.Context(), app.VATQuestion{ID: "DE123456789"})
		if got.Result != app.VATUnanswered || got.Fault != vies.Unreachable || len(got.Answer) > 16<<10 {
			t.Errorf("%.40q: %s %s", answer, got.Result, got.Fault)
		}
	}
	s.Slow(time.Minute)
	short, err := vies.New(s.URL, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if got := short.Ask(t.Context(), app.VATQuestion{ID: "DE123456789"}); got.Result != app.VATUnanswered || got.Fault != vies.Unreachable {
		t.Errorf("too slow: %+v", got)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := c.Ask(gone, app.VATQuestion{ID: "DE123456789"}); got.Result != app.VATUnanswered {
		t.Errorf("given up: %+v", got)
	}
	s.Close()
	if got := ask(); got.Result != app.VATUnanswered || got.Fault != vies.Unreachable {
		t.Errorf("nobody is there: %+v", got)
	}
}

// TestPolite: however many ask at once, VIES sees a few.
func TestPolite(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Register("DE123456789", fake.Trader{Name: "Demo"})
	s.Slow(5 * time.Millisecond)
	s.Most(4)
	c := client(t, s.URL)
	var refused atomic.Int64
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if got := c.Ask(t.Context(), app.VATQuestion{ID: "DE123456789"}); got.Result != app.VATValid {
				t.Errorf("%+v", got)
			}
		})
	}
	all.Wait()
	s.Slow(100 * time.Millisecond)
	for range 20 { // who is not, is sent away
		all.Go(func() {
			got := client(t, s.URL).Ask(t.Context(), app.VATQuestion{ID: "DE123456789"})
			if got.Result == app.VATUnanswered && got.Fault == "MS_MAX_CONCURRENT_REQ" {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if refused.Load() == 0 {
		t.Error("the service takes any number at once: the test above shows nothing")
	}
}

func TestAddressIsChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "ec.europa.eu", "ftp://ec.europa.eu/x", "://"} {
		if _, err := vies.New(bad, time.Second); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
