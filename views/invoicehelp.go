package views

import (
	"context"
	"strconv"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
	"allotment/views/words"
)

// The lists of issued documents: of what the acting organization bought, and of what it sold.
const (
	InvoicesPath = "/billing/invoices"
	SoldPath     = "/sales/invoices"
)

// InvoiceList is a page of issued documents with how it was asked for.
type InvoiceList struct {
	Base   string // InvoicesPath or SoldPath
	Filter portal.InvoiceFilter
	Page   portal.InvoicePage
}

func (l InvoiceList) sold() bool { return l.Base == SoldPath }

func (l InvoiceList) customer() string {
	if l.Filter.Customer == (app.ID{}) {
		return ""
	}
	return l.Filter.Customer.String()
}

func (l InvoiceList) at(after string) string {
	year := ""
	if l.Filter.Year > 0 {
		year = strconv.Itoa(l.Filter.Year)
	}
	return address(l.Base, "q", l.Filter.Text, "state", string(l.Filter.State), "year", year, "of", l.customer(), "after", after)
}

func (l InvoiceList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return l.at(l.Page.Next)
}

func (l InvoiceList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return l.at("")
}

// unused reports whether there is nothing at all, as opposed to nothing that fits.
func (l InvoiceList) unused() bool {
	return len(l.Page.Years) == 0 && l.Filter.Text == "" && l.Filter.State == "" && l.Filter.Year == 0 && l.Filter.After == ""
}

func invoicePath(base string, id app.ID) string { return base + "/" + id.String() }

func invoiceState(ctx context.Context, s app.InvoiceState) string {
	switch s {
	case app.InvoiceOpen:
		return words.T(ctx, "To be paid")
	case app.InvoicePart:
		return words.T(ctx, "Settled in part")
	case app.InvoiceOverdue:
		return words.T(ctx, "Overdue")
	case app.InvoicePaid:
		return words.T(ctx, "Paid")
	case app.InvoiceCredited:
		return words.T(ctx, "Credited")
	}
	return words.T(ctx, "Credit note")
}

func invoiceTone(s app.InvoiceState) (tone, icon string) {
	switch s {
	case app.InvoiceOverdue:
		return "bad", "circle-alert"
	case app.InvoicePaid:
		return "good", "circle-check"
	case app.InvoiceCredited, app.InvoiceNote:
		return "plain", "undo-2"
	}
	return "wait", "hourglass"
}

// linePeriod writes the first and the last day of a line.
func linePeriod(ctx context.Context, p billing.Period) string {
	return day(ctx, p.Start) + " – " + day(ctx, p.Last())
}

// unitPrice is the price of one, with all its decimals where it has more than the currency.
func unitPrice(ctx context.Context, d invoice.Document, price billing.Decimal) string {
	if m, err := billing.ParseMoney(price.String(), d.Currency); err == nil {
		return money(ctx, m)
	}
	return price.Format(words.Locale(ctx))
}

// quantity is how much of something a line sells, with its unit where the number needs one.
func lineQuantity(ctx context.Context, l invoice.Line) string {
	n := l.Quantity.Format(words.Locale(ctx))
	switch l.Unit {
	case "HUR":
		return words.T(ctx, "%s hours", n)
	case "E62":
		return n + " GiB"
	}
	return n
}

// vatWords says what VAT a group carries.
func vatWords(ctx context.Context, g invoice.Group) string {
	if g.Tax.Category == tax.Standard {
		return words.T(ctx, "VAT %s%% of %s", g.Tax.Rate.Format(words.Locale(ctx)), money(ctx, g.Base))
	}
	return words.T(ctx, "Without VAT: %s", money(ctx, g.Base))
}

// InvoiceForm is the form to take an invoice back or to pay credit back, as it was sent, with what it would do. The zero value is none.
type InvoiceForm struct {
	ActionForm
	Noted  bool              // a payment has just been written down
	Note   *invoice.Document // the credit note that would be issued
	Refund *portal.Refund    // what would be paid back
}

// all reports whether everything that is left is to be credited.
func (f InvoiceForm) all() bool { return f.value("credit", "scope", "all") == "all" }

// creditable reports whether anything is left of an invoice to take back.
func creditable(d portal.InvoiceDetail) bool {
	for _, left := range d.Left {
		if left.Minor > 0 {
			return true
		}
	}
	return false
}

// refundWays are how money can be paid back by hand.
func refundWays(ctx context.Context) [][2]string {
	return [][2]string{{portal.RefundByBank, words.T(ctx, "Bank transfer")}, {portal.RefundByHand, words.T(ctx, "In another way")}}
}

func refundWay(ctx context.Context, way string) string {
	for _, w := range refundWays(ctx) {
		if w[0] == way {
			return w[1]
		}
	}
	return way
}

// documentTitle is what an issued document is called.
func documentTitle(ctx context.Context, kind invoice.Kind, number string) string {
	if kind == invoice.CreditNote {
		return words.T(ctx, "Credit note %s", number)
	}
	return words.T(ctx, "Invoice %s", number)
}

// postWords says how far a mail with a document is.
func postWords(ctx context.Context, m app.Posted) string {
	switch m.State {
	case app.PostSent:
		return words.T(ctx, "sent %s", words.Moment(ctx, m.SentAt))
	case app.PostFailed:
		return words.T(ctx, "could not be delivered")
	}
	return words.T(ctx, "on its way")
}

// number writes a number for a form's field.
func number(n int64) string { return strconv.FormatInt(n, 10) }
