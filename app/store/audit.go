package store

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Read runs fn in one transaction that can change nothing, for the actor's organization.
func (s *Store) Read(ctx context.Context, actor app.Actor, fn func(*Tx) error) error {
	return s.inTenant(ctx, actor, beginRead, fn)
}

// Write runs fn in one transaction for the actor's organization, and writes the row of the audit log that says so in the same one. The row
// comes last, so that its chain is locked for no longer than the commit takes. fn fills it in with Tx.Audit and Tx.Note.
func (s *Store) Write(ctx context.Context, actor app.Actor, action string, now time.Time, fn func(*Tx) error) error {
	return s.inTenant(ctx, actor, "BEGIN", fn, Entry(actor, action, now))
}

// Refused writes that a verb was refused, and why.
func (s *Store) Refused(ctx context.Context, actor app.Actor, action string, now time.Time, why error) error {
	entry := Entry(actor, action, now)
	entry.Outcome, entry.After = app.AuditRefused, asJSON(map[string]string{"code": string(app.CodeOf(why)), "message": app.Words(why)})
	return s.WriteAudit(ctx, entry)
}

// WriteAudit writes a row that stands alone, in the organization that it names.
func (s *Store) WriteAudit(ctx context.Context, entry app.AuditEntry) error {
	return s.inTenant(ctx, app.System(entry.Organization), "BEGIN", func(*Tx) error { return nil }, entry)
}

// Entry begins a row of the audit log with all that the actor says of it.
func Entry(actor app.Actor, action string, now time.Time) app.AuditEntry {
	entry := app.AuditEntry{
		Organization: actor.Organization, At: now.UTC().Truncate(time.Microsecond), Actor: actor.User, ActorName: actor.Name, Key: actor.Key,
		Action: action, Outcome: app.AuditDone, Address: actor.Address,
	}
	if actor.Impersonation != nil {
		entry.Impersonation = actor.Impersonation.ID
	}
	return entry
}

// Audit returns the transaction's row of the audit log, to fill in: the organization it concerns (the actor's own, unless changed), what
// it was done to, and what that was before and after. It must not be called in a transaction of Read.
func (t *Tx) Audit() *app.AuditEntry { return &t.audit[0] }

// Note fills in the audit row: target names what was changed, "member 0190…"; before and after are encoded as JSON, nil for nothing. They
// never hold a secret.
func (t *Tx) Note(target string, before, after any) {
	entry := t.Audit()
	entry.Target, entry.Before, entry.After = target, asJSON(before), asJSON(after)
}

// NoteIn is Note for a row that concerns another organization than the actor's own.
func (t *Tx) NoteIn(organization app.ID, target string, before, after any) {
	t.Audit().Organization = organization
	t.Note(target, before, after)
}

// NoteAlso writes the transaction's row, as it stands, into the log of another organization, too: for what concerns several.
func (t *Tx) NoteAlso(organization app.ID) {
	entry := *t.Audit()
	entry.Organization = organization
	t.audit = append(t.audit, entry)
}

// AuditWords encodes what an audit row says of before or after.
func AuditWords(value any) string { return asJSON(value) }

// asJSON encodes what an audit row says. Text of any kind can be encoded; what cannot is a mistake in the program, and says so.
func asJSON(value any) string {
	if value == nil {
		return ""
	}
	data, err := json.Marshal(value)
	if err != nil {
		return `{"unreadable":true}`
	}
	return string(data)
}

// InsertAudit writes rows of their own in this transaction: of what the engine finds has happened.
func (t *Tx) InsertAudit(ctx context.Context, entries ...app.AuditEntry) error {
	batch := &pgx.Batch{}
	for _, entry := range entries {
		queueAudit(batch, entry)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

func queueAudit(batch *pgx.Batch, e app.AuditEntry) {
	batch.Queue(`
		INSERT INTO audit (organization_id, seq, at, actor_id, actor_name, key_id, impersonation_id, action, outcome, target, before, after, address,
		                   previous, hash)
		VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '')`,
		e.Organization, e.At, optional(e.Actor), e.ActorName, optional(e.Key), optional(e.Impersonation), e.Action, e.Outcome, e.Target, e.Before,
		e.After, e.Address)
}

// commit ends the transaction. What comes last goes with it in one round trip, as do its audit rows: each is the head of its organization's chain
// until the commit, and all who act for that organization wait for it so long.
func (t *Tx) commit(ctx context.Context) error {
	slices.SortStableFunc(t.audit, func(a, b app.AuditEntry) int { return bytes.Compare(a.Organization[:], b.Organization[:]) }) // so that two never wait for each other
	for _, entry := range t.audit {
		queueAudit(&t.last, entry)
	}
	if t.last.Len() == 0 {
		return t.tx.Commit(ctx)
	}
	t.last.Queue("COMMIT")
	return t.tx.SendBatch(ctx, &t.last).Close()
}
