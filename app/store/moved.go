package store

import (
	"context"
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

func (q CompareQuery) args() []any {
	var since *time.Time
	if !q.Since.IsZero() {
		since = &q.Since
	}
	return []any{q.Seller, q.Through, since, q.Source, q.Before}
}

// movedApart is what is off: touched names what is compared, theirs adds the provider's lines up by what moved the money, ours what the books have.
// $1 is the seller, $2 the provider, $3 the time since which, $4 the one source, $5 the time before which. A refund of ours stands in the books under its
// attempt's ID, and so does what came again of one that was refused.
const movedApart = `
	WITH touched AS MATERIALIZED (
		SELECT source FROM provider_lines WHERE organization_id = $1 AND through = $2 AND $4::text = '' AND happened_at >= coalesce($3::timestamptz, '-infinity')
		UNION SELECT coalesce(nullif(a.reference, ''), a.id::text, p.reference) FROM payments p
			LEFT JOIN payment_attempts a ON a.kind = 'refund' AND a.organization_id = p.organization_id AND a.id::text = split_part(p.reference, ' ', 1)
			WHERE p.seller_id = $1 AND p.through = $2 AND $4::text = '' AND p.created_at >= coalesce($3::timestamptz, '-infinity')
		UNION SELECT source FROM provider_differences WHERE organization_id = $1 AND through = $2 AND $4::text = '' AND settled_at IS NULL AND source <> ''
		UNION SELECT $4::text WHERE $4::text <> ''
	), keys AS MATERIALIZED (
		SELECT source AS key FROM touched
		UNION SELECT a.id::text FROM payment_attempts a JOIN touched ON touched.source = a.reference WHERE a.seller_id = $1 AND a.kind = 'refund' AND a.reference <> ''
	), theirs AS (
		SELECT source, currency, max(payment) AS payment, max(account) AS account, (array_agg(kind ORDER BY happened_at, id))[1] AS kind,
			sum(amount_minor)::bigint AS amount, sum(fee_minor)::bigint AS fee, max(happened_at) AS at
		FROM provider_lines
		WHERE organization_id = $1 AND through = $2 AND aside_at IS NULL AND kind <> 'payout' AND source IN (SELECT source FROM touched)
		GROUP BY source, currency
	), booked AS (
		SELECT coalesce(nullif(a.reference, ''), a.id::text, p.reference) AS source, p.currency, p.organization_id, p.id, p.kind, p.created_at,
			CASE WHEN p.kind = 'receipt' THEN p.amount_minor ELSE -p.amount_minor END AS amount,
			coalesce((SELECT sum(l.amount_minor) FROM ledger_entries e JOIN ledger_postings l ON l.entry_id = e.id AND l.organization_id = p.seller_id AND l.account = 'fees'
				WHERE e.organization_id = p.seller_id AND e.kind IN ('charged', 'charged back') AND e.source IN (p.id::text, p.id::text || ' later')), 0) AS fee
		FROM payments p
		LEFT JOIN payment_attempts a ON a.kind = 'refund' AND a.organization_id = p.organization_id AND a.id::text = split_part(p.reference, ' ', 1)
		WHERE p.seller_id = $1 AND p.through = $2 AND split_part(p.reference, ' ', 1) IN (SELECT key FROM keys)
	), ours AS (
		SELECT source, currency, sum(amount)::bigint AS amount, sum(fee)::bigint AS fee, max(created_at) AS at, (array_agg(organization_id))[1] AS customer,
			(array_agg(id ORDER BY created_at, id))[1] AS id
		FROM booked GROUP BY source, currency
	), apart AS MATERIALIZED (
		SELECT coalesce(theirs.source, ours.source) AS source, coalesce(theirs.payment, '') AS payment, coalesce(theirs.account, '') AS account,
			coalesce(theirs.kind, '') AS kind, coalesce(theirs.currency, ours.currency) AS currency, coalesce(theirs.at, ours.at) AS at,
			theirs.source IS NOT NULL AS there, ours.source IS NOT NULL AS here, coalesce(theirs.amount, 0) AS theirs, coalesce(ours.amount, 0) AS ours,
			coalesce(theirs.fee, 0) AS their_fee, coalesce(ours.fee, 0) AS our_fee, coalesce(ours.customer, a.organization_id) AS customer, ours.id AS booked,
			greatest(theirs.at, ours.at) >= $5::timestamptz OR EXISTS (SELECT FROM payment_attempts w WHERE w.seller_id = $1 AND w.through = $2 AND w.state IN ('created', 'processing')
				AND (w.reference <> '' AND w.reference = coalesce(theirs.source, ours.source) OR w.id::text = ours.source)) AS young,
			EXISTS (SELECT FROM payment_attempts r WHERE r.seller_id = $1 AND r.reference <> '' AND r.reference = coalesce(theirs.source, ours.source)
				AND r.kind = 'refund' AND r.state = 'succeeded' AND NOT r.posted) AS unbooked
		FROM theirs FULL JOIN ours ON ours.source = theirs.source AND ours.currency = theirs.currency
		LEFT JOIN payment_attempts a ON a.seller_id = $1 AND a.through = $2 AND a.reference <> ''
			AND a.reference = coalesce(nullif(theirs.payment, ''), theirs.source, ours.source)
		WHERE (coalesce(theirs.amount, 0), coalesce(theirs.fee, 0)) <> (coalesce(ours.amount, 0), coalesce(ours.fee, 0))
	)`

// MovedApart returns what a provider and the books do not agree about, the oldest first: what one has and the other does not, other amounts, other
// fees. What is younger than q.Before, or is still on its way, is left out.
func (t *Tx) MovedApart(ctx context.Context, q CompareQuery) ([]Moved, error) {
	rows, err := t.tx.Query(ctx, movedApart+`
		SELECT d.source, d.payment, d.account, d.kind, d.currency, d.at, d.there, d.here, d.theirs, d.ours, d.their_fee, d.our_fee, d.customer,
			coalesce(o.name, ''), d.booked
		FROM apart d LEFT JOIN organizations o ON o.id = d.customer WHERE NOT d.young ORDER BY d.at, d.source LIMIT $6`, append(q.args(), q.Limit)...)
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
