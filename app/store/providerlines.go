package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// ProviderLine is a line of a seller's account at a payment provider.
type ProviderLine struct {
	app.Movement
	Seller  app.ID
	Through string
	Account string
}

// InsertProviderLine keeps a line, and reports whether it is a new one.
func (t *Tx) InsertProviderLine(ctx context.Context, l ProviderLine) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO provider_lines (organization_id, id, through, account, reference, source, payment, kind, currency, amount_minor, fee_minor, happened_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT ON CONSTRAINT provider_lines_once DO NOTHING`,
		l.Seller, app.NewID(), l.Through, l.Account, l.ID, l.Reference, l.Payment, l.Kind, l.Amount.Currency, l.Amount.Minor, l.Fee.Minor, l.At)
	return tag.RowsAffected() == 1, classify(err)
}

// NewestProviderLine is when the newest line of an account that is kept happened; the zero time for none.
func (t *Tx) NewestProviderLine(ctx context.Context, seller app.ID, through, account string) (time.Time, error) {
	var at *time.Time
	err := t.tx.QueryRow(ctx, `SELECT max(happened_at) FROM provider_lines WHERE organization_id = $1 AND through = $2 AND account = $3`, seller, through, account).Scan(&at)
	return value(at), classify(err)
}

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

// theirs adds a seller's lines up by what moved the money, ours what the books have. $1 is the seller, $2 the provider. A refund of ours stands in the
// books under its attempt's ID, and so does what came again of one that was refused.
const movedSides = `
	WITH theirs AS (
		SELECT source, currency, max(payment) AS payment, max(account) AS account, (array_agg(kind ORDER BY happened_at, id))[1] AS kind,
			sum(amount_minor)::bigint AS amount, sum(fee_minor)::bigint AS fee, max(happened_at) AS at
		FROM provider_lines
		WHERE organization_id = $1 AND through = $2 AND aside_at IS NULL AND kind <> 'payout'
		GROUP BY source, currency
	), booked AS (
		SELECT coalesce(nullif(a.reference, ''), a.id::text, p.reference) AS source, p.currency, p.organization_id, p.id, p.kind, p.created_at,
			CASE WHEN p.kind = 'receipt' THEN p.amount_minor ELSE -p.amount_minor END AS amount,
			coalesce((SELECT sum(l.amount_minor) FROM ledger_entries e JOIN ledger_postings l ON l.entry_id = e.id AND l.organization_id = p.seller_id AND l.account = 'fees'
				WHERE e.organization_id = p.seller_id AND e.kind IN ('charged', 'charged back') AND e.source IN (p.id::text, p.id::text || ' later')), 0) AS fee
		FROM payments p
		LEFT JOIN payment_attempts a ON a.kind = 'refund' AND a.organization_id = p.organization_id AND a.id::text = split_part(p.reference, ' ', 1)
		WHERE p.seller_id = $1 AND p.through = $2
	), ours AS (
		SELECT source, currency, sum(amount)::bigint AS amount, sum(fee)::bigint AS fee, max(created_at) AS at, (array_agg(organization_id))[1] AS customer,
			(array_agg(id ORDER BY created_at, id))[1] AS id
		FROM booked GROUP BY source, currency
	)`

// MovedApart returns what a provider and the books do not agree about, the oldest first: what one has and the other does not, other amounts, other
// fees. What is younger than a time, or is still on its way, is left out.
func (t *Tx) MovedApart(ctx context.Context, seller app.ID, through string, before time.Time, limit int) ([]Moved, error) {
	rows, err := t.tx.Query(ctx, movedSides+`
		SELECT coalesce(theirs.source, ours.source), coalesce(theirs.payment, ''), coalesce(theirs.account, ''), coalesce(theirs.kind, ''),
			coalesce(theirs.currency, ours.currency), coalesce(theirs.at, ours.at) AS at, theirs.source IS NOT NULL, ours.source IS NOT NULL,
			coalesce(theirs.amount, 0), coalesce(ours.amount, 0), coalesce(theirs.fee, 0), coalesce(ours.fee, 0),
			coalesce(ours.customer, a.organization_id), coalesce(o.name, ''), ours.id
		FROM theirs FULL JOIN ours ON ours.source = theirs.source AND ours.currency = theirs.currency
		LEFT JOIN payment_attempts a ON a.seller_id = $1 AND a.through = $2 AND a.reference <> ''
			AND a.reference = coalesce(nullif(theirs.payment, ''), theirs.source, ours.source)
		LEFT JOIN organizations o ON o.id = coalesce(ours.customer, a.organization_id)
		WHERE (coalesce(theirs.amount, 0), coalesce(theirs.fee, 0)) <> (coalesce(ours.amount, 0), coalesce(ours.fee, 0))
		  AND greatest(theirs.at, ours.at) < $3
		  AND NOT EXISTS (SELECT FROM payment_attempts w WHERE w.seller_id = $1 AND w.through = $2 AND w.state IN ('created', 'processing')
			AND (w.reference <> '' AND w.reference = coalesce(theirs.source, ours.source) OR w.id::text = ours.source))
		ORDER BY 6, 1 LIMIT $4`, seller, through, before, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Moved, error) {
		m := Moved{Through: through}
		var customer, booked *app.ID
		err := row.Scan(&m.Source, &m.Payment, &m.Account, &m.Kind, &m.Currency, &m.At, &m.There, &m.Here, &m.Theirs, &m.Ours, &m.TheirFee, &m.OurFee,
			&customer, &m.Name, &booked)
		m.Customer, m.Booked = value(customer), value(booked)
		return m, err
	})
	return all, classify(err)
}

// ProviderBalance is what is left of a seller's account at a provider by its lines, and by the books.
type ProviderBalance struct {
	Currency     string
	Theirs, Ours int64
}

// ProviderBalances returns both for each currency. What a person set aside counts on neither side.
func (t *Tx) ProviderBalances(ctx context.Context, seller app.ID, through string) ([]ProviderBalance, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT currency, sum(theirs)::bigint, sum(ours)::bigint FROM (
			SELECT currency, amount_minor - fee_minor, 0 FROM provider_lines WHERE organization_id = $1 AND through = $2 AND aside_at IS NULL
			UNION ALL SELECT currency, 0, amount_minor FROM ledger_postings WHERE organization_id = $1 AND account = 'cash' AND party = $2
		) both_sides (currency, theirs, ours) GROUP BY currency ORDER BY currency`, seller, through)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ProviderBalance])
	return all, classify(err)
}

