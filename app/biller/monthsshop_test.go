package biller_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// habit is how a customer pays.
type habit int

const (
	prompt     habit = iota // by bank, around the day on which it is due
	late                    // by bank, after a reminder or two
	reluctant               // not before the services are held, if ever
	byProvider              // by a saved way to pay; by bank where that does not help
)

// shop is a seller and its customers. What happens there is drawn by dice of its own, so that shops may live their days side by side.
type shop struct {
	*life
	seller        app.ID
	conn          *pgx.Conn // as the superuser
	dice          *rand.Rand
	customers     []app.ID
	habits        map[app.ID]habit // prompt where none is said
	waiting       []app.ID         // subscriptions that are not active yet
	pace          float64          // how many of them begin on a day
	subscriptions []app.ID
	happened      map[string]int
	received      []store.Payment // which may be taken back
	reference     int
	refused       int // by the provider's banks, so far
	disputed      int
}

// often is how often something happens on a day that happens mean times on average.
func (s *shop) often(mean float64) int {
	n := int(mean)
	if s.dice.Float64() < mean-float64(n) {
		n++
	}
	return n
}

// begin: some orders become active.
func (s *shop) begin() error {
	for range min(s.often(s.pace), len(s.waiting)) {
		id := s.waiting[0]
		s.waiting = s.waiting[1:]
		tag, err := s.conn.Exec(s.t.Context(), `UPDATE subscriptions u SET starts_at = $2 FROM services v
			WHERE u.id = $1 AND v.id = u.service_id AND v.terminated_at IS NULL AND v.state <> 'terminating'`, id, s.Today)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 { // dunning has ended it before it ever ran
			continue
		}
		s.subscriptions = append(s.subscriptions, id)
		s.happened["started"]++
	}
	return nil
}

// change: customers do something with their subscriptions.
func (s *shop) change() error {
	if len(s.subscriptions) == 0 {
		return nil
	}
	n := s.often(float64(len(s.subscriptions)) / 60)
	if s.special() != "" {
		n += 5 + len(s.subscriptions)/10
	}
	for range n {
		if err := s.customer(); err != nil {
			return err
		}
	}
	return nil
}

// customer does something with a subscription.
func (s *shop) customer() error {
	id, what := s.subscriptions[s.dice.IntN(len(s.subscriptions))], ""
	price := billingtest.Euro(500 + s.dice.Int64N(5000))
	turn := s.dice.IntN(11)
	leaves := s.dice.IntN(6) == 0
	if turn >= 9 || turn == 5 && !leaves {
		s.happened["nothing"]++
		return nil
	}
	ctx := s.t.Context()
	err := s.do(ctx, func(tx *store.Tx) (err error) {
		switch turn {
		case 0, 1, 2:
			what = "change now"
			_, err = s.Biller.ChangeNow(ctx, tx, id, biller.Plan{Name: "Redmine, large", Price: price})
		case 3:
			what = "change later"
			_, err = s.Biller.ChangeLater(ctx, tx, id, biller.Plan{Name: "Redmine, medium", Price: price})
		case 4:
			what = "cancel"
			_, err = s.Biller.Cancel(ctx, tx, id)
		case 5:
			what = "cancel now"
			_, err = s.Biller.CancelNow(ctx, tx, id)
		case 6, 7:
			what = "reactivate"
			err = s.Biller.Reactivate(ctx, tx, id)
		default:
			what = "price change"
			err = s.announce(ctx, tx, id, price)
		}
		return err
	})
	if special := s.special(); err == nil && special != "" {
		s.happened[what+special]++
	}
	return s.tried(what, err)
}

// announce tells one customer of another price, a month and more ahead of the period from which it holds.
func (s *shop) announce(ctx context.Context, tx *store.Tx, id app.ID, price billing.Money) error {
	a, err := tx.AccountOf(ctx, id)
	if err != nil {
		return err
	}
	for _, one := range a.Subscriptions {
		if one.ID != id.String() {
			continue
		}
		n := one.Next
		for earliest := billing.DateIn(s.Today, s.Today.Location()).AddDays(30); billing.PeriodAt(one.Anchor, one.Every, n).Start.Before(earliest); {
			n++
		}
		done, err := s.Biller.Reprice(ctx, tx, id, "small", store.Offered{Price: store.Price{Amount: price}, Legs: one.Wholesale}, billing.PeriodAt(one.Anchor, one.Every, n).Start)
		if err == nil && !done {
			err = app.Errorf(app.Conflict, "Something else is to begin.")
		}
		return err
	}
	return app.Errorf(app.Conflict, "Not begun.")
}

