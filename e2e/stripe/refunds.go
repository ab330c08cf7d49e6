package stripe

import (
	"net/http"
	"strconv"
)

// newRefund sends some of a payment back.
func (c *request) newRefund() (int, object) {
	intent, known := c.books.objects[c.get("payment_intent")]
	if !known {
		return missing(c.get("payment_intent"))
	}
	charge := c.books.objects[intent["latest_charge"].(string)]
	amount, done := c.number("amount"), charge["amount_refunded"].(int64)
	switch {
	case intent["status"] != "succeeded":
		return invalid("", "This PaymentIntent does not have a successful charge to refund.")
	case amount <= 0 || amount+done > charge["amount"].(int64):
		return invalid("amount_too_large", "Refund amount is greater than unrefunded amount on charge.")
	}
	o := c.fresh("refund", "re")
	o["amount"], o["currency"], o["payment_intent"], o["charge"], o["status"] = amount, intent["currency"], intent["id"], charge["id"], "succeeded"
	entry := c.move("refund", o["id"].(string), -amount, 0, intent["currency"].(string))
	o["balance_transaction"] = entry["id"]
	c.books.put(o)
	charge = c.books.put(with(charge, object{"amount_refunded": amount + done}))
	c.tell("charge.refunded", charge)
	c.tell("refund.created", o)
	return http.StatusOK, o
}

// FailRefund lets the customer's bank send a refund back.
func (s *Server) FailRefund(account, id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	o := c.books.objects[id]
	c.move("refund_failure", id, o["amount"].(int64), 0, o["currency"].(string))
	o = c.books.put(with(o, object{"status": "failed", "failure_reason": "lost_or_stolen_card"}))
	c.tell("charge.refund.updated", o)
}

// contest takes a payment back because the customer's bank asks for it, with a fee.
func (c *request) contest(intent object) object {
	o := c.fresh("dispute", "dp")
	o["amount"], o["currency"], o["payment_intent"], o["charge"] = intent["amount"], intent["currency"], intent["id"], intent["latest_charge"]
	o["status"], o["reason"] = "needs_response", "fraudulent"
	entry := c.move("adjustment", o["id"].(string), -intent["amount"].(int64), 1500, intent["currency"].(string))
	o["balance_transactions"] = []any{c.books.render(entry, nil)}
	c.books.put(o)
	c.tell("charge.dispute.created", o)
	return o
}

// Contest is a bank that takes a payment back. It returns the dispute's ID.
func (s *Server) Contest(account, intent string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	return c.contest(c.books.objects[intent])["id"].(string)
}

// Win ends a dispute in the seller's favour: the money comes again, the fee does not.
func (s *Server) Win(account, dispute string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	o := c.books.objects[dispute]
	entry := c.move("adjustment", dispute, o["amount"].(int64), 0, o["currency"].(string))
	o = c.books.put(with(o, object{"status": "won", "balance_transactions": append(o["balance_transactions"].([]any), c.books.render(entry, nil))}))
	c.tell("charge.dispute.closed", o)
}

// move is a line of the account.
func (c *request) move(kind, source string, amount, fee int64, currency string) object {
	return c.books.put(object{
		"id": c.id("txn"), "object": "balance_transaction", "created": c.now.Unix(), "type": kind, "source": source, "amount": amount, "fee": fee,
		"net": amount - fee, "currency": currency, "status": "available",
	})
}

// PayOut sends all that an account has to the seller's bank. It returns the payout's ID, or "" where there is nothing.
func (s *Server) PayOut(account, currency string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	var sum int64
	for _, entry := range c.books.all("balance_transaction", func(o object) bool { return o["currency"] == currency }) {
		sum += entry["net"].(int64)
	}
	if sum <= 0 {
		return ""
	}
	o := c.fresh("payout", "po")
	o["amount"], o["currency"], o["status"], o["arrival_date"] = sum, currency, "paid", c.now.Unix()
	c.books.put(o)
	c.move("payout", o["id"].(string), -sum, 0, currency)
	c.tell("payout.paid", o)
	return o["id"].(string)
}

// ContestOnce is Contest, unless the payment was contested before.
func (s *Server) ContestOnce(account, intent string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	if len(c.books.all("dispute", func(o object) bool { return o["payment_intent"] == intent })) == 0 {
		c.contest(c.books.objects[intent])
	}
}

// Pay is somebody's payment in an account that has nothing to do with the installation. It returns the payment's ID.
func (s *Server) Pay(account string, amount int64, meta map[string]string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	named := object{}
	for name, value := range meta {
		named[name] = value
	}
	intent := c.intent(amount, "eur", "", named)
	return c.pay(intent, c.method("", "card", GoodCard), true)["id"].(string)
}

// SendBack is a refund that a seller's people make at Stripe itself. It returns the refund's ID, or "" where so much is not left.
func (s *Server) SendBack(account, intent string, amount int64) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	c.form.Set("payment_intent", intent)
	c.form.Set("amount", strconv.FormatInt(amount, 10))
	status, o := c.newRefund()
	if status != http.StatusOK {
		return ""
	}
	return o["id"].(string)
}
