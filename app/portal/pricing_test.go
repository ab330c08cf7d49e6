package portal_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// shelf is two levels of resellers with a customer at the end: operator, wholesaler, shop, buyer.
type shelf struct {
	*portaltest.World
	wholesaler, shop, buyer app.Actor
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	s := shelf{World: portaltest.New(t)}
	s.wholesaler = s.Below(t, s.Operator, app.Reseller, "wholesaler")
	s.shop = s.Below(t, s.wholesaler, app.Reseller, "shop")
	s.buyer = s.Below(t, s.shop, app.Customer, "buyer")
	return s
}

// list puts a price on a seller's list, past all rules of the verbs.
func (s shelf) list(t *testing.T, seller app.Actor, audience store.Audience, cents int64, from string) {
	t.Helper()
	err := s.Store.InTenant(t.Context(), seller, func(tx *store.Tx) error {
		return tx.InsertPrices(t.Context(), seller.Organization, []store.Price{{
			PriceKey: store.PriceKey{App: "redmine", Plan: "small", Currency: "EUR", Interval: billing.Month, Audience: audience},
			ID:       app.NewID(), Amount: billingtest.Euro(cents), Setup: billingtest.Euro(cents / 2), ValidFrom: billingtest.Day(t, from),
		}}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// asked is what the buyer pays for a small Redmine and what each reseller on the way does, in cents.
func (s shelf) asked(t *testing.T, buyer app.Actor) (cents []int64) {
	t.Helper()
	err := s.Store.Read(t.Context(), buyer, func(tx *store.Tx) error {
		prices, err := tx.Prices(t.Context(), app.Organization{ID: buyer.Organization, Kind: buyer.Kind}, "redmine", time.Now())
		for _, p := range prices {
			if p.Plan == "small" && p.Interval == billing.Month {
				cents = append(cents, p.Amount.Minor)
				for _, leg := range p.Legs {
					cents = append(cents, leg.Price.Minor)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return cents
}

// TestPriceOfTheNearestList: a buyer is asked by the nearest list above it, and every reseller on the way by the nearest above that one.
func TestPriceOfTheNearestList(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	want := func(what string, buyer app.Actor, cents ...int64) {
		t.Helper()
		if got := s.asked(t, buyer); !slices.Equal(got, cents) {
			t.Errorf("%s: %v, want %v", what, got, cents)
		}
	}
	want("nobody has a list of its own", s.buyer, 950, 950, 950)
	s.list(t, s.shop, store.Everybody, 2000, "2020-01-01")
	want("the shop has one", s.buyer, 2000, 950, 950)
	s.list(t, s.wholesaler, store.Everybody, 1500, "2020-01-01")
	want("both have", s.buyer, 2000, 1500, 950)
	want("the shop buys for itself", s.shop, 1500, 950)
	want("the wholesaler buys for itself", s.wholesaler, 950)
	s.list(t, s.wholesaler, store.Resellers, 1200, "2020-01-01")
	s.list(t, s.Operator, store.Resellers, 700, "2020-01-01")
	want("resellers pay less", s.buyer, 2000, 1200, 700)
	want("the operator's own customer does not", s.Tenant, 950)
	want("the operator buys at its own list", s.Operator, 950)
	s.list(t, s.shop, store.Everybody, 2500, "2020-02-01")
	want("the newest of those that hold", s.buyer, 2500, 1200, 700)
	s.list(t, s.shop, store.Everybody, 9900, "2199-01-01")
	want("a later one does not hold yet", s.buyer, 2500, 1200, 700)
	s.list(t, s.shop, store.Everybody, 2100, "2020-01-15")
	want("one that began earlier is over", s.buyer, 2500, 1200, 700)
}

// TestPricesNeverChange: neither the program nor whoever is at the database by mistake changes one.
func TestPricesNeverChange(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	for _, sql := range []string{
		`UPDATE prices SET amount_minor = 1`, `DELETE FROM prices`, `TRUNCATE prices`, `UPDATE price_floors SET floor_minor = 0`,
		`DELETE FROM usage_prices`, `DELETE FROM coupon_uses`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}
