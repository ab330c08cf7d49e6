package views

import (
	"context"
	"strings"

	"allotment/app/portal"
	"allotment/views/words"
)

// ownTerms reports whether what keeps something from being invoiced is on the seller's own side.
func ownTerms(reason string) bool { return strings.Contains(reason, "seller") }

// parkedWayOn says what can be done about the reason for which something could not be invoiced.
func parkedWayOn(ctx context.Context, s portal.ParkedSubscription) string {
	reason := s.Reason
	switch {
	case s.Moved && !ownTerms(reason):
		return words.T(ctx, "Please ask the customer to put its billing details right. Then invoice it here, or leave it to the next run.")
	case strings.HasPrefix(reason, "The VAT ID could not be checked"):
		return words.T(ctx, "The tax authorities are asked again by themselves. In the billing details you can ask at once, or correct the VAT ID.")
	case strings.HasPrefix(reason, "There are not enough proofs"):
		return words.T(ctx, "A telephone number of that country in the billing details, or a payment from there, is a second proof.")
	case strings.HasPrefix(reason, "There is no exchange rate"):
		return words.T(ctx, "The rates of the European Central Bank are read by themselves on working days. The operator can add one by hand, under VAT rates.")
	case ownTerms(reason):
		return words.T(ctx, "Please complete how you sell: address, VAT and register.")
	case strings.Contains(reason, "customer"):
		return words.T(ctx, "Please complete the billing details, or ask the customer to do so.")
	}
	return words.T(ctx, "Once the reason is mended, invoice it here, or leave it to the next run.")
}
