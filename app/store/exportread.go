package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
)

// Span says which rows of the books are read: those of one organization on some days, as seller or as buyer.
type Span struct {
	Organization app.ID
	Side         app.ExportSide
	Days         billing.Period
}

// chunk is how many rows are read at once: what is held does not grow with the books.
const chunk = 500

// column names who must be the organization.
func (s Span) column() string {
	if s.Side == app.Bought {
		return "buyer_id"
	}
	return "seller_id"
}

// EachInvoice reads issued documents in the order of their days, a chunk at a time.
func (t *Tx) EachInvoice(ctx context.Context, s Span) iter.Seq2[Issued, error] {
	sql := `SELECT id, seller_id, buyer_id, corrects, document, issued_on FROM invoices
		WHERE ` + s.column() + ` = $1 AND issued_on >= $2 AND issued_on < $3 AND (issued_on, id) > ($4, $5) ORDER BY issued_on, id LIMIT $6`
	return inChunks(ctx, t, sql, s, func(row pgx.CollectableRow, day *time.Time) (Issued, app.ID, error) {
		i, err := scanIssued(row, day)
		return i, i.ID, err
	})
}

// inChunks yields the rows of a query, which takes the organization, its first day and the one after its last, the day and ID to go on after, and
// how many are wanted. scan reads one with its day and says its ID.
func inChunks[T any](ctx context.Context, t *Tx, sql string, s Span, scan func(pgx.CollectableRow, *time.Time) (T, app.ID, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		day, after := s.Days.Start.AddDays(-1).UTC(), app.ID{}
		for {
			rows, err := t.tx.Query(ctx, sql, s.Organization, s.Days.Start.UTC(), s.Days.End.UTC(), day, after, chunk)
			if err != nil {
				yield(none, classify(err))
				return
			}
			some, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (one T, err error) {
				one, after, err = scan(row, &day)
				return one, err
			})
			if err != nil {
				yield(none, classify(err))
				return
			}
			for _, one := range some {
				if !yield(one, nil) {
					return
				}
			}
			if len(some) < chunk {
				return
			}
		}
	}
}

// EachEntry reads what stands in the organization's own books, in the order of its days, a chunk at a time. An entry has those postings only
// that are in these books.
func (t *Tx) EachEntry(ctx context.Context, s Span) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		day, after := s.Days.Start.AddDays(-1).UTC(), app.ID{}
		for {
			some, err := t.postings(ctx, s, day, after)
			if err != nil {
				yield(ledger.Entry{}, err)
				return
			}
			entries, rest := entriesOf(some, len(some) == postingsAtOnce)
			for _, e := range entries {
				if !yield(e.Entry, nil) {
					return
				}
			}
			if !rest || len(entries) == 0 {
				return
			}
			last := entries[len(entries)-1]
			day, after = last.Date.UTC(), last.id
		}
	}
}

const postingsAtOnce = 4 * chunk

type postingRow struct {
	Entry        app.ID
	Kind, Source string
	Note         string
	Day          time.Time
	Account      string
	Party        string
	Minor        int64
	Currency     string
	Owner        app.ID
}

func (t *Tx) postings(ctx context.Context, s Span, day time.Time, after app.ID) ([]postingRow, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT p.entry_id, e.kind, e.source, e.note, p.posted_on, p.account, p.party, p.amount_minor, p.currency, p.organization_id
		FROM (SELECT * FROM ledger_postings
			WHERE organization_id = $1 AND posted_on >= $2 AND posted_on < $3 AND (posted_on, entry_id) > ($4, $5)
			ORDER BY posted_on, entry_id, position LIMIT $6) p
		JOIN ledger_entries e ON e.id = p.entry_id ORDER BY p.posted_on, p.entry_id, p.position`,
		s.Organization, s.Days.Start.UTC(), s.Days.End.UTC(), day, after, postingsAtOnce)
	if err != nil {
		return nil, classify(err)
	}
	some, err := pgx.CollectRows(rows, pgx.RowToStructByPos[postingRow])
	return some, classify(err)
}

type keyedEntry struct {
	ledger.Entry
	id app.ID
}

// entriesOf puts postings together. Where more follows, the last entry may be cut in two: it is left for the next chunk.
func entriesOf(rows []postingRow, more bool) (entries []keyedEntry, rest bool) {
	for _, r := range rows {
		if len(entries) == 0 || entries[len(entries)-1].id != r.Entry {
			entries = append(entries, keyedEntry{id: r.Entry, Entry: ledger.Entry{Kind: ledger.EntryKind(r.Kind), Source: r.Source, Note: r.Note, Date: dateOf(&r.Day)}})
		}
		last := &entries[len(entries)-1]
		last.Postings = append(last.Postings, ledger.Posting{Account: ledger.Account{Owner: r.Owner.String(), Kind: ledger.Kind(r.Account), Party: r.Party},
			Amount: billing.Money{Minor: r.Minor, Currency: r.Currency}})
	}
	if more && len(entries) > 1 {
		entries = entries[:len(entries)-1]
	}
	return entries, more
}

// NamedPayment is a payment with the names of those it is between.
type NamedPayment struct {
	Payment
	SellerName   string
	CustomerName string
}

// EachPayment reads money that moved in the order of its days, a chunk at a time.
func (t *Tx) EachPayment(ctx context.Context, s Span) iter.Seq2[NamedPayment, error] {
	column := "seller_id"
	if s.Side == app.Bought {
		column = "organization_id"
	}
	sql := `SELECT p.organization_id, p.id, p.seller_id, p.kind, p.through, p.reference, p.currency, p.amount_minor, p.paid_on, p.note, p.created_at,
			coalesce(b.name, ''), coalesce(c.name, '')
		FROM payments p LEFT JOIN organizations c ON c.id = p.organization_id LEFT JOIN LATERAL (SELECT party ->> 'name' AS name FROM billing_profiles WHERE organization_id = p.seller_id) b ON true
		WHERE p.` + column + ` = $1 AND p.paid_on >= $2 AND p.paid_on < $3 AND (p.paid_on, p.id) > ($4, $5) ORDER BY p.paid_on, p.id LIMIT $6`
	return inChunks(ctx, t, sql, s, func(row pgx.CollectableRow, day *time.Time) (p NamedPayment, id app.ID, err error) {
		err = row.Scan(&p.Customer, &p.ID, &p.Seller, &p.Kind, &p.Through, &p.Reference, &p.Amount.Currency, &p.Amount.Minor, day, &p.Note, &p.CreatedAt,
			&p.SellerName, &p.CustomerName)
		p.PaidOn = dateOf(day)
		return p, p.ID, err
	})
}

// CountSpan returns how many documents, entries and payments there are to read.
func (t *Tx) CountSpan(ctx context.Context, s Span) (documents, entries, payments int64, err error) {
	payer := "seller_id"
	if s.Side == app.Bought {
		payer = "organization_id"
	}
	err = t.tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM invoices WHERE `+s.column()+` = $1 AND issued_on >= $2 AND issued_on < $3),
			(SELECT count(DISTINCT entry_id) FROM ledger_postings WHERE organization_id = $1 AND posted_on >= $2 AND posted_on < $3),
			(SELECT count(*) FROM payments WHERE `+payer+` = $1 AND paid_on >= $2 AND paid_on < $3)`,
		s.Organization, s.Days.Start.UTC(), s.Days.End.UTC()).Scan(&documents, &entries, &payments)
	return documents, entries, payments, classify(err)
}

