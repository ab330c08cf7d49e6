package store

import (
	"context"
	"time"

	"allotment/app"
)

// AuthRequestOwner returns whose an app's request is, or NotFound. It comes before a tenant is known.
func (s *Store) AuthRequestOwner(ctx context.Context, id app.ID) (app.ID, error) {
	return s.owner(ctx, `SELECT auth_request_owner($1)`, id)
}

// TokenOwner returns whose the token or code with this hash is, or NotFound. It comes before a tenant is known.
func (s *Store) TokenOwner(ctx context.Context, hash []byte) (app.ID, error) {
	return s.owner(ctx, `SELECT token_owner($1)`, hash)
}

// InsertAuthRequest adds an app's request.
func (t *Tx) InsertAuthRequest(ctx context.Context, r app.AuthRequest) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO auth_requests (organization_id, id, client_id, redirect_uri, scopes, state, nonce, challenge, prompt, max_age, hinted_user,
		                           created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.Organization, r.ID, r.Client, r.RedirectURI, nonNil(r.Scopes), r.State, r.Nonce, r.Challenge, nonNil(r.Prompt), r.MaxAge,
		optional(r.HintedUser), r.CreatedAt, r.ExpiresAt)
	return classify(err)
}

// LockAuthRequest returns a request, and nobody else answers it or uses its code until this transaction ends.
func (t *Tx) LockAuthRequest(ctx context.Context, id app.ID) (app.AuthRequest, error) {
	return t.authRequest(ctx, `WHERE id = $1 FOR UPDATE`, id)
}

// AuthRequest returns a request.
func (t *Tx) AuthRequest(ctx context.Context, id app.ID) (app.AuthRequest, error) {
	return t.authRequest(ctx, `WHERE id = $1`, id)
}

// AuthRequestByCode returns the request that the code with this hash answers.
func (t *Tx) AuthRequestByCode(ctx context.Context, hash []byte) (app.AuthRequest, error) {
	return t.authRequest(ctx, `WHERE code_hash = $1`, hash)
}

func (t *Tx) authRequest(ctx context.Context, where string, key any) (app.AuthRequest, error) {
	var r app.AuthRequest
	var hinted, session *app.ID
	var used *time.Time
	err := t.tx.QueryRow(ctx, `
		SELECT organization_id, id, client_id, redirect_uri, scopes, state, nonce, challenge, prompt, max_age, hinted_user, created_at, expires_at,
		       app_session_id, code_hash IS NOT NULL, used_at
		FROM auth_requests `+where, key).
		Scan(&r.Organization, &r.ID, &r.Client, &r.RedirectURI, &r.Scopes, &r.State, &r.Nonce, &r.Challenge, &r.Prompt, &r.MaxAge, &hinted,
			&r.CreatedAt, &r.ExpiresAt, &session, &r.Answered, &used)
	r.HintedUser, r.AppSession, r.UsedAt = value(hinted), value(session), value(used)
	return r, classify(err)
}

// AnswerAuthRequest says which sign-in answers a request.
func (t *Tx) AnswerAuthRequest(ctx context.Context, id, session app.ID) error {
	_, err := t.tx.Exec(ctx, `UPDATE auth_requests SET app_session_id = $2 WHERE id = $1`, id, session)
	return classify(err)
}

// SaveCode stores the hash of the one code that answers a request, and until when it counts. Conflict: there is a code already.
func (t *Tx) SaveCode(ctx context.Context, id app.ID, hash []byte, expires time.Time) error {
	done, err := t.tx.Exec(ctx, `
		UPDATE auth_requests SET code_hash = $2, expires_at = $3 WHERE id = $1 AND code_hash IS NULL AND app_session_id IS NOT NULL`, id, hash, expires)
	if err == nil && done.RowsAffected() == 0 {
		return app.Errorf(app.Conflict, "This sign-in is over. Please begin again in the app.")
	}
	return classify(err)
}

// UseCode marks a request's code as exchanged and reports whether this is the first time. The request is then kept for as long as the code's
// tokens may live, so that a second use is known for what it is.
func (t *Tx) UseCode(ctx context.Context, id app.ID, now, keep time.Time) (first bool, err error) {
	done, err := t.tx.Exec(ctx, `UPDATE auth_requests SET used_at = $2, expires_at = $3 WHERE id = $1 AND used_at IS NULL`, id, now, keep)
	return err == nil && done.RowsAffected() == 1, classify(err)
}

