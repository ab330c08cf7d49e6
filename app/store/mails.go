package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"allotment/app"
)

// MailJob asks a worker to send one mail. It carries IDs and nothing else.
type MailJob struct {
	Organization app.ID `json:"organization"`
	Mail         app.ID `json:"mail"`
}

// Kind names the job for the queue.
func (MailJob) Kind() string { return "mail" }

// InsertOpts: a mail is tried until it is of no use any more, so the number of tries is not what ends it.
func (MailJob) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 10_000} }

// SealedMail is a mail as it is stored: what it says is encrypted.
type SealedMail struct {
	app.Mail
	ID        app.ID
	Sealed    []byte
	State     app.PostState
	Attempts  int
	CreatedAt time.Time
	NextAt    time.Time
}

// InsertMail puts a mail into the outbox, and a job to send it into the queue. It does neither when the organization has one with the same key.
func (t *Tx) InsertMail(ctx context.Context, m SealedMail) error {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO mails (organization_id, id, key, kind, recipient, language, sealed, created_at, next_at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) ON CONFLICT ON CONSTRAINT mails_key_key DO NOTHING`,
		m.Organization, m.ID, m.Key, m.Kind, m.To, m.Language, m.Sealed, m.CreatedAt, m.Until)
	if err != nil || tag.RowsAffected() == 0 {
		return classify(err)
	}
	return t.enqueueMail(ctx, m.Organization, m.ID)
}

func (t *Tx) enqueueMail(ctx context.Context, organization, id app.ID) error {
	job := river.InsertManyParams{Args: MailJob{Organization: organization, Mail: id}}
	if _, err := t.store.jobs.InsertManyFastTx(ctx, t.tx, []river.InsertManyParams{job}); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// TakeMail begins an attempt to send a mail that waits: nobody else begins one before the given time. What is not due, sent already, or of no use
// any more is NotFound.
func (t *Tx) TakeMail(ctx context.Context, id app.ID, now, next time.Time) (SealedMail, error) {
	var m SealedMail
	err := t.tx.QueryRow(ctx, `
		UPDATE mails SET attempts = attempts + 1, next_at = $3
		WHERE id = $1 AND state = 'waiting' AND next_at <= $2 AND until >= $2
		RETURNING organization_id, id, key, kind, recipient, language, sealed, state, attempts, created_at, next_at, until`, id, now, next).
		Scan(&m.Organization, &m.ID, &m.Key, &m.Kind, &m.To, &m.Language, &m.Sealed, &m.State, &m.Attempts, &m.CreatedAt, &m.NextAt, &m.Until)
	return m, classify(err)
}

// MailDue returns a mail's state, and when it may be tried again.
func (t *Tx) MailDue(ctx context.Context, id app.ID) (app.PostState, time.Time, error) {
	var state app.PostState
	var next time.Time
	err := t.tx.QueryRow(ctx, `SELECT state, next_at FROM mails WHERE id = $1`, id).Scan(&state, &next)
	return state, next, classify(err)
}

// MailSent says that a mail server took the mail, and forgets what it said.
func (t *Tx) MailSent(ctx context.Context, id app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE mails SET state = 'sent', sent_at = $2, sealed = NULL, problem = '' WHERE id = $1`, id, now)
	return classify(err)
}

// MailMissed says why an attempt failed, and when the next is due; failed says that there will be none.
func (t *Tx) MailMissed(ctx context.Context, id app.ID, problem string, next time.Time, failed bool) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE mails SET problem = $2, next_at = $3, state = CASE WHEN $4 THEN 'failed' ELSE state END WHERE id = $1 AND state = 'waiting'`,
		id, problem, next, failed)
	return classify(err)
}

// RetryMail puts a mail that waits or was refused back into the queue, to be tried at once, and returns whose it is. One that was sent, that is
// being sent, or that is of no use any more is a Conflict.
func (t *Tx) RetryMail(ctx context.Context, id app.ID, now time.Time) (app.Posted, error) {
	posted, err := t.Posted(ctx, id)
	if err != nil {
		return posted, err
	}
	tag, err := t.tx.Exec(ctx, `
		UPDATE mails SET state = 'waiting', next_at = $2
		WHERE id = $1 AND state <> 'sent' AND sealed IS NOT NULL AND until > $2 AND (problem <> '' OR next_at <= $2)`, id, now)
	if err != nil {
		return posted, classify(err)
	}
	if tag.RowsAffected() == 0 {
		return posted, app.Errorf(app.Conflict, "This mail cannot be sent again.")
	}
	return posted, t.enqueueMail(ctx, posted.Organization, id)
}

// ForgetMails drops what the mails said that are of no use any more.
func (s *Store) ForgetMails(ctx context.Context, now time.Time) error {
	_, err := s.pool.Exec(ctx, `SELECT forget_mails($1)`, now)
	return classify(err)
}

const postedColumns = `m.id, m.organization_id, o.name, m.recipient, m.kind, m.state, m.attempts, m.problem, m.created_at, m.next_at, m.until, m.sent_at`

// MailQuery selects a page of the outbox, newest first.
type MailQuery struct {
	Text   string        // part of the recipient's address or the organization's name
	State  app.PostState // "" for all
	Before app.ID        // only IDs smaller than this one; the zero ID for the first page
	Limit  int
}

// Outbox returns a page of the outbox.
func (t *Tx) Outbox(ctx context.Context, q MailQuery) ([]app.Posted, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+postedColumns+`
		FROM mails m JOIN organizations o ON o.id = m.organization_id
		WHERE ($1::uuid IS NULL OR m.id < $1) AND ($2 = '' OR m.state = $2)
		  AND ($3 = '' OR m.recipient ILIKE '%' || $3 || '%' OR o.name ILIKE '%' || $3 || '%')
		ORDER BY m.id DESC LIMIT $4`, optional(q.Before), q.State, likeText(q.Text), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanPosted)
}

// Posted returns one mail of the outbox, or NotFound.
func (t *Tx) Posted(ctx context.Context, id app.ID) (app.Posted, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+postedColumns+` FROM mails m JOIN organizations o ON o.id = m.organization_id WHERE m.id = $1`, id)
	if err != nil {
		return app.Posted{}, classify(err)
	}
	posted, err := pgx.CollectExactlyOneRow(rows, scanPosted)
	return posted, classify(err)
}

func scanPosted(row pgx.CollectableRow) (app.Posted, error) {
	var p app.Posted
	var sent *time.Time
	err := row.Scan(&p.ID, &p.Organization, &p.OrganizationName, &p.To, &p.Kind, &p.State, &p.Attempts, &p.Problem, &p.CreatedAt, &p.NextAt, &p.Until, &sent)
	p.SentAt = value(sent)
	return p, err
}
