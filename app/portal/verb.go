package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// confirmedFor is how long a proof of who somebody is counts for the verbs that ask for one.
const confirmedFor = 15 * time.Minute

// verb is what a changing call needs and how it is called in the audit log. Each is a line of the table below.
type verb struct {
	action     string         // "member.invite": what it changes, and how
	permission app.Permission // the actor's role must allow it
	confirmed  bool           // the person must have proved who they are within the last minutes: what destroys or costs money
	personal   bool           // only the person themselves: nobody who acts in a customer's name, and no API key
}

// do runs a verb: the permission first, then one transaction that ends with its row in the audit log. A refusal is written there too.
//
// Errors: Unauthenticated, Forbidden, Unconfirmed, and those of fn.
func (p *Portal) do(ctx context.Context, actor app.Actor, v verb, fn func(*store.Tx) error) error {
	err := p.allowed(actor, v)
	if err == nil {
		err = p.store.Write(ctx, actor, v.action, p.now(), fn)
	}
	p.noteRefusal(ctx, actor, v, err)
	return err
}

// see runs a look: the permission first, then one transaction that can change nothing.
func (p *Portal) see(ctx context.Context, actor app.Actor, permission app.Permission, fn func(*store.Tx) error) error {
	if err := actor.May(permission); err != nil {
		return err
	}
	return p.store.Read(ctx, actor, fn)
}

func (p *Portal) allowed(actor app.Actor, v verb) error {
	if err := actor.May(v.permission); err != nil {
		return err
	}
	if v.personal && (actor.Impersonation != nil || actor.Key != app.ID{}) {
		return app.Errorf(app.Forbidden, "Only the person themselves may do this.")
	}
	if v.confirmed && actor.Session != (app.ID{}) && p.now().Sub(actor.ConfirmedAt) > confirmedFor {
		return app.Errorf(app.Unconfirmed, "Please confirm that it is you before you go on.")
	}
	return nil
}

// noteRefusal writes what a person was refused. That it cannot be written is for the operator: the reader's own error comes first.
func (p *Portal) noteRefusal(ctx context.Context, actor app.Actor, v verb, why error) {
	switch app.CodeOf(why) {
	case app.Invalid, app.Forbidden, app.NotFound, app.Gone, app.Conflict, app.TooMany:
	default:
		return
	}
	if err := p.store.Refused(context.WithoutCancel(ctx), actor, v.action, p.now(), why); err != nil {
		p.log.Error("a refusal is missing in the audit log", "action", v.action, "error", err)
	}
}

// The verbs of services.
var (
	placeOrder       = verb{action: "service.order", permission: app.OrderServices}
	retryOperation   = verb{action: "operation.retry", permission: app.ChangeServices}
	cancelOperation  = verb{action: "operation.cancel", permission: app.ChangeServices}
	revealSecrets    = verb{action: "service.reveal", permission: app.SeeSecrets, confirmed: true}
	terminateService = verb{action: "service.terminate", permission: app.TerminateService, confirmed: true}
	publishPrices    = verb{action: "prices.publish", permission: app.ManageBilling}
)
