package views

import (
	"context"

	"allotment/app/store"
	"allotment/billing"
	"allotment/views/words"
)

// ApartPath is a seller's page of what its account at the payment provider and its books do not agree about.
const ApartPath = SalesPaymentsPath + "/apart"

// ApartForm is what was typed on that page, and what was wrong with it.
type ApartForm struct {
	Moved   string // the provider's ID of what the form is about
	Invoice string
	Reason  string
	Errors  map[string]string
	Problem string
}

// of is the form of one thing: what was typed for another does not stand there.
func (f ApartForm) of(source string) ApartForm {
	if f.Moved != source {
		return ApartForm{}
	}
	return f
}

// movedTitle says in a sentence what is off.
func movedTitle(ctx context.Context, m store.Moved) string {
	language := words.Locale(ctx)
	switch {
	case !m.Here && m.Theirs < 0:
		return words.T(ctx, "%s left your account at the provider, and your books do not have it", billing.Money{Minor: -m.Theirs, Currency: m.Currency}.Format(language))
	case !m.Here:
		return words.T(ctx, "%s came in at the provider, and your books do not have it", m.TheirAmount().Format(language))
	case !m.There:
		return words.T(ctx, "Your books have %s that the provider does not know", m.OurAmount().Format(language))
	case m.Theirs != m.Ours:
		return words.T(ctx, "The provider moved %s, and your books say %s", m.TheirAmount().Format(language), m.OurAmount().Format(language))
	}
	return words.T(ctx, "The provider kept %s, and your books say %s", billing.Money{Minor: m.TheirFee, Currency: m.Currency}.Format(language),
		billing.Money{Minor: m.OurFee, Currency: m.Currency}.Format(language))
}

// isPayment reports whether it can be booked for an invoice.
func isPayment(m store.Moved) bool { return m.There && !m.Here && m.Theirs > 0 && m.Payment == "" }

// apartID names a field of one thing's form.
func apartID(field, source string) string { return field + "-" + source }
