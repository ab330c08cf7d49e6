package portal_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
)

func (d *debtor) invoiceNumber() (number string) {
	d.t.Helper()
	if err := d.conn.QueryRow(d.t.Context(), `SELECT number FROM invoices WHERE kind = 'invoice'`).Scan(&number); err != nil {
		d.t.Fatal(err)
	}
	return number
}

// TestPaymentNote: what is wrong with a note is said at each field, in the preview and in the deed; the preview says what the deed does; of two who
// note the same transfer at once, the second is told.
func TestPaymentNote(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, number := t.Context(), d.invoiceNumber()
	good := portal.PaymentNote{Invoice: strings.ToLower(number), Amount: "1000,50", PaidOn: "2026-01-30", Reference: "2026-01-30/7", Note: "Two in one"}
	for name, c := range map[string]struct {
		change func(*portal.PaymentNote)
		fields []string
	}{
		"no such invoice":      {func(n *portal.PaymentNote) { n.Invoice = "X-9" }, []string{"invoice"}},
		"nothing":              {func(n *portal.PaymentNote) { n.Amount = "0" }, []string{"amount"}},
		"less than nothing":    {func(n *portal.PaymentNote) { n.Amount = "-5" }, []string{"amount"}},
		"half a cent":          {func(n *portal.PaymentNote) { n.Amount = "0.005" }, []string{"amount"}},
		"a word":               {func(n *portal.PaymentNote) { n.Amount = "all of it" }, []string{"amount"}},
		"tomorrow":             {func(n *portal.PaymentNote) { n.PaidOn = "2026-02-01" }, []string{"paid_on"}},
		"no day":               {func(n *portal.PaymentNote) { n.PaidOn = "yesterday" }, []string{"paid_on"}},
		"no reference":         {func(n *portal.PaymentNote) { n.Reference = "  " }, []string{"reference"}},
		"a long note":          {func(n *portal.PaymentNote) { n.Note = strings.Repeat("x", 301) }, []string{"note"}},
		"everything at a time": {func(n *portal.PaymentNote) { *n = portal.PaymentNote{PaidOn: "x"} }, []string{"amount", "invoice", "paid_on", "reference"}},
	} {
		wrong := good
		c.change(&wrong)
		_, seen := d.Portal.PreviewPayment(ctx, d.Operator, wrong)
		_, done := d.Portal.NotePayment(ctx, d.Operator, wrong)
		for _, err := range []error{seen, done} {
			var at []string
			for field := range app.FieldsOf(err) {
				at = append(at, field)
			}
			if slices.Sort(at); app.CodeOf(err) != app.Invalid || !slices.Equal(at, c.fields) {
				t.Errorf("%s: %v, want it said at %v", name, err, c.fields)
			}
		}
	}
	if _, err := d.Portal.PreviewPayment(ctx, d.Tenant, good); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer notes its own payment: %v", err)
	}
	look, err := d.Portal.PreviewPayment(ctx, d.Operator, good)
	paid, _ := billing.ParseMoney("1000.50", "EUR") // written here, so it is an amount
	if err != nil || look.Number != number || look.Amount != paid || look.Before != d.invoice || look.After.Minor != 0 || look.Over.Minor != paid.Minor-d.invoice.Minor {
		t.Errorf("the preview: %+v, %v", look, err)
	}
	if n := d.count(`SELECT count(*) FROM payments`); n != 0 {
		t.Errorf("looking noted %d payments", n)
	}
	var all sync.WaitGroup
	failed := make([]error, 2)
	for i := range failed {
		all.Go(func() { _, failed[i] = d.Portal.NotePayment(ctx, d.Operator, good) })
	}
	all.Wait()
	if (failed[0] == nil) == (failed[1] == nil) || app.CodeOf(failed[0]) != app.Conflict && app.CodeOf(failed[1]) != app.Conflict {
		t.Errorf("two noted the same transfer: %v and %v", failed[0], failed[1])
	}
	detail, err := d.Portal.SoldInvoice(ctx, d.Operator, d.bill())
	if err != nil || detail.State != app.InvoicePaid || detail.Credit.Minor != look.Over.Minor {
		t.Errorf("afterwards it is %s with a credit of %s (%v), want it paid and %s", detail.State, detail.Credit, err, look.Over)
	}
}

