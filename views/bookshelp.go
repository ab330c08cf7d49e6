package views

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/ledger"
	"allotment/billing/tax"
	"allotment/views/words"
)

// AgeingList is the page of those who owe something with what it was asked for.
type AgeingList struct {
	Page   portal.AgeingPage
	Filter portal.AgeingFilter
}

func (l AgeingList) at(path, after string) string {
	currency := ""
	if len(l.Page.Currencies) > 1 {
		currency = l.Page.Currency
	}
	return address(path, "q", l.Filter.Text, "currency", currency, "after", after)
}

// buckets names how long something has been due, in the order of an Ageing.
func buckets(ctx context.Context) []string {
	return []string{words.T(ctx, "Not due yet"), words.T(ctx, "1 to 30 days late"), words.T(ctx, "31 to 60 days late"), words.T(ctx, "61 to 90 days late"),
		words.T(ctx, "More than 90 days late")}
}

func late(ages ledger.Ageing) (minor int64) {
	for _, age := range ages[1:] {
		minor += age.Minor
	}
	return minor
}

// VATForm is the page of VAT with the period that was chosen.
type VATForm struct {
	Report  portal.VATReport
	Chosen  string // a name that ReportPeriod reads
	Periods []PeriodGroup
}

func (f VATForm) group(ctx context.Context, kind string) string {
	switch kind {
	case "month":
		return words.T(ctx, "Months")
	case "year":
		return words.T(ctx, "Years")
	}
	return words.T(ctx, "Quarters")
}

// vatSection is the rows of one scheme.
type vatSection struct {
	Scheme tax.Scheme
	Rows   []tax.Total
	Sums   []tax.Total // one for each currency
}

func (f VATForm) sections() []vatSection {
	var all []vatSection
	for _, row := range f.Report.Rows {
		if n := len(all); n == 0 || all[n-1].Scheme != row.Scheme {
			all = append(all, vatSection{Scheme: row.Scheme})
		}
		s := &all[len(all)-1]
		s.Rows = append(s.Rows, row)
		at := -1
		for i := range s.Sums {
			if s.Sums[i].Net.Currency == row.Net.Currency {
				at = i
			}
		}
		if at < 0 {
			at = len(s.Sums)
			s.Sums = append(s.Sums, tax.Total{Net: billing.Zero(row.Net.Currency), VAT: billing.Zero(row.VAT.Currency)})
		}
		s.Sums[at].Net.Minor += row.Net.Minor
		s.Sums[at].VAT.Minor += row.VAT.Minor
	}
	return all
}

func (f VATForm) off() bool {
	for _, c := range f.Report.Books {
		if c.Off() {
			return true
		}
	}
	return false
}

func schemeName(ctx context.Context, s tax.Scheme) string {
	switch s {
	case tax.Domestic:
		return words.T(ctx, "At home")
	case tax.Local:
		return words.T(ctx, "Registered in the customer's country")
	case tax.OSS:
		return words.T(ctx, "One-stop shop (OSS)")
	case tax.Threshold:
		return words.T(ctx, "Home rate below the threshold")
	case tax.ReverseCharge:
		return words.T(ctx, "Reverse charge")
	case tax.Small:
		return words.T(ctx, "Small-business scheme")
	case tax.Outside:
		return words.T(ctx, "Outside the EU")
	}
	return string(s)
}

// LedgerList is the page of entries with what it was asked for.
type LedgerList struct {
	Page              portal.LedgerPage
	Filter            portal.LedgerFilter
	FromDay, UntilDay string
}

const ledgerPath = "/sales/ledger"

func (l LedgerList) at(after string) string {
	return address(ledgerPath, "account", string(l.Filter.Account), "kind", string(l.Filter.Kind), "party", l.Filter.Party, "from", l.FromDay, "until", l.UntilDay, "after", after)
}

func (l LedgerList) filtered() bool {
	f := l.Filter
	return f.Account != "" || f.Kind != "" || f.Party != "" || !f.From.IsZero() || !f.Until.IsZero()
}

// monthInLedger leads to what an account did in a month.
func monthInLedger(month billing.Date, account string) templ.SafeURL {
	return templ.URL(address(ledgerPath, "account", account, "from", month.String(), "until", month.AddMonths(1).AddDays(-1).String()))
}

func statementPath(customer app.ID) templ.SafeURL {
	return templ.URL(ledgerPath + "/customers/" + customer.String())
}

// LedgerAccounts lists the accounts in the order of the page.
func LedgerAccounts() []ledger.Kind {
	return []ledger.Kind{ledger.Receivable, ledger.Credit, ledger.Revenue, ledger.VAT, ledger.Cash, ledger.Fees, ledger.BadDebt, ledger.Unbilled, ledger.Cost,
		ledger.Payable, ledger.InputVAT}
}

