package store

import (
	"context"
	"errors"
	"time"

	"allotment/app"
)

// Clients is where the driver of the portal's own OpenID provider keeps clients.
type Clients struct{ Store *Store }

// Client returns the client of a service, whosever it is, or NotFound.
func (c Clients) Client(ctx context.Context, organization, service app.ID) (found app.Client, err error) {
	err = c.in(ctx, organization, func(tx *Tx) error {
		found, err = tx.Client(ctx, service)
		return err
	})
	return found, err
}

// SaveClient makes a client, or changes it where it is there with the same mark. Conflict: it is there with another.
func (c Clients) SaveClient(ctx context.Context, wanted app.Client) error {
	return c.in(ctx, wanted.Organization, func(tx *Tx) error {
		done, err := tx.tx.Exec(ctx, `
			INSERT INTO clients (organization_id, id, resource_id, name, redirect_uris, post_logout_uris, logout_uri, scopes, secret_hash, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (id) DO UPDATE SET
				name = excluded.name, redirect_uris = excluded.redirect_uris, post_logout_uris = excluded.post_logout_uris,
				logout_uri = excluded.logout_uri, scopes = excluded.scopes, secret_hash = excluded.secret_hash, changed_at = excluded.changed_at
			WHERE clients.resource_id = excluded.resource_id`,
			wanted.Organization, wanted.ID, wanted.Resource, wanted.Name, nonNil(wanted.RedirectURIs), nonNil(wanted.PostLogoutURIs),
			wanted.LogoutURI, nonNil(wanted.Scopes), wanted.SecretHash, wanted.ChangedAt)
		if err == nil && done.RowsAffected() == 0 {
			return app.Errorf(app.Conflict, "The app is known already where people sign in, and belongs to someone else.")
		}
		return err
	})
}

// DeleteClient takes a client with this mark away, with every sign-in and token of it; an absent one is fine.
func (c Clients) DeleteClient(ctx context.Context, organization, resource app.ID) error {
	return c.in(ctx, organization, func(tx *Tx) error {
		_, err := tx.tx.Exec(ctx, `DELETE FROM clients WHERE resource_id = $1`, resource)
		return err
	})
}

// in runs fn for one organization. Where the transaction did not even begin, the error is Retryable: nothing has happened.
func (c Clients) in(ctx context.Context, organization app.ID, fn func(*Tx) error) error {
	err := c.Store.InTenant(ctx, app.System(organization), fn)
	if errors.Is(err, errNotBegun) && ctx.Err() == nil {
		return app.Because(app.Retryable, err, "The place where people sign in cannot be reached at the moment.")
	}
	return err
}

const clientColumns = `organization_id, id, resource_id, name, redirect_uris, post_logout_uris, logout_uri, scopes, secret_hash, changed_at`

// Client returns a client by its ID, the service's, or NotFound.
func (t *Tx) Client(ctx context.Context, id app.ID) (app.Client, error) {
	var c app.Client
	err := t.tx.QueryRow(ctx, `SELECT `+clientColumns+` FROM clients WHERE id = $1`, id).
		Scan(&c.Organization, &c.ID, &c.Resource, &c.Name, &c.RedirectURIs, &c.PostLogoutURIs, &c.LogoutURI, &c.Scopes, &c.SecretHash, &c.ChangedAt)
	return c, classify(err)
}

// Standing is what decides, beside the person's access, whether an app may sign people in.
type Standing struct {
	Client       app.Client
	Service      app.ServiceState
	Organization app.OrganizationState
	Name         string // the organization's
}

// ClientStanding returns a client with its service's and organization's states, or NotFound. It is asked before a tenant is known.
func (s *Store) ClientStanding(ctx context.Context, id app.ID) (Standing, error) {
	organization, err := s.owner(ctx, `SELECT client_owner($1)`, id)
	if err != nil {
		return Standing{}, err
	}
	var found Standing
	err = s.Read(ctx, app.System(organization), func(tx *Tx) (err error) {
		if found.Client, err = tx.Client(ctx, id); err != nil {
			return err
		}
		return tx.tx.QueryRow(ctx, `
			SELECT s.state, o.state, o.name FROM services s JOIN organizations o ON o.id = s.organization_id WHERE s.id = $1`, id).
			Scan(&found.Service, &found.Organization, &found.Name)
	})
	return found, err
}

// owner asks one of the functions that say whose something is; NotFound where nobody has it.
func (s *Store) owner(ctx context.Context, sql string, key any) (app.ID, error) {
	var organization *app.ID
	if err := s.pool.QueryRow(ctx, sql, key).Scan(&organization); err != nil {
		return app.ID{}, classify(err)
	}
	if organization == nil {
		return app.ID{}, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return *organization, nil
}

// DropSignIns forgets what is over: requests and tokens past their time, and sign-ins that ended or whose last token is gone. It looks at every
// organization.
func (s *Store) DropSignIns(ctx context.Context, now time.Time) error {
	return s.Bootstrap(ctx, app.NewID(), func(t *Tx) error {
		for _, sql := range []string{
			`DELETE FROM auth_requests WHERE expires_at < $1`,
			`DELETE FROM tokens WHERE expires_at < $1`,
			`DELETE FROM app_sessions a WHERE a.created_at < $1
			 AND NOT EXISTS (SELECT FROM tokens t WHERE t.organization_id = a.organization_id AND t.app_session_id = a.id)
			 AND NOT EXISTS (SELECT FROM auth_requests r WHERE r.organization_id = a.organization_id AND r.app_session_id = a.id)`,
		} {
			if _, err := t.tx.Exec(ctx, sql, now.Add(-time.Hour)); err != nil {
				return classify(err)
			}
		}
		return nil
	})
}
