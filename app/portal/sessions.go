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
	if err == nil && p.cfg.StaffTwo && actor.Staff() {
		var factors app.Factors
		factors, err = p.store.Factors(ctx, actor.User)
		actor.Enrol = !factors.Any()
	}
	return actor, err
}

// NoteStale writes into the audit log that somebody came with the token of a session that has ended: a cookie that was stolen, or was never
// dropped. It is written once for each session, and for a day after its end.
func (p *Portal) NoteStale(ctx context.Context, token, address string) error {
	user, how, err := p.store.EndedSession(ctx, vault.Hash(token), p.now())
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err == nil {
		p.notePerson(ctx, store.PersonEntry{
			Person: user, Action: "session.stale", Outcome: app.AuditRefused, After: map[string]string{"session": how}, Address: address,
		})
	}
	return err
}

var (
	revokeSession  = verb{action: "session.revoke", permission: app.SeeAccount, personal: true}
	revokeSessions = verb{action: "session.revoke_others", permission: app.SeeAccount, personal: true}
)

// Sessions returns the person's own sessions, the last used first.
func (p *Portal) Sessions(ctx context.Context, actor app.Actor) ([]app.Session, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return nil, err
	}
	all, err := p.store.SessionsOf(ctx, actor.User, p.now())
	if err != nil {
		return nil, err
	}
	return all, nil
}

// RevokeSession ends one of the person's own sessions; NotFound when they have no such session.
func (p *Portal) RevokeSession(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, revokeSession, func(tx *store.Tx) error {
		tx.Note("session "+id.String(), nil, nil)
		return tx.EndSessionOf(ctx, actor.User, id, p.now())
	})
}

// RevokeOtherSessions ends all of the person's sessions but this one, and says how many those were.
func (p *Portal) RevokeOtherSessions(ctx context.Context, actor app.Actor) (n int, err error) {
	err = p.do(ctx, actor, revokeSessions, func(tx *store.Tx) error {
		n, err = tx.EndSessionsOf(ctx, actor.User, actor.Session, "revoked", p.now())
		tx.Note("person "+actor.User.String(), nil, map[string]int{"sessions": n})
		return err
	})
	return n, err
}

// rotate gives a session another token when what it may do changes, so that an older copy of the cookie is worth nothing (OWASP Session
// Management Cheat Sheet, "Renew the Session ID After Any Privilege Level Change"). The web layer sends the new one to the browser.
func (p *Portal) rotate(ctx context.Context, tx *store.Tx, session app.ID) (fresh app.Session, err error) {
	fresh.ID, fresh.Token = session, secretToken()
	fresh.ExpiresAt, err = tx.RotateSession(ctx, session, vault.Hash(fresh.Token), p.now())
	return fresh, err
}

// equal compares two secrets without telling by the time taken where they differ.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
