package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// PersonEntry is what happened to a person's account at one of the doors, before they act for an organization: a row for the audit log of
// each of their organizations. Without a Person it is the operator's.
type PersonEntry struct {
	Person        app.ID
	But           app.ID // an organization whose log has it already
	At            time.Time
	Action        string
	Outcome       app.AuditOutcome
	Target        string
	Before, After any // encoded as JSON, nil for nothing; never a secret
	Address       string
}

// AuditPerson writes the entry into the audit log of each of the person's organizations.
func (s *Store) AuditPerson(ctx context.Context, e PersonEntry) error {
	batch := &pgx.Batch{}
	e.queue(batch)
	return classify(s.pool.SendBatch(ctx, batch).Close())
}

// AuditPerson is the same within a transaction.
func (t *Tx) AuditPerson(ctx context.Context, e PersonEntry) error {
	batch := &pgx.Batch{}
	e.queue(batch)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

func (e PersonEntry) queue(batch *pgx.Batch) {
	batch.Queue(`SELECT audit_person($1, $2, $3, $4, $5, $6, $7, $8, $9)`, optional(e.Person), e.At.UTC().Truncate(time.Microsecond), e.Action, e.Outcome,
		e.Target, asJSON(e.Before), asJSON(e.After), e.Address, optional(e.But))
}
