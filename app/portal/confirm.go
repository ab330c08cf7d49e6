package portal

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

var confirmSession = verb{action: "session.confirm", permission: app.SeeAccount}

// Ways is how a person can confirm that it is them.
type Ways struct {
	Password bool
	Factors  app.Factors
}

// ConfirmWays returns how the person can confirm. One without any signs in once more.
func (p *Portal) ConfirmWays(ctx context.Context, actor app.Actor) (Ways, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return Ways{}, err
	}
	user, err := p.store.User(ctx, actor.User)
	if err != nil {
		return Ways{}, err
	}
	factors, err := p.store.Factors(ctx, actor.User)
	return Ways{Password: user.PasswordHash != "", Factors: factors}, err
}

// ConfirmRequest is what the page of a confirmation sends: one of the three.
type ConfirmRequest struct {
	Password string
	Code     string
	Ceremony string // with Passkey
	Passkey  string
}

// Confirm notes that the person of a session has just proved themselves, and returns the session with its new token.
//
// Errors: Invalid at password or code; Unauthenticated for a foreign passkey; TooMany.
func (p *Portal) Confirm(ctx context.Context, actor app.Actor, r ConfirmRequest) (fresh app.Session, err error) {
	if err := p.allowed(actor, confirmSession); err != nil {
		return app.Session{}, err
	}
	if actor.Session == (app.ID{}) {
		return app.Session{}, app.Errorf(app.Forbidden, "Only the person themselves may do this.")
	}
	k := knocker{Account: actor.User.String(), Address: actor.Address, Person: actor.User}
	if err := p.knock(ctx, doorConfirm, k); err != nil {
		return app.Session{}, err
	}
	method, err := p.checkProof(ctx, actor, r)
	if err != nil {
		p.noteRefusal(ctx, actor, confirmSession, err)
		return app.Session{}, err
	}
	err = p.do(ctx, actor, confirmSession, func(tx *store.Tx) error {
		tx.Note("session "+actor.Session.String(), nil, map[string]string{"method": method})
		if err := tx.ConfirmSession(ctx, actor.Session, p.now()); err != nil {
			return err
		}
		fresh, err = p.rotate(ctx, tx, actor.Session)
		return err
	})
	if err != nil {
		return app.Session{}, err
	}
	return fresh, p.forgive(ctx, doorConfirm, k)
}

// forgive gives back what attempts took that ended in a success.
func (p *Portal) forgive(ctx context.Context, d door, k knocker) error {
	return p.store.ForgiveAttempts(ctx, d.limits(k))
}

func (p *Portal) checkProof(ctx context.Context, actor app.Actor, r ConfirmRequest) (string, error) {
	user, err := p.store.User(ctx, actor.User)
	if err != nil {
		return "", err
	}
	if r.Passkey != "" || r.Code != "" {
		return p.checkFactor(ctx, user, r.Code, r.Ceremony, r.Passkey)
	}
	ok, err := p.matches(ctx, r.Password, user)
	if err == nil && !ok {
		err = app.FieldError("password", "This password is not right.")
	}
	return "password", err
}

const (
	kindForm = "form"
	formFor  = 10 * time.Minute
)

// HeldForm is a form that waits for its person to confirm who they are.
type HeldForm struct {
	Path   string
	Values url.Values
}

// HoldForm keeps a form, encrypted, while its person confirms. It returns what names it; only the same session gets it back.
func (p *Portal) HoldForm(ctx context.Context, actor app.Actor, form HeldForm) (string, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return "", err
	}
	data, err := json.Marshal(form)
	if err != nil {
		return "", err
	}
	sealed, err := p.vault.Seal(string(data))
	if err != nil {
		return "", err
	}
	token := secretToken()
	return token, p.store.InsertChallenge(ctx, vault.Hash(token), store.Challenge{
		Kind: kindForm, User: actor.User, Session: actor.Session, Data: sealed, ExpiresAt: p.now().Add(formFor),
	})
}

// TakeForm returns a form that was held, once.
//
// Errors: Gone when it waited too long, or belongs to another session.
func (p *Portal) TakeForm(ctx context.Context, actor app.Actor, token string) (HeldForm, error) {
	var form HeldForm
	if err := actor.May(app.SeeAccount); err != nil {
		return form, err
	}
	held, err := p.store.TakeChallenge(ctx, vault.Hash(token), kindForm, p.now())
	if err != nil || held.Session != actor.Session {
		return form, app.Because(app.Gone, err, "This form waited too long. Please fill it in once more.")
	}
	plain, err := p.vault.Unseal(held.Data)
	if err != nil {
		return form, err
	}
	return form, json.Unmarshal([]byte(plain), &form)
}