// TestHeldServiceRunsAgain: whoever pays the bills reads on the service and on the overview what a held service waits for; others read no amounts;
// once its seller has noted the payment it runs again by itself.
func TestHeldServiceRunsAgain(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, number := t.Context(), d.invoiceNumber()
	developer := d.Tenant
	developer.Role = app.RoleCustomerDeveloper
	read := func() (portal.ServiceDetail, portal.BillingOverview) {
		t.Helper()
		service, err := d.Portal.Service(ctx, d.Tenant, d.order.Service)
		if err != nil {
			t.Fatal(err)
		}
		overview, err := d.Portal.BillingOverview(ctx, d.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		return service, overview
	}
	d.later(40)
	if service, overview := read(); len(service.Unpaid) != 0 || len(overview.Held) != 0 || len(overview.Overdue) != 1 {
		t.Errorf("before the hold: %+v, %+v", service.Unpaid, overview.Held)
	}
	d.later(7)
	d.later(7)
	d.settled("suspend", "suspended")
	service, overview := read()
	if len(service.Holds) != 1 || service.Holds[0].Kind != app.HoldBilling || len(service.Unpaid) != 1 || service.Unpaid[0].Number != number || service.Unpaid[0].Left != d.invoice {
		t.Errorf("the service's page: %+v, %+v", service.Holds, service.Unpaid)
	}
	if len(overview.Held) != 1 || overview.Held[0].ID != d.order.Service || len(overview.Open) != 1 || overview.Overdue[0] != d.invoice {
		t.Errorf("the overview: %+v, %+v", overview.Held, overview.Open)
	}
	if theirs, err := d.Portal.Service(ctx, developer, d.order.Service); err != nil || len(theirs.Holds) != 1 || len(theirs.Unpaid) != 0 {
		t.Errorf("who sees no bills reads %+v (%v)", theirs.Unpaid, err)
	}
	if _, err := d.Portal.NotePayment(ctx, d.Operator, portal.PaymentNote{Invoice: number, Amount: d.invoice.Amount(), Reference: "today"}); err != nil {
		t.Fatal(err)
	}
	if n := d.count(`SELECT count(*) FROM operations WHERE kind = 'resume' AND state = 'running'`); n != 1 {
		t.Errorf("%d operations let it run again, want 1", n)
	}
	d.settled("resume", "active")
	if service, overview := read(); len(service.Holds) != 0 || len(service.Unpaid) != 0 || len(overview.Held) != 0 || len(overview.Open) != 0 {
		t.Errorf("after the payment: %+v, %+v", service.Holds, overview.Held)
	}
}

// TestFailingPayments: the overview counts open invoices whose newest attempt failed, the list names the same, and what was paid since is in neither.
func TestFailingPayments(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, bill := t.Context(), d.bill()
	try := func(state app.AttemptState, why string) {
		t.Helper()
		err := d.Store.InTenant(ctx, app.System(d.Tenant.Organization), func(tx *store.Tx) error {
			a := app.Attempt{ID: app.NewID(), Customer: d.Tenant.Organization, Seller: d.Operator.Organization, Through: portal.ThroughStripe, Kind: app.AttemptCheckout,
				Invoice: bill, Amount: d.invoice, State: state, CreatedAt: d.today}
			if err := tx.InsertAttempt(ctx, a); err != nil {
				return err
			}
			a.Why, a.ChangedAt = why, d.today
			return tx.SaveAttempt(ctx, a, d.today)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	failing := []app.AttemptState{app.AttemptFailed, app.AttemptRequiresAction}
	want := func(step string, open, ever int) {
		t.Helper()
		report, err := d.Portal.SalesReport(ctx, d.Operator, 12)
		if err != nil || report.Failing != open {
			t.Errorf("%s: the overview says %d (%v), want %d", step, report.Failing, err, open)
		}
		for unpaid, n := range map[bool]int{true: open, false: ever} {
			page, err := d.Portal.Payments(ctx, d.Operator, portal.PaymentFilter{Attempts: failing, Unpaid: unpaid})
			if err != nil || len(page.Attempts) != n {
				t.Errorf("%s: %d attempts (%v), want %d", step, len(page.Attempts), err, n)
			}
		}
	}
	want("nothing was tried", 0, 0)
	try(app.AttemptFailed, "insufficient_funds")
	want("one failed", 1, 1)
	try(app.AttemptCanceled, "")
	want("a page was left", 1, 1)
	try(app.AttemptRequiresAction, "")
	want("another waits for the customer", 1, 2)
	try(app.AttemptProcessing, "")
	want("one is on its way", 0, 2)
	try(app.AttemptFailed, "debit_not_authorized")
	want("it failed, too", 1, 3)
	d.pay(d.invoice.Minor)
	want("it was paid by bank", 0, 3)
}
