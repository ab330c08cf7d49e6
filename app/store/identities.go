package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// IdentityOwner returns the person who is linked to a subject of one of the actor's organization's providers, or NotFound. The link is locked.
func (t *Tx) IdentityOwner(ctx context.Context, provider app.ID, subject string) (identity app.ID, u app.User, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT i.id, u.id, u.email, u.name, u.password_hash, u.language, u.disabled
		FROM identities i JOIN users u ON u.id = i.user_id
		WHERE i.organization_id = $1 AND i.provider_id = $2 AND i.subject = $3 FOR UPDATE OF i`, t.actor.Organization, provider, subject).
		Scan(&identity, &u.ID, &u.Email, &u.Name, &u.PasswordHash, &u.Language, &u.Disabled)
	return identity, u, classify(err)
}

// InsertIdentity links a person to a subject of one of the organization's providers.
func (t *Tx) InsertIdentity(ctx context.Context, i app.Identity) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO identities (organization_id, id, provider_id, subject, user_id, email, linked_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`, i.Organization, i.ID, i.Provider, i.Subject, i.User, i.Email, i.LinkedAt)
	return classify(err)
}

// UseIdentity notes that a person came in by a link, and what the provider calls them now.
func (t *Tx) UseIdentity(ctx context.Context, id app.ID, email string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE identities SET used_at = $3, email = $4 WHERE organization_id = $1 AND id = $2`, t.actor.Organization, id, now, email)
	return classify(err)
}

// OwnIdentities returns what the actor is linked to, in any organization.
func (t *Tx) OwnIdentities(ctx context.Context) ([]app.Identity, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT id, organization_id, organization_name, provider_id, provider_name, kind, enabled, subject, email, linked_at, used_at
		FROM own_identities($1)`, t.actor.User)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Identity, error) {
		i := app.Identity{User: t.actor.User}
		return i, row.Scan(&i.ID, &i.Organization, &i.OrganizationName, &i.Provider, &i.ProviderName, &i.Kind, &i.Enabled, &i.Subject, &i.Email,
			&i.LinkedAt, &i.UsedAt)
	})
}

// DeleteIdentity removes one of the actor's own links. Errors: NotFound.
func (t *Tx) DeleteIdentity(ctx context.Context, id app.ID) error {
	tag, err := t.tx.Exec(ctx, `DELETE FROM identities WHERE id = $1 AND user_id = $2`, id, t.actor.User)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return classify(err)
}

// LinkableProviders returns the providers that the actor may link to: those of the organizations they belong to, without those they have.
func (t *Tx) LinkableProviders(ctx context.Context) ([]app.Provider, error) {
	rows, err := t.tx.Query(ctx, `SELECT id, organization_id, organization_name, kind, name FROM linkable_providers($1)`, t.actor.User)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Provider, error) {
		p := app.Provider{Enabled: true}
		return p, row.Scan(&p.ID, &p.Organization, &p.OrganizationName, &p.Kind, &p.Name)
	})
}

// MemberRole returns a person's role in the actor's organization, "" for none. The membership is locked.
func (t *Tx) MemberRole(ctx context.Context, user app.ID) (app.Role, error) {
	var role app.Role
	err := t.tx.QueryRow(ctx, `SELECT role FROM memberships WHERE organization_id = $1 AND user_id = $2 FOR UPDATE`, t.actor.Organization, user).Scan(&role)
	if app.CodeOf(classify(err)) == app.NotFound {
		return "", nil
	}
	return role, classify(err)
}

// FollowGroups makes a person's role in the actor's organization the one that a provider's groups give; "" ends the membership, and with
// it the sessions in which they act for it.
func (t *Tx) FollowGroups(ctx context.Context, user app.ID, role app.Role, now time.Time) error {
	if role == "" {
		_, err := t.tx.Exec(ctx, `DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2`, t.actor.Organization, user)
		return classify(err)
	}
	_, err := t.tx.Exec(ctx, `
		INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role`, t.actor.Organization, user, role, now)
	return classify(err)
}

// InsertProvenUser adds a person whom a provider has proved. They have no password here.
func (t *Tx) InsertProvenUser(ctx context.Context, u app.User, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO users (id, email, name, language, created_at, verified_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, u.Email, u.Name, u.Language, now, moment(u.VerifiedAt))
	return classify(err)
}

// HasOwnWayIn reports whether the actor can sign in without any provider: by a password or a passkey. The person is locked, so that of two
// ways that are taken away at once the last one stays.
func (t *Tx) HasOwnWayIn(ctx context.Context) (bool, error) {
	var has bool
	err := t.tx.QueryRow(ctx, `
		SELECT password_hash <> '' OR EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = users.id) FROM users WHERE id = $1 FOR UPDATE`,
		t.actor.User).Scan(&has)
	return has, classify(err)
}
