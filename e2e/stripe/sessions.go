package stripe

import (
	"net/http"
	"strings"
	"time"
)

// newSession makes a page on which a person pays, or saves a way to pay.
func (c *request) newSession() (int, object) {
	if _, known := c.books.objects[c.get("customer")]; !known {
		return missing(c.get("customer"))
	}
	until := time.Unix(c.number("expires_at"), 0)
	if until.Before(c.now.Add(29*time.Minute)) || until.After(c.now.Add(25*time.Hour)) {
		return invalid("", "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.")
	}
	o := c.fresh("checkout.session", "cs")
	o["status"], o["payment_status"], o["mode"], o["customer"], o["expires_at"] = "open", "unpaid", c.get("mode"), c.get("customer"), until.Unix()
	o["success_url"], o["cancel_url"], o["client_reference_id"] = c.get("success_url"), c.get("cancel_url"), c.get("client_reference_id")
	o["url"], o["payment_intent"], o["setup_intent"] = c.s.URL()+"/pay/"+o["id"].(string), nil, nil
	o["payment_method_types"] = c.list("payment_method_types")
	o["_account"] = c.books.account
	switch c.get("mode") {
	case "setup":
		o["_meta"] = c.inner("setup_intent_data[metadata]")
	case "payment":
		o["amount_total"], o["currency"] = c.number("line_items[0][price_data][unit_amount]"), c.get("line_items[0][price_data][currency]")
		o["_name"], o["_meta"] = c.get("line_items[0][price_data][product_data][name]"), c.inner("payment_intent_data[metadata]")
		o["_keep"] = c.get("payment_intent_data[setup_future_usage]")
		if o["amount_total"].(int64) < 50 {
			return invalid("amount_too_small", "The Checkout Session's total amount due must add up to at least 0.50.")
		}
	default:
		return invalid("", "Another mode.")
	}
	return http.StatusOK, c.books.put(o)
}

// Complete is what a person does on a page: a card's number, an IBAN, "ideal" or "bancontact". It reports whether the page is done with.
func (s *Server) Complete(page, with string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	o, c := s.page(page)
	if o == nil || o["status"] != "open" {
		return false
	}
	return c.complete(o, with)
}

// page finds a page in whichever account it is.
func (s *Server) page(id string) (object, *request) {
	for account, b := range s.accounts {
		if o, known := b.objects[id]; known && o["object"] == "checkout.session" {
			return o, s.inside(account)
		}
	}
	return nil, nil
}

// complete reports whether the page is done with: what was refused can be tried again.
func (c *request) complete(o object, what string) bool {
	kind, number := "card", strings.ReplaceAll(what, " ", "")
	switch {
	case what == "ideal" || what == "bancontact":
		kind, number = what, "0000"
	case what == IdealRefused:
		kind, number = "ideal", notConfirmed
	case number[0] > '9':
		kind = "sepa_debit"
	}
	customer := o["customer"].(string)
	if o["mode"] == "setup" {
		return c.completeSetup(o, customer, kind, number)
	}
	attached := ""
	if o["_keep"] == "off_session" && kind != "ideal" && kind != "bancontact" {
		attached = customer
	}
	method := c.method(attached, kind, number)
	intent, known := object(nil), false
	if id, ok := o["payment_intent"].(string); ok {
		intent, known = c.books.objects[id]
	}
	if !known {
		intent = c.intent(o["amount_total"].(int64), o["currency"].(string), customer, o["_meta"].(object))
		if o["_keep"] == "off_session" {
			intent = c.books.put(with(intent, object{"setup_future_usage": "off_session"}))
		}
		o = c.books.put(with(o, object{"payment_intent": intent["id"]}))
	}
	intent = c.pay(intent, method, true)
	if intent["status"] == "requires_payment_method" {
		return false
	}
	paid := map[bool]string{true: "paid", false: "unpaid"}[intent["status"] == "succeeded"]
	o = c.books.put(with(o, object{"status": "complete", "payment_status": paid, "url": nil}))
	c.tell("checkout.session.completed", o)
	return true
}

func (c *request) completeSetup(o object, customer, kind, number string) bool {
	if !savesFine(number) {
		return false
	}
	var details, saved object
	if kind == "ideal" || kind == "bancontact" {
		saved = c.method(customer, "sepa_debit", GoodIBAN)
		details = object{"type": kind, kind: object{"generated_sepa_debit": saved["id"]}}
	} else {
		saved = c.method(customer, kind, number)
		details = object{"type": kind, kind: object{}}
	}
	attempt := c.fresh("setup_attempt", "setatt")
	attempt["payment_method_details"], attempt["status"] = details, "succeeded"
	c.books.put(attempt)
	setup := c.fresh("setup_intent", "seti")
	setup["metadata"], setup["customer"], setup["status"], setup["usage"] = o["_meta"], customer, "succeeded", "off_session"
	setup["payment_method"], setup["latest_attempt"] = saved["id"], attempt["id"]
	c.books.put(setup)
	o = c.books.put(with(o, object{"status": "complete", "payment_status": "no_payment_required", "setup_intent": setup["id"], "url": nil}))
	c.tell("setup_intent.succeeded", setup)
	c.tell("checkout.session.completed", o)
	return true
}

// afterPage tells what became of the direct debit of a page.
func (c *request) afterPage(intent object) {
	for _, o := range c.books.all("checkout.session", func(o object) bool { return o["payment_intent"] == intent["id"] }) {
		kind, paid := "checkout.session.async_payment_failed", "unpaid"
		if intent["status"] == "succeeded" {
			kind, paid = "checkout.session.async_payment_succeeded", "paid"
		}
		c.tell(kind, c.books.put(with(o, object{"payment_status": paid})))
	}
}

// expire closes the pages whose time is over.
func (s *Server) expire(b *books) {
	for _, o := range b.all("checkout.session", func(o object) bool { return o["status"] == "open" }) {
		if s.clock().Unix() >= o["expires_at"].(int64) {
			c := s.inside(b.account)
			c.tell("checkout.session.expired", b.put(with(o, object{"status": "expired", "url": nil})))
		}
	}
}
