package portal_test

import (
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing/billingtest"
)

// TestAnnouncedPriceStays: a price that a subscriber was told of is no choice of theirs. Choosing another size and taking that back, or cancelling and
// going on, does not keep the old price for a period more; whoever leaves on the day on which it begins never pays it.
func TestAnnouncedPriceStays(t *testing.T) {
	t.Parallel()
	for name, detour := range map[string]func(*testing.T, *debtor){
		"no detour": func(*testing.T, *debtor) {},
		"another size and back": func(t *testing.T, d *debtor) {
			for range 2 { // the second choice takes the place of the first
				if _, err := d.Portal.ChangePlan(t.Context(), d.Tenant, d.order.Service, portal.PlanRequest{Plan: "medium", When: portal.AtPeriodEnd}); err != nil {
					t.Fatal(err)
				}
			}
			if later := d.detail().Agreement.Later; later == nil || later.Plan != "medium" {
				t.Errorf("chosen is %+v", later)
			}
			if err := d.Portal.KeepPlan(t.Context(), d.Tenant, d.order.Service); err != nil {
				t.Fatal(err)
			}
		},
		"an end and back": leaveAndReturn,
		"another size, an end, and back": func(t *testing.T, d *debtor) {
			if _, err := d.Portal.ChangePlan(t.Context(), d.Tenant, d.order.Service, portal.PlanRequest{Plan: "medium", When: portal.AtPeriodEnd}); err != nil {
				t.Fatal(err)
			}
			leaveAndReturn(t, d)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDebtor(t)
			d.on("2026-02-10")
			price := priceOf(portal.PriceAmount, "12")
			if _, err := d.Portal.SetPrice(t.Context(), d.confirmed(), price); err != nil {
				t.Fatal(err)
			}
			if told, err := d.Portal.TellPrices(t.Context()); err != nil || told != 1 {
				t.Fatalf("told %d (%v)", told, err)
			}
			detour(t, d)
			a := d.detail().Agreement
			if a.Later == nil || a.Later.Plan != "small" || a.Later.Price != billingtest.Euro(1200) || a.Later.On.String() != "2026-03-31" {
				t.Fatalf("what is to come is %+v", a.Later)
			}
			if err := d.Portal.KeepPlan(t.Context(), d.Tenant, d.order.Service); app.CodeOf(err) != app.Conflict {
				t.Errorf("the announced price was given up: %v", err)
			}
			for _, period := range []struct {
				day  string
				euro int64
			}{{"2026-02-28", 950}, {"2026-03-31", 1200}, {"2026-04-30", 1200}} {
				before := d.count(`SELECT count(*) FROM invoices`)
				d.on(period.day)
				if got := d.issued(before); len(got) != 1 || got[0].Net != billingtest.Euro(period.euro) {
					t.Errorf("on %s: %+v, want %d", period.day, got, period.euro)
				}
			}
			d.sound()
		})
	}
}

// leaveAndReturn cancels a service and takes that back; between the two, nothing of the announced price is owed.
func leaveAndReturn(t *testing.T, d *debtor) {
	done, err := d.Portal.CancelSubscription(t.Context(), d.Tenant, d.order.Service, portal.CancelRequest{When: portal.AtPeriodEnd})
	if err != nil || done.End.String() != "2026-02-28" {
		t.Fatalf("it ends on %s (%v)", done.End, err)
	}
	if next := d.detail().Next; next != nil {
		t.Errorf("it ends, and is invoiced %v on %s", next.Document.Net, next.Document.Issued)
	}
	if err := d.Portal.Reactivate(t.Context(), d.Tenant, d.order.Service); err != nil {
		t.Fatal(err)
	}
}

// TestPriceChangeSaysWhoIsTold: what stands before the button is what the round does: only those whose amount changes are told.
func TestPriceChangeSaysWhoIsTold(t *testing.T) {
	t.Parallel()
	dearer, setup, gone := priceOf(portal.PriceAmount, "12"), priceOf(portal.PriceAmount, "9.50"), priceOf(portal.PriceWithdraw, "")
	setup.Setup = "25"
	for name, c := range map[string]struct {
		request portal.PriceRequest
		told    int
	}{"a dearer price": {dearer, 1}, "a set-up fee alone": {setup, 0}, "off the list": {gone, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDebtor(t)
			d.on("2026-02-10")
			change, err := d.Portal.SetPrice(t.Context(), d.confirmed(), c.request)
			if err != nil || change.Subscribers != 1 || change.Same != (c.told == 0) {
				t.Errorf("%+v, %v", change, err)
			}
			if told, err := d.Portal.TellPrices(t.Context()); err != nil || told != c.told {
				t.Errorf("told %d (%v), want %d", told, err, c.told)
			}
		})
	}
}
