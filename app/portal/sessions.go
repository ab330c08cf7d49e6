package portal

import (
	"context"
	"crypto/subtle"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// SignOut ends a session; an unknown one is fine.
func (p *Portal) SignOut(ctx context.Context, token, address string) error {
	user, err := p.store.EndSession(ctx, vault.Hash(token), p.now())
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err == nil {
		p.notePerson(ctx, store.PersonEntry{Person: user, Action: "session.close", Outcome: app.AuditDone, Address: address})
	}
	return err
}

// Actor returns who is signed in with a session's token, or Unauthenticated.
func (p *Portal) Actor(ctx context.Context, token string) (app.Actor, error) {
	actor, err := p.store.SessionActor(ctx, vault.Hash(token), p.now(), p.cfg.Idle)
	if app.CodeOf(err) == app.NotFound {
		return app.Actor{}, app.Errorf(app.Unauthenticated, "Please sign in first.")
	}
	return actor, err
}

// equal compares two secrets without telling by the time taken where they differ.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
