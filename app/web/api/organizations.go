package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"allotment/app"
	"allotment/app/portal"
)

// Organization is a party: a reseller or a customer below the key's own.
type Organization struct {
	ID        app.ID    `json:"id" format:"uuid"`
	Parent    *app.ID   `json:"parent,omitempty" format:"uuid" doc:"Whom it buys from."`
	Kind      string    `json:"kind" enum:"operator,reseller,customer"`
	Name      string    `json:"name"`
	Slug      string    `json:"slug" doc:"Its short name: unique, and never changed."`
	State     string    `json:"state" enum:"active,suspended,closed"`
	Reason    string    `json:"reason,omitempty" doc:"Why it is suspended or closed."`
	Currency  string    `json:"currency" doc:"In which it is asked." example:"EUR"`
	CreatedAt time.Time `json:"created_at"`
}

type organizationRow struct {
	Organization
	Owners   []string `json:"owners" nullable:"false" doc:"The e-mail addresses of its owners, at most three."`
	Services int      `json:"services" doc:"How many of its services live."`
}

type organizationDetail struct {
	Organization
	Owners     []person    `json:"owners" nullable:"false"`
	Invitation *Invitation `json:"invitation,omitempty" doc:"The newest one to own it, where it has no owner."`
	Quota      quota       `json:"quota"`
}

type person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// quota is what an organization may use with everybody below it.
type quota struct {
	Services  limited `json:"services"`
	Guests    limited `json:"guests" doc:"Servers."`
	VCPU      limited `json:"vcpu"`
	MemoryMiB limited `json:"memory_mib"`
	DiskGiB   limited `json:"disk_gib"`
}

type limited struct {
	Max  *int64 `json:"max,omitempty" doc:"The limit; absent for none."`
	Used int64  `json:"used" doc:"What is used at this moment."`
}

type organizationsInput struct {
	Paging
	Query string `query:"q" maxLength:"100" doc:"A part of the name, the short name or an owner's e-mail address."`
	Below string `query:"below" maxLength:"100" doc:"Only those below this reseller."`
	Kind  string `query:"kind" enum:"reseller,customer"`
	State string `query:"state" enum:"active,suspended,closed" doc:"Otherwise all but closed ones."`
}

type newOrganizationInput struct {
	Body struct {
		Kind     string   `json:"kind" enum:"customer,reseller"`
		Name     string   `json:"name" maxLength:"500" doc:"At most 120 characters." example:"Demo Customer"`
		Slug     string   `json:"slug" maxLength:"100" doc:"Letters, digits and hyphens." example:"demo"`
		Currency string   `json:"currency,omitempty" maxLength:"3" doc:"In which it is asked; the installation's own where it is absent." example:"EUR"`
		Owner    newOwner `json:"owner" doc:"Who is invited to own it."`
	}
}

type renameInput struct {
	ByID
	Body struct {
		Name string `json:"name" maxLength:"500" doc:"At most 120 characters." example:"Demo Customer"`
	}
}

type currencyInput struct {
	ByID
	Body struct {
		Currency string `json:"currency" maxLength:"3" doc:"One of those in which is sold here; empty for the installation's own." example:"EUR"`
	}
}

type suspendInput struct {
	ByID
	Body struct {
		Reason string `json:"reason" maxLength:"2000" doc:"Its people read it on every page." example:"An invoice is open."`
	}
}

type quotaInput struct {
	ByID
	Body struct {
		Services  *int64 `json:"services,omitempty" doc:"Absent for no limit."`
		Guests    *int64 `json:"guests,omitempty"`
		VCPU      *int64 `json:"vcpu,omitempty"`
		MemoryMiB *int64 `json:"memory_mib,omitempty"`
		DiskGiB   *int64 `json:"disk_gib,omitempty"`
	}
}

