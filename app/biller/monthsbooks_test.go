package biller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/invoice"
	"allotment/billing/ubl"
)

// dayBooks proves what is new in the books since it was last asked, by keys: what was proved before stays, since nothing in them is ever changed. IDs that
// are made later sort later, so that everything after mark is new.
type dayBooks struct {
	conn *pgx.Conn // as the superuser
	mark app.ID
	seen map[string]int // rows that were proved, by table
}

// newDayBooks begins with books in which nothing is.
func newDayBooks(t testing.TB, b *books) *dayBooks {
	t.Helper()
	d := &dayBooks{seen: map[string]int{}}
	var err error
	if d.conn, err = pgx.Connect(t.Context(), b.Superuser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.conn.Close(context.Background()) }) //nolint:errcheck // the test ends
	for _, sql := range []string{
		`SET jit = off; SET enable_hashjoin = off; SET enable_mergejoin = off`, // what is new is little, and leads to the rest by keys
		`CREATE INDEX IF NOT EXISTS day_entries ON ledger_entries (id)`,
		`CREATE INDEX IF NOT EXISTS day_charges ON charges (id)`,
		`CREATE INDEX IF NOT EXISTS day_allocations ON allocations (id)`,
		`CREATE INDEX IF NOT EXISTS day_payments ON payments (id)`,
		`CREATE TEMP TABLE fresh_invoices AS SELECT id, seller_id, buyer_id, kind, series, sequence, number, currency, net_minor, gross_minor, corrects, wholesale FROM invoices LIMIT 0`,
		`CREATE TEMP TABLE fresh_entries AS SELECT organization_id, id, kind, source FROM ledger_entries LIMIT 0`,
		`CREATE TEMP TABLE fresh_charges AS SELECT * FROM charges LIMIT 0`,
		`CREATE TEMP TABLE fresh_allocations AS SELECT * FROM allocations LIMIT 0`,
		`CREATE TEMP TABLE fresh_payments AS SELECT * FROM payments LIMIT 0`,
		`CREATE TEMP TABLE touched (seller_id uuid, buyer_id uuid, currency text)`,
		`CREATE TEMP TABLE paid_on (invoice_id uuid)`,
		`CREATE TEMP TABLE stood (organization_id uuid, series text, next bigint, PRIMARY KEY (organization_id, series))`,
		`CREATE TEMP TABLE unbilled (organization_id uuid, party text, currency text, balance numeric, sold numeric, PRIMARY KEY (organization_id, party, currency))`,
	} {
		if _, err := d.conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return d
}

// gather takes what is new since the mark, and which accounts, claims and trades it touches.
var gather = []string{
	`TRUNCATE fresh_invoices, fresh_entries, fresh_charges, fresh_allocations, fresh_payments, touched, paid_on`,
	`INSERT INTO fresh_invoices SELECT id, seller_id, buyer_id, kind, series, sequence, number, currency, net_minor, gross_minor, corrects, wholesale FROM invoices WHERE id > $1`,
	`INSERT INTO fresh_entries SELECT organization_id, id, kind, source FROM ledger_entries WHERE id > $1`,
	`INSERT INTO fresh_charges SELECT * FROM charges WHERE id > $1`,
	`INSERT INTO fresh_allocations SELECT * FROM allocations WHERE id > $1`,
	`INSERT INTO fresh_payments SELECT * FROM payments WHERE id > $1`,
	`INSERT INTO paid_on SELECT invoice_id FROM fresh_allocations UNION SELECT id FROM fresh_invoices WHERE kind = 'invoice'`,
	`INSERT INTO touched SELECT i.seller_id, i.buyer_id, i.currency FROM paid_on p JOIN invoices i ON i.id = p.invoice_id
		UNION SELECT seller_id, buyer_id, currency FROM fresh_invoices UNION SELECT seller_id, organization_id, currency FROM fresh_payments`,
	`ANALYZE fresh_invoices, fresh_entries, fresh_charges, fresh_allocations, fresh_payments, touched, paid_on`,
}

