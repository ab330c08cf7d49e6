package views

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/views/words"
)

// refusedOnPage reports whether the bank refused a payment on a page of the provider's on which it can still be tried again.
func refusedOnPage(a app.Attempt) bool {
	return a.Kind == app.AttemptCheckout && a.State == app.AttemptCreated && a.Why != ""
}

// whyFailed says in words why an attempt did not succeed, from the provider's word for it (https://docs.stripe.com/declines/codes); "" where there
// is nothing to say.
func whyFailed(ctx context.Context, a app.Attempt) string {
	if a.State != app.AttemptFailed && a.State != app.AttemptRequiresAction && !refusedOnPage(a) {
		return ""
	}
	switch a.Why {
	case "":
		if a.State == app.AttemptRequiresAction {
			return words.T(ctx, "The bank wants it to be confirmed by the person who pays.")
		}
		return ""
	case "insufficient_funds", "withdrawal_count_limit_exceeded", "card_velocity_exceeded", "debit_insufficient_funds":
		return words.T(ctx, "There was not enough money, or the card's limit was reached.")
	case "authentication_required":
		return words.T(ctx, "The bank wants it to be confirmed by the person who pays.")
	case "expired_card":
		return words.T(ctx, "The card has expired.")
	case "lost_card", "stolen_card", "pickup_card", "restricted_card":
		return words.T(ctx, "The card is blocked.")
	case "incorrect_number", "incorrect_cvc", "invalid_cvc", "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "invalid_account":
		return words.T(ctx, "The card's details are not right.")
	case "card_not_supported", "currency_not_supported", "transaction_not_allowed", "service_not_allowed", "payment_method_not_available":
		return words.T(ctx, "The card or account cannot be used for this payment.")
	case "debit_not_authorized", "payment_intent_mandate_invalid", "revocation_of_authorization", "revocation_of_all_authorizations", "stop_payment_order":
		return words.T(ctx, "The permission to collect was taken back, or the bank does not know it.")
	case "account_closed", "bank_account_closed", "bank_account_unusable", "no_account":
		return words.T(ctx, "The bank account is closed or cannot be used.")
	case "payment_intent_authentication_failure", "setup_intent_authentication_failure":
		return words.T(ctx, "It was not confirmed at the bank.")
	case "processing_error", "issuer_not_available", "try_again_later", "reenter_transaction":
		return words.T(ctx, "The bank could not be reached.")
	case "generic_decline", "card_declined", "do_not_honor", "call_issuer", "fraudulent", "do_not_try_again", "merchant_blacklist", "no_action_taken", "security_violation":
		return words.T(ctx, "The bank refused it and does not say why.")
	}
	if strings.Contains(a.Why, " ") {
		return words.Say(ctx, a.Why)
	}
	return words.T(ctx, "The payment provider says: %s.", strings.ReplaceAll(a.Why, "_", " "))
}
