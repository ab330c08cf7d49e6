package portal

import (
	"context"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of organizations.
var createOrganization = verb{action: "organization.create", permission: app.ManageCustomers}

// NewOrganization is what a seller makes below itself.
type NewOrganization struct {
	Kind     app.OrganizationKind // Reseller or Customer
	Name     string
	Slug     string // its short name: unique, a DNS label, never changed
	Currency string // in which it is asked; "" for the installation's own
	// Owner is invited by mail, and gives a name and a password there: nobody else ever knows it. One with a password gets the account at once:
	// for demo data, no page and no API has that.
	Owner NewMember
}

// CreateCustomer makes a customer below the actor's organization. It is CreateOrganization for that kind.
func (p *Portal) CreateCustomer(ctx context.Context, actor app.Actor, name, slug string, owner NewMember) (app.Organization, error) {
	return p.CreateOrganization(ctx, actor, NewOrganization{Kind: app.Customer, Name: name, Slug: slug, Owner: owner})
}

// CreateOrganization makes a reseller or a customer below the actor's organization, and invites its owner. Until they accept it has nobody, and
// its seller can do for it what sellers can. Whether the address has an account is not told.
//
// Errors: Invalid at kind, name, slug, currency, email, language; Conflict at slug when another has it; TooMany.
func (p *Portal) CreateOrganization(ctx context.Context, actor app.Actor, n NewOrganization) (app.Organization, error) {
	var made app.Organization
	if n.Owner.Password == "" {
		if err := p.mayInvite(ctx, actor, createOrganization); err != nil {
			return made, err
		}
	}
	err := p.do(ctx, actor, createOrganization, func(tx *store.Tx) error {
		o, fields := p.newOrganization(actor, n)
		i, wrong := p.newInvitation(actor, Invitee{Email: n.Owner.Email, Language: n.Owner.Language})
		maps.Copy(fields, wrong)
		if err := invalidFields(fields); err != nil {
			return err
		}
		i.Role = app.OwnerOf(o.Kind)
		tx.NoteIn(o.ID, "organization "+o.ID.String(), nil,
			map[string]string{"kind": string(o.Kind), "name": o.Name, "slug": o.Slug, "seller": actor.OrganizationName, "owner": i.Email})
		made = o
		if n.Owner.Password != "" {
			return p.makeOwned(ctx, tx, o, n.Owner)
		}
		if err := tx.InsertOrganization(ctx, o); err != nil {
			return err
		}
		return p.sendInvitation(ctx, tx, actor, o, i)
	})
	return made, err
}

// makeOwned makes an organization with the account of its owner.
func (p *Portal) makeOwned(ctx context.Context, tx *store.Tx, o app.Organization, owner NewMember) error {
	user, err := newUser(owner)
	if err != nil {
		return err
	}
	return join(ctx, tx, o, user, app.OwnerOf(o.Kind), p.now())
}

// newOrganization is an organization as it was asked for, with what is wrong at each field.
func (p *Portal) newOrganization(actor app.Actor, n NewOrganization) (app.Organization, map[string]string) {
	o := app.Organization{
		ID: app.NewID(), Parent: actor.Organization, Kind: n.Kind, Slug: strings.TrimSpace(n.Slug), State: app.OrganizationActive, CreatedAt: p.now(),
	}
	fields := map[string]string{}
	if n.Kind != app.Reseller && n.Kind != app.Customer {
		fields["kind"] = "Please choose what it is."
	}
	var err error
	if o.Currency, err = p.currency(n.Currency); err != nil {
		fields["currency"] = app.FieldsOf(err)["currency"]
	}
	var message string
	if o.Name, message = cleanOrganizationName(n.Name); message != "" {
		fields["name"] = message
	}
	if len(o.Slug) > 40 || !label.MatchString(o.Slug) {
		fields["slug"] = "Please choose a short name of letters, digits and hyphens."
	}
	return o, fields
}

// cleanOrganizationName returns the name as it is stored, or what is wrong with it in words.
func cleanOrganizationName(name string) (clean, message string) {
	if !utf8.ValidString(name) || strings.ContainsFunc(strings.TrimSpace(name), func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", "Please use ordinary characters only."
	}
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > 120 {
		return "", "Please give it a name of at most 120 characters."
	}
	return name, ""
}

// invalidFields is the error for a form with these messages, nil where there is none.
func invalidFields(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	const words = "Please look at the fields that are marked."
	return &app.Error{Code: app.Invalid, Message: words, Format: words, Fields: fields}
}
