package stripe

import (
	"net/http"
)

// route finds what a request of the API asks for.
func (c *request) route(method string, parts []string) (int, object) {
	post, id, verb := method == http.MethodPost, "", ""
	if parts[0] == "checkout" && len(parts) > 1 {
		parts = parts[1:]
	}
	if len(parts) > 1 {
		id = parts[1]
	}
	if len(parts) > 2 {
		verb = parts[2]
	}
	switch kind := parts[0]; {
	case post && id == "":
		switch kind {
		case "customers":
			return c.newCustomer()
		case "payment_intents":
			return c.newIntent()
		case "sessions":
			return c.newSession()
		case "refunds":
			return c.newRefund()
		}
	case post && kind == "payment_methods" && verb == "detach":
		return c.detach(id)
	case kind == "accounts" && id != "":
		return c.account(id)
	case !post && id == "":
		return c.listOf(kind)
	case !post:
		return c.one(id)
	}
	return http.StatusNotFound, problem("invalid_request_error", "", "Unrecognized request URL.")
}

func (c *request) one(id string) (int, object) {
	o, known := c.books.objects[id]
	if !known {
		return missing(id)
	}
	return http.StatusOK, o
}

// kindsOf names the objects of each list.
var kindsOf = map[string]string{
	"payment_intents": "payment_intent", "sessions": "checkout.session", "refunds": "refund", "events": "event", "balance_transactions": "balance_transaction",
	"payouts": "payout", "disputes": "dispute", "payment_methods": "payment_method", "charges": "charge", "setup_intents": "setup_intent",
}

func (c *request) listOf(name string) (int, object) {
	if customer := c.get("customer"); customer != "" && c.books.objects[customer] == nil {
		return missing(customer)
	}
	kind, known := kindsOf[name]
	if !known {
		return http.StatusNotFound, problem("invalid_request_error", "", "Unrecognized request URL.")
	}
	return c.page(c.books.all(kind, func(o object) bool {
		for _, filter := range []string{"customer", "payment_intent"} {
			if wanted := c.get(filter); wanted != "" && o[filter] != wanted {
				return false
			}
		}
		return true
	}))
}

func (c *request) account(id string) (int, object) {
	c.s.meet(id)
	if _, known := c.s.accounts[id]; !known {
		return http.StatusForbidden, problem("invalid_request_error", "account_invalid", "The key does not have access to this account.")
	}
	return http.StatusOK, object{"id": id, "object": "account", "charges_enabled": true, "payouts_enabled": true, "details_submitted": true, "type": "standard"}
}

func (c *request) newCustomer() (int, object) {
	o := c.fresh("customer", "cus")
	o["name"], o["email"] = c.get("name"), c.get("email")
	return http.StatusOK, c.books.put(o)
}

func (c *request) detach(id string) (int, object) {
	m, known := c.books.objects[id]
	if !known {
		return missing(id)
	}
	if m["customer"] == nil {
		return invalid("", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	m = c.books.put(with(m, object{"customer": nil}))
	c.tell("payment_method.detached", m)
	return http.StatusOK, m
}
