package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"allotment/app/biller"
	"allotment/app/driver/vies"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
	fake "allotment/e2e/vies"
)

// openWithVIES is a site that asks a stand-in of VIES.
func openWithVIES(t *testing.T) (*site, *fake.Server) {
	t.Helper()
	register, err := fake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(register.Close)
	client, err := vies.New(register.URL, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{World: portaltest.New(t, func(c *portal.Config) { c.VAT = client }), log: &record{}}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	if s.server, err = web.New(web.Config{BaseURL: "http://portal.example.test"}, s.Portal, s.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	http := httptest.NewServer(s.server.Handler())
	s.URL = http.URL
	t.Cleanup(func() { s.server.Shutdown(); http.Close() })
	return s, register
}

// TestHeldDraftIsParked goes through the pages with a seller that waits for VIES: a business of another state saves its details while VIES is
// away, what is due is parked with the reason and a way on, and is invoiced without VAT once VIES has answered. One whose address is missing is
// parked, and mended, likewise.
func TestHeldDraftIsParked(t *testing.T) {
	t.Parallel()
	s, register := openWithVIES(t)
	register.Away("DE", "MS_UNAVAILABLE")
	buyer, seller := s.tenant(t), s.as(t, s.Operator.Email)
	details := []string{"buyer", "business", "name", "Demo Garten", "street", "Beispielweg 1", "post_code", "10115", "city", "Demostadt", "country", "DE",
		"language", "de", "vat_id", "DE123456789", "legal_id", "HRB 1"}
	if got := buyer.post("/billing/details", details...); got.status != http.StatusSeeOther {
		t.Fatalf("the details: %d %s", got.status, got.body)
	}
	placed := s.place(t, s.Tenant, "office")
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	if _, err := conn.Exec(t.Context(), `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, placed.Service); err != nil {
		t.Fatal(err)
	}
	run := func() biller.Summary {
		t.Helper()
		sum, err := biller.New(s.Store, nil, slog.New(slog.DiscardHandler), time.Now).Bill(t.Context(), biller.Run{})
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if sum := run(); sum.Invoices != 0 || len(sum.Parked) != 1 {
		t.Fatalf("%+v", sum)
	}
	customer := "/customers/" + s.Tenant.Organization.String() + "/billing"
	parked := seller.get("/sales/parked")
	for _, words := range []string{"The VAT ID could not be checked yet.", "In the billing details you can ask at once", `href="` + customer + `"`, "Invoice it now"} {
		if !parked.has(words) {
			t.Errorf("the parked page lacks %q", words)
		}
	}
	if got := buyer.get("/billing"); !got.has("The VAT ID could not be checked yet.") {
		t.Error("the customer does not read why its invoice waits")
	}
	retry := "/sales/parked/" + subscriptionOf(t, conn, placed.Service.String()) + "/retry"
	if got := seller.post(retry); got.status != http.StatusConflict || !got.has("It still could not be invoiced. The VAT ID could not be checked yet.") {
		t.Errorf("while VIES is away: %d", got.status)
	}
	register.Away("DE", "")
	register.Register("DE123456789", fake.Trader{Name: "Demo Garten"})
	if got := seller.post(customer + "/vat"); got.status != http.StatusSeeOther {
		t.Errorf("VIES is asked: %d", got.status)
	}
	mended := func() {
		t.Helper()
		if got := seller.post(retry); got.status != http.StatusSeeOther {
			t.Errorf("once it is mended: %d %s", got.status, got.body)
		}
		if got := seller.get("/sales/parked"); !got.has("Nothing is parked") {
			t.Error("it is still parked")
		}
	}
	mended()
	var net, vat int64
	if err := conn.QueryRow(t.Context(), `SELECT net_minor, vat_minor FROM invoices WHERE buyer_id = $1`, s.Tenant.Organization).Scan(&net, &vat); err != nil || net == 0 || vat != 0 {
		t.Errorf("it is invoiced with %d and %d VAT (%v)", net, vat, err)
	}
	placed = s.place(t, s.Tenant, "second")
	retry = "/sales/parked/" + subscriptionOf(t, conn, placed.Service.String()) + "/retry"
	for _, sql := range []string{`UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = $1`, `UPDATE subscriptions SET starts_at = now() WHERE organization_id = $1`} {
		if _, err := conn.Exec(t.Context(), sql, s.Tenant.Organization); err != nil {
			t.Fatal(err)
		}
	}
	if sum := run(); len(sum.Parked) != 1 {
		t.Fatalf("%+v", sum)
	}
	if got := seller.get("/sales/parked"); !got.has("The invoice lacks the customer&#39;s name and address.") || !got.has("Please complete the billing details") {
		t.Errorf("without an address: %s", got.body)
	}
	if got := seller.post(customer, details...); got.status != http.StatusSeeOther {
		t.Errorf("the seller mends it: %d", got.status)
	}
	mended()
}

func subscriptionOf(t *testing.T, conn *pgx.Conn, service string) (id string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), `SELECT id::text FROM subscriptions WHERE service_id::text = $1`, strings.TrimSpace(service)).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}
