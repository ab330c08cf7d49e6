package views

import (
	"context"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/views/words"
)

// SalesPaymentsPath is a seller's list of payments.
const SalesPaymentsPath = "/sales/payments"

// payMethodName tells a way to pay from others.
func payMethodName(ctx context.Context, m app.Method) string {
	if m.Kind == "sepa_debit" {
		return words.T(ctx, "Direct debit of the account that ends in %s", m.Last4)
	}
	return words.T(ctx, "Card that ends in %s", m.Last4)
}

func methodsEmpty(ctx context.Context, page portal.MethodsPage) string {
	if page.Online {
		return words.T(ctx, "Save a card or a bank account, and invoices are paid by themselves.")
	}
	return words.T(ctx, "Your seller takes no payments online. Please pay by bank, as it stands on the invoice.")
}

func attemptState(ctx context.Context, s app.AttemptState) string {
	switch s {
	case app.AttemptSucceeded:
		return words.T(ctx, "Paid")
	case app.AttemptFailed:
		return words.T(ctx, "Failed")
	case app.AttemptCanceled:
		return words.T(ctx, "Given up")
	case app.AttemptRequiresAction:
		return words.T(ctx, "Must be confirmed")
	}
	return words.T(ctx, "On its way")
}

func attemptTone(s app.AttemptState) (tone, icon string) {
	switch s {
	case app.AttemptSucceeded:
		return "good", "circle-check"
	case app.AttemptFailed:
		return "bad", "circle-x"
	case app.AttemptCanceled:
		return "plain", "circle-x"
	case app.AttemptRequiresAction:
		return "wait", "circle-alert"
	}
	return "busy", "hourglass"
}

// paymentWay says how money moved.
func paymentWay(ctx context.Context, l portal.PaymentLine) string {
	switch l.Kind {
	case store.PaymentBack:
		if l.Through == portal.ThroughStripe {
			return words.T(ctx, "Sent back online")
		}
		return words.T(ctx, "Sent back")
	case store.Chargeback:
		return words.T(ctx, "Taken back by the bank")
	}
	switch l.Through {
	case portal.ThroughStripe:
		return words.T(ctx, "Paid online")
	case portal.ThroughBank:
		return words.T(ctx, "Bank transfer")
	}
	return words.T(ctx, "Paid in another way")
}

// movedMoney is an amount with its direction: what left is negative.
func movedMoney(ctx context.Context, l portal.PaymentLine) string {
	if l.Kind == store.PaymentIn {
		return money(ctx, l.Amount)
	}
	return "−" + money(ctx, l.Amount)
}

// The lists of a seller's payments; "" is what was paid.
const (
	PaymentsFailed = "failed" // what failed or waits for the customer, and is not paid since
	PaymentsPast   = "past"   // the same, also where it is paid since
	PaymentsOpen   = "open"   // what is on its way
)

// PaymentStates lists what a seller's list of payments can be narrowed to.
func PaymentStates() []string { return []string{"", PaymentsFailed, PaymentsOpen, PaymentsPast} }

func paymentState(ctx context.Context, state string) string {
	switch state {
	case PaymentsFailed:
		return words.T(ctx, "What failed or waits for the customer")
	case PaymentsPast:
		return words.T(ctx, "What failed once, also if paid since")
	case PaymentsOpen:
		return words.T(ctx, "What is on its way")
	}
	return words.T(ctx, "What was paid")
}

// SalesPaymentList is a seller's list as it is shown.
type SalesPaymentList struct {
	Filter portal.PaymentFilter
	State  string // one of PaymentStates
	Page   portal.PaymentsPage
}

func (l SalesPaymentList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(SalesPaymentsPath, "q", l.Filter.Text, "state", l.State, "after", l.Page.Next)
}

func (l SalesPaymentList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(SalesPaymentsPath, "q", l.Filter.Text, "state", l.State)
}

// BankLineList is the page of the bank's file as it is shown.
type BankLineList struct {
	Page   portal.BankLinesPage
	Done   *portal.Imported // what the file that was just sent brought
	Errors map[string]string
	Line   app.ID // the line that could not be booked, and what was typed beside it
	Typed  string
}

// typed is what stands in a line's field, with what is wrong with it.
func (l BankLineList) typed(line portal.MatchedLine) (string, map[string]string) {
	if l.Line == line.ID {
		return l.Typed, l.Errors
	}
	return line.Claim.Number, nil
}

func matchWords(ctx context.Context, m portal.MatchKind) string {
	switch m {
	case portal.MatchReference:
		return words.T(ctx, "by its reference")
	case portal.MatchAccount:
		return words.T(ctx, "by the account and the amount")
	}
	return words.T(ctx, "by the amount alone: please look")
}
