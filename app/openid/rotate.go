package openid

import (
	"context"
	"time"

	"allotment/app"
)

// Rotate makes a fresh key sign from now on. The one before is shown to apps for a day more, which is longer than anything that it signed counts; so
// nobody has to sign in anew. Other processes follow within a minute.
func (p *Provider) Rotate(ctx context.Context) error {
	old, err := p.keys.newest(ctx)
	if err != nil {
		return err
	}
	if err := p.keys.replace(ctx, old); err != nil {
		return err
	}
	p.keys.forget()
	return p.note(ctx, old)
}

// Care is what is looked after once an hour: a key that is old enough is replaced, and what is over is forgotten.
func (p *Provider) Care(ctx context.Context) error {
	current, err := p.keys.newest(ctx)
	if err != nil {
		return err
	}
	if current.ID != (app.ID{}) && p.now().Sub(current.CreatedAt) > rotateWhen {
		if err := p.Rotate(ctx); err != nil {
			return err
		}
	}
	return p.store.DropSignIns(ctx, p.now())
}

// note writes into the operator's audit log that the key was changed; before there is an operator, nobody has one.
func (p *Provider) note(ctx context.Context, old app.SigningKey) error {
	operator, err := p.store.Operator(ctx)
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return p.store.WriteAudit(ctx, app.AuditEntry{
		Organization: operator, At: p.now().UTC().Truncate(time.Microsecond), ActorName: "Allotment", Action: "openid.rotate", Outcome: app.AuditDone,
		Target: "signing key " + old.ID.String(),
	})
}
