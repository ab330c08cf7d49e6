package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/ledger"
)

// BookEntry is an entry as it stands in one organization's books.
type BookEntry struct {
	ID       app.ID
	Kind     ledger.EntryKind
	Source   string
	Date     billing.Date
	Note     string
	Postings []ledger.Posting
	Names    map[string]string // of the organizations that postings name, where they can be seen
}

// BookQuery selects a page of entries in an organization's books, the newest first.
type BookQuery struct {
	Owner    app.ID
	Account  ledger.Kind
	Kind     ledger.EntryKind
	Parties  []string // only entries that one of these has a part in; nil for all
	From     billing.Date
	Until    billing.Date // the last day
	AfterDay billing.Date // day and ID of the last one before
	AfterID  app.ID
	Limit    int
}

// BookEntries returns a page of entries with the postings that stand in these books.
func (t *Tx) BookEntries(ctx context.Context, q BookQuery) ([]BookEntry, error) {
	rows, err := t.tx.Query(ctx, `
		WITH page AS (
			SELECT DISTINCT p.posted_on, p.entry_id FROM ledger_postings p
			WHERE p.organization_id = $1 AND ($2 = '' OR p.account = $2) AND ($3::text[] IS NULL OR p.party = ANY ($3))
				AND ($4 = '' OR EXISTS (SELECT 1 FROM ledger_entries k WHERE k.id = p.entry_id AND k.kind = $4))
				AND ($5::date IS NULL OR p.posted_on >= $5) AND ($6::date IS NULL OR p.posted_on <= $6)
				AND ($7::date IS NULL OR (p.posted_on, p.entry_id) < ($7, $8))
			ORDER BY p.posted_on DESC, p.entry_id DESC LIMIT $9)
		SELECT page.entry_id, coalesce(e.kind, ''), coalesce(e.source, ''), page.posted_on, coalesce(e.note, ''), p.account, p.party, p.amount_minor, p.currency, coalesce(o.name, '')
		FROM page JOIN ledger_postings p ON p.entry_id = page.entry_id AND p.organization_id = $1
		LEFT JOIN ledger_entries e ON e.id = page.entry_id
		LEFT JOIN organizations o ON o.id = CASE WHEN p.party ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN p.party::uuid END
		ORDER BY page.posted_on DESC, page.entry_id DESC, p.position`,
		q.Owner, q.Account, q.Parties, q.Kind, dateOrNull(q.From), dateOrNull(q.Until), dateOrNull(q.AfterDay), q.AfterID, q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	var entries []BookEntry
	var e BookEntry
	var day time.Time
	var p ledger.Posting
	var name string
	_, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Kind, &e.Source, &day, &e.Note, &p.Account.Kind, &p.Account.Party, &p.Amount.Minor, &p.Amount.Currency, &name}, func() error {
		if n := len(entries); n == 0 || entries[n-1].ID != e.ID {
			one := e
			one.Date, one.Names = dateOf(&day), map[string]string{}
			entries = append(entries, one)
		}
		last := &entries[len(entries)-1]
		p.Account.Owner = q.Owner.String()
		last.Postings = append(last.Postings, p)
		if name != "" {
			last.Names[p.Account.Party] = name
		}
		return nil
	})
	return entries, classify(err)
}

// Party is somebody whom an organization's books name.
type Party struct {
	ID   app.ID
	Name string
}

