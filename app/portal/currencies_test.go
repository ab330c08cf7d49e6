package portal_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/billing"
	"allotment/billing/tax"
)

// TestEachBuyerHasItsCurrency: there is a price list for each currency, through every reseller; a buyer is asked in its own, which stays as it is
// once it has ordered.
func TestEachBuyerHasItsCurrency(t *testing.T) {
	t.Parallel()
	s := shelf{World: portaltest.New(t, func(cfg *portal.Config) { cfg.Currencies = []string{"CHF"} })}
	s.shop = s.Below(t, s.Operator, app.Reseller, "shop")
	s.buyer = s.Below(t, s.shop, app.Customer, "buyer")
	ctx := t.Context()
	for code, wrong := range map[string]bool{"USD": true, "franc": true, " chf ": false, "": false, "CHF": false} {
		if err := s.Portal.SetCurrency(ctx, s.shop, s.buyer.Organization, code); (app.FieldsOf(err)["currency"] != "") != wrong {
			t.Errorf("%q: %v", code, err)
		}
	}
	if err := s.Portal.SetCurrency(ctx, s.shop, s.buyer.Organization, "CHF"); err != nil {
		t.Fatal(err)
	}
	if err := s.Portal.SetCurrency(ctx, s.buyer, s.buyer.Organization, "EUR"); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer chooses its own: %v", err)
	}
	if err := s.Portal.SetCurrency(ctx, s.shop, s.Tenant.Organization, "CHF"); app.CodeOf(err) != app.NotFound {
		t.Errorf("somebody else's customer: %v", err)
	}
	if offer, err := s.Portal.Offer(ctx, s.buyer, "redmine"); app.CodeOf(err) != app.NotFound {
		t.Errorf("before there is a list in francs: %+v, %v", offer, err)
	}
	francs := func(way portal.PriceWay, typed string) portal.PriceRequest {
		r := priceOf(way, typed)
		r.Currency = "CHF"
		return r
	}
	if _, err := s.Portal.SetPrice(ctx, s.shop, francs(portal.PricePercent, "25")); app.CodeOf(err) != app.Conflict {
		t.Errorf("a margin on what nobody sells in francs: %v", err)
	}
	s.set(t, s.Operator, francs(portal.PriceAmount, "12"))
	s.set(t, s.shop, francs(portal.PricePercent, "25"))
	offer, err := s.Portal.Offer(ctx, s.buyer, "redmine")
	if err != nil || len(offer.Plans) != 1 || offer.Plans[0].Price != (billing.Money{Minor: 1500, Currency: "CHF"}) {
		t.Fatalf("%+v, %v", offer.Plans, err)
	}
	theirs, err := s.Portal.Offer(ctx, s.Tenant, "redmine")
	if err != nil || theirs.Plans[0].Price.Currency != "EUR" {
		t.Errorf("asked in euros: %+v, %v", theirs.Plans, err)
	}
	page, err := s.Portal.PriceList(ctx, s.shop, portal.PriceFilter{Text: "redmine", Currency: "CHF"})
	if err != nil || page.Currency != "CHF" || len(page.Currencies) != 2 || len(page.Rows) != 1 || page.Rows[0].Asked.Minor != 1200 || page.Rows[0].Kept.Minor != 300 {
		t.Errorf("the list in francs: %+v, %v", page, err)
	}
	if _, err := s.Portal.PriceList(ctx, s.shop, portal.PriceFilter{Currency: "USD"}); app.FieldsOf(err)["currency"] == "" {
		t.Errorf("a list in dollars: %v", err)
	}
	s.couponsIn(t, francs)
	if _, err := s.Portal.PlaceOrder(ctx, s.buyer, request("team")); err != nil {
		t.Fatal(err)
	}
	if err := s.Portal.SetCurrency(ctx, s.shop, s.buyer.Organization, "EUR"); app.CodeOf(err) != app.Conflict {
		t.Errorf("after an order: %v", err)
	}
}

// couponsIn wants a fixed amount for orders in its own currency alone, a share for all, and a floor for its own list.
func (s shelf) couponsIn(t *testing.T, francs func(portal.PriceWay, string) portal.PriceRequest) {
	t.Helper()
	for _, c := range []struct {
		r     portal.CouponRequest
		holds bool
	}{
		{portal.CouponRequest{Code: "EUROS", Kind: "amount", Off: "5"}, false},
		{portal.CouponRequest{Code: "FRANCS", Kind: "amount", Off: "5", Currency: "CHF"}, true},
		{portal.CouponRequest{Code: "SHARE", Kind: "percent", Off: "5"}, true},
	} {
		if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, c.r); err != nil {
			t.Fatalf("%s: %v", c.r.Code, err)
		}
		r := request("coupon")
		r.Interval, r.Coupon = billing.Month, c.r.Code
		preview, err := s.Portal.Preview(t.Context(), s.buyer, r)
		if (err == nil) != c.holds {
			t.Errorf("%s: %v", c.r.Code, err)
		}
		if err == nil && (preview.First.Document.Currency != "CHF" || preview.First.Document.Net.Minor >= 1500) {
			t.Errorf("%s: %+v", c.r.Code, preview.First.Document)
		}
	}
	if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, portal.CouponRequest{Code: "DOLLARS", Kind: "amount", Off: "5", Currency: "USD"}); app.FieldsOf(err)["currency"] == "" {
		t.Errorf("a coupon in dollars: %v", err)
	}
	if err := s.Portal.SetFloor(t.Context(), s.Operator, francs(portal.PriceAmount, "16")); err != nil {
		t.Fatal(err)
	}
	if offer, err := s.Portal.Offer(t.Context(), s.buyer, "redmine"); err == nil && !offer.Plans[0].Price.IsZero() && offer.Plans[0].Price.Minor < 1600 {
		t.Errorf("below the floor in francs: %+v", offer.Plans)
	}
	if err := s.Portal.SetFloor(t.Context(), s.Operator, francs(portal.PriceAmount, "0")); err != nil {
		t.Fatal(err)
	}
}

