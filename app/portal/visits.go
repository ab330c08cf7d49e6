package portal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of acting in a customer's name. Nobody does it with an API key, and nobody who does it already goes on from there.
var (
	beginVisit = verb{action: "visit.begin", permission: app.ActAsCustomers, confirmed: true, personal: true}
	endVisit   = verb{action: "visit.end", permission: app.SeeAccount}
	stopVisit  = verb{action: "visit.stop", permission: app.ManageMembers, personal: true}
)

// VisitMinutes lists for how long a seller's staff may act in a customer's name.
func VisitMinutes() []int { return []int{15, 30, 60, 120} }

// ActAs makes the actor's session act in the name of an organization below their own, with what an administrator there may do, but no
// passwords, second factors, owners or secrets. The organization's people see it on every page, its owners are told by mail, and its audit log
// has a row. It returns the session with its new token.
//
// Errors: NotFound; Invalid at reason, minutes; Conflict for a closed organization.
func (p *Portal) ActAs(ctx context.Context, actor app.Actor, customer app.ID, reason string, minutes int) (fresh app.Session, err error) {
	err = p.do(ctx, actor, beginVisit, func(tx *store.Tx) error {
		o, err := organizationBelow(ctx, tx, actor, customer)
		if err != nil {
			return err
		}
		now := p.now()
		v := store.NewVisit{ID: app.NewID(), Customer: o.ID, Begins: now, Ends: now.Add(time.Duration(minutes) * time.Minute)}
		var message string
		fields := map[string]string{}
		if v.Reason, message = cleanReason(reason); message != "" {
			fields["reason"] = message
		}
		if !slices.Contains(VisitMinutes(), minutes) {
			fields["minutes"] = "Please choose one of the times."
		}
		tx.NoteIn(o.ID, "organization "+o.ID.String(), nil, map[string]string{
			"seller": actor.OrganizationName, "reason": v.Reason, "until": v.Ends.UTC().Format(time.RFC3339),
		})
		switch {
		case len(fields) > 0:
			return invalidFields(fields)
		case o.State == app.OrganizationClosed:
			return app.Errorf(app.Conflict, "A closed organization cannot be visited.")
		case actor.Session == (app.ID{}):
			return app.Errorf(app.Forbidden, "Only the person themselves may do this.")
		}
		if err := tx.BeginVisit(ctx, v); err != nil {
			return err
		}
		tx.Audit().Impersonation = v.ID
		if err := p.tellOfVisit(ctx, tx, actor, o, v); err != nil {
			return err
		}
		fresh, err = p.rotate(ctx, tx, actor.Session)
		return err
	})
	return fresh, err
}

func (p *Portal) tellOfVisit(ctx context.Context, tx *store.Tx, actor app.Actor, o app.Organization, v store.NewVisit) error {
	owners, err := tx.Owners(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		err := p.post(ctx, tx, app.Mail{
			Organization: o.ID, To: owner.Email, ToName: owner.Name, Language: owner.Language, Kind: app.MailVisit,
			Data: map[string]string{
				"seller": actor.OrganizationName, "person": actor.Name, "organization": o.Name, "reason": v.Reason,
				"until": v.Ends.UTC().Format(time.RFC3339), "path": "/organization/audit?what=visit",
			},
			Key: fmt.Sprintf("visit %s/%s", v.ID, owner.Email),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EndVisit ends the actor's own time in a customer's name, and returns their session with its new token. Where there is none it changes
// nothing: then the session has no token.
func (p *Portal) EndVisit(ctx context.Context, actor app.Actor) (fresh app.Session, err error) {
	if err := p.allowed(actor, endVisit); err != nil || actor.Impersonation == nil {
		return fresh, err
	}
	err = p.do(ctx, actor, endVisit, func(tx *store.Tx) error {
		tx.Note("organization "+actor.Organization.String(), nil, map[string]string{"seller": actor.Impersonation.SellerName})
		if err := tx.EndVisit(ctx, actor.Impersonation.ID, p.now()); err != nil && app.CodeOf(err) != app.NotFound {
			return err
		}
		if err := tx.LeaveVisit(ctx); err != nil {
			return err
		}
		fresh, err = p.rotate(ctx, tx, actor.Session)
		return err
	})
	return fresh, err
}

// StopVisit lets a customer end a visit of its seller's staff at once.
//
// Errors: NotFound for one that is over.
func (p *Portal) StopVisit(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, stopVisit, func(tx *store.Tx) error {
		tx.Note("visit "+id.String(), nil, nil)
		return tx.EndVisit(ctx, id, p.now())
	})
}

// Visits returns who acts in the name of the actor's organization at this moment: for the notice on the pages of its people.
func (p *Portal) Visits(ctx context.Context, actor app.Actor) ([]app.Visit, error) {
	var all []app.Visit
	err := p.see(ctx, actor, app.SeeAccount, func(tx *store.Tx) (err error) {
		all, err = tx.Visits(ctx, p.now())
		return err
	})
	return all, err
}
