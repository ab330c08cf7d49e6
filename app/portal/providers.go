package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of providers. Whoever decides where people sign in has power over who they are.
var (
	addProvider    = verb{action: "provider.add", permission: app.ManageProviders, confirmed: true, personal: true}
	changeProvider = verb{action: "provider.change", permission: app.ManageProviders, confirmed: true, personal: true}
	switchProvider = verb{action: "provider.switch", permission: app.ManageProviders, confirmed: true, personal: true}
	removeProvider = verb{action: "provider.remove", permission: app.ManageProviders, confirmed: true, personal: true}
	testProvider   = verb{action: "provider.test", permission: app.ManageProviders}
)

// providersAtMost is how many providers an organization may have.
const providersAtMost = 20

// ProviderRequest is what the form of a provider sends.
type ProviderRequest struct {
	Kind     app.ProviderKind
	Name     string
	Settings app.ProviderSettings
	Secret   string // the client's secret, or the searching account's password; "" keeps the one that is there
	Rules    app.ProviderRules
}

// ProviderDetail is a provider as its organization sees it. The secret is never shown.
type ProviderDetail struct {
	app.Provider
	HasSecret bool
	People    int // linked to it
}

// Providers lists the actor's organization's own providers, by name.
func (p *Portal) Providers(ctx context.Context, actor app.Actor) ([]ProviderDetail, error) {
	var all []ProviderDetail
	err := p.see(ctx, actor, app.ManageProviders, func(tx *store.Tx) error {
		counts, err := tx.CountIdentities(ctx)
		if err != nil {
			return err
		}
		stored, err := tx.Providers(ctx)
		for _, s := range stored {
			all = append(all, ProviderDetail{s.Provider, len(s.Secret) > 0, counts[s.ID]})
		}
		return err
	})
	return all, err
}

// Provider returns one of them. Errors: NotFound.
func (p *Portal) Provider(ctx context.Context, actor app.Actor, id app.ID) (ProviderDetail, error) {
	var d ProviderDetail
	err := p.see(ctx, actor, app.ManageProviders, func(tx *store.Tx) error {
		counts, err := tx.CountIdentities(ctx)
		if err != nil {
			return err
		}
		s, err := tx.Provider(ctx, id, false)
		d = ProviderDetail{s.Provider, len(s.Secret) > 0, counts[id]}
		return err
	})
	return d, err
}

// AddProvider makes a provider of the actor's organization. It can be used at once.
//
// Errors: Invalid or Conflict with Fields named as the form's; Conflict when there are too many.
func (p *Portal) AddProvider(ctx context.Context, actor app.Actor, r ProviderRequest) (app.Provider, error) {
	made := store.StoredProvider{Secret: []byte{}}
	err := p.do(ctx, actor, addProvider, func(tx *store.Tx) error {
		clean, err := cleanProvider(actor.Kind, r, false)
		if err != nil {
			return err
		}
		all, err := tx.Providers(ctx)
		if err != nil {
			return err
		}
		if len(all) >= providersAtMost {
			return app.Errorf(app.Conflict, "There are %d providers already. Please remove one that is not used.", providersAtMost)
		}
		made.Provider = app.Provider{
			ID: app.NewID(), Organization: actor.Organization, Kind: clean.Kind, Name: clean.Name, Settings: clean.Settings, Rules: clean.Rules,
			Enabled: true, CreatedAt: p.now(),
		}
		if err := p.sealSecret(&made, clean.Secret); err != nil {
			return err
		}
		tx.Note(providerTarget(made.ID), nil, providerNote(made.Provider))
		return tx.InsertProvider(ctx, made)
	})
	return made.Provider, err
}

// ChangeProvider changes how a provider is reached and whom it lets in. What people are known by there stays as it is once somebody is linked.
//
// Errors: NotFound; Invalid or Conflict with Fields.
func (p *Portal) ChangeProvider(ctx context.Context, actor app.Actor, id app.ID, r ProviderRequest) error {
	return p.do(ctx, actor, changeProvider, func(tx *store.Tx) error {
		now, err := tx.Provider(ctx, id, true)
		if err != nil {
			return err
		}
		r.Kind = now.Kind
		clean, err := cleanProvider(actor.Kind, r, len(now.Secret) > 0)
		if err != nil {
			return err
		}
		linked, err := tx.CountIdentities(ctx)
		if err != nil {
			return err
		}
		if err := keepsSubjects(now.Settings, clean.Settings, linked[id]); err != nil {
			return err
		}
		before := providerNote(now.Provider)
		now.Name, now.Settings, now.Rules = clean.Name, clean.Settings, clean.Rules
		if err := p.sealSecret(&now, clean.Secret); err != nil {
			return err
		}
		note := providerNote(now.Provider)
		note["secret_changed"] = clean.Secret != ""
		tx.Note(providerTarget(id), before, note)
		return tx.SaveProvider(ctx, now)
	})
}

