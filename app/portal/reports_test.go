package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// sold is an installation with a reseller, in whose books some months have passed.
type sold struct {
	*billertest.Books
	reseller app.Actor
	ids      map[string]app.ID
}

func newSold(t *testing.T, months int) *sold {
	t.Helper()
	now := time.Now().UTC()
	s := &sold{Books: billertest.New(t, 1, 10, 2), ids: map[string]app.ID{}}
	anchor := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, 1-months, 0)
	s.Exec(t, `UPDATE subscriptions SET anchor = $1::timestamptz::date, next_on = $1::timestamptz::date, starts_at = $1::timestamptz`, anchor)
	s.Exec(t, `UPDATE billing_accounts SET next_on = $1`, anchor)
	for i := range months {
		s.Today = anchor.AddDate(0, i, 0).Add(12 * time.Hour)
		if _, err := s.Biller.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(s.Today, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	s.Sound(t)
	for name, sql := range map[string]string{"reseller": `SELECT id FROM organizations WHERE slug = 'reseller-1'`, "debtor": `SELECT id FROM organizations WHERE slug = 'customer-2'`,
		"theirs": `SELECT id FROM organizations WHERE slug = 'customer-1'`} {
		var id app.ID
		if err := s.Conn.QueryRow(t.Context(), sql).Scan(&id); err != nil {
			t.Fatal(err)
		}
		s.ids[name] = id
	}
	s.reseller = s.Operator
	s.reseller.Organization, s.reseller.Kind, s.reseller.Role, s.reseller.State = s.ids["reseller"], app.Reseller, app.RoleResellerOwner, app.OrganizationActive
	return s
}

func figure(list []int64) (sum int64) {
	for _, n := range list {
		sum += n
	}
	return sum
}

// TestSalesReportIsTheBooks: every figure of both sellers is what invoices and ledger say, wholesale included.
func TestSalesReportIsTheBooks(t *testing.T) {
	t.Parallel()
	s := newSold(t, 3)
	for _, actor := range []app.Actor{s.Operator, s.reseller} {
		report, err := s.Portal.SalesReport(t.Context(), actor, 12)
		if err != nil || len(report.Months) != 12 || len(report.Currencies) != 1 {
			t.Fatalf("%s: %+v, %v", actor.Kind, report, err)
		}
		f, own := report.Currencies[0], actor.Organization.String()
		for what, c := range map[string]struct {
			got int64
			sql string
		}{
			"revenue":   {figure(f.Revenue), `SELECT -sum(amount_minor) FROM ledger_postings WHERE account = 'revenue' AND organization_id = '` + own + `'`},
			"cost":      {figure(f.Cost), `SELECT coalesce(sum(amount_minor), 0) FROM ledger_postings WHERE account = 'cost' AND organization_id = '` + own + `'`},
			"open":      {f.Open[11], `SELECT sum(gross_minor) FROM invoices WHERE seller_id = '` + own + `'`},
			"recurring": {f.Recurring, `SELECT sum(amount_minor) FROM subscriptions WHERE seller_id = '` + own + `'`},
			"an app":    {figure(f.Apps[0].Minor), `SELECT sum(net_minor) FROM invoices WHERE NOT wholesale AND seller_id = '` + own + `'`},
		} {
			if want := int64(s.Count(t, c.sql)); c.got != want {
				t.Errorf("%s of the %s is %d, want %d", what, actor.Kind, c.got, want)
			}
		}
		if f.Apps[0].Name != "Redmine" || f.Open[9] != 0 && f.Open[9] >= f.Open[11] || f.Revenue[8] != 0 {
			t.Errorf("%s: %+v", actor.Kind, f)
		}
		wholesale := f.Apps[len(f.Apps)-1]
		if actor.Kind == app.Operator && (wholesale.App != portal.WholesaleSales || figure(wholesale.Minor) != 3*5*2*700) {
			t.Errorf("wholesale is %+v", wholesale)
		}
	}
	if _, err := s.Portal.SalesReport(t.Context(), s.Tenant, 12); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer sees sales: %v", err)
	}
}

