package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Difference is something that a provider and the books did not agree about when they were compared.
type Difference struct {
	Moved   // one without a Source is the balance of a currency
	ID      app.ID
	Found   time.Time
	Settled time.Time // since when both agree; the zero time while they do not
}

// balanceKind is the kind of a difference that no single payment explains.
const balanceKind = "balance"

// Balance reports whether it is that of a whole currency.
func (d Difference) Balance() bool { return d.Source == "" }

// Compared returns until when a seller's account was compared, and when all of it was; zero times where it never was.
func (t *Tx) Compared(ctx context.Context, seller app.ID, through string) (proven, whole time.Time, err error) {
	err = t.tx.QueryRow(ctx, `SELECT proven_at, whole_at FROM provider_compares WHERE organization_id = $1 AND through = $2`, seller, through).Scan(&proven, &whole)
	if err = classify(err); app.CodeOf(err) == app.NotFound {
		return time.Time{}, time.Time{}, nil
	}
	return proven, whole, err
}

// SaveCompared notes until when a seller's account was compared, and when all of it was last.
func (t *Tx) SaveCompared(ctx context.Context, seller app.ID, through string, proven, whole time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO provider_compares (organization_id, through, proven_at, whole_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, through) DO UPDATE SET proven_at = greatest(provider_compares.proven_at, $3), whole_at = greatest(provider_compares.whole_at, $4)`,
		seller, through, proven, whole)
	return classify(err)
}

// KeepDifferences compares, keeps what is off, and settles what was off and is not any more. It reports whether all agrees: nothing is off, and
// nothing that is too young to be kept. Refunds that a person has to settle are no differences: see UnbookedRefunds.
func (t *Tx) KeepDifferences(ctx context.Context, q CompareQuery, now time.Time) (agrees bool, err error) {
	err = t.tx.QueryRow(ctx, q.apart()+`, kept AS (
			INSERT INTO provider_differences (organization_id, id, through, source, currency, payment, account, kind, there, here, theirs_minor, ours_minor,
				their_fee_minor, our_fee_minor, customer_id, booked_id, happened_at, found_at)
			SELECT @seller, gen_random_uuid(), @through, source, currency, payment, account, kind, there, here, theirs, ours, their_fee, our_fee, customer, booked, at, @now
			FROM apart WHERE NOT young AND NOT unbooked
			ON CONFLICT ON CONSTRAINT provider_differences_once DO UPDATE SET payment = EXCLUDED.payment, account = EXCLUDED.account, kind = EXCLUDED.kind,
				there = EXCLUDED.there, here = EXCLUDED.here, theirs_minor = EXCLUDED.theirs_minor, ours_minor = EXCLUDED.ours_minor,
				their_fee_minor = EXCLUDED.their_fee_minor, our_fee_minor = EXCLUDED.our_fee_minor, customer_id = EXCLUDED.customer_id,
				booked_id = EXCLUDED.booked_id, happened_at = EXCLUDED.happened_at, settled_at = NULL,
				found_at = CASE WHEN provider_differences.settled_at IS NULL THEN provider_differences.found_at ELSE EXCLUDED.found_at END
		), settled AS (
			UPDATE provider_differences d SET settled_at = @now
			WHERE d.organization_id = @seller AND d.through = @through AND d.settled_at IS NULL AND d.source <> ''`+q.extent().settles+`
			  AND NOT EXISTS (SELECT FROM apart WHERE apart.source = d.source AND apart.currency = d.currency AND NOT apart.unbooked)
		)
		SELECT NOT EXISTS (SELECT FROM apart)`, q.args(pgx.NamedArgs{"now": now})).Scan(&agrees)
	return agrees, classify(err)
}

// KeepBalances keeps which of a seller's balances differ, and settles those that do not any more.
func (t *Tx) KeepBalances(ctx context.Context, seller app.ID, through string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		WITH sums AS (`+providerBalances+`), kept AS (
			INSERT INTO provider_differences (organization_id, id, through, source, currency, payment, account, kind, there, here, theirs_minor, ours_minor,
				their_fee_minor, our_fee_minor, happened_at, found_at)
			SELECT $1, gen_random_uuid(), $2, '', currency, '', '', '`+balanceKind+`', true, true, theirs, ours, 0, 0, $3, $3 FROM sums WHERE theirs <> ours
			ON CONFLICT ON CONSTRAINT provider_differences_once DO UPDATE SET theirs_minor = EXCLUDED.theirs_minor, ours_minor = EXCLUDED.ours_minor, settled_at = NULL,
				happened_at = EXCLUDED.happened_at,
				found_at = CASE WHEN provider_differences.settled_at IS NULL THEN provider_differences.found_at ELSE EXCLUDED.found_at END
		)
		UPDATE provider_differences d SET settled_at = $3
		WHERE d.organization_id = $1 AND d.through = $2 AND d.source = '' AND d.settled_at IS NULL
		  AND NOT EXISTS (SELECT FROM sums WHERE sums.currency = d.currency AND theirs <> ours)`, seller, through, now)
	return classify(err)
}

// DifferenceQuery selects a page of a seller's differences, the newest first.
type DifferenceQuery struct {
	Seller  app.ID
	Through string
	Settled bool   // those that are settled, instead of those that are not
	Text    string // part of the customer's name or of the provider's ID
	After   app.ID // the last one of the page before
	Limit   int
}

// Differences returns such a page.
func (t *Tx) Differences(ctx context.Context, q DifferenceQuery) ([]Difference, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT d.source, d.payment, d.account, d.kind, d.currency, d.happened_at, d.there, d.here, d.theirs_minor, d.ours_minor, d.their_fee_minor,
			d.our_fee_minor, d.customer_id, coalesce(o.name, ''), d.booked_id, d.id, d.found_at, d.settled_at
		FROM provider_differences d LEFT JOIN organizations o ON o.id = d.customer_id
		WHERE d.organization_id = $1 AND d.through = $2 AND (d.settled_at IS NOT NULL) = $3
		  AND ($4 = '' OR d.source ILIKE '%' || $4 || '%' OR d.payment ILIKE '%' || $4 || '%' OR o.name ILIKE '%' || $4 || '%')
		  AND ($5::uuid IS NULL OR (d.happened_at, d.id) < (SELECT k.happened_at, k.id FROM provider_differences k WHERE k.organization_id = $1 AND k.id = $5))
		ORDER BY d.happened_at DESC, d.id DESC LIMIT $6`, q.Seller, q.Through, q.Settled, likeText(q.Text), optional(q.After), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Difference, error) {
		d := Difference{Moved: Moved{Through: q.Through}}
		into, done := d.Moved.targets()
		var settled *time.Time
		err := row.Scan(append(into, &d.ID, &d.Found, &settled)...)
		done()
		d.Settled = value(settled)
		return d, err
	})
	return all, classify(err)
}
