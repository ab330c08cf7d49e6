package web_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// inFrancs is a site that sells in euro and in francs.
func inFrancs(t *testing.T) *site {
	t.Helper()
	return serve(t, portaltest.New(t, func(c *portal.Config) { c.Currencies = []string{"CHF"} }))
}

// francs are the form of a price in francs.
func francs(pairs ...string) []string {
	return append([]string{"app", "redmine", "plan", "small", "interval", "month", "currency", "CHF", "audience", "everybody", "way", "amount"}, pairs...)
}

// wantLed fails unless an answer leads on to a path.
func wantLed(t *testing.T, what string, got page, to string) {
	t.Helper()
	if got.status != http.StatusSeeOther || got.header.Get("Location") != to {
		t.Errorf("%s: %d, leads to %q: %s", what, got.status, got.header.Get("Location"), got.body)
	}
}

// TestSellingInFrancs sets a price in a second currency and makes a customer that is asked in it: its catalog shows that price, and no other.
func TestSellingInFrancs(t *testing.T) {
	t.Parallel()
	s := inFrancs(t)
	v := s.as(t, s.Operator.Email)
	if got := v.get("/sales/prices?q=redmine&currency=CHF"); got.status != http.StatusOK || !got.has(`name="currency" value="CHF"`) || !got.has("currency=CHF&amp;interval=month") ||
		!got.has(`href="/sales/prices?q=redmine"`) || got.has("€") || got.has("/sales/prices/publish") {
		t.Errorf("the list in francs: %d %s", got.status, got.body)
	}
	edit := v.get("/sales/prices/edit?app=redmine&plan=small&interval=month&audience=everybody&currency=CHF")
	if !edit.has("Amount in CHF") || strings.Count(edit.body, `name="currency" value="CHF"`) != 2 || !edit.has(`href="/sales/prices?currency=CHF"`) {
		t.Errorf("the form: %d %s", edit.status, edit.body)
	}
	if got := v.post("/sales/prices/confirm", francs("amount", "soon")...); got.status != http.StatusUnprocessableEntity || !got.has("Amount in CHF") {
		t.Errorf("no amount: %d %s", got.status, got.body)
	}
	if got := v.post("/sales/prices/confirm", francs("amount", "19.50")...); got.status != http.StatusOK || strings.Count(got.body, `name="currency" value="CHF"`) != 2 || !got.has("CHF") {
		t.Errorf("is this the price: %d %s", got.status, got.body)
	}
	wantLed(t, "the price", v.post("/sales/prices", francs("amount", "19.50")...), "/sales/prices?currency=CHF&q=redmine")
	wantLed(t, "the floor", v.post("/sales/prices/floor", francs("floor", "12")...), "/sales/prices?currency=CHF&q=redmine")
	wantLed(t, "days ahead", v.post("/sales/prices/ahead", "ahead", "30", "currency", "CHF"), "/sales/prices?currency=CHF")
	if got := v.get("/sales/prices?q=redmine&currency=CHF"); !got.has("19.50") || !got.has("12.00") {
		t.Errorf("the list with a price: %s", got.body)
	}
	if got := v.get("/sales/prices?q=redmine"); got.has("19.50") || !got.has("€9.50") || !got.has(`href="/sales/prices?currency=CHF&amp;q=redmine"`) {
		t.Errorf("the list of one's own currency: %s", got.body)
	}
	wantLed(t, "the customer", v.post("/customers", "kind", "customer", "name", "Demo Alps", "slug", "alps", "email", "alps@example.test", "language", "en", "currency", "CHF"),
		"/customers/"+s.called(t, "alps"))
	link := s.pathOf(t, "invitation", "alps@example.test")
	buyer := s.visitor(t)
	wantLed(t, "joined", buyer.post(link, "name", "Anna", "password", portaltest.Password, "language", "en"), "/")
	if got := buyer.get("/catalog/redmine"); got.status != http.StatusOK || !got.has("19.50") || !got.has("CHF") || got.has("€") {
		t.Errorf("the catalog in francs: %d %s", got.status, got.body)
	}
	if got := s.tenant(t).get("/catalog/redmine"); got.has("CHF") || !got.has("€9.50") {
		t.Errorf("the catalog of who is asked in euro: %s", got.body)
	}
}

// called is the ID of the customer with a short name.
func (s *site) called(t *testing.T, slug string) string {
	t.Helper()
	found, err := s.Portal.Customers(t.Context(), s.Operator, portal.CustomerFilter{Text: slug})
	if err != nil || len(found.Customers) != 1 {
		t.Fatalf("%s: %v %v", slug, found.Customers, err)
	}
	return found.Customers[0].ID.String()
}

