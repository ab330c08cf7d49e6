package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Ways to a provider belong to no organization: they come before anybody is known.

// SignIn is one way to a provider and back.
type SignIn struct {
	ID         app.ID
	Provider   app.ID
	Purpose    app.SignInPurpose
	Session    app.ID // in which a person links; the zero ID when they enter
	Redirect   string // where the provider sends the browser back to
	Back       string // where the person wanted to go
	Proven     []byte // sealed: what the provider said, while a further proof is asked for
	AnsweredAt time.Time
	ExpiresAt  time.Time
}

// InsertSignIn stores a way under the hashes of its state and of the browser's cookie.
func (s *Store) InsertSignIn(ctx context.Context, state, browser []byte, w SignIn) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO sign_ins (id, state_hash, browser_hash, provider_id, purpose, session_id, redirect, back, answered_at, proven, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		w.ID, state, browser, w.Provider, w.Purpose, optional(w.Session), w.Redirect, w.Back, moment(w.AnsweredAt), orEmpty(w.Proven), w.ExpiresAt)
	return classify(err)
}

const signInColumns = `id, provider_id, purpose, session_id, redirect, back, proven, answered_at, expires_at`

// AnswerSignIn takes the one answer that a way may have: from the browser that began it, before its end. Errors: NotFound, also for a
// second answer.
func (s *Store) AnswerSignIn(ctx context.Context, state, browser []byte, now time.Time) (SignIn, error) {
	rows, err := s.pool.Query(ctx, `
		UPDATE sign_ins SET answered_at = $3
		WHERE state_hash = $1 AND browser_hash = $2 AND answered_at IS NULL AND expires_at > $3 RETURNING `+signInColumns, state, browser, now)
	return oneSignIn(rows, err)
}

// ProvenSignIn returns a way whose provider has answered and which waits for a further proof, in the same browser. Errors: NotFound.
func (s *Store) ProvenSignIn(ctx context.Context, id app.ID, browser []byte, now time.Time) (SignIn, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+signInColumns+` FROM sign_ins WHERE id = $1 AND browser_hash = $2 AND proven <> '' AND expires_at > $3`, id, browser, now)
	return oneSignIn(rows, err)
}

// KeepProven keeps what a provider said until a further proof has come.
func (s *Store) KeepProven(ctx context.Context, id app.ID, proven []byte, until time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE sign_ins SET proven = $2, expires_at = $3 WHERE id = $1`, id, proven, until)
	return classify(err)
}

// EndSignIn forgets a way and reports whether it was there: of two who end it at once, one is told so.
func (s *Store) EndSignIn(ctx context.Context, id app.ID) (bool, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM sign_ins WHERE id = $1`, id)
	return tag.RowsAffected() == 1, classify(err)
}

// DeleteExpiredSignIns drops the ways that nobody came back from.
func (s *Store) DeleteExpiredSignIns(ctx context.Context, now time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sign_ins WHERE expires_at < $1`, now)
	return classify(err)
}

// SignInProvider returns an enabled provider for one of its sign-ins, or NotFound: with its secret, still encrypted.
func (s *Store) SignInProvider(ctx context.Context, id app.ID) (StoredProvider, error) {
	owner, err := s.ProviderOwner(ctx, id)
	if err != nil {
		return StoredProvider{}, err
	}
	var p StoredProvider
	err = s.Read(ctx, app.System(owner.ID), func(tx *Tx) error {
		p, err = tx.Provider(ctx, id, false)
		return err
	})
	return p, err
}

func oneSignIn(rows pgx.Rows, err error) (SignIn, error) {
	if err != nil {
		return SignIn{}, classify(err)
	}
	w, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (SignIn, error) {
		var w SignIn
		var session *app.ID
		var answered *time.Time
		err := row.Scan(&w.ID, &w.Provider, &w.Purpose, &session, &w.Redirect, &w.Back, &w.Proven, &answered, &w.ExpiresAt)
		if session != nil {
			w.Session = *session
		}
		w.AnsweredAt = value(answered)
		return w, err
	})
	return w, classify(err)
}

func orEmpty(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// SignInProviderOf returns the provider of a way, answered or not, by the hash of its state. Errors: NotFound.
func (s *Store) SignInProviderOf(ctx context.Context, state []byte) (app.ID, error) {
	var id app.ID
	err := s.pool.QueryRow(ctx, `SELECT provider_id FROM sign_ins WHERE state_hash = $1`, state).Scan(&id)
	return id, classify(err)
}
