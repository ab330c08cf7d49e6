// Package portaltest makes a small installation for tests: an operator, two customers, prices, and the portal over a real database; a
// reseller with a customer of its own is there for those who ask.
package portaltest

import (
	"log/slog"
	"path/filepath"
	"testing"

	"allotment/app"
	"allotment/app/folder"
	"allotment/app/planner"
	"allotment/app/portal"
	"allotment/app/store/storetest"
	"allotment/app/vault"
	"allotment/catalog"
)

// Password is every test person's.
const Password = "correct horse battery"

// Zone is the provider's DNS zone in tests.
const Zone = "apps.example.test"

// World is a small installation.
type World struct {
	*storetest.Database
	Portal   *portal.Portal
	Catalog  *catalog.Catalog
	Vault    *vault.Vault
	Operator app.Actor // an administrator of the operator
	Tenant   app.Actor // the owner of a customer
	Other    app.Actor // the owner of another customer
	Exports  string    // the folder of the files that exports make

	reseller, resold *app.Actor // made when they are asked for
}

// New makes a world of t's own. change may alter the portal's configuration.
func New(t testing.TB, change ...func(*portal.Config)) *World {
	t.Helper()
	w := &World{Database: storetest.Open(t)}
	var err error
	if w.Catalog, err = catalog.Load(catalog.Embedded); err != nil {
		t.Fatalf("catalog: %v", err)
	}
	key, err := vault.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if w.Vault, err = vault.Open(key); err != nil {
		t.Fatal(err)
	}
	cfg := Config()
	w.Exports = filepath.Join(t.TempDir(), "exports")
	cfg.Exports.Files = folder.Open(w.Exports)
	for _, c := range change {
		c(&cfg)
	}
	w.Portal = portal.New(w.Store, w.Catalog, w.Vault, cfg, slog.New(slog.DiscardHandler))
	w.populate(t)
	return w
}

// Config is the configuration of a test's portal.
func Config() portal.Config {
	return portal.Config{
		Zone: Zone, Reserved: []string{"www", "mail"}, AppURL: "http://{host}", ReportURL: "https://portal.example.test/enrol/report",
		URL:      "https://portal.example.test",
		Currency: "EUR", DNSMail: planner.MailSite{Host: "mail.example.test", Port: 587, IMAPHost: "mail.example.test", IMAPPort: 143},
		Mail:      portal.MailSite{Host: "mail.example.test", Port: 587, StartTLS: true, IMAPHost: "mail.example.test", IMAPPort: 143, IMAPSecurity: "starttls"},
		Directory: portal.DirectorySite{URI: "ldap://directory.example.test", StartTLS: true},
	}
}

func (w *World) populate(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	var err error
	w.Operator, err = w.Portal.CreateOperator(ctx, "Demo Operator", portal.NewMember{Name: "Operator", Email: "operator@example.test", Password: Password})
	if err != nil {
		t.Fatalf("operator: %v", err)
	}
	if err := w.Portal.PublishPrices(ctx, w.Operator); err != nil {
		t.Fatalf("prices: %v", err)
	}
	Billable(t, w.Store, w.Operator.Organization, "Demo Operator", true)
	w.Tenant = w.Customer(t, "tenant")
	w.Other = w.Customer(t, "other")
}

// Reseller is the owner of a reseller below the operator, the same one each time.
func (w *World) Reseller(t testing.TB) app.Actor {
	t.Helper()
	if w.reseller == nil {
		actor := w.Below(t, w.Operator, app.Reseller, "reseller")
		w.reseller = &actor
	}
	return *w.reseller
}

// Resold is the owner of a customer below Reseller, the same one each time.
func (w *World) Resold(t testing.TB) app.Actor {
	t.Helper()
	if w.resold == nil {
		actor := w.Below(t, w.Reseller(t), app.Customer, "resold")
		w.resold = &actor
	}
	return *w.resold
}

// Customer makes another customer of the operator, and returns its owner.
func (w *World) Customer(t testing.TB, slug string) app.Actor {
	t.Helper()
	return w.Below(t, w.Operator, app.Customer, slug)
}

// Below makes an organization below the seller's, and returns its owner: slug@example.test.
func (w *World) Below(t testing.TB, seller app.Actor, kind app.OrganizationKind, slug string) app.Actor {
	t.Helper()
	owner := portal.NewMember{Name: "Owner of " + slug, Email: slug + "@example.test", Password: Password}
	made, err := w.Portal.CreateOrganization(t.Context(), seller, portal.NewOrganization{Kind: kind, Name: "Demo " + slug, Slug: slug, Owner: owner})
	if err != nil {
		t.Fatalf("%s %s: %v", kind, slug, err)
	}
	Billable(t, w.Store, made.ID, "Demo "+slug, kind == app.Reseller)
	return w.SignIn(t, owner.Email)
}

// SignIn signs a test person in and returns who that is.
func (w *World) SignIn(t testing.TB, email string) app.Actor {
	t.Helper()
	session, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: email, Password: Password, Address: "192.0.2.1"})
	if err != nil {
		t.Fatalf("sign in %s: %v", email, err)
	}
	actor, err := w.Portal.Actor(t.Context(), session.Token)
	if err != nil {
		t.Fatalf("actor %s: %v", email, err)
	}
	return actor
}
