package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// exchangedCurrencies names every currency that has a rate, however many rates there are.
const exchangedCurrencies = `
	WITH RECURSIVE c AS (
		SELECT min(currency) AS currency FROM exchange_rates
		UNION ALL SELECT (SELECT min(e.currency) FROM exchange_rates e WHERE e.currency > c.currency) FROM c WHERE c.currency IS NOT NULL)`

const exchangeColumns = `r.id, r.currency, r.day, trim_scale(r.per_euro)::text, r.source, r.added_by, r.added_at`

func readExchangeRate(row pgx.CollectableRow) (r app.ExchangeRate, err error) {
	var day time.Time
	var per string
	if err := row.Scan(&r.ID, &r.Currency, &day, &per, &r.Source, &r.AddedBy, &r.AddedAt); err != nil {
		return r, err
	}
	r.Day = dateOf(&day)
	err = r.PerEuro.UnmarshalText([]byte(per))
	return r, err
}

func (t *Tx) collectExchangeRates(ctx context.Context, sql string, args ...any) ([]app.ExchangeRate, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, readExchangeRate)
	return all, classify(err)
}

// ExchangeRates returns the rates that count on a day: one read, for as many documents of that day as there are.
func (t *Tx) ExchangeRates(ctx context.Context, on billing.Date) (app.ExchangeTable, error) {
	table := app.ExchangeTable{On: on, Rates: map[string][]app.ExchangeRate{}}
	all, err := t.collectExchangeRates(ctx, exchangedCurrencies+`
		SELECT `+exchangeColumns+` FROM c CROSS JOIN LATERAL (
			SELECT DISTINCT ON (day) * FROM exchange_rates WHERE currency = c.currency AND day BETWEEN $1 AND $2 ORDER BY day DESC, added_at DESC, id DESC) r
		ORDER BY r.currency, r.day DESC`, on.AddDays(-app.ExchangeDays).UTC(), on.UTC())
	for _, r := range all {
		table.Rates[r.Currency] = append(table.Rates[r.Currency], r)
	}
	return table, err
}

// NewestExchangeRates returns the newest rate of each currency, by currency.
func (t *Tx) NewestExchangeRates(ctx context.Context) ([]app.ExchangeRate, error) {
	return t.collectExchangeRates(ctx, exchangedCurrencies+`
		SELECT `+exchangeColumns+` FROM c CROSS JOIN LATERAL (
			SELECT * FROM exchange_rates WHERE currency = c.currency ORDER BY day DESC, added_at DESC, id DESC LIMIT 1) r
		ORDER BY r.currency`)
}

// LearntBy is who added what the program has read itself.
const LearntBy = "Allotment"

// ExchangeLearntUntil returns the newest day of which the program itself has read rates; the zero Date where it never did.
func (t *Tx) ExchangeLearntUntil(ctx context.Context) (billing.Date, error) {
	var day *time.Time
	err := t.tx.QueryRow(ctx, exchangedCurrencies+`
		SELECT max(r.day) FROM c CROSS JOIN LATERAL (
			SELECT day FROM exchange_rates WHERE currency = c.currency AND added_by = $1 ORDER BY day DESC LIMIT 1) r`, LearntBy).Scan(&day)
	return dateOf(day), classify(err)
}

// LearnExchangeRates adds the rates that were read where they are published, and returns how many of them say something new: what was read before,
// with the same number for the same day, adds nothing, and does not take the place of what a person has said since.
func (t *Tx) LearnExchangeRates(ctx context.Context, rates []app.ExchangeRate, now time.Time) (added int, err error) {
	ids, currencies, days := make([]app.ID, len(rates)), make([]string, len(rates)), make([]time.Time, len(rates))
	values, sources := make([]string, len(rates)), make([]string, len(rates))
	for i, r := range rates {
		ids[i], currencies[i], days[i], values[i], sources[i] = app.NewID(), r.Currency, r.Day.UTC(), r.PerEuro.String(), r.Source
	}
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO exchange_rates (id, currency, day, per_euro, source, added_by, added_at)
		SELECT DISTINCT ON (n.currency, n.day) n.id, n.currency, n.day, n.per::numeric, n.source, $6, $7
		FROM unnest($1::uuid[], $2::text[], $3::date[], $4::text[], $5::text[]) n (id, currency, day, per, source)
		WHERE n.per::numeric IS DISTINCT FROM (SELECT e.per_euro FROM exchange_rates e
			WHERE e.currency = n.currency AND e.day = n.day AND e.added_by = $6 ORDER BY e.added_at DESC, e.id DESC LIMIT 1)
		ORDER BY n.currency, n.day`, ids, currencies, days, values, sources, LearntBy, now)
	return int(tag.RowsAffected()), classify(err)
}

// AddExchangeRate adds a currency's rate of a day, which takes the place of what was said of that day before. One that counts already adds
// nothing. Which rates there may be, the caller knows.
func (t *Tx) AddExchangeRate(ctx context.Context, r app.ExchangeRate, by string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO exchange_rates (id, currency, day, per_euro, source, added_by, added_at)
		SELECT $1::uuid, $2::text, $3::date, $4::text::numeric, $5::text, $6::text, $7::timestamptz
		WHERE $4::text::numeric IS DISTINCT FROM (SELECT e.per_euro FROM exchange_rates e
			WHERE e.currency = $2 AND e.day = $3 ORDER BY e.added_at DESC, e.id DESC LIMIT 1)`,
		app.NewID(), r.Currency, r.Day.UTC(), r.PerEuro.String(), r.Source, by, now)
	return classify(err)
}

// SellersStates returns the states (ISO 3166) of those who have said how they sell, in no order.
func (t *Tx) SellersStates(ctx context.Context) ([]string, error) {
	rows, err := t.tx.Query(ctx, `SELECT DISTINCT coalesce(tax ->> 'country', '') FROM seller_terms`)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return all, classify(err)
}
