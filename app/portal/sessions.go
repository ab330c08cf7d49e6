package portal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"

	"allotment/app"
	"allotment/app/vault"
)

// passwordParams are OWASP's for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
var passwordParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Limits on failed sign-ins within a quarter of an hour, for one account and for one address.
const (
	attemptWindow      = 15 * time.Minute
	attemptsPerAccount = 10
	attemptsPerAddress = 50
)

func hashersAtOnce() int64 { return int64(runtime.NumCPU()) }

// HashPassword hashes a password for storage.
func HashPassword(password string) (string, error) {
	hash, err := argon2id.CreateHash(password, passwordParams)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return hash, nil
}

// nobody is hashed against where there is no such account, so that the time taken does not tell.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$TzwXdfe0J4yAmAErtR0ENg$fMGGqIvWYgzUUh3PJqjYNCB7sAfgYL0LEjsIyVkB4Lg"

// SignIn opens a session for a person who knows their password. It needs no permission: it is the door.
//
// Errors: Unauthenticated, the same whether the account or the password is wrong; TooMany after too many attempts.
func (p *Portal) SignIn(ctx context.Context, r SignInRequest) (app.Session, error) {
	email := strings.ToLower(strings.TrimSpace(r.Email))
	if len(email) > 254 || len(r.Password) > 1024 {
		return app.Session{}, app.Errorf(app.Unauthenticated, "The e-mail address or the password is not right.")
	}
	if err := p.countAttempt(ctx, email, r.Address); err != nil {
		return app.Session{}, err
	}
	user, err := p.store.UserByEmail(ctx, email)
	if err != nil && app.CodeOf(err) != app.NotFound {
		return app.Session{}, err
	}
	ok, err := p.matches(ctx, r.Password, user)
	if err != nil {
		return app.Session{}, err
	}
	if !ok {
		return app.Session{}, app.Errorf(app.Unauthenticated, "The e-mail address or the password is not right.")
	}
	if err := p.store.ForgetAttempts(ctx, "account "+email); err != nil {
		return app.Session{}, err
	}
	return p.openSession(ctx, user, proof{Method: "password", Address: r.Address, Agent: r.Agent})
}

func (p *Portal) countAttempt(ctx context.Context, email, address string) error {
	now := p.now()
	byAccount, err := p.store.CountAttempt(ctx, "account "+email, now, attemptWindow)
	if err != nil {
		return err
	}
	byAddress, err := p.store.CountAttempt(ctx, "address "+address, now, attemptWindow)
	if err != nil {
		return err
	}
	if byAccount > attemptsPerAccount || byAddress > attemptsPerAddress {
		return app.Errorf(app.TooMany, "There were too many attempts. Please wait a quarter of an hour and try again.")
	}
	return nil
}

// matches compares a password with a user's; for a user who does not exist it takes as long and says no.
func (p *Portal) matches(ctx context.Context, password string, user app.User) (bool, error) {
	if err := p.hashing.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("sign in: %w", err)
	}
	defer p.hashing.Release(1)
	hash := user.PasswordHash
	if hash == "" {
		hash = nobody
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("sign in: %w", err)
	}
	return match && user.PasswordHash != "" && !user.Disabled, nil
}

// proof is how and from where somebody has just proved who they are.
type proof struct {
	Method  string // password, totp, passkey, oidc, ldap
	Address string
	Agent   string // the browser's own name
}

// openSession signs a person in: after every proof that was asked for.
func (p *Portal) openSession(ctx context.Context, user app.User, how proof) (app.Session, error) {
	memberships, err := p.store.Memberships(ctx, user.ID)
	if err != nil {
		return app.Session{}, err
	}
	if len(memberships) == 0 {
		return app.Session{}, app.Errorf(app.Forbidden, "This account belongs to no organization yet.")
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24
	now := p.now()
	session := app.Session{
		ID: app.NewID(), Token: base64.RawURLEncoding.EncodeToString(random[:]), User: user.ID, Address: how.Address, Agent: clip(strings.ToValidUTF8(how.Agent, "")), Method: how.Method,
		CreatedAt: now, SeenAt: now, ConfirmedAt: now, ExpiresAt: now.Add(p.cfg.SessionFor),
	}
	err = p.store.InsertSession(ctx, vault.Hash(session.Token), session, memberships[0].Organization.ID)
	return session, err
}

// SignOut ends a session; an unknown one is fine.
func (p *Portal) SignOut(ctx context.Context, token string) error {
	return p.store.DeleteSession(ctx, vault.Hash(token))
}

// Actor returns who is signed in with a session's token, or Unauthenticated.
func (p *Portal) Actor(ctx context.Context, token string) (app.Actor, error) {
	actor, err := p.store.SessionActor(ctx, vault.Hash(token), p.now(), p.cfg.Idle)
	if app.CodeOf(err) == app.NotFound {
		return app.Actor{}, app.Errorf(app.Unauthenticated, "Please sign in first.")
	}
	return actor, err
}
