package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/invoice"
)

// Unsent is a document that nobody was told of yet, with what its mail says.
type Unsent struct {
	ID         app.ID
	Seller     app.ID
	SellerName string
	Buyer      app.ID
	Kind       invoice.Kind
	Number     string
	Corrects   string // of a credit note: the invoice's number
	Gross      billing.Money
	Due        billing.Date
	Language   string // of the document
	Address    string // the billing address that stands on it; "" for none
	Contact    string
	Payers     []Owner
}

// Recipients are those who get the document: its billing address, or else those who pay.
func (u Unsent) Recipients() []Owner {
	if u.Address != "" {
		return []Owner{{Organization: u.Buyer, Email: u.Address, Name: u.Contact, Language: u.Language}}
	}
	return u.Payers
}

// TakeUnsent takes documents out of the queue of those that are to be told of: the named ones, or the next up to limit. What another transaction
// is at is left to it.
func (t *Tx) TakeUnsent(ctx context.Context, only []app.ID, limit int) ([]Unsent, error) {
	rows, err := t.tx.Query(ctx, `
		WITH taken AS (
			DELETE FROM unsent_documents d USING (
				SELECT invoice_id FROM unsent_documents WHERE $1::uuid[] IS NULL OR invoice_id = ANY ($1) ORDER BY invoice_id LIMIT $2 FOR UPDATE SKIP LOCKED) n
			WHERE d.invoice_id = n.invoice_id RETURNING d.invoice_id)
		SELECT i.id, i.seller_id, coalesce(i.document #>> '{seller,name}', ''), i.buyer_id, i.kind, i.number, coalesce(i.document #>> '{corrects,number}', ''),
		       i.currency, i.gross_minor, i.due_on, coalesce(i.document ->> 'language', ''), coalesce(i.document #>> '{buyer,email}', ''),
		       coalesce(i.document #>> '{buyer,contact}', '')
		FROM taken JOIN invoices i ON i.id = taken.invoice_id ORDER BY i.id`, only, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Unsent, error) {
		var u Unsent
		var due *time.Time
		err := row.Scan(&u.ID, &u.Seller, &u.SellerName, &u.Buyer, &u.Kind, &u.Number, &u.Corrects, &u.Gross.Currency, &u.Gross.Minor, &due, &u.Language,
			&u.Address, &u.Contact)
		u.Due = dateOf(due)
		return u, err
	})
	if err != nil {
		return nil, classify(err)
	}
	return all, t.addPayers(ctx, all)
}

// addPayers fills in who pays for the customers of documents.
func (t *Tx) addPayers(ctx context.Context, documents []Unsent) error {
	var buyers []app.ID
	for _, d := range documents {
		if d.Address == "" {
			buyers = append(buyers, d.Buyer)
		}
	}
	if len(buyers) == 0 {
		return nil
	}
	people, err := t.people(ctx, payersOf, buyers)
	if err != nil {
		return err
	}
	of := map[app.ID][]Owner{}
	for _, person := range people {
		of[person.Organization] = append(of[person.Organization], person)
	}
	for i := range documents {
		documents[i].Payers = of[documents[i].Buyer]
	}
	return nil
}

// InsertMails puts many mails into the outbox, and a job to send each into the queue; those whose key is there already are left out.
func (t *Tx) InsertMails(ctx context.Context, mails []SealedMail) error {
	var c columns
	for _, m := range mails {
		c.add(m.Organization, m.ID, m.Key, string(m.Kind), m.To, m.Language, m.Sealed, m.CreatedAt, m.Until)
	}
	if c == nil {
		return nil
	}
	rows, err := t.tx.Query(ctx, `
		INSERT INTO mails (organization_id, id, key, kind, recipient, language, sealed, created_at, next_at, until)
		SELECT u.organization, u.id, u.key, u.kind, u.recipient, u.language, u.sealed, u.at, u.at, u.until
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[], $9::timestamptz[])
			u(organization, id, key, kind, recipient, language, sealed, at, until)
		ON CONFLICT ON CONSTRAINT mails_key_key DO NOTHING RETURNING organization_id, id`, c.arrays()...)
	if err != nil {
		return classify(err)
	}
	jobs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (river.InsertManyParams, error) {
		var job MailJob
		err := row.Scan(&job.Organization, &job.Mail)
		return river.InsertManyParams{Args: job}, err
	})
	if err != nil || len(jobs) == 0 {
		return classify(err)
	}
	if _, err := t.store.jobs.InsertManyFastTx(ctx, t.tx, jobs); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// DocumentMails returns the mails by which a document was sent to its customer's people.
func (t *Tx) DocumentMails(ctx context.Context, customer, id app.ID) ([]app.Posted, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+postedColumns+` FROM mails m JOIN organizations o ON o.id = m.organization_id
		WHERE m.organization_id = $1 AND starts_with(m.key, $2) ORDER BY m.id`, customer, DocumentKey(id, ""))
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanPosted)
}

// DocumentKey names the mail of a document to a recipient: there is never a second one.
func DocumentKey(document app.ID, recipient string) string {
	return "document " + document.String() + "/" + recipient
}
