package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/tax"
)

// ratesMark tells one set of rows from every other: rows are added and never changed or removed.
const ratesMark = `(SELECT coalesce(bit_xor(uuid_hash_extended(id, 0)), 0) FROM vat_rates)`

// ratesQuery reads the rates that count: of rows for the same state and day the newest, each until the state's next one, and a row that changes
// nothing together with the one before it. With each comes the mark of the rows that were read.
const ratesQuery = `
	WITH newest AS (
		SELECT DISTINCT ON (country, valid_from) country, percent, valid_from, source FROM vat_rates ORDER BY country, valid_from, added_at DESC, id DESC),
	changes AS (
		SELECT *, lag(percent) OVER (PARTITION BY country ORDER BY valid_from) AS before FROM newest)
	SELECT country, trim_scale(percent)::text, valid_from, lead(valid_from) OVER (PARTITION BY country ORDER BY valid_from), source,
		` + ratesMark + `
	FROM changes WHERE before IS DISTINCT FROM percent ORDER BY country, valid_from`

// VATRates returns the rates of all states, by country and date.
func (t *Tx) VATRates(ctx context.Context) (tax.Table, error) {
	read, err := t.readRates(ctx)
	return read.table, err
}

// markedRates is the table of rates that rows with a mark make.
type markedRates struct {
	mark  int64
	table tax.Table
}

func (t *Tx) readRates(ctx context.Context) (read markedRates, err error) {
	rows, err := t.tx.Query(ctx, ratesQuery)
	if err != nil {
		return read, classify(err)
	}
	read.table, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (rate tax.Rate, err error) {
		var percent string
		var from time.Time
		var to *time.Time
		if err := row.Scan(&rate.Country, &percent, &from, &to, &rate.Source, &read.mark); err != nil {
			return rate, err
		}
		rate.From, rate.To = dateOf(&from), dateOf(to)
		err = rate.Percent.UnmarshalText([]byte(percent))
		return rate, err
	})
	return read, classify(err)
}

// ratesMarked returns the table of the rows with a mark that this transaction has read: the last one that was read, where it is theirs. It is shared,
// and nobody writes to it.
func (t *Tx) ratesMarked(ctx context.Context, mark int64) (tax.Table, error) {
	if known := t.store.rates.Load(); known != nil && known.mark == mark {
		return known.table, nil
	}
	read, err := t.readRates(ctx)
	if err == nil {
		t.store.rates.Store(&read)
	}
	return read.table, err
}

// AddVATRate adds a state's rate from a day on. Which days it may have, the caller knows.
func (t *Tx) AddVATRate(ctx context.Context, rate tax.Rate, by string, now time.Time) error {
	_, err := t.tx.Exec(ctx, addRate, app.NewID(), rate.Country, rate.Percent.String(), rate.From.UTC(), rate.Source, by, now)
	return classify(err)
}

const addRate = `
	INSERT INTO vat_rates (id, country, percent, valid_from, source, added_by, added_at)
	VALUES ($1, $2, $3::text::numeric, $4, $5, $6, $7)`

// seedRates adds the rates that came with the program and that nobody has said anything else about.
func seedRates(ctx context.Context, conn *pgx.Conn) error {
	batch := &pgx.Batch{}
	for _, rate := range tax.Seed() {
		batch.Queue(`
			INSERT INTO vat_rates (id, country, percent, valid_from, source, added_by, added_at)
			SELECT $1::uuid, $2::text, $3::text::numeric, $4::date, $5::text, 'Allotment', now()
			WHERE NOT EXISTS (SELECT 1 FROM vat_rates WHERE country = $2 AND valid_from = $4)`,
			app.NewID(), rate.Country, rate.Percent.String(), rate.From.UTC(), rate.Source)
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("VAT rates: %w", err)
	}
	return nil
}
