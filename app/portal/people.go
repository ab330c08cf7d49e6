package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of people as such. Locking somebody out must never wait for a confirmation; letting them in again may.
var (
	disableUser = verb{action: "person.disable", permission: app.ManageMembers}
	enableUser  = verb{action: "person.enable", permission: app.ManageMembers, confirmed: true}
)

// PersonFilter selects a page of people. The zero value is the first page of all.
type PersonFilter struct {
	Text     string // part of the name or the e-mail address
	Disabled bool   // only those who are disabled
	After    string // PersonPage.Next of the page before
	Limit    int    // 1 to 200; 0 means 50
}

// PersonPage is one page of people, the newest first.
type PersonPage struct {
	People []app.UserLine
	Next   string // "" on the last page
}

// People returns a page of everybody with an account: for the operator's staff.
func (p *Portal) People(ctx context.Context, actor app.Actor, f PersonFilter) (PersonPage, error) {
	var page PersonPage
	err := actor.May(app.ManageMembers)
	if err == nil && !actor.Staff() {
		err = app.Errorf(app.Forbidden, "Your role does not allow this.")
	}
	if err != nil {
		return page, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	q := store.PersonQuery{Text: clip(strings.TrimSpace(f.Text)), Disabled: f.Disabled, Before: before, Limit: limit + 1}
	err = p.see(ctx, actor, app.ManageMembers, func(tx *store.Tx) error {
		page.People, err = tx.People(ctx, q)
		return err
	})
	if len(page.People) > limit {
		page.People = page.People[:limit]
		page.Next = page.People[limit-1].ID.String()
	}
	return page, err
}

// DisableUser ends all that a person can do, in the portal and in every app, at once: until EnableUser. The operator's staff may do it to
// anybody; others to a member of their organization who belongs to no other one, since it reaches everywhere.
//
// Errors: NotFound; Forbidden for somebody who may do more than the actor, or belongs elsewhere, too; Conflict for the actor themselves and
// for the operator's last administrator.
func (p *Portal) DisableUser(ctx context.Context, actor app.Actor, person app.ID) error {
	return p.setDisabled(ctx, actor, disableUser, person, func(tx *store.Tx) error {
		if person == actor.User {
			return app.Errorf(app.Conflict, "You cannot disable yourself.")
		}
		return tx.DisableUser(ctx, person, p.now())
	})
}

// EnableUser lets a disabled person sign in again, and use what they could use. Its errors are those of DisableUser.
func (p *Portal) EnableUser(ctx context.Context, actor app.Actor, person app.ID) error {
	return p.setDisabled(ctx, actor, enableUser, person, func(tx *store.Tx) error { return tx.EnableUser(ctx, person, p.now()) })
}

func (p *Portal) setDisabled(ctx context.Context, actor app.Actor, v verb, person app.ID, change func(*store.Tx) error) error {
	return p.do(ctx, actor, v, func(tx *store.Tx) error {
		if !actor.Staff() {
			m, err := tx.LockMember(ctx, person)
			if err != nil {
				return err
			}
			if err := mayChange(actor, m); err != nil {
				return err
			}
			if m.Elsewhere {
				return app.Errorf(app.Forbidden, "This person belongs to other organizations, too. You can remove them from yours.")
			}
		}
		user, err := tx.LockUser(ctx, person)
		if err != nil {
			return err
		}
		tx.Note("person "+person.String(), map[string]any{"email": user.Email, "disabled": user.Disabled},
			map[string]any{"email": user.Email, "disabled": v.action == disableUser.action})
		others, err := tx.OrganizationsOf(ctx, person)
		if err != nil {
			return err
		}
		for _, organization := range others {
			tx.NoteAlso(organization)
		}
		return change(tx)
	})
}
