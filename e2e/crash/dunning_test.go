package crash

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/billing"
)

// TestUnpaidServiceStandsStillUntilItIsPaid: dunning puts a service on hold whose invoice stays unpaid: a worker carries it out, and the guest stands still.
// When the payment is noted, the service runs again by itself.
func TestUnpaidServiceStandsStillUntilItIsPaid(t *testing.T) {
	w := theWorld(t)
	s := w.order(t, "roundcube", "unpaid")
	c := w.start(t, nil)
	w.untilAll(t, time.Minute, app.ServiceActive, s)
	w.wantGuest(t, s, true)
	number, gross := w.billEarlier(t, s, 60*24*time.Hour)

	// It was reminded and warned long ago.
	w.exec(t, `UPDATE billing_accounts SET stage = 'warned', since = current_date - 20 WHERE organization_id = $1`, w.tenant.Organization)
	for range 2 {
		if _, err := w.program.Portal.Dun(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.untilAll(t, time.Minute, app.ServiceSuspended, s)
	w.wantGuest(t, s, false)
	d := w.detail(t, s)
	if len(d.Holds) != 1 || d.Holds[0].Kind != app.HoldBilling || d.Operation.Kind != app.OperationSuspend || d.Operation.State != app.OperationDone {
		t.Errorf("it is held by %v after a %s that is %s", d.Holds, d.Operation.Kind, d.Operation.State)
	}

	note := portal.PaymentNote{Invoice: number, Amount: fmt.Sprintf("%d.%02d", gross.Minor/100, gross.Minor%100), Reference: "demo " + s.label}
	if _, err := w.program.Portal.NotePayment(t.Context(), w.operator, note); err != nil {
		t.Fatal(err)
	}
	w.untilAll(t, time.Minute, app.ServiceActive, s)
	w.wantGuest(t, s, true)
	if d = w.detail(t, s); len(d.Holds) != 0 || d.Operation.Kind != app.OperationResume || d.Operation.State != app.OperationDone {
		t.Errorf("it is held by %v after a %s that is %s", d.Holds, d.Operation.Kind, d.Operation.State)
	}
	if n := count(t, w.database, `SELECT count(*) FROM operations WHERE service_id = $1 AND kind IN ('suspend', 'resume')`, s.Service); n != 2 {
		t.Errorf("%d operations, want one that stopped it and one that let it run again", n)
	}
	if n := count(t, w.database, `SELECT count(*) FROM mails WHERE kind = 'dunning' AND organization_id = $1`, w.tenant.Organization); n != 2 {
		t.Errorf("%d letters, want one about the hold and one about its end", n)
	}
	w.terminate(t, s)
	w.untilAll(t, time.Minute, app.ServiceTerminated, s)
	c.stop(t)
	w.wantGone(t, s)
	w.wantQuiet(t)
}

// billEarlier issues the invoice that a service owes with a date that has passed, and returns its number and what it asks.
func (w *world) billEarlier(t *testing.T, s service, ago time.Duration) (number string, gross billing.Money) {
	t.Helper()
	w.bill(t, time.Now().Add(-ago))
	err := w.database.QueryRow(t.Context(), `SELECT i.number, i.currency, i.gross_minor FROM invoices i JOIN charges c ON c.invoice_id = i.id JOIN subscriptions u ON u.id = c.subscription_id
		WHERE u.service_id = $1 AND c.kind = 'period'`, s.Service).Scan(&number, &gross.Currency, &gross.Minor)
	if err != nil {
		t.Fatalf("the invoice of %s: %v", s.label, err)
	}
	return number, gross
}

// bill issues what is due by now, with the date of a time.
func (w *world) bill(t *testing.T, at time.Time) {
	t.Helper()
	b := biller.New(w.program.Store, nil, slog.New(slog.DiscardHandler), func() time.Time { return at })
	sum, err := b.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(time.Now(), time.UTC).AddDays(1)})
	if err != nil || len(sum.Parked) > 0 {
		t.Fatalf("the run: %+v, %v", sum, err)
	}
}

// exec changes the portal's rows, past row-level security.
func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.database.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// wantGuest checks that the hypervisor has one guest of a service, and whether it runs.
func (w *world) wantGuest(t *testing.T, s service, running bool) {
	t.Helper()
	mark, found := "allotment resource="+w.resource(t, s, app.KindGuest).String(), 0
	for _, g := range w.guests(t) {
		if strings.Contains(g.text("description"), mark) {
			if found++; g.running != running {
				t.Errorf("%s: guest %d runs: %t, want %t", s.label, g.number, g.running, running)
			}
		}
	}
	if found != 1 {
		t.Errorf("%s: %d guests, want one", s.label, found)
	}
}