// TestWhatComesBeforeASale: each thing that a seller does before its first sale is seen as done once it is, and nothing else is.
func TestWhatComesBeforeASale(t *testing.T) {
	t.Parallel()
	s := shelf{World: portaltest.New(t)}
	s.shop = s.Below(t, s.Operator, app.Reseller, "shop")
	ready := func() store.Preparation {
		t.Helper()
		report, err := s.Portal.SalesReport(t.Context(), s.shop, 12)
		if err != nil {
			t.Fatal(err)
		}
		return report.Ready
	}
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	if _, err := conn.Exec(t.Context(), `DELETE FROM seller_terms WHERE organization_id = $1`, s.shop.Organization); err != nil {
		t.Fatal(err)
	}
	want := store.Preparation{}
	if got := ready(); got != want {
		t.Errorf("at the beginning: %+v", got)
	}
	r := terms()
	r.IBAN = ""
	for _, step := range []struct {
		what string
		do   func() error
		then func()
	}{
		{"terms", func() error { return s.Portal.SaveSellingTerms(t.Context(), s.shop, r) }, func() { want.Terms = true }},
		{"a bank", func() error { r.IBAN = terms().IBAN; return s.Portal.SaveSellingTerms(t.Context(), s.shop, r) }, func() { want.Bank = true }},
		{"a price", func() error { s.set(t, s.shop, priceOf(portal.PriceAmount, "12")); return nil }, func() { want.Priced = true }},
		{"a customer", func() error { s.buyer = s.Below(t, s.shop, app.Customer, "buyer"); return nil }, func() { want.Customers = true }},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		step.then()
		if got := ready(); got != want {
			t.Errorf("after %s: %+v, want %+v", step.what, got, want)
		}
	}
}

