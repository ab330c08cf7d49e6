package stripe

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"allotment/app"
)

// tolerance is how far a notice's signature may be from now.
const tolerance = 5 * time.Minute

// Read checks a webhook's body against its signature (https://docs.stripe.com/webhooks#verify-manually) and its API version against ours. The platform's
// endpoint takes events of no account, that of Connect those of an account.
func (d *Driver) Read(body []byte, signature string, connected bool, now time.Time) (app.Notice, error) {
	secret := d.secret
	if connected {
		secret = d.connectSecret
	}
	if secret == "" {
		return app.Notice{}, app.Errorf(app.Forbidden, "Notices of sellers' accounts are not set up.")
	}
	if err := webhook.ValidatePayloadIgnoringTolerance(body, signature, secret); err != nil {
		return app.Notice{}, app.Because(app.Forbidden, err, "This is not signed by the payment provider.")
	}
	if at, err := signedAt(signature); err != nil || now.Sub(at).Abs() > tolerance {
		return app.Notice{}, app.Because(app.Forbidden, err, "This was signed too long ago.")
	}
	e, err := webhook.ConstructEventIgnoringTolerance(body, signature, secret)
	if err != nil {
		return app.Notice{}, app.Because(app.Invalid, err, "This is of another version of the payment provider's interface than %s.", stripe.APIVersion)
	}
	if connected != (e.Account != "") {
		return app.Notice{}, app.Errorf(app.Forbidden, "This came to the wrong one of the two addresses for notices.")
	}
	n, err := notice(&e)
	n.Body = body
	return n, err
}

// signedAt reads the time from a signature's header: "t=1492774577,v1=…".
func signedAt(header string) (time.Time, error) {
	for part := range strings.SplitSeq(header, ",") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok {
			seconds, err := strconv.ParseInt(text, 10, 64)
			return time.Unix(seconds, 0), err
		}
	}
	return time.Time{}, errors.New("the signature has no time")
}

func notice(e *stripe.Event) (app.Notice, error) {
	n := app.Notice{ID: e.ID, Kind: string(e.Type), Account: e.Account, Version: e.APIVersion, At: when(e.Created)}
	if e.Data != nil {
		n.Object, _ = e.Data.Object["id"].(string)
	}
	if n.ID == "" || n.Object == "" {
		return n, app.Errorf(app.Invalid, "This is no notice of the payment provider.")
	}
	return n, nil
}

// Recent lists the events of an account, the oldest first.
func (d *Driver) Recent(ctx context.Context, account string, since time.Time) ([]app.Notice, error) {
	list := d.events.List(&stripe.EventListParams{
		ListParams: listParams(ctx, account), CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
	})
	var all []app.Notice
	for list.Next() {
		n, err := notice(list.Event())
		if err != nil {
			continue
		}
		n.Account, n.Body = account, []byte("{}") // it was asked for, and nobody signed it
		all = append(all, n)
	}
	slices.Reverse(all)
	return all, classify(list.Err())
}

// Account fails where the installation may not collect on an account.
func (d *Driver) Account(ctx context.Context, account string) error {
	a, err := d.accounts.GetByID(account, &stripe.AccountParams{Params: params(ctx, "", "")})
	switch err = classify(err); app.CodeOf(err) {
	case "":
	case app.Retryable, app.Unknown:
		return app.Because(app.Conflict, err, "The payment provider does not answer now. Please try again in a minute.")
	default:
		return app.Because(app.Invalid, err, "This account does not exist, or it is not connected with this installation.")
	}
	if !a.ChargesEnabled {
		return app.Errorf(app.Invalid, "This account cannot take payments yet. Please complete it at Stripe first.")
	}
	return nil
}