// PartiesNamed returns the customers and resellers of an organization, and its own seller, whose name has a text in it, by name.
func (t *Tx) PartiesNamed(ctx context.Context, owner app.ID, text string, limit int) ([]Party, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT p.id, p.name FROM (SELECT id, name FROM organizations WHERE parent_id = $1 UNION SELECT id, name FROM seller()) p
		WHERE p.name ILIKE '%' || $2 || '%' ORDER BY lower(p.name), p.id LIMIT $3`, owner, likeText(text), limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Party])
	return all, classify(err)
}

// AccountSums returns what each account of an organization's books holds, by kind and currency. Debits are positive.
func (t *Tx) AccountSums(ctx context.Context, owner app.ID) ([]ledger.Balance, error) {
	rows, err := t.tx.Query(ctx, `SELECT account, currency, sum(amount_minor)::bigint FROM ledger_sums WHERE organization_id = $1 GROUP BY 1, 2 ORDER BY 1, 2`, owner)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Balance, error) {
		b := ledger.Balance{Account: ledger.Account{Owner: owner.String()}}
		err := row.Scan(&b.Account.Kind, &b.Amount.Currency, &b.Amount.Minor)
		return b, err
	})
	return all, classify(err)
}

// StatementLine is one thing that changed what a customer owes its seller, with what it owed afterwards; less than nothing is credit.
type StatementLine struct {
	Entry   app.ID
	Date    billing.Date
	Kind    ledger.EntryKind
	Number  string // of the document; "" for what is none
	Invoice app.ID // its ID
	Amount  billing.Money
	Balance billing.Money
}

// Statement returns the newest changes of what a customer owes a seller in a currency, from behind one on.
func (t *Tx) Statement(ctx context.Context, seller, customer app.ID, currency string, after app.ID, limit int) ([]StatementLine, error) {
	rows, err := t.tx.Query(ctx, `
		WITH moved AS (
			SELECT entry_id, min(posted_on) AS day, sum(amount_minor)::bigint AS minor FROM ledger_postings
			WHERE organization_id = $1 AND account IN ('receivable', 'credit') AND party = $2::uuid::text AND currency = $3
			GROUP BY entry_id HAVING sum(amount_minor) <> 0),
		told AS (SELECT entry_id, day, minor, (sum(minor) OVER (ORDER BY day, entry_id))::bigint AS balance FROM moved)
		SELECT s.entry_id, s.day, e.kind, e.source, s.minor, s.balance, i.id
		FROM told s JOIN ledger_entries e ON e.id = s.entry_id
		LEFT JOIN invoices i ON e.kind = 'issued' AND i.seller_id = $1 AND i.number = substr(e.source, 38)
		WHERE $4::uuid IS NULL OR (s.day, s.entry_id) < (SELECT day, entry_id FROM told WHERE entry_id = $4)
		ORDER BY s.day DESC, s.entry_id DESC LIMIT $5`, seller, customer, currency, optional(after), limit)
	if err != nil {
		return nil, classify(err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (StatementLine, error) {
		l := StatementLine{Amount: billing.Zero(currency), Balance: billing.Zero(currency)}
		var day time.Time
		var source string
		var document *app.ID
		err := row.Scan(&l.Entry, &day, &l.Kind, &source, &l.Amount.Minor, &l.Balance.Minor, &document)
		l.Date = dateOf(&day)
		if document != nil {
			l.Invoice = *document
			_, l.Number, _ = strings.Cut(source, " ")
		}
		return l, err
	})
	return lines, classify(err)
}

// WholesaleRow is what was sold through a reseller to one of its customers in a month, at the reseller's own price.
type WholesaleRow struct {
	Customer     app.ID // zero for what was taken back
	CustomerName string
	Name         string
	Count        int
	Amount       billing.Money
}

// WholesaleRows returns what a parent sold through a reseller in a period, by customer and name, those that brought the most first.
func (t *Tx) WholesaleRows(ctx context.Context, parent, reseller app.ID, currency string, month billing.Period, limit int) ([]WholesaleRow, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT s.organization_id, coalesce(max(o.name), ''), coalesce(s.name, ''), count(*), sum(p.amount_minor)::bigint `+
		strings.Replace(soldBetween, "\n	WHERE", "\n	LEFT JOIN organizations o ON o.id = s.organization_id WHERE", 1)+`
		GROUP BY 1, 3 ORDER BY 5 DESC, 3, 1 LIMIT $6`, parent, reseller, currency, month.Start.UTC(), month.End.UTC(), limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (WholesaleRow, error) {
		w := WholesaleRow{Amount: billing.Zero(currency)}
		var customer *app.ID
		err := row.Scan(&customer, &w.CustomerName, &w.Name, &w.Count, &w.Amount.Minor)
		w.Customer = value(customer)
		return w, err
	})
	return all, classify(err)
}

// TradeLine is what two books have between a parent and a reseller.
type TradeLine struct {
	Parent       app.ID
	Reseller     app.ID
	ParentName   string
	ResellerName string
	Currency     string
	Month        int64 // sold in the month, net minor units
	Unbilled     int64 // sold and not asked for yet
	Invoice      app.ID
	Number       string // of the month's invoice; "" before there is one
}

// TradeLines returns an organization's trade with its resellers, and with its own parent, for a month.
func (t *Tx) TradeLines(ctx context.Context, owner app.ID, month billing.Period) ([]TradeLine, error) {
	rows, err := t.tx.Query(ctx, `
		WITH pair AS (
			SELECT organization_id, party, currency, sum(amount_minor)::bigint AS unbilled FROM ledger_sums
			WHERE organization_id = $1 AND account = 'unbilled' GROUP BY 1, 2, 3)
		SELECT pair.party, o.name, s.name, pair.currency, pair.unbilled, coalesce(b.invoice_id, m.invoice_id), i.number, coalesce((
			SELECT sum(p.amount_minor) FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id AND e.kind = 'sold'
			WHERE p.organization_id = $1 AND p.account = 'unbilled' AND p.party = pair.party AND p.currency = pair.currency
				AND p.posted_on >= $2 AND p.posted_on < $3), 0)::bigint
		FROM pair LEFT JOIN organizations o ON o.id = pair.party::uuid
		LEFT JOIN seller() s ON s.id = pair.party::uuid
		LEFT JOIN wholesale_bills b ON b.organization_id = $1 AND b.reseller_id = pair.party::uuid AND b.currency = pair.currency AND b.month = $2
		LEFT JOIN wholesale_bills m ON m.organization_id = pair.party::uuid AND m.reseller_id = $1 AND m.currency = pair.currency AND m.month = $2
		LEFT JOIN invoices i ON i.id = coalesce(b.invoice_id, m.invoice_id)
		ORDER BY o.name NULLS FIRST, pair.party, pair.currency`, owner, month.Start.UTC(), month.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (TradeLine, error) {
		var l TradeLine
		var party string
		var below, above, number *string
		var document *app.ID
		if err := row.Scan(&party, &below, &above, &l.Currency, &l.Unbilled, &document, &number, &l.Month); err != nil {
			return l, err
		}
		other, err := app.ParseID(party)
		l.Parent, l.Reseller, l.ResellerName = owner, other, text(below)
		if below == nil { // it is above: what it sold us stands in our books as less than nothing
			l.Parent, l.Reseller, l.ParentName, l.Month, l.Unbilled, l.ResellerName = other, owner, text(above), -l.Month, -l.Unbilled, ""
		}
		l.Invoice, l.Number = value(document), text(number)
		return l, err
	})
	return all, classify(err)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
