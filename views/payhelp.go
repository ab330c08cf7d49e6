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

func paymentKind(ctx context.Context, k store.PaymentKind) string {
	switch k {
	case store.PaymentBack:
		return words.T(ctx, "Sent back")
	case store.Chargeback:
		return words.T(ctx, "Taken back by the bank")
	}
	return words.T(ctx, "Paid")
}

// SalesPaymentList is a seller's list as it is shown.
type SalesPaymentList struct {
	Filter portal.PaymentFilter
	State  string // "failed", "" for the payments
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
