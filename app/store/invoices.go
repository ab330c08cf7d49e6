package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
)

// Issue is one document to be issued with all that goes with it.
type Issue struct {
	ID       app.ID
	Seller   app.ID
	Buyer    app.ID
	Corrects app.ID // of a credit note: the invoice
	Series   string
	Sequence int64 // filled in by TakeNumbers
	// Wholesale says that a parent asks a reseller for what was sold already: its net is no revenue any more.
	Wholesale bool
	Document  invoice.Document
	Charges   []NewCharge
	Entries   []ledger.Entry
}

// NewCharge is a charge that an invoice settles.
type NewCharge struct {
	ID           app.ID
	Subscription app.ID
	Kind         cycle.Kind
	Period       billing.Period
	Meter        billing.Meter   // of use: by what it was measured
	First        billing.Date    // of use: the first day that is charged at all
	Quantity     billing.Decimal // of use: how much is done with it
}

// Advance is where a subscription or account stands after a run.
type Advance struct {
	Customer app.ID
	ID       app.ID
	Next     int          // of a subscription: the number of the next period
	On       billing.Date // when it is due; none: never
	Parked   string       // of a subscription: why it could not be invoiced
	Used     billing.Date // of a subscription: the day before which use has been charged; none leaves it as it is
}

// TakeNumbers gives each document the next number of its seller's series. The series stay locked until the transaction ends, so this comes
// late; they are locked in one order, so that two runs never wait for each other in a circle.
func (t *Tx) TakeNumbers(ctx context.Context, issues []Issue) error {
	batch := &pgx.Batch{}
	queueNumbers(batch, issues)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// series is what numbers are counted in.
type series struct {
	seller app.ID
	name   string
}

func queueNumbers(batch *pgx.Batch, issues []Issue) {
	wanted := map[series][]int{}
	for i, one := range issues {
		k := series{one.Seller, one.Series}
		wanted[k] = append(wanted[k], i)
	}
	keys := slices.SortedFunc(maps.Keys(wanted), func(a, b series) int {
		return cmp.Or(bytes.Compare(a.seller[:], b.seller[:]), strings.Compare(a.name, b.name))
	})
	var c columns
	for nth, k := range keys {
		c.add(k.seller, k.name, len(wanted[k]), nth)
	}
	c.queue(batch, `
		INSERT INTO invoice_series AS s (organization_id, series, next)
		SELECT u.seller, u.series, 1 + u.count FROM rows(uuid, text, int, int) u(seller, series, count, nth) ORDER BY u.nth
		ON CONFLICT (organization_id, series) DO UPDATE SET next = s.next + EXCLUDED.next - 1
		RETURNING organization_id, series, next`).Query(func(rows pgx.Rows) error {
		var k series
		var next int64
		_, err := pgx.ForEachRow(rows, []any{&k.seller, &k.name, &next}, func() error {
			first := next - int64(len(wanted[k]))
			for n, i := range wanted[k] {
				issues[i].Sequence = first + int64(n)
			}
			return nil
		})
		return err
	})
}

// InsertIssues writes documents with their charges and entries, each kind of row by one statement. What was charged before is a Conflict,
// and nothing is written.
func (t *Tx) InsertIssues(ctx context.Context, issues []Issue, now time.Time) error {
	batch := &pgx.Batch{}
	if err := queueIssues(batch, issues, now); err != nil {
		return err
	}
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return classify(err)
	}
	return t.markUses(ctx, issues)
}

// IssueLast is InsertIssues as the last thing that the transaction does: in one round trip with the commit, whose error it is when something was
// charged before. Until then they are not there.
func (t *Tx) IssueLast(ctx context.Context, issues []Issue, now time.Time) error {
	if settlesUse(issues) { // what is marked is looked at before the commit
		return t.InsertIssues(ctx, issues, now)
	}
	return queueIssues(&t.last, issues, now)
}

