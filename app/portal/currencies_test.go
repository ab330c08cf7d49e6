package portal_test

import (
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/billing"
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