func accountName(ctx context.Context, kind ledger.Kind) string {
	switch kind {
	case ledger.Receivable:
		return words.T(ctx, "Customers owe us")
	case ledger.Credit:
		return words.T(ctx, "Customers' credit")
	case ledger.Revenue:
		return words.T(ctx, "Revenue")
	case ledger.VAT:
		return words.T(ctx, "VAT to be paid")
	case ledger.InputVAT:
		return words.T(ctx, "VAT to be claimed back")
	case ledger.Cash:
		return words.T(ctx, "Money at banks and providers")
	case ledger.Fees:
		return words.T(ctx, "Fees of providers")
	case ledger.BadDebt:
		return words.T(ctx, "Given up")
	case ledger.Cost:
		return words.T(ctx, "Cost of what was bought wholesale")
	case ledger.Unbilled:
		return words.T(ctx, "Wholesale, not invoiced yet")
	case ledger.Payable:
		return words.T(ctx, "We owe our provider")
	}
	return string(kind)
}

// EntryKinds lists what can happen in the books.
func EntryKinds() []ledger.EntryKind {
	return []ledger.EntryKind{ledger.Issued, ledger.Received, ledger.Allocated, ledger.Refunded, ledger.ChargedBack, ledger.Charged, ledger.WrittenOff, ledger.Sold, ledger.Bought}
}

func entryName(ctx context.Context, kind ledger.EntryKind) string {
	switch kind {
	case ledger.Issued:
		return words.T(ctx, "Invoice or credit note")
	case ledger.Received:
		return words.T(ctx, "Payment")
	case ledger.Allocated:
		return words.T(ctx, "Payment of an invoice")
	case ledger.Refunded:
		return words.T(ctx, "Refund")
	case ledger.ChargedBack:
		return words.T(ctx, "Payment taken back by the bank")
	case ledger.Charged:
		return words.T(ctx, "Fee of a provider")
	case ledger.WrittenOff:
		return words.T(ctx, "Claim given up")
	case ledger.Sold:
		return words.T(ctx, "Sale through a reseller")
	case ledger.Bought:
		return words.T(ctx, "Wholesale purchase")
	}
	return string(kind)
}

// partyName is who or what a posting names.
func partyName(e portal.BookEntry, p ledger.Posting) string {
	if name := e.Names[p.Account.Party]; name != "" {
		return name
	}
	if _, err := app.ParseID(p.Account.Party); err == nil {
		return "–"
	}
	return p.Account.Party
}

// ParkedList is the page of what could not be invoiced.
type ParkedList struct {
	Page    portal.ParkedPage
	After   string
	Problem string // why the one that was tried again still is not
}

func (l ParkedList) next() string { return nextPage("/sales/parked", l.Page.Next) }
func (l ParkedList) first() string {
	if l.After == "" {
		return ""
	}
	return "/sales/parked"
}

func nextPage(path, after string) string {
	if after == "" {
		return ""
	}
	return address(path, "after", after)
}

// RunForm is the form that starts a run, as it was sent.
type RunForm struct {
	AsOf    string
	Dry     bool
	Problem string
}

// RunList is the page of runs.
type RunList struct {
	Page  portal.BillingRunPage
	After string
	Look  *portal.BillingRun // the newest look at the books
	Form  RunForm
}

func (l RunList) first() string {
	if l.After == "" {
		return ""
	}
	return RunsPath
}

func runName(ctx context.Context, r portal.BillingRun) string {
	switch r.Kind {
	case portal.RunDry:
		return words.T(ctx, "Trial run")
	case portal.RunVerify:
		return words.T(ctx, "Look at the books")
	}
	return words.T(ctx, "Billing run")
}

// asker is who asked for a run.
func asker(ctx context.Context, r portal.BillingRun) string {
	switch r.AskedBy {
	case "the schedule":
		return words.T(ctx, "the schedule")
	case "the command line":
		return words.T(ctx, "the command line")
	}
	return r.AskedBy
}

// runState is a run's badge.
func runState(ctx context.Context, r portal.BillingRun) (tone, icon, label string) {
	switch {
	case r.Error != "":
		return "bad", "circle-x", words.T(ctx, "broke off")
	case !r.EndedAt.IsZero() && len(r.Off) > 0:
		return "bad", "triangle-alert", words.T(ctx, "something is off")
	case !r.EndedAt.IsZero() && r.Parked > 0:
		return "wait", "triangle-alert", words.T(ctx, "done, some parked")
	case !r.EndedAt.IsZero():
		return "good", "circle-check", words.T(ctx, "done")
	case r.StartedAt.IsZero():
		return "plain", "clock", words.T(ctx, "waits")
	}
	return "busy", "loader-circle", words.T(ctx, "runs")
}

// runTook is how long a run took, or has taken so far.
func runTook(r portal.BillingRun, now time.Time) string {
	end := r.EndedAt
	if end.IsZero() {
		end = now
	}
	return words.Clock(end.Sub(r.StartedAt))
}
