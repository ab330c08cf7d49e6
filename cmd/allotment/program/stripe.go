package program

import (
	"strings"
	"time"

	"allotment/app/driver/stripe"
	"allotment/app/portal"
)

// check says what is wrong with the settings. No key is ever part of a message.
func (s Stripe) check(bad func(name, format string, args ...any), reach func(name, value string)) {
	if s.Key == "" {
		if s.WebhookSecret != "" || s.ConnectWebhookSecret != "" {
			bad("stripe.key", "is missing, and the signing secret of an endpoint is there")
		}
		return
	}
	if !strings.HasPrefix(s.Key, "sk_") && !strings.HasPrefix(s.Key, "rk_") {
		bad("stripe.key", "a secret or restricted key begins with sk_ or rk_")
	}
	if s.WebhookSecret == "" {
		bad("stripe.webhook_secret", "is missing: the signing secret of the endpoint /hooks/stripe, whsec_...")
	}
	if s.URL != "" {
		reach("stripe.url", s.URL)
	}
	if s.Timeout < time.Second || s.Timeout > time.Minute {
		bad("stripe.timeout", "%s is not between 1s and 1m", s.Timeout)
	}
}

// payments is the payment provider, or nil where there is none.
func (s Stripe) payments() (portal.OnlinePayments, error) {
	if s.Key == "" {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	return stripe.New(stripe.Config{
		URL: s.URL, Key: s.Key, Secret: s.WebhookSecret, ConnectSecret: s.ConnectWebhookSecret, Timeout: s.Timeout,
	})
}
