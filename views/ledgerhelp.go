package views

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/ledger"
	"allotment/views/words"
)

// LedgerList is the page of entries with what it was asked for.
type LedgerList struct {
	Page              portal.LedgerPage
	Filter            portal.LedgerFilter
	FromDay, UntilDay string
}

const ledgerPath = "/sales/ledger"

func (l LedgerList) at(after string) string {
	return address(ledgerPath, "account", string(l.Filter.Account), "kind", string(l.Filter.Kind), "q", l.Filter.Text, "from", l.FromDay, "until", l.UntilDay, "after", after)
}

func (l LedgerList) filtered() bool {
	f := l.Filter
	return f.Account != "" || f.Kind != "" || f.Text != "" || !f.From.IsZero() || !f.Until.IsZero()
}

// parties says whose entries are listed, where a text was looked for.
func (l LedgerList) parties(ctx context.Context) string {
	names := make([]string, len(l.Page.Parties))
	for i, party := range l.Page.Parties {
		names[i] = party.Name
	}
	return words.T(ctx, "Entries with %s.", strings.Join(names, ", "))
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
	return []ledger.EntryKind{ledger.Issued, ledger.Received, ledger.Allocated, ledger.Refunded, ledger.ChargedBack, ledger.Charged, ledger.PaidOut, ledger.WrittenOff, ledger.Sold, ledger.Bought}
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
	case ledger.PaidOut:
		return words.T(ctx, "Payout of a provider to the bank")
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
func partyName(ctx context.Context, e portal.BookEntry, p ledger.Posting) string {
	if name := e.Names[p.Account.Party]; name != "" {
		return name
	}
	if _, err := app.ParseID(p.Account.Party); err == nil {
		return "–"
	}
	return countryName(ctx, p.Account.Party)
}