// remember keeps what the next day begins with.
var remember = []string{
	`INSERT INTO stood SELECT organization_id, series, next FROM invoice_series ON CONFLICT (organization_id, series) DO UPDATE SET next = excluded.next`,
	`INSERT INTO unbilled SELECT p.organization_id, p.party, p.currency, sum(p.amount_minor), coalesce(sum(p.amount_minor) FILTER (WHERE e.kind = 'sold'), 0)
		FROM fresh_entries e JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'unbilled' GROUP BY 1, 2, 3
		ON CONFLICT (organization_id, party, currency) DO UPDATE SET balance = unbilled.balance + excluded.balance, sold = unbilled.sold + excluded.sold`,
}

// run carries statements out, in one round trip, those that ask for it from the mark on.
func (d *dayBooks) run(ctx context.Context, statements []string) error {
	batch := &pgx.Batch{}
	for _, sql := range statements {
		var args []any
		if strings.Contains(sql, "$1") {
			args = []any{d.mark}
		}
		batch.Queue(sql, args...)
	}
	return d.conn.SendBatch(ctx, batch).Close()
}

// prove looks at what is new, and returns a sentence for each thing that is off. What was proved is not looked at again.
func (d *dayBooks) prove(ctx context.Context) (off []string, err error) {
	next := app.NewID()
	if off, err = d.look(ctx); err != nil {
		return nil, err
	}
	if err := d.run(ctx, remember); err != nil {
		return nil, err
	}
	trades, err := ask(ctx, d.conn, tradeBalances)
	off = append(off, trades...)
	for table, fresh := range map[string]string{"invoices": "fresh_invoices", "ledger_entries": "fresh_entries", "charges": "fresh_charges", "allocations": "fresh_allocations", "payments": "fresh_payments"} {
		var n int
		err = errors.Join(err, d.conn.QueryRow(ctx, `SELECT count(*) FROM `+fresh).Scan(&n))
		d.seen[table] += n
	}
	d.mark = next
	return off, err
}

// look is prove without going on.
func (d *dayBooks) look(ctx context.Context) (off []string, err error) {
	if err := d.run(ctx, gather); err != nil {
		return nil, err
	}
	if off, err = ask(ctx, d.conn, dayChecks); err != nil {
		return nil, err
	}
	wrong, err := d.documents(ctx)
	return append(off, wrong...), err
}

// ask collects the sentences of checks, in one round trip. A check takes as many of the arguments as it names.
func ask(ctx context.Context, conn *pgx.Conn, checks []string, args ...any) (off []string, err error) {
	batch := &pgx.Batch{}
	for _, check := range checks {
		n := 0
		for n < len(args) && strings.Contains(check, fmt.Sprintf("$%d", n+1)) {
			n++
		}
		batch.Queue(check, args[:n]...).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowTo[string])
			off = append(off, found...)
			return err
		})
	}
	return off, conn.SendBatch(ctx, batch).Close()
}

// documents proves the new ones to the cent, and that they can be written as e-invoices.
func (d *dayBooks) documents(ctx context.Context) (off []string, err error) {
	rows, err := d.conn.Query(ctx, `SELECT i.document, i.number, i.net_minor, i.vat_minor, i.gross_minor FROM fresh_invoices f JOIN invoices i ON i.id = f.id`)
	if err != nil {
		return nil, err
	}
	var text []byte
	var number string
	var net, vat, gross int64
	_, err = pgx.ForEachRow(rows, []any{&text, &number, &net, &vat, &gross}, func() error {
		var document invoice.Document
		if err := json.Unmarshal(text, &document); err != nil {
			return err
		}
		if err := errors.Join(document.Ready(), invoice.Verify(document), ubl.Write(io.Discard, document)); err != nil {
			off = append(off, fmt.Sprintf("The document %s is wrong: %v.", number, err))
		}
		if document.Number != number || document.Net.Minor != net || document.VAT.Minor != vat || document.Gross.Minor != gross {
			off = append(off, fmt.Sprintf("The document %s says something else than its row.", number))
		}
		return nil
	})
	return off, err
}

// prove looks at what the day has brought into the books.
func (l *life) prove() {
	off, err := l.day.prove(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	for _, sentence := range off {
		l.t.Error(sentence)
	}
}
