package views

import (
	"context"

	"allotment/app/portal"
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

// ApartSettled is the state in the address that lists what agrees by now.
const ApartSettled = "settled"

// ApartList is that page as it is shown.
type ApartList struct {
	Filter portal.ApartFilter
	Page   portal.ApartPage
	Form   ApartForm
}

func (l ApartList) state() string {
	if l.Filter.Settled {
		return ApartSettled
	}
	return ""
}

func (l ApartList) at(after string) string {
	return address(ApartPath, "q", l.Filter.Text, "state", l.state(), "after", after)
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
	case m.Source == "":
		return words.T(ctx, "The provider has %s of yours, and your books say %s", m.TheirAmount().Format(language), m.OurAmount().Format(language))
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