// TestVATIsStatedAtHome: what is invoiced in another currency than the seller's state's states its VAT in that too, at the rate of its day; without
// a rate it waits. Credit notes take back exactly what was stated, and the reseller's own invoice states its VAT likewise.
func TestVATIsStatedAtHome(t *testing.T) {
	t.Parallel()
	s := shelf{World: portaltest.New(t, func(cfg *portal.Config) { cfg.Currencies = []string{"CHF"} })}
	s.shop = s.Below(t, s.Operator, app.Reseller, "shop")
	s.buyer = s.Below(t, s.shop, app.Customer, "buyer")
	conn := s.books(t)
	if err := s.Portal.SetCurrency(t.Context(), s.shop, s.buyer.Organization, "CHF"); err != nil {
		t.Fatal(err)
	}
	price := priceOf(portal.PriceAmount, "11.99")
	price.Currency = "CHF"
	s.set(t, s.Operator, price)
	preview, err := s.Portal.Preview(t.Context(), s.buyer, request("team"))
	if d := preview.First.Document; err != nil || !preview.First.Taxed || d.VAT.Minor != 252 || d.Stated != nil {
		t.Fatalf("without a rate: %+v, %v", d, err)
	}
	order, err := s.Portal.PlaceOrder(t.Context(), s.buyer, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	exec(t, conn, `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, order.Service)
	at := time.Now()
	b := biller.New(s.Store, tax.Seed(), slog.New(slog.DiscardHandler), func() time.Time { return at })
	if sum, err := b.Bill(t.Context(), biller.Run{}); err != nil || len(sum.Parked) != 1 || !strings.HasPrefix(sum.Parked[0].Reason, "There is no exchange rate") {
		t.Fatalf("without a rate: %+v, %v", sum, err)
	}
	s.rates(t, map[string]string{"CHF": "0.9345"})
	exec(t, conn, `UPDATE billing_accounts SET next_on = $1`, at) // as the next day's run would find it
	if sum, err := b.Bill(t.Context(), biller.Run{}); err != nil || sum.Invoices != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if stated := s.stated(t, conn, `kind = 'invoice' AND NOT wholesale`); stated != "270 EUR at 0.9345" { // 2.52 / 0.9345
		t.Errorf("the invoice states %s", stated)
	}
	s.creditedInParts(t, conn)
	at = at.AddDate(0, 1, 3)
	s.ratesOn(t, map[string]string{"CHF": "0.95"}, at)
	if _, err := b.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	if stated := s.stated(t, conn, `wholesale`); !strings.HasSuffix(stated, "at 0.95") {
		t.Errorf("the reseller's own invoice states %q", stated)
	}
	if off, err := b.Verify(t.Context()); err != nil || len(off) > 0 {
		t.Errorf("the books are off: %v, %v", off, err)
	}
}

// stated is what documents that fit state together, and the rate.
func (s shelf) stated(t *testing.T, conn *pgx.Conn, which string) (text string) {
	t.Helper()
	err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(sum || ' ' || currency || ' at ' || rate, ', '), 'nothing') FROM (
		SELECT sum((document #>> '{stated,vat,minor}')::bigint) AS sum, document #>> '{stated,vat,currency}' AS currency, document #>> '{stated,rate}' AS rate
		FROM invoices WHERE document -> 'stated' IS NOT NULL AND `+which+` GROUP BY 2, 3) one`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// creditedInParts credits the buyer's invoice in three parts, of which each states its VAT.
func (s shelf) creditedInParts(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var id app.ID
	if err := conn.QueryRow(t.Context(), `SELECT id FROM invoices WHERE kind = 'invoice'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	for i, part := range []string{"3.33", "3.33", ""} {
		r := portal.CreditRequest{Reason: "Demo", Seen: i, All: part == "", Amounts: map[string]string{"1": part}}
		if _, err := s.Portal.CreditInvoice(t.Context(), s.shop, id, r); err != nil {
			t.Fatalf("%q: %v", part, err)
		}
	}
	if stated := s.stated(t, conn, `kind = 'credit note'`); stated != "270 EUR at 0.9345" {
		t.Errorf("the notes state %s", stated)
	}
}
