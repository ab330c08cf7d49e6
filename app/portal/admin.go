package portal

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// NewMember is a person who is made the owner of a new organization.
type NewMember struct {
	Name     string
	Email    string
	Password string
	Language string // en, nl or de
}

// CreateOperator makes the operator and its first administrator. It needs no permission because there is nobody yet who could
// have one: it is run on the server by 'allotment admin create-operator', and refuses once there is an operator.
func (p *Portal) CreateOperator(ctx context.Context, name string, admin NewMember) (app.Actor, error) {
	o := app.Organization{ID: app.NewID(), Kind: app.Operator, Name: strings.TrimSpace(name), Slug: "operator", CreatedAt: p.now()}
	user, err := newUser(admin)
	if err != nil {
		return app.Actor{}, err
	}
	err = p.store.Bootstrap(ctx, o.ID, func(tx *store.Tx) error {
		if _, err := tx.OperatorOrganization(ctx); app.CodeOf(err) != app.NotFound {
			if err != nil {
				return err
			}
			return app.Errorf(app.Conflict, "There is an operator already.")
		}
		return join(ctx, tx, o, user, app.RoleOperatorAdmin, p.now())
	})
	return app.Actor{
		User: user.ID, Name: user.Name, Email: user.Email, Language: user.Language, Organization: o.ID, OrganizationName: o.Name,
		OrganizationSlug: o.Slug, Kind: o.Kind, Role: app.RoleOperatorAdmin,
	}, err
}

func newUser(m NewMember) (app.User, error) {
	email, err := plainEmail(m.Email)
	if err != nil {
		return app.User{}, err
	}
	if err := checkPassword("password", m.Password, email, m.Name); err != nil {
		return app.User{}, err
	}
	hash, err := HashPassword(m.Password)
	if err != nil {
		return app.User{}, err
	}
	if m.Language == "" {
		m.Language = "en"
	}
	return app.User{ID: app.NewID(), Email: email, Name: strings.TrimSpace(m.Name), PasswordHash: hash, Language: m.Language}, nil
}

// join writes an organization with its first member.
func join(ctx context.Context, tx *store.Tx, o app.Organization, u app.User, role app.Role, now time.Time) error {
	if err := tx.InsertOrganization(ctx, o); err != nil {
		return err
	}
	if err := tx.InsertUser(ctx, u, now); err != nil {
		return err
	}
	return tx.InsertMembership(ctx, o.ID, u.ID, role, now)
}