// tried counts what happened. What the rules refuse is a Conflict or an Invalid, and nothing else.
func (s *shop) tried(what string, err error) error {
	switch app.CodeOf(err) {
	case "":
		s.happened[what]++
	case app.Conflict, app.NotFound, app.Invalid:
		s.happened[what+" refused"]++
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// owed is an invoice that is not paid.
type owed struct {
	Invoice, Buyer app.ID
	Open           int64
	Late           int // days since it was due, negative before
	All            int64
}

// pay: customers pay what is open by bank, as is their habit.
func (s *shop) pay() error {
	rows, err := s.conn.Query(s.t.Context(), `
		SELECT r.invoice_id, r.buyer_id, r.open_minor, $2::date - r.due_on, sum(r.open_minor) OVER (PARTITION BY r.buyer_id)::bigint
		FROM receivables r JOIN organizations o ON o.id = r.buyer_id
		WHERE r.seller_id = $1 AND r.open_minor > 0 ORDER BY o.slug, r.due_on, r.invoice_id`, s.seller, s.Today)
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByPos[owed])
	if err != nil {
		return err
	}
	for i, o := range open {
		if i > 0 && open[i-1].Buyer == o.Buyer || s.dice.Float64() >= s.pays(o) {
			continue
		}
		if err := s.payOne(o); err != nil {
			return err
		}
	}
	return s.bounce()
}

// pays is how likely it is that a customer pays today.
func (s *shop) pays(o owed) float64 {
	switch h := s.habits[o.Buyer]; {
	case h == prompt && o.Late > 0:
		return 0.3
	case h == prompt:
		return 0.1
	case h == late && o.Late > 2, h == byProvider && o.Late > 12:
		return 0.07
	case h == reluctant && o.Late > 25:
		return 0.02
	}
	return 0
}

func (s *shop) payOne(o owed) error {
	s.reference++
	p := store.Payment{Customer: o.Buyer, Seller: s.seller, Through: "bank", Reference: strconv.Itoa(s.reference), Amount: billingtest.Euro(o.Open),
		PaidOn: billing.DateIn(s.Today, s.Today.Location())}
	what := "paid"
	if o.Late > 0 {
		what = "paid late"
	}
	switch dice := s.dice.IntN(16); {
	case s.habits[o.Buyer] == reluctant || dice < 4:
		p.Amount.Minor = o.All
	case dice < 6:
		what, p.Amount.Minor = "overpaid", o.Open+1+s.dice.Int64N(900)
	case dice == 6 && o.Open > 1:
		what, p.Amount.Minor, p.For = "paid in part", 1+s.dice.Int64N(o.Open-1), o.Invoice
	case dice < 12:
		p.For = o.Invoice
	}
	back := s.dice.IntN(20) == 0
	err := s.do(s.t.Context(), func(tx *store.Tx) error {
		if err := s.Biller.Receive(s.t.Context(), tx, p); err != nil || !back {
			return err
		}
		return s.Biller.ChargeBack(s.t.Context(), tx, p, billingtest.Euro(750))
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.happened[what]++
	if back {
		s.happened["chargeback"]++
	} else {
		s.received = append(s.received, p)
	}
	return nil
}

// bounce takes back a payment of the last weeks, whole: a debit that failed late, or a chargeback.
func (s *shop) bounce() error {
	if len(s.received) < 20 {
		return nil
	}
	for range s.often(float64(len(s.customers)) / 500) {
		i := len(s.received) - 1 - s.dice.IntN(20)
		p := s.received[i]
		s.received = append(s.received[:i], s.received[i+1:]...)
		p.PaidOn = billing.DateIn(s.Today, s.Today.Location())
		err := s.tried("taken back late", s.do(s.t.Context(), func(tx *store.Tx) error {
			return s.Biller.ChargeBack(s.t.Context(), tx, p, billingtest.Euro(750))
		}))
		if err != nil || len(s.received) < 20 {
			return err
		}
	}
	return nil
}

// office is what staff does: a credit note over a part of a line, and credit that is paid back.
func (s *shop) office() error {
	for range s.often(float64(len(s.customers)) / 300) {
		if err := s.clerk(s.customers[s.dice.IntN(len(s.customers))]); err != nil {
			return err
		}
	}
	return nil
}

func (s *shop) clerk(customer app.ID) error {
	ctx := s.t.Context()
	rows, err := s.conn.Query(ctx, `SELECT id FROM invoices WHERE buyer_id = $1 AND seller_id = $2 AND kind = 'invoice' AND issued_on > $3 ORDER BY id`, customer, s.seller, s.Today.AddDate(0, -3, 0))
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[app.ID])
	if err != nil || len(all) == 0 {
		return err
	}
	one := all[s.dice.IntN(len(all))]
	err = s.tried("credit note", s.do(ctx, func(tx *store.Tx) error {
		asks := []invoice.Ask{{Line: "1", Net: billingtest.Euro(1 + s.dice.Int64N(600))}}
		if s.dice.IntN(4) == 0 {
			asks = nil // all that is left
		}
		_, err := s.Biller.CreditInvoice(ctx, tx, one, asks, "Less was used.")
		return err
	}))
	if err != nil {
		return err
	}
	s.reference++
	return s.tried("refund", s.do(ctx, func(tx *store.Tx) error {
		credit, err := tx.Credit(ctx, s.seller, customer, "EUR")
		if err != nil || credit.Minor <= 0 {
			return app.Because(app.Conflict, err, "There is no credit.")
		}
		return s.Biller.Refund(ctx, tx, store.Payment{Customer: customer, Seller: s.seller, Through: "bank", Reference: strconv.Itoa(s.reference),
			Amount: billingtest.Euro(1 + s.dice.Int64N(credit.Minor)), PaidOn: billing.DateIn(s.Today, s.Today.Location())})
	}))
}