// TestAgeing: the buckets of each customer and of all are what the pure core makes of the open invoices, page by page.
func TestAgeing(t *testing.T) {
	t.Parallel()
	s := newSold(t, 4)
	pay := store.Payment{Customer: s.ids["debtor"], Seller: s.Operator.Organization, Through: "bank", Reference: "1", Amount: billing.Money{Minor: 5000, Currency: "EUR"}, PaidOn: billing.DateIn(s.Today, time.UTC)}
	if err := s.Store.InTenant(t.Context(), s.Operator, func(tx *store.Tx) error { return s.Biller.Receive(t.Context(), tx, pay) }); err != nil {
		t.Fatal(err)
	}
	seen, after := map[app.ID]store.Debtor{}, ""
	var total ledger.Ageing
	var last string
	for {
		page, err := s.Portal.Ageing(t.Context(), s.Operator, portal.AgeingFilter{Limit: 2, After: after})
		if err != nil {
			t.Fatal(err)
		}
		total = page.Total.Ages
		for _, d := range page.Debtors {
			if _, twice := seen[d.Customer]; twice {
				t.Errorf("%s is on two pages", d.Name)
			}
			seen[d.Customer] = d
			if d.Key() <= last || d.Oldest.IsZero() || s.Count(t, `SELECT count(*) FROM receivables WHERE buyer_id = $1 AND open_minor > 0 AND due_on < $2`, d.Customer, d.Oldest.UTC()) != 0 {
				t.Errorf("%s stands behind %q, with what is due since %s", d.Name, last, d.Oldest)
			}
			last = d.Key()
			var want ledger.Ageing
			err := s.Store.Read(t.Context(), s.Operator, func(tx *store.Tx) error {
				open, err := tx.OpenInvoices(t.Context(), s.Operator.Organization, d.Customer, "EUR")
				if err != nil {
					return err
				}
				want, err = ledger.Age(open, page.Today, "EUR")
				return err
			})
			if err != nil || want != d.Ages {
				t.Errorf("%s: %v, want %v (%v)", d.Name, d.Ages, want, err)
			}
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 6 { // five customers, and the reseller with its wholesale invoices
		t.Errorf("%d debtors", len(seen))
	}
	var sum ledger.Ageing
	for _, d := range seen {
		for i := range sum {
			sum[i].Currency = "EUR"
			sum[i].Minor += d.Ages[i].Minor
		}
	}
	if sum != total {
		t.Errorf("all are %v, and the sum of each is %v", total, sum)
	}
	page, err := s.Portal.Ageing(t.Context(), s.Operator, portal.AgeingFilter{Text: "customer 2"})
	if err != nil || len(page.Debtors) != 1 || page.Debtors[0].Customer != s.ids["debtor"] {
		t.Errorf("a search finds %+v, %v", page.Debtors, err)
	}
	if _, err := s.Portal.Ageing(t.Context(), s.Operator, portal.AgeingFilter{After: "1.x.2"}); app.CodeOf(err) != app.NotFound {
		t.Errorf("a broken key: %v", err)
	}
}

// TestVATReportAgrees with the books for each quarter and seller, and says so where it does not.
func TestVATReportAgrees(t *testing.T) {
	t.Parallel()
	s := newSold(t, 3)
	now := time.Now().UTC()
	start := billing.Date{Year: now.Year(), Month: now.Month(), Day: 1}.AddMonths(-2)
	period := billing.Period{Start: start, End: start.AddMonths(3)}
	report, err := s.Portal.VATReport(t.Context(), s.Operator, period)
	if err != nil || len(report.Rows) != 1 || len(report.Books) != 1 || report.Books[0].Off() || report.Books[0].Country != "NL" {
		t.Fatalf("%+v, %v", report, err)
	}
	if want := s.Count(t, `SELECT sum(vat_minor) FROM invoices WHERE seller_id = '`+s.Operator.Organization.String()+`'`); report.Rows[0].VAT.Minor != int64(want) {
		t.Errorf("the VAT is %s, want %d", report.Rows[0].VAT, want)
	}
	s.Exec(t, `SET session_replication_role = replica`)
	s.Exec(t, `UPDATE ledger_sums SET amount_minor = amount_minor - 7 WHERE ctid IN (SELECT ctid FROM ledger_sums WHERE account = 'vat' AND organization_id = $1 LIMIT 1)`, s.Operator.Organization)
	if report, err = s.Portal.VATReport(t.Context(), s.Operator, period); err != nil || !report.Books[0].Off() {
		t.Errorf("books that are off are not shown: %+v, %v", report.Books, err)
	}
	for _, wrong := range []billing.Period{{Start: start.AddDays(1), End: period.End}, {Start: start, End: start.AddMonths(13)}, {}} {
		if _, err := s.Portal.VATReport(t.Context(), s.Operator, wrong); app.CodeOf(err) != app.Invalid {
			t.Errorf("a report of %s: %v", wrong, err)
		}
	}
}

// TestLedgerAndStatement: pages hold each entry once with postings that add up to nothing, and a statement ends at what is owed.
func TestLedgerAndStatement(t *testing.T) {
	t.Parallel()
	s := newSold(t, 3)
	count := func(actor app.Actor, f portal.LedgerFilter) (n int) {
		t.Helper()
		seen := map[app.ID]bool{}
		for f.Limit = 7; ; {
			page, err := s.Portal.Ledger(t.Context(), actor, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Entries {
				var sum int64
				for _, p := range e.Postings {
					sum += p.Amount.Minor
				}
				if seen[e.ID] || sum != 0 || e.Kind == "" {
					t.Errorf("the entry %+v", e)
				}
				seen[e.ID] = true
			}
			if f.After = page.Next; f.After == "" {
				return len(seen)
			}
		}
	}
	for _, actor := range []app.Actor{s.Operator, s.reseller} {
		own := `WHERE organization_id = '` + actor.Organization.String() + `'`
		if got, want := count(actor, portal.LedgerFilter{}), s.Count(t, `SELECT count(DISTINCT entry_id) FROM ledger_postings `+own); got != want {
			t.Errorf("%s: %d entries, want %d", actor.Kind, got, want)
		}
		if got, want := count(actor, portal.LedgerFilter{Account: ledger.Unbilled, Kind: ledger.Sold}), s.Count(t, `SELECT count(DISTINCT entry_id) FROM ledger_postings `+own+
			` AND account = 'unbilled' AND entry_id IN (SELECT id FROM ledger_entries WHERE kind = 'sold')`); got != want || got == 0 {
			t.Errorf("%s: %d sales, want %d", actor.Kind, got, want)
		}
	}
	if n := count(s.Operator, portal.LedgerFilter{Text: s.ids["debtor"].String()}); n != 3 {
		t.Errorf("%d entries of one customer", n)
	}
	var name string
	if err := s.Conn.QueryRow(t.Context(), `SELECT name FROM organizations WHERE id = $1`, s.ids["debtor"]).Scan(&name); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{strings.ToUpper(name): 3, "nobody of this name": 0, "%": 0} {
		if n := count(s.Operator, portal.LedgerFilter{Text: text}); n != want {
			t.Errorf("%d entries with %q, want %d", n, text, want)
		}
	}
	page, err := s.Portal.Statement(t.Context(), s.Operator, s.ids["debtor"], "", "")
	owed := s.Count(t, `SELECT sum(gross_minor) FROM invoices WHERE buyer_id = '`+s.ids["debtor"].String()+`'`)
	if err != nil || len(page.Lines) != 3 || page.Lines[0].Balance.Minor != int64(owed) || page.Lines[0].Number == "" {
		t.Errorf("%+v, %v, want %d owed", page, err, owed)
	}
	if _, err := s.Portal.Statement(t.Context(), s.reseller, s.ids["debtor"], "", ""); app.CodeOf(err) != app.NotFound {
		t.Errorf("a reseller reads of another's customer: %v", err)
	}
}

// TestWholesalePage: both sides of a trade read the same, by customer and by invoice.
func TestWholesalePage(t *testing.T) {
	t.Parallel()
	s := newSold(t, 2)
	last := billing.DateIn(s.Today, time.UTC).AddMonths(-1)
	above, err1 := s.Portal.Wholesale(t.Context(), s.Operator, last, s.ids["reseller"], "")
	below, err2 := s.Portal.Wholesale(t.Context(), s.reseller, last, app.ID{}, "")
	if err1 != nil || err2 != nil || above.Of == nil || below.Of == nil {
		t.Fatalf("%+v, %v; %+v, %v", above, err1, below, err2)
	}
	a, b := *above.Of, *below.Of
	if a.Month != 5*2*700 || a.Month != b.Month || a.Unbilled != b.Unbilled || a.Invoice != b.Invoice || a.Number == "" || a.ResellerName != "Demo reseller 1" || b.ParentName == "" {
		t.Errorf("above %+v, below %+v", a, b)
	}
	if len(above.Rows) != 5 || len(below.Rows) != 5 || above.Rows[0].Amount.Minor != 1400 || below.Rows[0].Amount.Minor != 1400 || above.Rows[0].CustomerName == "" {
		t.Errorf("above %+v, below %+v", above.Rows, below.Rows)
	}
	if a.Unbilled != 5*2*700 { // of this month, which is not over
		t.Errorf("%d is not asked for yet", a.Unbilled)
	}
}

// TestRetryParked: only the seller's own, and it says what is still wrong.
func TestRetryParked(t *testing.T) {
	t.Parallel()
	s := newSold(t, 1)
	customer := s.ids["debtor"]
	s.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = $1`, customer)
	s.Exec(t, `UPDATE subscriptions SET parked = 'It could not be invoiced.', next_on = current_date, anchor = current_date, next_period = 0 WHERE organization_id = $1`, customer)
	s.Exec(t, `SET session_replication_role = replica`)
	s.Exec(t, `DELETE FROM charges WHERE organization_id = $1`, customer)
	page, err := s.Portal.Parked(t.Context(), s.Operator, "")
	if err != nil || len(page.Subscriptions) != 2 || page.Subscriptions[0].CustomerName == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	id := page.Subscriptions[0].ID
	if err := s.Portal.RetryParked(t.Context(), s.reseller, id); app.CodeOf(err) != app.NotFound {
		t.Errorf("another seller: %v", err)
	}
	if err := s.Portal.RetryParked(t.Context(), s.Operator, id); app.CodeOf(err) != app.Conflict {
		t.Errorf("what is still wrong: %v", err)
	}
	s.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": "Example Street 1"}' WHERE organization_id = $1`, customer)
	if err := s.Portal.RetryParked(t.Context(), s.Operator, id); err != nil {
		t.Errorf("once it is mended: %v", err)
	}
	if page, err = s.Portal.Parked(t.Context(), s.Operator, ""); err != nil || len(page.Subscriptions) != 0 {
		t.Errorf("%+v are still parked, %v", page, err)
	}
}

// TestStartBilling: only the operator's staff, who must have proved who they are, start runs; everybody's look is their own.
func TestStartBilling(t *testing.T) {
	t.Parallel()
	s := newSold(t, 1)
	if _, err := s.Portal.StartBilling(t.Context(), s.reseller, billing.Date{}, true); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a reseller: %v", err)
	}
	stale := s.Operator
	stale.Session, stale.ConfirmedAt = app.NewID(), time.Now().Add(-time.Hour)
	if _, err := s.Portal.StartBilling(t.Context(), stale, billing.Date{}, false); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("without a proof: %v", err)
	}
	if _, err := s.Portal.StartBilling(t.Context(), s.Operator, billing.Date{Year: 2999, Month: 1, Day: 1}, true); len(app.FieldsOf(err)) != 1 {
		t.Errorf("a day far ahead: %v", err)
	}
	id, err := s.Portal.StartBilling(t.Context(), s.Operator, billing.Date{}, false)
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.Portal.BillingRun(t.Context(), s.Operator, id)
	if err != nil || run.AskedBy == "" || !run.StartedAt.IsZero() || s.Count(t, `SELECT count(*) FROM river.river_job WHERE kind = 'billing'`) != 1 {
		t.Errorf("%+v, %v", run, err)
	}
	if page, err := s.Portal.BillingRuns(t.Context(), s.Operator, "", ""); err != nil || len(page.Runs) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := s.Portal.BillingRun(t.Context(), s.reseller, id); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a reseller reads a run: %v", err)
	}
}
