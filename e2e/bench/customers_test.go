package bench

import (
	"net/http"
	"testing"

	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// BenchmarkCustomersList asks for the seller's page of customers among 100,000 of them, against the same among 1,000: the first page, a search
// for one of them, a search that all of them fit, and a page deep within. The goal is a page time of at most 1.5 times, so a ratio of at least 0.67.
func BenchmarkCustomersList(b *testing.B) {
	large, small := sellerOf(b, 100_000), sellerOf(b, 1_000)
	for _, c := range []struct{ name, large, small string }{
		{"first page", "/customers", "/customers"},
		{"search for one", "/customers?q=garden+000777", "/customers?q=garden+000777"},
		{"search that fits all", "/customers?q=garden", "/customers?q=garden"},
		{"deep", "/customers?after=" + large.deep, "/customers?after=" + small.deep},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				get(b, large.client, large.address+c.large)
				get(b, small.client, small.address+c.small)
				ours, limit := best(3,
					func() float64 { return rate(b, clients, func(int64) { get(b, large.client, large.address+c.large) }) },
					func() float64 { return rate(b, clients, func(int64) { get(b, small.client, small.address+c.small) }) })
				report(b, "customers, "+c.name+", 100,000 against 1,000", ours, limit, "pages/s", 0.67)
			}
		})
	}
}

// sellerSite is a running portal with a reseller's owner signed in. deep is the key of a page far behind the first.
type sellerSite struct {
	client  *http.Client
	address string
	deep    string
}

func sellerOf(b *testing.B, customers int) sellerSite {
	b.Helper()
	w := portaltest.New(b)
	reseller := w.Reseller(b)
	conn := connect(b, w.Superuser)
	defer conn.Close(b.Context()) //nolint:errcheck // the measure goes on
	_, err := conn.Exec(b.Context(), `
		INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		SELECT gen_random_uuid(), $1, 'customer', 'Garden ' || lpad(n::text, 6, '0'), 'garden-' || n, now() FROM generate_series(1, $2::int) n`,
		reseller.Organization, customers)
	if err != nil {
		b.Fatal(err)
	}
	settle(b, w)
	w.Tenant = reseller // who is signed in
	site := sellerSite{}
	site.address, site.client = serve(b, w)
	f := portal.CustomerFilter{Limit: 200}
	for range 4 {
		page, err := w.Portal.Customers(b.Context(), reseller, f)
		if err != nil || page.Next == "" {
			b.Fatalf("the page after %q has none behind it (%v)", f.After, err)
		}
		f.After = page.Next
	}
	site.deep = f.After
	return site
}
