package portal

import (
	"context"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of members. Giving somebody more is confirmed; taking it away must never wait.
var (
	changeMember = verb{action: "member.role", permission: app.ManageMembers, confirmed: true}
	removeMember = verb{action: "member.remove", permission: app.ManageMembers}
	leaveMember  = verb{action: "member.leave", permission: app.SeeAccount, personal: true}
)

// MemberFilter selects a page of members. The zero value is the first page of all.
type MemberFilter struct {
	Text  string // part of the name or the e-mail address
	Role  app.Role
	After string // MemberPage.Next of the page before
	Limit int    // 1 to 200; 0 means 50
}

// MemberPage is one page of members, in the order of their names.
type MemberPage struct {
	Members []app.Member
	Next    string // "" on the last page
	Counts  map[app.Role]int
}

// Members returns a page of the members of the actor's own organization.
func (p *Portal) Members(ctx context.Context, actor app.Actor, f MemberFilter) (MemberPage, error) {
	var page MemberPage
	if err := actor.May(app.SeeMembers); err != nil {
		return page, err
	}
	after, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	q := store.MemberQuery{Text: clip(strings.TrimSpace(f.Text)), Role: f.Role, After: after, Limit: limit + 1}
	err = p.see(ctx, actor, app.SeeMembers, func(tx *store.Tx) error {
		if page.Members, err = tx.Members(ctx, q); err != nil {
			return err
		}
		page.Counts, err = tx.CountMembers(ctx)
		return err
	})
	if len(page.Members) > limit {
		page.Members = page.Members[:limit]
		page.Next = page.Members[limit-1].User.String()
	}
	return page, err
}

// Member returns a member of the actor's own organization, or NotFound.
func (p *Portal) Member(ctx context.Context, actor app.Actor, id app.ID) (app.Member, error) {
	var m app.Member
	err := p.see(ctx, actor, app.SeeMembers, func(tx *store.Tx) (err error) {
		m, err = tx.Member(ctx, id)
		return err
	})
	return m, err
}

// ChangeRole gives a member of the actor's own organization another role.
//
// Errors: NotFound; Invalid at role for one that there is not, or that may do more than the actor; Forbidden for a member who may do more than
// the actor; Conflict for the last owner.
func (p *Portal) ChangeRole(ctx context.Context, actor app.Actor, member app.ID, role app.Role) error {
	return p.do(ctx, actor, changeMember, func(tx *store.Tx) error {
		m, err := tx.LockMember(ctx, member)
		if err != nil {
			return err
		}
		tx.Note("member "+member.String(), memberNote(m.Email, m.Role), memberNote(m.Email, role))
		if err := mayGive(actor, role); err != nil {
			return err
		}
		if err := mayChange(actor, m); err != nil {
			return err
		}
		return tx.ChangeRole(ctx, member, role)
	})
}

// RemoveMember ends a membership of the actor's own organization. At once the person acts for it no more, and cannot use its services.
//
// Errors: NotFound; Forbidden for a member who may do more than the actor; Conflict for the actor themselves, and for the last owner.
func (p *Portal) RemoveMember(ctx context.Context, actor app.Actor, member app.ID) error {
	return p.do(ctx, actor, removeMember, func(tx *store.Tx) error {
		m, err := tx.LockMember(ctx, member)
		if err != nil {
			return err
		}
		tx.Note("member "+member.String(), memberNote(m.Email, m.Role), nil)
		if member == actor.User {
			return app.Errorf(app.Conflict, "You cannot remove yourself. You can leave the organization on the page of your account.")
		}
		if err := mayChange(actor, m); err != nil {
			return err
		}
		if err := tx.RemoveMember(ctx, member, p.now()); err != nil {
			return err
		}
		return p.post(ctx, tx, app.Mail{
			Organization: actor.Organization, To: m.Email, ToName: m.Name, Language: m.Language, Kind: app.MailRemoved,
			Data: map[string]string{"organization": actor.OrganizationName}, Key: "removed " + app.NewID().String(),
		})
	})
}

// LeaveOrganization ends the actor's own membership of the acting organization. confirm must be its short name.
//
// Errors: Invalid at confirm; Conflict for the last owner.
func (p *Portal) LeaveOrganization(ctx context.Context, actor app.Actor, confirm string) error {
	return p.do(ctx, actor, leaveMember, func(tx *store.Tx) error {
		tx.Note("member "+actor.User.String(), memberNote(actor.Email, actor.Role), nil)
		if confirm != actor.OrganizationSlug {
			return app.FieldError("confirm", "Please type the short name exactly as it stands above.")
		}
		return tx.RemoveMember(ctx, actor.User, p.now())
	})
}

// mayGive refuses a role that there is not in the actor's organization, and one that may do more than the actor.
func mayGive(actor app.Actor, role app.Role) error {
	switch {
	case !slices.Contains(app.RolesOf(actor.Kind), role):
		return app.FieldError("role", "There is no such role. Please choose one of the list.")
	case !slices.Contains(app.MemberRoles(actor), role):
		return app.FieldError("role", "This role may do more than your own, so somebody else must give it.")
	}
	return nil
}

// mayChange refuses a member who may do more than the actor.
func mayChange(actor app.Actor, m app.Member) error {
	if !actor.Role.Covers(m.Role) {
		return app.Errorf(app.Forbidden, "This person may do more than you, so somebody else must do this.")
	}
	return nil
}

func memberNote(email string, role app.Role) map[string]string {
	return map[string]string{"email": email, "role": string(role)}
}
