package store

import (
	"context"
	"time"

	"allotment/app"
)

// Enrolment is a guest's one-time way to its configuration, as it is stored.
type Enrolment struct {
	Organization app.ID
	ID           app.ID
	Service      app.ID
	Resource     app.ID
	CreatedAt    time.Time
	ExpiresAt    time.Time
	FetchedAt    time.Time // zero until the guest has fetched its configuration
	DoneAt       time.Time // zero until the guest has said that it is done
	FailedAt     time.Time // zero unless the guest has said that it failed
	Failure      string    // for the tenant
	Tail         string    // the end of the guest's output, for the operator
}

// EnrolmentOwner returns whose enrolment a token's hash belongs to, or NotFound. It comes before a tenant is known.
func (s *Store) EnrolmentOwner(ctx context.Context, hash []byte) (organization, id app.ID, err error) {
	err = s.pool.QueryRow(ctx, `SELECT organization_id, id FROM enrolment_owner($1)`, hash).Scan(&organization, &id)
	return organization, id, classify(err)
}

const enrolmentColumns = `organization_id, id, service_id, resource_id, created_at, expires_at, fetched_at, done_at, failed_at, failure, tail`

// LiveEnrolment returns the newest enrolment of a guest that is not over, or NotFound.
func (t *Tx) LiveEnrolment(ctx context.Context, resource app.ID, now time.Time) (Enrolment, error) {
	return t.enrolment(ctx, `WHERE resource_id = $1 AND expires_at > $2 ORDER BY id DESC LIMIT 1`, resource, now)
}

// LockEnrolment returns an enrolment, and nobody else changes it until this transaction ends.
func (t *Tx) LockEnrolment(ctx context.Context, id app.ID) (Enrolment, error) {
	return t.enrolment(ctx, `WHERE id = $1 FOR UPDATE`, id)
}

func (t *Tx) enrolment(ctx context.Context, where string, args ...any) (Enrolment, error) {
	var e Enrolment
	var fetched, done, failed *time.Time
	err := t.tx.QueryRow(ctx, `SELECT `+enrolmentColumns+` FROM enrolments `+where, args...).
		Scan(&e.Organization, &e.ID, &e.Service, &e.Resource, &e.CreatedAt, &e.ExpiresAt, &fetched, &done, &failed, &e.Failure, &e.Tail)
	e.FetchedAt, e.DoneAt, e.FailedAt = value(fetched), value(done), value(failed)
	return e, classify(err)
}

// InsertEnrolment adds an enrolment by the hashes of its two tokens.
func (t *Tx) InsertEnrolment(ctx context.Context, e Enrolment, tokenHash, reportHash []byte) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO enrolments (organization_id, id, service_id, resource_id, token_hash, report_hash, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Organization, e.ID, e.Service, e.Resource, tokenHash, reportHash, e.CreatedAt, e.ExpiresAt)
	return classify(err)
}

// SaveEnrolment stores how far an enrolment is.
func (t *Tx) SaveEnrolment(ctx context.Context, e Enrolment) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE enrolments SET expires_at = $2, fetched_at = $3, done_at = $4, failed_at = $5, failure = $6, tail = $7 WHERE id = $1`,
		e.ID, e.ExpiresAt, optionalTime(e.FetchedAt), optionalTime(e.DoneAt), optionalTime(e.FailedAt), e.Failure, e.Tail)
	return classify(err)
}

// EndEnrolments makes a guest's enrolments unusable from now on.
func (t *Tx) EndEnrolments(ctx context.Context, resource app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE enrolments SET expires_at = $2 WHERE resource_id = $1 AND expires_at > $2`, resource, now)
	return classify(err)
}