func (a *API) addOrganizations() {
	const tag = "Organizations"
	add(a, line{id: "getOwnOrganization", method: get, path: "/organization", tag: tag, permission: app.SeeOrganization, summary: "The key's own organization"}, a.ownOrganization)
	add(a, line{id: "listOrganizations", method: get, path: "/organizations", tag: tag, permission: app.SeeCustomers, summary: "The organizations below one's own",
		description: "Resellers and their customers too, in the order of their names."}, a.organizations)
	add(a, line{id: "createOrganization", method: post, path: "/organizations", tag: tag, permission: app.ManageCustomers, status: http.StatusCreated,
		summary: "Make a customer or a reseller, and invite its owner", description: "The mail has a link that works once, and for seven days. Orders can be placed for it meanwhile."}, a.createOrganization)
	add(a, line{id: "inviteOwner", method: post, path: "/organizations/{id}/invitation", tag: tag, permission: app.ManageCustomers, status: http.StatusCreated,
		summary: "Invite somebody to own an organization that has no owner", description: "An invitation that is open already is taken back."}, a.inviteOwner)
	add(a, line{id: "resendOwnerInvitation", method: post, path: "/organizations/{id}/invitation/resend", tag: tag, permission: app.ManageCustomers,
		summary: "Send the owner's invitation once more", description: "With a new link and another week; the link before works no more."}, a.resendOwner)
	add(a, line{id: "revokeOwnerInvitation", method: remove, path: "/organizations/{id}/invitation", tag: tag, permission: app.ManageCustomers, status: http.StatusNoContent,
		summary: "Take the owner's invitation back"}, a.revokeOwner)
	add(a, line{id: "getOrganization", method: get, path: "/organizations/{id}", tag: tag, permission: app.SeeCustomers, summary: "One organization below one's own"}, a.organization)
	add(a, line{id: "renameOrganization", method: patch, path: "/organizations/{id}", tag: tag, permission: app.ManageCustomers, summary: "Give it another name"}, a.rename)
	add(a, line{id: "setCurrency", method: put, path: "/organizations/{id}/currency", tag: tag, permission: app.ManageCustomers, summary: "Set in which currency it is asked",
		description: "Not once it has ordered something (409): that keeps its currency."}, a.setCurrency)
	add(a, line{id: "suspendOrganization", method: post, path: "/organizations/{id}/suspend", tag: tag, permission: app.ManageCustomers,
		summary: "Suspend an organization", description: "Its people may look and pay, and change nothing else. Its services run on."}, a.suspend)
	add(a, line{id: "resumeOrganization", method: post, path: "/organizations/{id}/resume", tag: tag, permission: app.ManageCustomers, summary: "Let a suspended organization go on"}, a.resume)
	add(a, line{id: "getQuota", method: get, path: "/organizations/{id}/quota", tag: tag, permission: app.SeeCustomers, summary: "What it may use, and what it uses",
		description: "With everybody below it."}, a.quota)
	add(a, line{id: "setQuota", method: put, path: "/organizations/{id}/quota", tag: tag, permission: app.ManageCustomers, summary: "Limit what it may use",
		description: "With everybody below it. A limit below what is used already keeps it from ordering more."}, a.setQuota)
}

func (a *API) ownOrganization(ctx context.Context, actor app.Actor, _ *struct{}) (*one[organizationDetail], error) {
	d, err := a.portal.Organization(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &one[organizationDetail]{a.organizationDetailOf(d)}, nil
}

func (a *API) organizations(ctx context.Context, actor app.Actor, in *organizationsInput) (*list[organizationRow], error) {
	filter := portal.CustomerFilter{Text: in.Query, Kind: app.OrganizationKind(in.Kind), State: app.OrganizationState(in.State), After: in.After, Limit: in.Limit}
	if in.Below != "" {
		id, err := app.ParseID(in.Below)
		if err != nil {
			return nil, err
		}
		filter.Top = id
	}
	page, err := a.portal.Customers(ctx, actor, filter)
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Customers, page.Next, func(c portal.Customer) organizationRow {
		return organizationRow{Organization: a.organizationOf(c.Organization), Owners: append([]string{}, c.Owners...), Services: c.Services}
	}), nil
}

func (a *API) createOrganization(ctx context.Context, actor app.Actor, in *newOrganizationInput) (*made[Organization], error) {
	b := in.Body
	o, err := a.portal.CreateOrganization(ctx, actor, portal.NewOrganization{
		Kind: app.OrganizationKind(b.Kind), Name: b.Name, Slug: b.Slug, Currency: b.Currency,
		Owner: portal.NewMember{Email: b.Owner.Email, Language: b.Owner.Language},
	})
	if err != nil {
		return nil, &placed{err, map[string]string{"email": "#/owner/email", "language": "#/owner/language"}}
	}
	return &made[Organization]{at("organizations", o.ID.String()), a.organizationOf(o)}, nil
}

