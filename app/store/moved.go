package store

import (
	"context"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// Moved is what a provider says of one payment, refund or dispute, beside what the books say.
type Moved struct {
	Through  string
	Source   string // the provider's ID of it
	Payment  string // of a refund or dispute: its ID of the payment
	Account  string // in which it is; "" where the provider has no line of it
	Kind     string // of its first line there
	Currency string
	At       time.Time // when it happened there, or was booked here
	There    bool      // the provider has lines of it
	Here     bool      // the books have it
	Theirs   int64     // in minor units: what its lines add up to
	Ours     int64
	TheirFee int64
	OurFee   int64
	Customer app.ID // whose payment it is; the zero ID where nobody knows
	Name     string
	Booked   app.ID // the payment in the books; the zero ID for none
}

// CompareQuery says what of a seller's account at a provider is compared with the books.
type CompareQuery struct {
	Seller  app.ID
	Through string
	Since   time.Time // whatever has a line or a payment from then on, and what is off already; the zero time is everything
	Source  string    // only what moved under this ID of the provider's; "" for all
	Before  time.Time // what is younger is not off yet
	Limit   int
}

// args are the query's, by their names, with further ones.
func (q CompareQuery) args(more pgx.NamedArgs) pgx.NamedArgs {
	args := pgx.NamedArgs{"seller": q.Seller, "through": q.Through, "since": q.Since, "source": q.Source, "before": q.Before}
	maps.Copy(args, more)
	return args
}

// MovedApart returns what a provider and the books do not agree about, the oldest first: what one has and the other does not, other amounts, other
// fees. What is younger than q.Before, or is still on its way, is left out.
func (t *Tx) MovedApart(ctx context.Context, q CompareQuery) ([]Moved, error) {
	rows, err := t.tx.Query(ctx, q.apart()+`
		SELECT d.source, d.payment, d.account, d.kind, d.currency, d.at, d.there, d.here, d.theirs, d.ours, d.their_fee, d.our_fee, d.customer,
			coalesce(o.name, ''), d.booked
		FROM apart d LEFT JOIN organizations o ON o.id = d.customer WHERE NOT d.young ORDER BY d.at, d.source LIMIT @limit`,
		q.args(pgx.NamedArgs{"limit": q.Limit}))
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Moved, error) {
		m := Moved{Through: q.Through}
		into, done := m.targets()
		err := row.Scan(into...)
		done()
		return m, err
	})
	return all, classify(err)
}

// targets are where the columns of what moved go; done fills in what may be NULL.
func (m *Moved) targets() (into []any, done func()) {
	var customer, booked *app.ID
	into = []any{&m.Source, &m.Payment, &m.Account, &m.Kind, &m.Currency, &m.At, &m.There, &m.Here, &m.Theirs, &m.Ours, &m.TheirFee, &m.OurFee,
		&customer, &m.Name, &booked}
	return into, func() { m.Customer, m.Booked = value(customer), value(booked) }
}

// money is an amount of m's.
func (m Moved) money(minor int64) billing.Money {
	return billing.Money{Minor: minor, Currency: m.Currency}
}

// TheirAmount is what the provider moved.
func (m Moved) TheirAmount() billing.Money { return m.money(m.Theirs) }

// OurAmount is what the books say was moved.
func (m Moved) OurAmount() billing.Money { return m.money(m.Ours) }

// LateFee is what the provider kept beyond what the books have of it; nothing where anything else is off as well.
func (m Moved) LateFee() billing.Money {
	if !m.Here || !m.There || m.Theirs != m.Ours || m.TheirFee <= m.OurFee {
		return m.money(0)
	}
	return m.money(m.TheirFee - m.OurFee)
}
