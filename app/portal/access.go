package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of access. Giving it is giving power, so the person proves themselves; taking it away must never wait.
var (
	grantAccess  = verb{action: "access.grant", permission: app.ManageAccess, confirmed: true}
	changeAccess = verb{action: "access.change", permission: app.ManageAccess, confirmed: true}
	revokeAccess = verb{action: "access.revoke", permission: app.ManageAccess}
)

// AccessFilter selects a page of the members of a service's organization. The zero value is the first page of all.
type AccessFilter struct {
	Text  string // part of the name or the e-mail address
	Who   string // "with" those with access alone, "without" the others, "" everybody
	After string // AccessPage.Next of the page before
	Limit int    // 1 to 200; 0 means 50
}

// AccessPage is one page of members by name, with what each may do in the service.
type AccessPage struct {
	Service app.Service
	Members []app.Access
	Next    string // "" on the last page
	Lags    bool   // a change is still on its way to the directory
	Stuck   app.ID // the operation that should have brought it there and has failed; the zero ID while nothing has
}

// Access returns a page of the members of a service's organization with what they may do in it.
func (p *Portal) Access(ctx context.Context, actor app.Actor, service app.ID, f AccessFilter) (AccessPage, error) {
	if err := actor.May(app.SeeMembers); err != nil {
		return AccessPage{}, err
	}
	after, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return AccessPage{}, err
	}
	var page AccessPage
	err = p.see(ctx, actor, app.SeeMembers, func(tx *store.Tx) (err error) {
		if page.Service, err = tx.Service(ctx, service); err != nil {
			return err
		}
		if page.Lags, err = tx.AccessLags(ctx, service); err != nil {
			return err
		}
		if page.Stuck, err = stuck(ctx, tx, service, page.Lags); err != nil {
			return err
		}
		page.Members, err = tx.Access(ctx, page.Service, store.AccessQuery{Text: clip(f.Text), Who: f.Who, After: after, Limit: limit + 1})
		return err
	})
	if len(page.Members) > limit {
		page.Members = page.Members[:limit]
		page.Next = page.Members[limit-1].User.String()
	}
	return page, err
}

// stuck returns the operation that a person must look at before a change goes on: it has failed, and nothing has come after it.
func stuck(ctx context.Context, tx *store.Tx, service app.ID, lags bool) (app.ID, error) {
	if !lags {
		return app.ID{}, nil
	}
	last, err := tx.LastOperation(ctx, service)
	if err != nil || last.Kind != app.OperationAccess || last.State != app.OperationFailed {
		return app.ID{}, err
	}
	return last.ID, nil
}

// GrantAccess lets a member use a service. To apps that ask the portal it counts at once; the directory follows within moments, or as soon
// as it can be reached.
//
// Errors: NotFound for a service or a member that is not there; Conflict for a service that is going away; Invalid at level.
func (p *Portal) GrantAccess(ctx context.Context, actor app.Actor, service, member app.ID, level app.AccessLevel) error {
	return p.setAccess(ctx, actor, grantAccess, service, member, level)
}

// ChangeAccess gives a member who may use a service another level in it. Its errors are those of GrantAccess.
func (p *Portal) ChangeAccess(ctx context.Context, actor app.Actor, service, member app.ID, level app.AccessLevel) error {
	return p.setAccess(ctx, actor, changeAccess, service, member, level)
}

// RevokeAccess takes a member's access to a service away. Their mailbox in it is kept. Its errors are those of GrantAccess.
func (p *Portal) RevokeAccess(ctx context.Context, actor app.Actor, service, member app.ID) error {
	return p.setAccess(ctx, actor, revokeAccess, service, member, app.AccessNone)
}

func (p *Portal) setAccess(ctx context.Context, actor app.Actor, v verb, service, member app.ID, level app.AccessLevel) error {
	return p.do(ctx, actor, v, func(tx *store.Tx) error {
		s, err := tx.Service(ctx, service)
		if err != nil {
			return err
		}
		target := "service " + s.ID.String()
		tx.NoteIn(s.Organization, target, nil, nil)
		switch {
		case level != app.AccessUser && level != app.AccessAdmin && v.action != revokeAccess.action:
			return app.FieldError("level", "Please choose what this person may do.")
		case s.State == app.ServiceTerminating || s.State == app.ServiceTerminated:
			return app.Errorf(app.Conflict, "This service is being removed, so nobody can be given access to it.")
		}
		before, err := tx.SetAccess(ctx, s.Organization, s.ID, member, level, p.now())
		if err != nil {
			return err
		}
		uid, err := tx.NameInApps(ctx, s.Organization, member, p.now())
		if err != nil {
			return err
		}
		say := func(l app.AccessLevel) map[string]string {
			return map[string]string{"member": member.String(), "user_name": uid, "level": string(l)}
		}
		tx.NoteIn(s.Organization, target, say(before), say(level))
		if before == level {
			return nil
		}
		return tx.InsertEvent(ctx, s.Organization, p.event(actor, s.ID, app.ID{}, "access", accessWords(before, level)))
	})
}

// accessWords is the line of a service's activity. It names nobody: everybody who sees the service reads it.
func accessWords(before, after app.AccessLevel) string {
	switch {
	case after == app.AccessNone:
		return "Somebody's access was taken away."
	case before == app.AccessNone:
		return "Somebody was given access."
	}
	return "Somebody's access was changed."
}