// InsertAppSession adds a person's sign-in at an app.
func (t *Tx) InsertAppSession(ctx context.Context, s app.AppSession) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO app_sessions (organization_id, id, client_id, user_id, session_id, scopes, methods, proved_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.Organization, s.ID, s.Client, s.User, s.Session, nonNil(s.Scopes), nonNil(s.Methods), s.ProvedAt, s.CreatedAt)
	return classify(err)
}

// AppSession returns a sign-in at an app.
func (t *Tx) AppSession(ctx context.Context, id app.ID) (app.AppSession, error) {
	var s app.AppSession
	var ended *time.Time
	err := t.tx.QueryRow(ctx, `
		SELECT organization_id, id, client_id, user_id, session_id, scopes, methods, proved_at, created_at, ended_at FROM app_sessions WHERE id = $1`, id).
		Scan(&s.Organization, &s.ID, &s.Client, &s.User, &s.Session, &s.Scopes, &s.Methods, &s.ProvedAt, &s.CreatedAt, &ended)
	s.EndedAt = value(ended)
	return s, classify(err)
}

// EndAppSession ends a sign-in at an app: none of its tokens is worth anything from then on.
func (t *Tx) EndAppSession(ctx context.Context, id app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE app_sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, now)
	return classify(err)
}

// EndAppSessions ends every sign-in of a person at an app, and returns how many there were.
func (t *Tx) EndAppSessions(ctx context.Context, client, user app.ID, now time.Time) (int64, error) {
	done, err := t.tx.Exec(ctx, `
		UPDATE app_sessions SET ended_at = $3 WHERE client_id = $1 AND user_id = $2 AND ended_at IS NULL`, client, user, now)
	return done.RowsAffected(), classify(err)
}

// EndAppSessionsFrom ends every sign-in at an app that began in a session of the portal, in whichever organization.
func (s *Store) EndAppSessionsFrom(ctx context.Context, session app.ID, now time.Time) error {
	return s.Bootstrap(ctx, app.NewID(), func(t *Tx) error {
		_, err := t.tx.Exec(ctx, `UPDATE app_sessions SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL`, session, now)
		return classify(err)
	})
}

// InsertToken adds a token.
func (t *Tx) InsertToken(ctx context.Context, token app.Token) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO tokens (organization_id, hash, kind, app_session_id, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		token.Organization, token.Hash, token.Kind, token.AppSession, nonNil(token.Scopes), token.CreatedAt, token.ExpiresAt)
	return classify(err)
}

// Token returns a token by its hash.
func (t *Tx) Token(ctx context.Context, hash []byte) (app.Token, error) {
	token := app.Token{Hash: hash}
	var used *time.Time
	err := t.tx.QueryRow(ctx, `
		SELECT organization_id, kind, app_session_id, scopes, created_at, expires_at, used_at FROM tokens WHERE hash = $1`, hash).
		Scan(&token.Organization, &token.Kind, &token.AppSession, &token.Scopes, &token.CreatedAt, &token.ExpiresAt, &used)
	token.UsedAt = value(used)
	return token, classify(err)
}

// UseToken marks a refresh token as exchanged and reports whether this is the first time.
func (t *Tx) UseToken(ctx context.Context, hash []byte, now time.Time) (first bool, err error) {
	done, err := t.tx.Exec(ctx, `UPDATE tokens SET used_at = $2 WHERE hash = $1 AND kind = 'refresh' AND used_at IS NULL`, hash, now)
	return err == nil && done.RowsAffected() == 1, classify(err)
}

// PersonByID returns a person, or NotFound.
func (t *Tx) PersonByID(ctx context.Context, id app.ID) (app.User, error) {
	u := app.User{ID: id}
	var verified *time.Time
	err := t.tx.QueryRow(ctx, `SELECT email, name, language, disabled, verified_at FROM users WHERE id = $1`, id).
		Scan(&u.Email, &u.Name, &u.Language, &u.Disabled, &verified)
	u.VerifiedAt = value(verified)
	return u, classify(err)
}

// SessionMethod returns how the person of a portal session proved themselves, or NotFound where the session is over.
func (t *Tx) SessionMethod(ctx context.Context, session app.ID) (method string, err error) {
	err = t.tx.QueryRow(ctx, `SELECT method FROM sessions WHERE id = $1`, session).Scan(&method)
	return method, classify(err)
}