func (a *API) organization(ctx context.Context, actor app.Actor, in *ByID) (*one[organizationDetail], error) {
	d, err := a.below(ctx, actor, in, nil)
	if err != nil {
		return nil, err
	}
	return &one[organizationDetail]{a.organizationDetailOf(d)}, nil
}

func (a *API) rename(ctx context.Context, actor app.Actor, in *renameInput) (*one[organizationDetail], error) {
	return a.changed(ctx, actor, &in.ByID, func(id app.ID) error { return a.portal.RenameOrganization(ctx, actor, id, in.Body.Name) })
}

func (a *API) setCurrency(ctx context.Context, actor app.Actor, in *currencyInput) (*one[organizationDetail], error) {
	return a.changed(ctx, actor, &in.ByID, func(id app.ID) error { return a.portal.SetCurrency(ctx, actor, id, in.Body.Currency) })
}

func (a *API) suspend(ctx context.Context, actor app.Actor, in *suspendInput) (*one[organizationDetail], error) {
	return a.changed(ctx, actor, &in.ByID, func(id app.ID) error { return a.portal.SuspendOrganization(ctx, actor, id, in.Body.Reason) })
}

func (a *API) resume(ctx context.Context, actor app.Actor, in *actInput) (*one[organizationDetail], error) {
	return a.changed(ctx, actor, &in.ByID, func(id app.ID) error { return a.portal.ResumeOrganization(ctx, actor, id) })
}

func (a *API) quota(ctx context.Context, actor app.Actor, in *ByID) (*one[quota], error) {
	d, err := a.below(ctx, actor, in, nil)
	if err != nil {
		return nil, err
	}
	return &one[quota]{quotaOf(d.Quota)}, nil
}

func (a *API) setQuota(ctx context.Context, actor app.Actor, in *quotaInput) (*one[quota], error) {
	b := in.Body
	limit := func(n *int64) app.Limit { return app.Limit{Max: n} }
	wanted := app.Quota{Services: limit(b.Services), Guests: limit(b.Guests), VCPU: limit(b.VCPU), MemoryMiB: limit(b.MemoryMiB), DiskGiB: limit(b.DiskGiB)}
	d, err := a.below(ctx, actor, &in.ByID, func(id app.ID) error { return a.portal.SetQuota(ctx, actor, id, wanted) })
	if err != nil {
		return nil, &placed{err, map[string]string{"memory": "#/memory_mib", "disk": "#/disk_gib"}}
	}
	return &one[quota]{quotaOf(d.Quota)}, nil
}

// changed makes a change and answers with what came of it.
func (a *API) changed(ctx context.Context, actor app.Actor, in *ByID, change func(app.ID) error) (*one[organizationDetail], error) {
	d, err := a.below(ctx, actor, in, change)
	if err != nil {
		return nil, err
	}
	return &one[organizationDetail]{a.organizationDetailOf(d)}, nil
}

// below returns an organization below the key's own, after a change where there is one.
func (a *API) below(ctx context.Context, actor app.Actor, in *ByID, change func(app.ID) error) (portal.OrganizationDetail, error) {
	id, err := in.id()
	if err == nil && change != nil {
		err = change(id)
	}
	if err != nil {
		return portal.OrganizationDetail{}, err
	}
	return a.portal.Customer(ctx, actor, id)
}

func (a *API) organizationOf(o app.Organization) Organization {
	out := Organization{ID: o.ID, Kind: string(o.Kind), Name: o.Name, Slug: o.Slug, State: string(o.State), Reason: o.Reason,
		Currency: cmp.Or(o.Currency, a.portal.Currencies()[0]), CreatedAt: stamp(o.CreatedAt)}
	if o.Parent != (app.ID{}) {
		out.Parent = &o.Parent
	}
	return out
}

func (a *API) organizationDetailOf(d portal.OrganizationDetail) organizationDetail {
	out := organizationDetail{Organization: a.organizationOf(d.Organization), Owners: []person{}, Quota: quotaOf(d.Quota)}
	for _, o := range d.Owners {
		out.Owners = append(out.Owners, person{o.Name, o.Email})
	}
	if d.Invited != nil {
		i := a.invitationOf(*d.Invited)
		out.Invitation = &i
	}
	return out
}

func quotaOf(q app.Quota) quota {
	limit := func(l app.Limit) limited { return limited{l.Max, l.Used} }
	return quota{limit(q.Services), limit(q.Guests), limit(q.VCPU), limit(q.MemoryMiB), limit(q.DiskGiB)}
}
