package stripe

import (
	"net/http"
	"time"
)

// newIntent makes a PaymentIntent that is confirmed at once, with nobody there.
func (c *request) newIntent() (int, object) {
	if c.number("amount") < 50 {
		return invalid("amount_too_small", "Amount must be at least 0.50.")
	}
	method, known := c.books.objects[c.get("payment_method")]
	if !known || c.get("confirm") != "true" || c.get("off_session") != "true" {
		return missing(c.get("payment_method"))
	}
	if method["customer"] != c.get("customer") {
		return invalid("", "The customer does not have this payment method.")
	}
	o := c.intent(c.number("amount"), c.get("currency"), c.get("customer"), c.inner("metadata"))
	o["description"] = c.get("description")
	o = c.pay(o, method, false)
	if failed, ok := o["last_payment_error"].(object); ok {
		e := object{"payment_intent": c.books.render(o, c.expand())}
		for name, value := range failed {
			e[name] = value
		}
		return http.StatusPaymentRequired, object{"error": e}
	}
	return http.StatusOK, o
}

func (c *request) intent(amount int64, currency, customer string, meta object) object {
	return c.books.put(object{
		"id": c.id("pi"), "object": "payment_intent", "created": c.now.Unix(), "livemode": false, "amount": amount, "amount_received": int64(0),
		"currency": currency, "customer": customer, "metadata": meta, "status": "requires_payment_method", "latest_charge": nil, "payment_method": nil,
		"last_payment_error": nil, "setup_future_usage": nil,
	})
}

// pay tries to pay an intent by a method. present says that the person is there to confirm.
func (c *request) pay(intent, method object, present bool) object {
	f := fates[method["_number"].(string)]
	intent = with(intent, object{"payment_method": method["id"], "last_payment_error": nil})
	switch {
	case f.ask && !present:
		return c.fail(intent, "authentication_required", "authentication_required")
	case method["type"] == "sepa_debit":
		intent = c.books.put(with(intent, object{"status": "processing", "_due": c.now.Add(c.s.options.Debit), "_method": method}))
		c.tell("payment_intent.processing", intent)
		return intent
	case f.decline != "":
		return c.fail(intent, first(f.code, "card_declined"), f.decline)
	}
	return c.succeed(intent, method, f)
}

// fail says that the bank refused.
func (c *request) fail(intent object, code, decline string) object {
	e := object{"type": "card_error", "code": code, "decline_code": decline, "message": "The payment was refused."}
	charge := c.charge(intent, "failed", nil)
	intent = c.books.put(with(intent, object{"status": "requires_payment_method", "last_payment_error": e, "latest_charge": charge["id"], "payment_method": nil}))
	c.tell("charge.failed", charge)
	c.tell("payment_intent.payment_failed", intent)
	return intent
}

// succeed takes the money.
func (c *request) succeed(intent, method object, f fate) object {
	amount := intent["amount"].(int64)
	fee := int64(25) + amount*15/1000
	if method["type"] != "card" {
		fee = 35
	}
	charge := c.charge(intent, "succeeded", method)
	entry := c.move("charge", charge["id"].(string), amount, fee, intent["currency"].(string))
	details := charge["payment_method_details"].(object)
	if intent["setup_future_usage"] == "off_session" {
		if kind := method["type"].(string); kind == "ideal" || kind == "bancontact" {
			debit := c.method(intent["customer"].(string), "sepa_debit", GoodIBAN)
			details[kind] = with(details[kind].(object), object{"generated_sepa_debit": debit["id"]})
		}
	}
	c.books.put(with(charge, object{"balance_transaction": entry["id"], "payment_method_details": details}))
	intent = c.books.put(with(intent, object{"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"], "last_payment_error": nil}))
	c.tell("charge.succeeded", c.books.objects[charge["id"].(string)])
	c.tell("payment_intent.succeeded", intent)
	if f.dispute {
		c.contest(intent)
	}
	return intent
}

func (c *request) charge(intent object, status string, method object) object {
	details := object{}
	if kind, ok := method["type"].(string); ok {
		told, _ := method[kind].(object)
		if told == nil {
			told = object{}
		}
		details = object{"type": kind, kind: told}
	}
	return c.books.put(object{
		"id": c.id("ch"), "object": "charge", "created": c.now.Unix(), "livemode": false, "amount": intent["amount"], "amount_refunded": int64(0),
		"currency": intent["currency"], "customer": intent["customer"], "payment_intent": intent["id"], "status": status, "metadata": intent["metadata"],
		"balance_transaction": nil, "payment_method_details": details, "paid": status == "succeeded",
	})
}

// ripen ends the direct debits that have been on their way for long enough.
func (s *Server) ripen(b *books) {
	for _, intent := range b.all("payment_intent", func(o object) bool { return o["status"] == "processing" }) {
		due, ok := intent["_due"].(time.Time)
		if !ok || s.clock().Before(due) {
			continue
		}
		c := s.inside(b.account)
		method := intent["_method"].(object)
		f := fates[method["_number"].(string)]
		if f.decline != "" {
			intent = c.fail(intent, f.code, "")
		} else {
			intent = c.succeed(intent, method, f)
		}
		c.afterPage(intent)
	}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
