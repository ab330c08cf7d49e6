package portal_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// debtor is a customer with an invoiced service that runs, on a clock that the test turns.
type debtor struct {
	*portaltest.World
	t       *testing.T
	conn    *pgx.Conn
	biller  *biller.Biller
	order   app.Order
	today   time.Time
	invoice billing.Money
}

func newDebtor(t *testing.T, change ...func(*portal.Config)) *debtor {
	t.Helper()
	w := portaltest.New(t, change...)
	d := &debtor{World: w, t: t, conn: superuser(t, w), today: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	portal.SetClock(w.Portal, func() time.Time { return d.today })
	d.biller = biller.New(w.Store, nil, slog.New(slog.DiscardHandler), func() time.Time { return d.today })
	err := w.Portal.PublishPrices(t.Context(), w.Operator) // which hold from that day on
	if err != nil {
		t.Fatal(err)
	}
	if d.order, err = w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team")); err != nil {
		t.Fatal(err)
	}
	c := billingtest.Cases()[0]
	err = w.Store.InTenant(t.Context(), w.Operator, func(tx *store.Tx) error {
		seller := store.Profile{Party: c.Seller, Language: "en"}
		if err := tx.SaveProfile(t.Context(), w.Operator.Organization, seller, d.today); err != nil {
			return err
		}
		buyer := store.Profile{Party: c.Buyer, Buyer: c.BuyerTax, Language: "en"}
		if err := tx.SaveProfile(t.Context(), w.Tenant.Organization, buyer, d.today); err != nil {
			return err
		}
		return tx.SaveTerms(t.Context(), store.Terms{Seller: w.Operator.Organization, Tax: c.SellerTax, Zone: "Europe/Amsterdam", DueDays: 14}, d.today)
	})
	if err != nil {
		t.Fatal(err)
	}
	d.settled("create", "active")
	d.exec(`UPDATE subscriptions SET starts_at = $1`, d.today)
	if _, err := d.biller.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(d.today, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	d.invoice.Currency = "EUR"
	if err := d.conn.QueryRow(t.Context(), `SELECT gross_minor FROM invoices`).Scan(&d.invoice.Minor); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *debtor) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.conn.Exec(d.t.Context(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

func (d *debtor) count(sql string) (n int) {
	d.t.Helper()
	if err := d.conn.QueryRow(d.t.Context(), sql).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// settled stands for the engine: the operation of the kind has ended well.
func (d *debtor) settled(kind, state string) {
	d.t.Helper()
	d.exec(`UPDATE operations SET state = 'done', ended_at = now() WHERE kind = $1 AND state = 'running'`, kind)
	d.exec(`UPDATE services SET state = $1, active_at = coalesce(active_at, now())`, state)
}

// later turns the clock and runs dunning, from several places at once and again.
func (d *debtor) later(days int) (steps int) {
	d.t.Helper()
	d.today = d.today.AddDate(0, 0, days)
	var all sync.WaitGroup
	var mutex sync.Mutex
	for range 4 {
		all.Go(func() {
			n, err := d.Portal.Dun(d.t.Context())
			mutex.Lock()
			defer mutex.Unlock()
			if steps += n; err != nil {
				d.t.Error(err)
			}
		})
	}
	all.Wait()
	return steps
}

func (d *debtor) pay(cents int64) {
	d.t.Helper()
	err := d.Store.InTenant(d.t.Context(), d.Operator, func(tx *store.Tx) error {
		return d.biller.Receive(d.t.Context(), tx, store.Payment{Customer: d.Tenant.Organization, Seller: d.Operator.Organization, Through: "bank",
			Reference: fmt.Sprint(d.today, cents), Amount: billingtest.Euro(cents), PaidOn: billing.DateIn(d.today, time.UTC)})
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// TestDunning: each step is taken once, however often and from however many places it is looked at; a payment takes the hold off, and the
// service runs again by itself.
func TestDunning(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	for _, step := range []struct {
		name           string
		days           int
		steps, mails   int
		stage, service string
	}{
		{"before it is due", 10, 0, 0, "clear", "active"},
		{"a day after", 5, 0, 0, "clear", "active"},
		{"the reminder", 2, 1, 1, "reminded", "active"},
		{"the same day again", 0, 0, 1, "reminded", "active"},
		{"the warning", 7, 1, 2, "warned", "active"},
		{"the hold", 7, 1, 3, "held", "suspending"},
		{"long after: one step only", 60, 1, 4, "grace", "suspended"},
		{"nobody is terminated by a clock", 90, 0, 4, "grace", "suspended"},
	} {
		if step.name == "long after: one step only" {
			d.settled("suspend", "suspended")
		}
		if got := d.later(step.days); got != step.steps {
			t.Errorf("%s: %d steps, want %d", step.name, got, step.steps)
		}
		if n := d.count(`SELECT count(*) FROM mails WHERE kind = 'dunning'`); n != step.mails {
			t.Errorf("%s: %d mails, want %d", step.name, n, step.mails)
		}
		var stage, service string
		if err := d.conn.QueryRow(t.Context(), `SELECT a.stage, s.state FROM billing_accounts a, services s`).Scan(&stage, &service); err != nil {
			t.Fatal(err)
		}
		if stage != step.stage || service != step.service {
			t.Errorf("%s: %s and %s, want %s and %s", step.name, stage, service, step.stage, step.service)
		}
	}
	d.pay(d.invoice.Minor - 1)
	if d.later(0) != 0 {
		t.Error("a payment that is a cent short took the hold off")
	}
	d.pay(1)
	if d.later(0) != 1 || d.count(`SELECT count(*) FROM operations WHERE kind = 'resume' AND state = 'running'`) != 1 {
		t.Error("the payment did not take the hold off")
	}
	if n := d.count(`SELECT count(*) FROM operations WHERE kind IN ('suspend', 'resume')`); n != 2 {
		t.Errorf("%d operations, want one to stop and one to run again", n)
	}
}

// TestHoldsCoexist: a service runs again when no hold is left; one that could not be stopped at once is stopped later.
func TestHoldsCoexist(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.order.Service
	for _, kind := range []app.HoldKind{app.HoldAbuse, app.HoldManual, app.HoldAbuse} {
		if err := d.Portal.HoldService(ctx, d.Operator, id, kind, "It sends unwanted mail."); err != nil {
			t.Fatal(err)
		}
	}
	if d.count(`SELECT count(*) FROM operations WHERE kind = 'suspend'`) != 1 || d.count(`SELECT count(*) FROM holds`) != 2 {
		t.Error("two holds are not two holds and one operation")
	}
	if err := d.Portal.ReleaseService(ctx, d.Operator, id, app.HoldAbuse); err != nil {
		t.Fatal(err)
	}
	d.settled("suspend", "suspended")
	if err := d.Portal.AlignHolds(ctx); err != nil || d.count(`SELECT count(*) FROM operations WHERE kind = 'resume'`) != 0 {
		t.Errorf("it runs again although it is held (%v)", err)
	}
	if err := d.Portal.ReleaseService(ctx, d.Operator, id, app.HoldManual); err != nil || d.count(`SELECT count(*) FROM operations WHERE kind = 'resume'`) != 1 {
		t.Errorf("it does not run again (%v)", err)
	}
	if err := d.Portal.HoldService(ctx, d.Operator, id, app.HoldManual, "Once more."); err != nil {
		t.Fatal(err) // while it is being resumed: it has to wait
	}
	d.settled("resume", "active")
	for range 2 {
		if err := d.Portal.AlignHolds(ctx); err != nil || d.count(`SELECT count(*) FROM operations WHERE kind = 'suspend'`) != 2 {
			t.Errorf("a hold that had to wait was forgotten, or done twice (%v)", err)
		}
	}
	if err := d.Portal.HoldService(ctx, d.Tenant, id, app.HoldManual, "I would like to."); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a tenant holds a service: %v", err)
	}
	if err := d.Portal.ReleaseService(ctx, d.Operator, id, app.HoldBilling); app.CodeOf(err) != app.Conflict {
		t.Errorf("the hold of billing was taken off by hand: %v", err)
	}
	if err := d.Portal.HoldService(ctx, d.Operator, id, "whim", "Because."); app.FieldsOf(err)["kind"] == "" {
		t.Errorf("an unknown hold: %v", err)
	}
}