// TestUseInFrancs sets a price of use in a second currency.
func TestUseInFrancs(t *testing.T) {
	t.Parallel()
	s := inFrancs(t)
	v := s.as(t, s.Operator.Email)
	price := []string{"app", "redmine", "plan", "small", "meter", "guest_hours", "currency", "CHF", "audience", "everybody", "way", "amount", "amount", "0.0777"}
	if got := v.get("/sales/prices/usage?app=redmine&currency=CHF"); got.status != http.StatusOK || !got.has(`href="/sales/prices/usage?app=redmine"`) || !got.has(`href="/sales/prices?currency=CHF&amp;q=redmine"`) {
		t.Errorf("the list: %d %s", got.status, got.body)
	}
	if got := v.post("/sales/prices/usage/confirm", price...); got.status != http.StatusOK || strings.Count(got.body, `name="currency" value="CHF"`) != 2 {
		t.Errorf("is this the price: %d %s", got.status, got.body)
	}
	wantLed(t, "the price", v.post("/sales/prices/usage", price...), "/sales/prices/usage?app=redmine&currency=CHF")
	wantLed(t, "the floor", v.post("/sales/prices/usage/floor", append(price, "floor", "0.01")...), "/sales/prices/usage?app=redmine&currency=CHF")
	if got := v.get("/sales/prices/usage?app=redmine&currency=CHF"); !got.has("0.0777") {
		t.Errorf("the list with a price: %s", got.body)
	}
	if got := v.get("/sales/prices/usage?app=redmine"); got.has("0.0777") {
		t.Errorf("the list of one's own currency: %s", got.body)
	}
}

// TestCouponsInFrancs makes a coupon of an amount in a second currency.
func TestCouponsInFrancs(t *testing.T) {
	t.Parallel()
	v := inFrancs(t).as(t, "operator@example.test")
	coupon := []string{"code", "ALPS", "kind", "amount", "off", "5", "each", "1"}
	if got := v.get("/sales/coupons/new"); !got.has(`<option value="EUR"`) || !got.has(`<option value="CHF"`) {
		t.Errorf("the form: %d %s", got.status, got.body)
	}
	if got := v.post("/sales/coupons", append(coupon, "currency", "USD")...); got.status != http.StatusUnprocessableEntity || !got.has("Please choose one of the currencies.") {
		t.Errorf("in dollars: %d %s", got.status, got.body)
	}
	wantLed(t, "the coupon", v.post("/sales/coupons", append(coupon, "currency", "CHF")...), "/sales/coupons")
	if got := v.get("/sales/coupons"); !got.has("ALPS") || !got.has("CHF") || got.has("€") {
		t.Errorf("the coupons: %s", got.body)
	}
}

// TestCurrencyOfACustomer changes it until something is ordered; then it stays, and the page says why.
func TestCurrencyOfACustomer(t *testing.T) {
	t.Parallel()
	s := inFrancs(t)
	v, path := s.as(t, s.Operator.Email), "/customers/"+s.Tenant.Organization.String()
	if got := v.get(path); !got.has("Is asked in") || !got.has(`action="`+path+`/currency"`) || !got.has(`<option value="EUR" selected`) {
		t.Errorf("its page: %d %s", got.status, got.body)
	}
	wantLed(t, "in francs", v.post(path+"/currency", "currency", "CHF"), path)
	if got := v.get(path); !got.has(`<option value="CHF" selected`) {
		t.Errorf("its page in francs: %s", got.body)
	}
	if got := v.post(path+"/currency", "currency", "USD"); got.status != http.StatusUnprocessableEntity || !got.has("Please choose one of the currencies.") {
		t.Errorf("in dollars: %d %s", got.status, got.body)
	}
	wantLed(t, "in euro", v.post(path+"/currency", "currency", "EUR"), path)
	s.place(t, s.Tenant, "office")
	if got := v.post(path+"/currency", "currency", "CHF"); got.status != http.StatusConflict || !got.has("What this organization has ordered keeps its currency") {
		t.Errorf("too late: %d %s", got.status, got.body)
	}
	if got := v.get(path); !got.has("Is asked in") || got.has(`action="`+path+`/currency"`) {
		t.Errorf("its page with a service: %s", got.body)
	}
	if got := v.post("/customers", "kind", "customer", "name", "Demo", "slug", "demo", "email", "a@example.test", "language", "en", "currency", "USD"); got.status != http.StatusUnprocessableEntity ||
		!got.has(`id="message-field-currency"`) || !got.has("Please choose one of the currencies.") {
		t.Errorf("a customer in dollars: %d %s", got.status, got.body)
	}
}

// TestOneCurrency finds no word of currencies on the pages of who sells in one, and nothing about them in its addresses.
func TestOneCurrency(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.as(t, s.Operator.Email)
	for _, path := range []string{
		"/sales/prices", "/sales/prices/edit?app=redmine&plan=small&interval=month&audience=everybody", "/sales/prices/usage?app=redmine",
		"/sales/coupons/new", "/customers/new", "/customers/" + s.Tenant.Organization.String(),
	} {
		if got := v.get(path); got.status != http.StatusOK || got.has("currency") || got.has(">Currency<") || got.has("Is asked in") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	wantLed(t, "a price", v.post("/sales/prices", "app", "redmine", "plan", "small", "interval", "month", "audience", "everybody", "way", "amount", "amount", "11"), "/sales/prices?q=redmine")
	if got := v.get("/sales/prices?currency=CHF"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a list that is not there: %d", got.status)
	}
}
