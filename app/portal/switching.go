package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

var switchOrganization = verb{action: "session.switch", permission: app.SeeAccount, personal: true}

// OwnOrganizations is a page of the organizations that a person belongs to, in the order of their names.
type OwnOrganizations struct {
	Memberships []app.Membership
	Next        string // "" on the last page
}

// OwnOrganizations returns a page of the organizations that the actor's person belongs to. after is Next of the page before.
func (p *Portal) OwnOrganizations(ctx context.Context, actor app.Actor, text, after string, limit int) (OwnOrganizations, error) {
	var page OwnOrganizations
	if err := actor.May(app.SeeAccount); err != nil {
		return page, err
	}
	id, limit, err := pageOf(after, limit)
	if err != nil {
		return page, err
	}
	page.Memberships, err = p.store.OwnOrganizations(ctx, actor.User, clip(strings.TrimSpace(text)), id, limit+1)
	if len(page.Memberships) > limit {
		page.Memberships = page.Memberships[:limit]
		page.Next = page.Memberships[limit-1].Organization.ID.String()
	}
	return page, err
}

// SwitchOrganization makes the actor's session act for another organization that they belong to, with their role there, and returns it with
// its new token. At a seller's own host only its own and its buyers' can be chosen. What the actor acts for already changes nothing: then the
// session has no token.
//
// Errors: NotFound for an organization that they do not belong to; Forbidden for a session that may not act there.
func (p *Portal) SwitchOrganization(ctx context.Context, actor app.Actor, organization app.ID, host string) (fresh app.Session, err error) {
	if err := p.allowed(actor, switchOrganization); err != nil {
		return fresh, err
	}
	there, err := p.membership(ctx, actor, organization, host)
	if err != nil {
		p.noteRefusal(ctx, actor, switchOrganization, err)
		return fresh, err
	}
	if organization == actor.Organization || actor.Session == (app.ID{}) {
		return fresh, nil
	}
	acting := actor // the row stands in the log of the organization that is acted for from now on: the one before learns nothing of it
	acting.Organization, acting.Kind, acting.Role, acting.State = organization, there.Organization.Kind, there.Role, there.Organization.State
	err = p.store.Write(ctx, acting, switchOrganization.action, p.now(), func(tx *store.Tx) error {
		tx.Note("session "+actor.Session.String(), nil, map[string]string{"role": string(there.Role)})
		if err := tx.SwitchSession(ctx, actor.Session, actor.User, organization); err != nil {
			return err
		}
		fresh, err = p.rotate(ctx, tx, actor.Session)
		return err
	})
	return fresh, err
}

// membership is the actor's in one of their organizations, as it counts at a host; NotFound where there is none.
func (p *Portal) membership(ctx context.Context, actor app.Actor, organization app.ID, host string) (app.Membership, error) {
	all, err := p.store.Memberships(ctx, actor.User)
	if err != nil {
		return app.Membership{}, err
	}
	for _, m := range all {
		if m.Organization.ID != organization {
			continue
		}
		brand, err := p.BrandAt(ctx, host)
		if err != nil || brand.Host == "" || brand.Host != bareHost(host) {
			return m, err
		}
		belongs, err := p.store.BelongsTo(ctx, brand.Organization, organization)
		if err != nil || belongs {
			return m, err
		}
		return m, app.Errorf(app.Forbidden, "This organization has another portal. Please sign in there.")
	}
	return app.Membership{}, app.Errorf(app.NotFound, "There is nothing at this address.")
}
