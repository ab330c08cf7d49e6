package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// StoredProvider is a provider with its secret, still encrypted; empty for none.
type StoredProvider struct {
	app.Provider
	Secret []byte
}

const providerColumns = `p.id, p.organization_id, o.name, o.kind, p.kind, p.name, p.settings, p.secret, p.rules, p.enabled, p.created_at, p.checked_at, p.problem
	FROM providers p JOIN organizations o ON o.id = p.organization_id`

func scanProvider(row pgx.CollectableRow) (StoredProvider, error) {
	var p StoredProvider
	var settings, rules []byte
	var checked *time.Time
	err := row.Scan(&p.ID, &p.Organization, &p.OrganizationName, &p.OrganizationKind, &p.Kind, &p.Name, &settings, &p.Secret, &rules, &p.Enabled,
		&p.CreatedAt, &checked, &p.Problem)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(settings, &p.Settings); err != nil {
		return p, fmt.Errorf("settings of provider %s: %w", p.ID, err)
	}
	if err := json.Unmarshal(rules, &p.Rules); err != nil {
		return p, fmt.Errorf("rules of provider %s: %w", p.ID, err)
	}
	p.CheckedAt = value(checked)
	return p, nil
}

// Providers returns the actor's organization's own providers, by name.
func (t *Tx) Providers(ctx context.Context) ([]StoredProvider, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+providerColumns+` WHERE p.organization_id = $1 ORDER BY p.name`, t.actor.Organization)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanProvider)
}

// Provider returns one of the actor's organization's own providers, or NotFound. lock keeps others from changing it meanwhile.
func (t *Tx) Provider(ctx context.Context, id app.ID, lock bool) (StoredProvider, error) {
	sql := `SELECT ` + providerColumns + ` WHERE p.organization_id = $1 AND p.id = $2`
	if lock {
		sql += ` FOR UPDATE OF p`
	}
	rows, err := t.tx.Query(ctx, sql, t.actor.Organization, id)
	if err != nil {
		return StoredProvider{}, classify(err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanProvider)
	return p, classify(err)
}

// InsertProvider adds a provider to the actor's organization.
func (t *Tx) InsertProvider(ctx context.Context, p StoredProvider) error {
	settings, rules, err := encodeProvider(p)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO providers (organization_id, id, kind, name, settings, secret, rules, enabled, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.actor.Organization, p.ID, p.Kind, p.Name, settings, p.Secret, rules, p.Enabled, p.CreatedAt)
	return classify(err)
}

// SaveProvider stores a provider's name, settings, secret, rules, and what its test found.
func (t *Tx) SaveProvider(ctx context.Context, p StoredProvider) error {
	settings, rules, err := encodeProvider(p)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, `
		UPDATE providers SET name = $3, settings = $4, secret = $5, rules = $6, enabled = $7, checked_at = $8, problem = $9
		WHERE organization_id = $1 AND id = $2`,
		t.actor.Organization, p.ID, p.Name, settings, p.Secret, rules, p.Enabled, moment(p.CheckedAt), p.Problem)
	return classify(err)
}

func encodeProvider(p StoredProvider) (settings, rules []byte, err error) {
	if p.Secret == nil {
		return nil, nil, fmt.Errorf("provider %s: no secret is the empty one", p.ID)
	}
	if settings, err = json.Marshal(p.Settings); err == nil {
		rules, err = json.Marshal(p.Rules)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("provider %s: %w", p.ID, err)
	}
	return settings, rules, nil
}

// DeleteProvider removes a provider, with the links of people to it.
func (t *Tx) DeleteProvider(ctx context.Context, id app.ID) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM providers WHERE organization_id = $1 AND id = $2`, t.actor.Organization, id)
	return classify(err)
}

// CountIdentities returns how many people are linked to each of the actor's organization's providers.
func (t *Tx) CountIdentities(ctx context.Context) (map[app.ID]int, error) {
	rows, err := t.tx.Query(ctx, `SELECT provider_id, count(*) FROM identities WHERE organization_id = $1 GROUP BY provider_id`, t.actor.Organization)
	if err != nil {
		return nil, classify(err)
	}
	counts := map[app.ID]int{}
	var id app.ID
	var n int
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error { counts[id] = n; return nil })
	return counts, classify(err)
}

// ShownProviders lists the providers that an organization's sign-in page shows, by name: ID, kind and name only.
func (s *Store) ShownProviders(ctx context.Context, organization app.ID) ([]app.Provider, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, kind, name FROM shown_providers($1)`, organization)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Provider, error) {
		p := app.Provider{Organization: organization, Enabled: true}
		return p, row.Scan(&p.ID, &p.Kind, &p.Name)
	})
}

// SignInPlace finds an organization by its short name, the operator by "". Errors: NotFound.
func (s *Store) SignInPlace(ctx context.Context, slug string) (app.ID, error) {
	var id *app.ID
	if err := s.pool.QueryRow(ctx, `SELECT sign_in_place($1)`, slug).Scan(&id); err != nil {
		return app.ID{}, classify(err)
	}
	if id == nil {
		return app.ID{}, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return *id, nil
}

// ProviderOwner finds the organization of an enabled provider. Errors: NotFound.
func (s *Store) ProviderOwner(ctx context.Context, provider app.ID) (app.Organization, error) {
	var o app.Organization
	err := s.pool.QueryRow(ctx, `SELECT organization_id, organization_name, kind FROM provider_owner($1)`, provider).Scan(&o.ID, &o.Name, &o.Kind)
	return o, classify(err)
}
