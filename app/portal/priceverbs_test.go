package portal_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

func priceOf(way portal.PriceWay, typed string) portal.PriceRequest {
	r := portal.PriceRequest{App: "redmine", Plan: "small", Interval: billing.Month, Way: way}
	if way == portal.PriceAmount {
		r.Amount = typed
	} else {
		r.Margin = typed
	}
	return r
}

func (s shelf) set(t *testing.T, actor app.Actor, r portal.PriceRequest) portal.PriceChange {
	t.Helper()
	c, err := s.Portal.SetPrice(t.Context(), actor, r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return c
}

// TestMarginsFollow: prices that lie on another one follow it on its own day, through every level, and stay above the operator's floor.
func TestMarginsFollow(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.set(t, s.wholesaler, priceOf(portal.PricePercent, "20"))
	c := s.set(t, s.shop, priceOf(portal.PriceAdded, "1,50"))
	if c.Asked.Minor != 1140 || c.Kept.Minor != 150 || c.Percent.String() != "13.2" {
		t.Errorf("%+v", c)
	}
	if got := s.asked(t, s.buyer); len(got) != 3 || got[0] != 1290 || got[1] != 1140 || got[2] != 950 {
		t.Errorf("asked %v", got)
	}
	s.set(t, s.Operator, priceOf(portal.PriceAmount, "10"))
	if got := s.asked(t, s.buyer); len(got) != 3 || got[0] != 1350 || got[1] != 1200 || got[2] != 1000 {
		t.Errorf("after the operator's change: %v", got)
	}
	floor := priceOf(portal.PriceAmount, "13")
	if err := s.Portal.SetFloor(t.Context(), s.Operator, floor); err != nil {
		t.Fatal(err)
	}
	s.set(t, s.Operator, priceOf(portal.PriceAmount, "9"))
	if got := s.asked(t, s.buyer); len(got) != 3 || got[0] != 1450 || got[1] != 1300 || got[2] != 900 {
		t.Errorf("above the floor: %v", got) // 9 and 20% are 10.80, lifted to 13; and 1.50
	}
	if err := s.Portal.SetFloor(t.Context(), s.shop, floor); app.CodeOf(err) != app.Conflict {
		t.Errorf("a reseller set a floor: %v", err)
	}
}

// TestFloorInTheOrder: what was set before the floor is no longer sold, and cannot be ordered by anybody who knows the form.
func TestFloorInTheOrder(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.set(t, s.shop, priceOf(portal.PriceAmount, "12"))
	if _, err := s.Portal.PlaceOrder(t.Context(), s.buyer, request("before")); err != nil {
		t.Fatal(err)
	}
	if err := s.Portal.SetFloor(t.Context(), s.Operator, priceOf(portal.PriceAmount, "12.01")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Portal.PlaceOrder(t.Context(), s.buyer, request("after")); app.FieldsOf(err)["plan"] == "" && app.FieldsOf(err)["interval"] == "" {
		r := request("after")
		r.Interval = billing.Month
		if _, err := s.Portal.PlaceOrder(t.Context(), s.buyer, r); app.CodeOf(err) != app.Invalid {
			t.Errorf("it was ordered below the floor: %v", err)
		}
	}
	if _, err := s.Portal.SetPrice(t.Context(), s.shop, priceOf(portal.PriceAmount, "12")); app.FieldsOf(err)["amount"] == "" {
		t.Errorf("a price below the floor: %v", err)
	}
	if _, err := s.Portal.PlaceOrder(t.Context(), s.Tenant, request("direct")); err != nil {
		t.Errorf("the operator's own customer: %v", err)
	}
}

func TestPriceRefuses(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for typed, wanted := range map[string]string{
		"0.005": "two decimals", "-1": "negative", "abc": "type an amount", "": "type an amount", "1e3": "type an amount", "100000000.01": "too large",
		"92233720368547758.08": "", "12.50.1": "type an amount",
	} {
		_, err := s.Portal.SetPrice(t.Context(), s.shop, priceOf(portal.PriceAmount, typed))
		if message := app.FieldsOf(err)["amount"]; message == "" || !strings.Contains(message, wanted) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, typed := range []string{"-1", "1001", "x", "0.0000000000001"} {
		if _, err := s.Portal.SetPrice(t.Context(), s.shop, priceOf(portal.PricePercent, typed)); app.FieldsOf(err)["margin"] == "" {
			t.Errorf("a margin of %q: %v", typed, err)
		}
	}
	over := priceOf(portal.PriceAmount, "30000000") // over 32 bits of cents
	if c := s.set(t, s.shop, over); c.Price.Amount.Minor != 3_000_000_000 {
		t.Errorf("%+v", c.Price)
	}
	past := priceOf(portal.PriceAmount, "12")
	past.From = "2020-01-01"
	if _, err := s.Portal.SetPrice(t.Context(), s.shop, past); app.FieldsOf(err)["from"] == "" {
		t.Errorf("in the past: %v", err)
	}
	if _, err := s.Portal.SetPrice(t.Context(), s.Operator, priceOf(portal.PricePercent, "20")); app.FieldsOf(err)["margin"] == "" {
		t.Errorf("the operator's margin: %v", err)
	}
	if _, err := s.Portal.SetPrice(t.Context(), s.buyer, priceOf(portal.PriceAmount, "1")); app.CodeOf(err) != app.Conflict {
		t.Errorf("a customer's price: %v", err)
	}
}

// TestSubscribersAreToldOnce: a new price holds for a subscriber with the first period that begins after it was told for long enough, the mail says
// so and leaves once, whoever makes the round how often; before then whoever cancels never pays it, in spite of a minimum term.
func TestSubscribersAreToldOnce(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	conn := s.books(t)
	r := priceOf(portal.PriceAmount, "12")
	r.Minimum = "24"
	s.set(t, s.shop, r)
	order, err := s.Portal.PlaceOrder(t.Context(), s.buyer, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	exec(t, conn, `UPDATE subscriptions SET starts_at = now(), created_at = now() - interval '1 hour' WHERE service_id = $1`, order.Service)
	if told, err := s.Portal.TellPrices(t.Context()); err != nil || told != 0 {
		t.Fatalf("told %d of nothing (%v)", told, err)
	}
	r.Amount = "15"
	c := s.set(t, s.shop, r)
	if c.Subscribers != 1 || c.Ahead != 30 || c.Before.Amount.Minor != 1200 {
		t.Errorf("%+v", c)
	}
	var all sync.WaitGroup
	var told atomic.Int64
	for range 4 {
		all.Go(func() {
			n, err := s.Portal.TellPrices(t.Context())
			if err != nil {
				t.Error(err)
			}
			told.Add(int64(n))
		})
	}
	all.Wait()
	if again, err := s.Portal.TellPrices(t.Context()); err != nil || told.Load()+int64(again) != 1 {
		t.Errorf("told %d times and %d again (%v)", told.Load(), again, err)
	}
	mails := s.Mails(t, "buyer@example.test")
	var about []app.Mail
	for _, m := range mails {
		if m.Kind == app.MailPrice {
			about = append(about, m)
		}
	}
	if len(about) != 1 || about[0].Data["before"] == about[0].Data["after"] {
		t.Fatalf("%d mails: %+v", len(about), about)
	}
	from := billingtest.Day(t, about[0].Data["from"])
	if earliest := today(t).AddDays(30); from.Before(earliest) || earliest.AddMonths(1).Before(from) {
		t.Errorf("it holds from %s on, and was told on %s", from, today(t))
	}
	fresh, err := s.Portal.PlaceOrder(t.Context(), s.buyer, request("fresh"))
	if err != nil || fresh.Price.Minor != 1500 {
		t.Errorf("a new order costs %v (%v)", fresh.Price, err)
	}
	s.leavesBefore(t, conn, order, from)
}

// leavesBefore cancels and wants the end before the new price begins.
func (s shelf) leavesBefore(t *testing.T, conn *pgx.Conn, order app.Order, from billing.Date) {
	t.Helper()
	var id app.ID
	if err := conn.QueryRow(t.Context(), `SELECT id FROM subscriptions WHERE service_id = $1`, order.Service).Scan(&id); err != nil {
		t.Fatal(err)
	}
	err := s.Store.InTenant(t.Context(), app.System(s.buyer.Organization), func(tx *store.Tx) error {
		end, err := biller.New(s.Store, tax.Seed(), slog.New(slog.DiscardHandler), time.Now).Cancel(t.Context(), tx, id)
		if err == nil && end != from {
			t.Errorf("it ends on %s, and the new price begins on %s", end, from)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestCouponLimitsHoldInParallel: however many order at once, a coupon is used as often as its seller said, and no more by one customer.
func TestCouponLimitsHoldInParallel(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	second := s.Below(t, s.shop, app.Customer, "second")
	if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, portal.CouponRequest{Code: "few", Kind: "percent", Off: "10", Periods: "1", Total: "5", Each: "3"}); err != nil {
		t.Fatal(err)
	}
	used := map[app.ID]*atomic.Int64{s.buyer.Organization: {}, second.Organization: {}}
	var all sync.WaitGroup
	for i := range 16 {
		actor := []app.Actor{s.buyer, second}[i%2]
		all.Go(func() {
			r := request(fmt.Sprintf("coupon-%d", i))
			r.Key, r.Coupon = app.NewID().String(), "FEW"
			_, err := s.Portal.PlaceOrder(t.Context(), actor, r)
			switch {
			case err == nil:
				used[actor.Organization].Add(1)
			case app.FieldsOf(err)["coupon"] == "":
				t.Errorf("refused otherwise: %v", err)
			}
		})
	}
	all.Wait()
	a, b := used[s.buyer.Organization].Load(), used[second.Organization].Load()
	if a+b != 5 || a > 3 || b > 3 {
		t.Errorf("it was used %d and %d times, want 5 in all and 3 by each", a, b)
	}
	page, err := s.Portal.Coupons(t.Context(), s.shop, portal.CouponFilter{})
	if err != nil || len(page.Coupons) != 1 || page.Coupons[0].Used != 5 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestCouponRefuses(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for field, r := range map[string]portal.CouponRequest{
		"code":    {Code: "a b!", Off: "10"},
		"off":     {Code: "ABC", Off: "101"},
		"periods": {Code: "ABC", Off: "10", Periods: "-1"},
		"until":   {Code: "ABC", Off: "10", Until: "2020-01-01"},
		"from":    {Code: "ABC", Off: "10", From: "2020-01-01"},
		"only":    {Code: "ABC", Off: "10", Only: []string{"nothing"}},
		"total":   {Code: "ABC", Off: "10", Total: "many"},
	} {
		if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, r); app.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	made, err := s.Portal.CreateCoupon(t.Context(), s.shop, portal.CouponRequest{Code: "large", Off: "50", Only: []string{"redmine/large"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, portal.CouponRequest{Code: "LARGE", Off: "5"}); app.FieldsOf(err)["code"] == "" {
		t.Errorf("the same code twice: %v", err)
	}
	want := func(what string, actor app.Actor, plan, code string, ok bool) {
		t.Helper()
		r := request("team")
		r.Plan, r.Coupon = plan, code
		_, err := s.Portal.Preview(t.Context(), actor, r)
		if ok && err != nil || !ok && app.FieldsOf(err)["coupon"] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	want("the right size", s.buyer, "large", "large", true)
	want("another size", s.buyer, "small", "large", false)
	want("another seller's", s.Tenant, "large", "large", false)
	want("unknown", s.buyer, "large", "larger", false)
	if err := s.Portal.SetFloor(t.Context(), s.Operator, portal.PriceRequest{App: "redmine", Plan: "large", Interval: billing.Month, Amount: "20"}); err != nil {
		t.Fatal(err)
	}
	want("below the floor", s.buyer, "large", "large", false)
	if err := s.Portal.EndCoupon(t.Context(), s.Tenant, made.ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("ended by somebody else: %v", err)
	}
	if err := s.Portal.EndCoupon(t.Context(), s.shop, made.ID); err != nil {
		t.Fatal(err)
	}
	want("ended", s.buyer, "large", "large", false)
}
