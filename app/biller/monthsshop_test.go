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