// MoneyUnderWay reports whether some of a seller's payments or refunds have left one side and are not at the other yet.
func (t *Tx) MoneyUnderWay(ctx context.Context, seller app.ID, through string) (bool, error) {
	var on bool
	err := t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM payment_attempts WHERE seller_id = $1 AND through = $2
			AND (state = 'processing' OR state = 'created' AND kind IN ('charge', 'refund')))`, seller, through).Scan(&on)
	return on, classify(err)
}

// SetProviderLinesAside says of all lines of one thing that moved money that it is no customer's, and reports whether there were any.
func (t *Tx) SetProviderLinesAside(ctx context.Context, seller app.ID, through, source, note string, now time.Time) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		UPDATE provider_lines SET aside_at = $4, note = $5 WHERE organization_id = $1 AND through = $2 AND source = $3 AND aside_at IS NULL`,
		seller, through, source, now, note)
	return tag.RowsAffected() > 0, classify(err)
}

// UnbookedRefunds returns a seller's refunds that went out at the provider itself and are not in the books yet, the oldest first.
func (t *Tx) UnbookedRefunds(ctx context.Context, seller app.ID, limit int) ([]app.Attempt, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+attemptColumns+`, o.name, coalesce(i.number, '')
		FROM payment_attempts a JOIN organizations o ON o.id = a.organization_id
		LEFT JOIN payment_attempts of ON of.organization_id = a.organization_id AND of.id = a.of_id LEFT JOIN invoices i ON i.id = of.invoice_id
		WHERE a.seller_id = $1 AND a.kind = 'refund' AND a.state = 'succeeded' AND NOT a.posted ORDER BY a.id LIMIT $2`, seller, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Attempt, error) {
		var a app.Attempt
		into, done := attemptTargets(&a)
		err := row.Scan(append(into, &a.CustomerName, &a.Number)...)
		done()
		return a, err
	})
	return all, classify(err)
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