// BooksBefore returns what each account of an organization's books held before a day, in one currency.
func (t *Tx) BooksBefore(ctx context.Context, organization app.ID, day billing.Date, currency string) (map[ledger.Kind]int64, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT account, sum(amount_minor)::bigint FROM ledger_postings WHERE organization_id = $1 AND posted_on < $2 AND currency = $3 GROUP BY account`,
		organization, day.UTC(), currency)
	if err != nil {
		return nil, classify(err)
	}
	held := map[ledger.Kind]int64{}
	var account string
	var minor int64
	_, err = pgx.ForEachRow(rows, []any{&account, &minor}, func() error { held[ledger.Kind(account)] = minor; return nil })
	return held, classify(err)
}

// Parties returns those with whom an organization has dealings up to the end of the days: its customers as they stand on their last document,
// and its own sellers.
func (t *Tx) Parties(ctx context.Context, s Span) ([]invoice.Party, error) {
	rows, err := t.tx.Query(ctx, `
		(SELECT DISTINCT ON (buyer_id) buyer_id, document -> 'buyer' FROM invoices WHERE seller_id = $1 AND issued_on < $2 ORDER BY buyer_id, issued_on DESC, id DESC)
		UNION ALL
		SELECT organization_id, party::json FROM billing_profiles WHERE organization_id IN (
			SELECT party::uuid FROM ledger_postings WHERE organization_id = $1 AND account = 'payable' AND posted_on < $2)`,
		s.Organization, s.Days.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p invoice.Party, err error) {
		var id app.ID
		var party []byte
		if err := row.Scan(&id, &party); err != nil {
			return p, err
		}
		if err := json.Unmarshal(party, &p); err != nil {
			return p, fmt.Errorf("party %s: %w", id, err)
		}
		p.ID = id.String()
		return p, nil
	})
	return all, classify(err)
}

// DocumentName is what a folder shows of a document.
type DocumentName struct {
	ID     app.ID
	Seller app.ID
	Number string
	Name   string // of the seller, as it stands on the document
	Issued billing.Date
	At     time.Time // when it was issued
}

// DocumentMonths returns the first days of the months in which the organization has documents, in their order.
func (t *Tx) DocumentMonths(ctx context.Context, organization app.ID, side app.ExportSide) ([]billing.Date, error) {
	column := Span{Side: side}.column()
	rows, err := t.tx.Query(ctx, `
		WITH RECURSIVE months AS (
			(SELECT date_trunc('month', issued_on)::date AS month FROM invoices WHERE `+column+` = $1 ORDER BY issued_on LIMIT 1)
			UNION ALL
			SELECT (SELECT date_trunc('month', i.issued_on)::date FROM invoices i WHERE i.`+column+` = $1 AND i.issued_on >= m.month + interval '1 month' ORDER BY i.issued_on LIMIT 1)
			FROM months m WHERE m.month IS NOT NULL)
		SELECT month FROM months WHERE month IS NOT NULL ORDER BY month`, organization)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (billing.Date, error) {
		var month time.Time
		err := row.Scan(&month)
		return dateOf(&month), err
	})
}

// DocumentNames returns what there is of documents in a span, in the order of their days, without reading the documents themselves.
func (t *Tx) DocumentNames(ctx context.Context, s Span) ([]DocumentName, error) {
	name := "''"
	if s.Side == app.Bought {
		name = `coalesce(i.document #>> '{seller,name}', '')`
	}
	rows, err := t.tx.Query(ctx, `
		SELECT i.id, i.seller_id, i.number, `+name+`, i.issued_on, i.created_at FROM invoices i
		WHERE i.`+s.column()+` = $1 AND i.issued_on >= $2 AND i.issued_on < $3 ORDER BY i.issued_on, i.id`,
		s.Organization, s.Days.Start.UTC(), s.Days.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (DocumentName, error) {
		var d DocumentName
		var issued time.Time
		err := row.Scan(&d.ID, &d.Seller, &d.Number, &d.Name, &issued, &d.At)
		d.Issued = dateOf(&issued)
		return d, err
	})
}