func queueIssues(batch *pgx.Batch, issues []Issue, now time.Time) error {
	var documents, charges, entries, postings columns
	for _, one := range issues {
		d := one.Document
		frozen, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("invoice %s: %w", d.Number, err)
		}
		documents.add(one.ID, one.Seller, one.Buyer, string(d.Kind), one.Series, one.Sequence, d.Number, d.Currency, d.Issued.UTC(),
			dateOrNull(d.Due), d.Net.Minor, d.VAT.Minor, d.Gross.Minor, optional(one.Corrects), string(frozen), one.Wholesale)
		for _, c := range one.Charges {
			charges.add(one.Buyer, c.ID, c.Subscription, string(c.Kind), c.Period.Start.UTC(), c.Period.End.UTC(), one.ID)
		}
		if err := addEntries(&entries, &postings, one.Seller, one.Entries); err != nil {
			return err
		}
	}
	documents.queue(batch, `
		INSERT INTO invoices (id, seller_id, buyer_id, kind, series, sequence, number, currency, issued_on, due_on, net_minor, vat_minor, gross_minor,
			corrects, document, wholesale, created_at)
		SELECT u.*, $1::timestamptz FROM rows(uuid, uuid, uuid, text, text, bigint, text, text, date, date, bigint, bigint, bigint, uuid, json, boolean) u`, now)
	charges.queue(batch, `
		INSERT INTO charges (organization_id, id, subscription_id, kind, period_start, period_end, invoice_id)
		SELECT * FROM rows(uuid, uuid, uuid, text, date, date, uuid) u`)
	queueLedger(batch, entries, postings)
	return nil
}

func settlesUse(issues []Issue) bool {
	for _, one := range issues {
		for _, c := range one.Charges {
			if c.Kind.IsUsage() {
				return true
			}
		}
	}
	return false
}

func addEntries(entries, postings *columns, owner app.ID, list []ledger.Entry) error {
	for _, e := range list {
		if len(e.Postings) == 0 {
			continue
		}
		id := app.NewID()
		entries.add(owner, id, string(e.Kind), e.Source, e.Date.UTC(), e.Note)
		for i, p := range e.Postings {
			books, err := app.ParseID(p.Account.Owner)
			if err != nil {
				return fmt.Errorf("the books of %q: %w", p.Account.Owner, err)
			}
			postings.add(books, id, i, string(p.Account.Kind), p.Account.Party, p.Amount.Minor, p.Amount.Currency, e.Date.UTC())
		}
	}
	return nil
}

func queueLedger(batch *pgx.Batch, entries, postings columns) {
	entries.queue(batch, `
		INSERT INTO ledger_entries (organization_id, id, kind, source, posted_on, note)
		SELECT * FROM rows(uuid, uuid, text, text, date, text) u`)
	postings.queue(batch, `
		INSERT INTO ledger_postings (organization_id, entry_id, position, account, party, amount_minor, currency, posted_on)
		SELECT * FROM rows(uuid, uuid, int, text, text, bigint, text, date) u`)
}

// AdvanceBilling moves subscriptions and accounts on to what is due next, and then takes the documents' numbers, as TakeNumbers does.
func (t *Tx) AdvanceBilling(ctx context.Context, subscriptions, accounts []Advance, issues []Issue) error {
	var subs, accs columns
	for _, s := range subscriptions {
		subs.add(s.Customer, s.ID, s.Next, dateOrNull(s.On), s.Parked, dateOrNull(s.Used))
	}
	for _, a := range accounts {
		accs.add(a.Customer, a.ID, dateOrNull(a.On))
	}
	batch := &pgx.Batch{}
	subs.queue(batch, `
		UPDATE subscriptions s SET next_period = u.next, next_on = u.day, parked = u.parked, used_until = coalesce(u.used, s.used_until)
		FROM rows(uuid, uuid, int, date, text, date) u(customer, id, next, day, parked, used)
		WHERE s.organization_id = u.customer AND s.id = u.id`)
	accs.queue(batch, `
		UPDATE billing_accounts a SET next_on = u.day FROM rows(uuid, uuid, date) u(customer, id, day)
		WHERE a.organization_id = u.customer AND a.id = u.id`)
	queueNumbers(batch, issues)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}
