package portal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/tax"
)

// hypervisor is one guest that does what a test says.
type hypervisor struct {
	state app.GuestState
	err   error
	asked int
}

func (h *hypervisor) Observe(context.Context, app.Ref) (app.GuestState, error) {
	h.asked++
	return h.state, h.err
}

func usageRequest(meter billing.Meter, amount string) portal.UsagePriceRequest {
	return portal.UsagePriceRequest{App: "redmine", Plan: "small", Meter: meter, Audience: store.Everybody, Way: portal.PriceAmount, Amount: amount}
}

// TestPricesOfUseThroughResellers: what a buyer is asked, and what each reseller on the way pays, by amounts, margins that follow what is above
// them, and the operator's floor.
func TestPricesOfUseThroughResellers(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	ctx := t.Context()
	set := func(who app.Actor, r portal.UsagePriceRequest, want string) {
		t.Helper()
		c, err := s.Portal.SetUsagePrice(ctx, who, r)
		if err != nil || c.Price.Price.String() != want {
			t.Fatalf("set %+v: %s, %v", r, c.Price.Price, err)
		}
	}
	asked := func(want string, legs ...string) {
		t.Helper()
		offer, err := s.Portal.Offer(ctx, s.buyer, "redmine")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, u := range offer.Plans[0].Usage {
			got += fmt.Sprintf("%s %s;", u.Meter, u.Price)
			if len(u.Legs) != len(legs) {
				t.Errorf("the legs are %v, want %v", u.Legs, legs)
				continue
			}
			for i, leg := range u.Legs {
				if leg.Price.String() != legs[i] {
					t.Errorf("leg %d is %s, want %s", i, leg.Price, legs[i])
				}
			}
		}
		if got != want {
			t.Errorf("asked is %q, want %q", got, want)
		}
	}
	asked("")
	set(s.Operator, usageRequest(billing.GuestHours, "0.012"), "0.012")
	asked("guest_hours 0.012;", "0.012", "0.012")
	percent := usageRequest(billing.GuestHours, "")
	percent.Way, percent.Margin = portal.PricePercent, "25"
	set(s.wholesaler, percent, "0.015")
	asked("guest_hours 0.015;", "0.015", "0.012")
	set(s.shop, usageRequest(billing.GuestHours, "0,02"), "0.02")
	asked("guest_hours 0.02;", "0.015", "0.012")
	set(s.Operator, usageRequest(billing.GuestHours, "0.016"), "0.016") // the margin follows
	asked("guest_hours 0.02;", "0.02", "0.016")
	cheaper := usageRequest(billing.GuestHours, "0.01")
	cheaper.Audience = store.Resellers
	set(s.Operator, cheaper, "0.01")
	asked("guest_hours 0.02;", "0.0125", "0.01")
	floor := usageRequest(billing.GuestHours, "0.03")
	if err := s.Portal.SetUsageFloor(ctx, s.Operator, floor); err != nil {
		t.Fatal(err)
	}
	asked("guest_hours 0.03;", "0.0125", "0.01")
	if _, err := s.Portal.SetUsagePrice(ctx, s.shop, usageRequest(billing.GuestHours, "0.029")); app.CodeOf(err) != app.Invalid {
		t.Errorf("below the floor: %v", err)
	}
	if err := s.Portal.SetUsageFloor(ctx, s.shop, floor); app.CodeOf(err) != app.Conflict {
		t.Errorf("a reseller's floor: %v", err)
	}
	page, err := s.Portal.UsagePrices(ctx, s.shop, "redmine", "")
	if err != nil || page.Rows[0].Retail.String() != "0.03" || page.Rows[0].Asked.String() != "0.0125" || page.Rows[0].Kept.String() != "0.0175" || page.Rows[0].Percent.String() != "140" {
		t.Errorf("the shop's list: %+v, %v", page.Rows[0], err)
	}
	later := usageRequest(billing.Traffic, "0.1")
	later.From = today(t).AddDays(3).String()
	set(s.shop, later, "0.1")
	asked("guest_hours 0.03;", "0.0125", "0.01") // it begins later
	withdraw := usageRequest(billing.GuestHours, "")
	withdraw.Way = portal.PriceWithdraw
	if _, err := s.Portal.SetUsagePrice(ctx, s.shop, withdraw); err != nil {
		t.Fatal(err)
	}
	asked("guest_hours 0.03;", "0.0125", "0.01") // what the shop pays, lifted to the floor
	for field, wrong := range map[string]portal.UsagePriceRequest{
		"amount": usageRequest(billing.GuestHours, "0.0000001"), "from": {App: "redmine", Plan: "small", Meter: billing.Traffic, Way: portal.PriceAmount, Amount: "1", From: "2001-01-01"},
		"margin": {App: "redmine", Plan: "small", Meter: billing.GuestHours, Way: portal.PricePercent, Margin: "-5"},
	} {
		if _, err := s.Portal.PreviewUsagePrice(ctx, s.shop, wrong); app.CodeOf(err) != app.Invalid || wrongFields(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := s.Portal.SetUsagePrice(ctx, s.buyer, usageRequest(billing.GuestHours, "1")); app.CodeOf(err) == "" {
		t.Error("a customer has set a price")
	}
}

// TestUseFromTheHypervisorToTheInvoice: an order agrees on the prices of use, hours are noted as the hypervisor shows them, each once; a program
// reports what it measures; the tenant sees both with their cost, and the invoice asks for exactly that.
func TestUseFromTheHypervisorToTheInvoice(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx := t.Context()
	for meter, price := range map[billing.Meter]string{billing.GuestHours: "0.0125", billing.DiskHours: "0.0001", billing.Traffic: "0.05"} {
		if _, err := d.Portal.SetUsagePrice(ctx, d.Operator, usageRequest(meter, price)); err != nil {
			t.Fatal(err)
		}
	}
	order, err := d.Portal.PlaceOrder(ctx, d.Tenant, request("metered"))
	if err != nil {
		t.Fatal(err)
	}
	if n := d.count(`SELECT jsonb_array_length(meters) FROM subscriptions WHERE meters <> '[]'`); n != 3 {
		t.Fatalf("%d prices of use were agreed on", n)
	}
	guests := &hypervisor{state: app.GuestState{Running: true, UpFor: 100 * time.Hour, DiskGiB: 10}}
	measure := func(want int) {
		t.Helper()
		if n, err := d.Portal.MeasureUse(ctx, guests); err != nil || n != want {
			t.Fatalf("%s: %d uses were noted, want %d (%v)", d.today, n, want, err)
		}
	}
	measure(0) // it is not active yet
	d.exec(`UPDATE operations SET state = 'done' WHERE service_id = $1`, order.Service)
	d.exec(`UPDATE services SET state = 'active', active_at = $2 WHERE id = $1`, order.Service, d.today)
	d.exec(`UPDATE subscriptions SET starts_at = $2 WHERE service_id = $1`, order.Service, d.today)
	d.today = d.today.Add(90 * time.Minute) // 13:30, and it runs since 12:00
	measure(2)
	measure(0)
	d.today = d.today.Add(5 * time.Hour) // the worker was away: what was missed is made up for
	measure(10)
	guests.state.Running = false
	d.today = d.today.Add(time.Hour)
	measure(0)
	guests.state.Running, guests.state.UpFor = true, 15*time.Minute // it was started at 19:15, by its own clock
	measure(0)
	d.today = d.today.Add(time.Hour)
	guests.state.UpFor = 75 * time.Minute
	measure(2)
	d.exec(`INSERT INTO holds (organization_id, id, service_id, kind, reason, put_by, put_at) SELECT organization_id, gen_random_uuid(), id, 'manual', 'x', 'x', $2 FROM services WHERE id = $1`, order.Service, d.today)
	d.today, guests.state.UpFor = d.today.Add(10*time.Hour), 11*time.Hour
	measure(0)
	d.exec(`UPDATE holds SET released_at = $1, released_by = 'x'`, d.today)
	d.today, guests.state.UpFor = d.today.Add(time.Hour), 12*time.Hour
	measure(2) // half of an hour: not what it was held for
	asked := guests.asked
	d.exec(`UPDATE services SET state = 'suspended' WHERE id = $1`, order.Service)
	d.today = d.today.Add(3 * time.Hour)
	measure(0)
	if guests.asked != asked {
		t.Error("the hypervisor was asked after a service that is stopped")
	}
	d.exec(`UPDATE services SET state = 'active' WHERE id = $1`, order.Service)

	robot := app.Actor{Organization: d.Operator.Organization, Kind: app.Operator, Role: app.RoleOperator, State: app.OrganizationActive, Key: app.NewID(), Name: "Meter"}
	report := func(reports ...portal.UseReport) (portal.UsageReported, error) {
		return d.Portal.ReportUsage(ctx, robot, order.Service, reports)
	}
	one := portal.UseReport{ID: "router:1", Meter: billing.Traffic, At: d.today.Add(-time.Hour), Quantity: "12.345678"}
	if done, err := report(one); err != nil || done.New != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if done, err := report(one); err != nil || done.New != 0 || done.Known != 1 {
		t.Errorf("twice: %+v, %v", done, err)
	}
	differs, early, hours, negative := one, one, one, one
	differs.Quantity = "1"
	early.ID, early.At = "router:2", d.today.AddDate(0, 0, -10)
	hours.ID, hours.Meter = "router:3", billing.GuestHours
	negative.ID, negative.Quantity = "has a space", "-3"
	if _, err := report(differs); app.CodeOf(err) != app.Conflict {
		t.Errorf("the same ID, and another quantity: %v", err)
	}
	_, err = report(early, hours, negative, negative)
	for _, field := range []string{"events[0].at", "events[1].meter", "events[2].id", "events[2].quantity", "events[3].id"} {
		if app.CodeOf(err) != app.Invalid || wrongFields(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := d.Portal.ReportUsage(ctx, d.Tenant, order.Service, []portal.UseReport{one}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a tenant reports its own use: %v", err)
	}

	// 1 + 5 + 0.75 + 0.5 hours... each whole hour that was noted, and parts of those in which it was started or released.
	use, err := d.Portal.Usage(ctx, d.Tenant, order.Service)
	if err != nil || len(use.Meters) != 3 || use.Meters[0].Quantity.String() != "7.25" || use.Meters[1].Quantity.String() != "72.5" || use.Due.String() != "2026-02-28" {
		t.Fatalf("%+v, %v", use, err)
	}
	if use.Meters[0].Cost.Minor != 9 || use.Meters[1].Cost.Minor != 1 || use.Meters[2].Cost.Minor != 62 || use.Cost.Minor != 72 { // 0.090625, 0.00725, 0.6172839
		t.Errorf("it costs %+v", use)
	}
	overview, err := d.Portal.BillingOverview(ctx, d.Tenant)
	if err != nil || len(overview.Used) != 1 || overview.Used[0].Usage.Cost != use.Cost {
		t.Errorf("the overview: %+v, %v", overview.Used, err)
	}
	d.on("2026-02-28")
	if got := d.count(`SELECT sum((l -> 'net' ->> 'minor')::int) FROM invoices i, json_array_elements(i.document -> 'lines') l WHERE l ->> 'unit' IN ('HUR', 'E62') OR l ->> 'name' LIKE '%GiB-hours'`); got != 72 {
		t.Errorf("the invoice asks for %d cents", got)
	}
	if use, err = d.Portal.Usage(ctx, d.Tenant, order.Service); err != nil || !use.Cost.IsZero() || !use.Due.IsZero() {
		t.Errorf("after the invoice: %+v, %v", use, err)
	}
	d.sound()
}

// TestPriceOfUseIsAnnounced: those who have subscribed pay another price of use from the announced day on, are told once, and a new meter is told, too.
func TestPriceOfUseIsAnnounced(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx := t.Context()
	d.exec(`UPDATE subscriptions SET created_at = '2026-01-01'`)
	tell := func(want int) {
		t.Helper()
		if n, err := d.Portal.TellUsage(ctx); err != nil || n != want {
			t.Fatalf("%d were told, want %d (%v)", n, want, err)
		}
	}
	tell(0)
	if _, err := d.Portal.SetUsagePrice(ctx, d.Operator, usageRequest(billing.GuestHours, "0.012")); err != nil {
		t.Fatal(err)
	}
	tell(1)
	tell(0)
	agreed := func() []cycle.UsagePrice {
		t.Helper()
		var a store.UsageAgreement
		if err := d.Store.Read(ctx, d.Tenant, func(tx *store.Tx) (err error) {
			a, err = tx.UsageAgreement(ctx, d.order.Service)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return a.Usage
	}
	if got := agreed(); len(got) != 1 || got[0].Price.String() != "0.012" || got[0].From.String() != "2026-03-02" {
		t.Fatalf("agreed is %+v", got)
	}
	if n := d.count(`SELECT count(*) FROM mails WHERE kind = 'price'`); n != 1 {
		t.Errorf("%d mails", n)
	}
	d.today = d.today.AddDate(0, 0, 40)
	if _, err := d.Portal.SetUsagePrice(ctx, d.Operator, usageRequest(billing.GuestHours, "0.01")); err != nil {
		t.Fatal(err)
	}
	tell(1)
	tell(0)
	if got := agreed(); len(got) != 2 || got[1].Price.String() != "0.01" || got[1].From.String() != "2026-04-11" {
		t.Errorf("agreed is %+v", got)
	}
	b := biller.New(d.Store, tax.Seed(), slog.New(slog.DiscardHandler), func() time.Time { return d.today })
	if off, err := b.Verify(ctx); err != nil || len(off) > 0 {
		t.Errorf("%v, %v", off, err)
	}
}

// wrongFields is what is said at each field.
func wrongFields(err error) map[string]string {
	var told *app.Error
	if errors.As(err, &told) {
		return told.Fields
	}
	return nil
}
