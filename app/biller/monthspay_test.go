package biller_test

import (
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

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