// SwitchProvider takes a provider out of use, or back into it. People who are signed in stay so. Errors: NotFound.
func (p *Portal) SwitchProvider(ctx context.Context, actor app.Actor, id app.ID, on bool) error {
	return p.do(ctx, actor, switchProvider, func(tx *store.Tx) error {
		now, err := tx.Provider(ctx, id, true)
		if err != nil {
			return err
		}
		tx.Note(providerTarget(id), map[string]bool{"enabled": now.Enabled}, map[string]bool{"enabled": on})
		now.Enabled = on
		return tx.SaveProvider(ctx, now)
	})
}

// RemoveProvider removes a provider with every link to it. The people stay members, and need another way to sign in.
//
// Errors: NotFound; Invalid at confirm unless that is the provider's name.
func (p *Portal) RemoveProvider(ctx context.Context, actor app.Actor, id app.ID, confirm string) error {
	return p.do(ctx, actor, removeProvider, func(tx *store.Tx) error {
		now, err := tx.Provider(ctx, id, true)
		if err != nil {
			return err
		}
		if strings.TrimSpace(confirm) != now.Name {
			return app.FieldError("confirm", "Please type the name exactly as it stands above.")
		}
		tx.Note(providerTarget(id), providerNote(now.Provider), nil)
		return tx.DeleteProvider(ctx, id)
	})
}

// TestProvider tries to reach a provider and keeps what came of it. That it cannot be reached is no error of the verb: see Problem.
//
// Errors: NotFound.
func (p *Portal) TestProvider(ctx context.Context, actor app.Actor, id app.ID) (app.Provider, error) {
	var stored store.StoredProvider
	err := p.see(ctx, actor, app.ManageProviders, func(tx *store.Tx) (err error) {
		stored, err = tx.Provider(ctx, id, false)
		return err
	})
	if err != nil {
		return app.Provider{}, err
	}
	found := p.reachProvider(ctx, stored) // no transaction is open
	err = p.do(ctx, actor, testProvider, func(tx *store.Tx) error {
		if stored, err = tx.Provider(ctx, id, true); err != nil {
			return err
		}
		stored.CheckedAt, stored.Problem = p.now(), ""
		if found != nil {
			stored.Problem = app.Words(found)
		}
		tx.Note(providerTarget(id), nil, map[string]string{"problem": stored.Problem})
		return tx.SaveProvider(ctx, stored)
	})
	return stored.Provider, err
}

func (p *Portal) reachProvider(ctx context.Context, s store.StoredProvider) error {
	secret, err := p.unsealSecret(s)
	if err != nil {
		return err
	}
	switch {
	case s.Kind == app.ProviderLDAP && p.cfg.SignIn.LDAP != nil:
		return p.cfg.SignIn.LDAP.Check(ctx, s.Settings.LDAP, secret)
	case s.Kind == app.ProviderOpenID && p.cfg.SignIn.OpenID != nil:
		return p.cfg.SignIn.OpenID.Check(ctx, s.Settings.OpenID, secret)
	}
	return errNoClient
}

// sealSecret keeps a new secret; "" leaves the one that is there.
func (p *Portal) sealSecret(s *store.StoredProvider, secret string) (err error) {
	if secret != "" {
		s.Secret, err = p.vault.Seal(secret)
	}
	return err
}

func (p *Portal) unsealSecret(s store.StoredProvider) (string, error) {
	if len(s.Secret) == 0 {
		return "", nil
	}
	return p.vault.Unseal(s.Secret)
}

func providerTarget(id app.ID) string { return "provider " + id.String() }

// providerNote is what the audit log says of a provider: everything but the secret.
func providerNote(p app.Provider) map[string]any {
	return map[string]any{"name": p.Name, "kind": p.Kind, "settings": p.Settings, "rules": p.Rules, "enabled": p.Enabled}
}
