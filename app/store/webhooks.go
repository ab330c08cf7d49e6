package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"allotment/app"
)

// Inbox is a notice of a provider's as it waits to be applied.
type Inbox struct {
	app.Notice
	ID      app.ID
	Seller  app.ID
	Through string
	Applied bool
}

// NoticeJob asks a worker to apply one notice of a provider's. It carries IDs and nothing else.
type NoticeJob struct {
	Organization app.ID `json:"organization"`
	Notice       app.ID `json:"notice"`
}

// Kind names the job for the queue.
func (NoticeJob) Kind() string { return "notice" }

// InsertOpts: what failed is looked for by the sweep as well, so that this may end.
func (NoticeJob) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 25} }

// TakeNotice keeps a notice and has it applied once the transaction commits. It reports false, and does nothing, where it came before.
func (t *Tx) TakeNotice(ctx context.Context, n Inbox, now time.Time) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO webhook_events (organization_id, id, through, account, event, kind, object, version, happened_at, body, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT ON CONSTRAINT webhook_events_once DO NOTHING`,
		n.Seller, n.ID, n.Through, n.Account, n.Notice.ID, n.Kind, n.Object, n.Version, n.At, n.Body, now)
	if err != nil || tag.RowsAffected() == 0 {
		return false, classify(err)
	}
	return true, t.enqueue(ctx, NoticeJob{Organization: n.Seller, Notice: n.ID})
}

// Notice returns a notice, or NotFound.
func (t *Tx) Notice(ctx context.Context, id app.ID) (Inbox, error) {
	var n Inbox
	err := t.tx.QueryRow(ctx, `
		SELECT organization_id, id, through, account, event, kind, object, version, happened_at, applied_at IS NOT NULL FROM webhook_events WHERE id = $1`, id).
		Scan(&n.Seller, &n.ID, &n.Through, &n.Account, &n.Notice.ID, &n.Kind, &n.Object, &n.Version, &n.At, &n.Applied)
	return n, classify(err)
}

// NoticeApplied keeps what became of a notice.
func (t *Tx) NoticeApplied(ctx context.Context, id app.ID, result string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE webhook_events SET applied_at = coalesce(applied_at, $3), result = $2 WHERE id = $1`, id, result, now)
	return classify(err)
}

// WaitingNotices returns notices that came before a time and were not applied, in the order of their IDs.
func (t *Tx) WaitingNotices(ctx context.Context, before time.Time, limit int) ([]NoticeJob, error) {
	rows, err := t.tx.Query(ctx, `SELECT organization_id, id FROM webhook_events WHERE applied_at IS NULL AND received_at <= $1 ORDER BY received_at, id LIMIT $2`,
		before, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[NoticeJob])
}

// ForgetNotices drops the bodies' rows of notices that were applied before a time.
func (t *Tx) ForgetNotices(ctx context.Context, before time.Time) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM webhook_events WHERE applied_at < $1`, before)
	return classify(err)
}

// SweptAt is until when an account was asked what happened in it; the zero time for never.
func (t *Tx) SweptAt(ctx context.Context, seller app.ID, through, account string) (time.Time, error) {
	var at *time.Time
	err := t.tx.QueryRow(ctx, `SELECT max(swept_at) FROM payment_sweeps WHERE organization_id = $1 AND through = $2 AND account = $3`, seller, through, account).Scan(&at)
	return value(at), classify(err)
}

// SaveSwept keeps until when an account was asked.
func (t *Tx) SaveSwept(ctx context.Context, seller app.ID, through, account string, at time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO payment_sweeps (organization_id, through, account, swept_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, through, account) DO UPDATE SET swept_at = greatest(payment_sweeps.swept_at, $4)`, seller, through, account, at)
	return classify(err)
}
