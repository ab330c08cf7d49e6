package worker_test

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/openid"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/catalog"
)

// signsIn makes the catalog's Redmine one that signs people in by OpenID Connect.
func (r *rig) signsIn(t *testing.T) {
	t.Helper()
	entry, ok := r.Catalog.App("redmine")
	if !ok {
		t.Fatal("no redmine")
	}
	entry.SSO = catalog.SSO{Protocol: "oidc", RedirectPaths: []string{"/auth/callback"}, PostLogoutPaths: []string{"/"}}
	entry.Secrets = append(entry.Secrets, catalog.Secret{
		Name: app.ClientSecret, Generator: "token", Length: 40, Show: "never", Label: catalog.Text{"en": "Sign-in"},
	})
}

// TestServiceHasItsClient: the client is made before the guest and with the guest's secret, which stands in no spec; it goes with the service.
func TestServiceHasItsClient(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t)
	r.signsIn(t)
	r.work(t, r.engine(t, r.site), 100*time.Millisecond)
	order := r.order(t, "team")
	d := r.until(t, order.Service, "active", inState(app.ServiceActive))
	told := r.told.Load().OIDC
	host := "http://team." + portaltest.Zone
	for _, client := range r.clients.Present() {
		if told == nil || told.ClientSecret == "" || client.Secret != told.ClientSecret || told.ClientID != order.Service.String() {
			t.Errorf("the guest was told %+v, the client has a secret of %d characters", told, len(client.Secret))
		}
		if client.Name != "Our projects" || client.RedirectURIs[0] != host+"/auth/callback" || client.PostLogoutURIs[0] != host+"/" {
			t.Errorf("the client is %+v", client)
		}
	}
	if len(r.clients.Present()) != 1 || told.Issuer == "" {
		t.Errorf("%d clients, the issuer is %q", len(r.clients.Present()), told.Issuer)
	}
	for _, resource := range d.Resources {
		if bytes.Contains(resource.Spec, []byte(told.ClientSecret)) || bytes.Contains(resource.Observed, []byte(told.ClientSecret)) {
			t.Errorf("the secret stands in what is known of the %s", resource.Kind)
		}
	}
	if _, err := r.Portal.TerminateService(t.Context(), r.Tenant, order.Service, "team."+portaltest.Zone); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "terminated", inState(app.ServiceTerminated))
	if len(r.clients.Present()) != 0 {
		t.Error("the service is gone and its client is not")
	}
}

// TestClientWaitsForItsProvider: a provider that is down holds the service up and nothing else, and is asked again.
func TestClientWaitsForItsProvider(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t)
	r.signsIn(t)
	r.clients.Refuse()
	r.work(t, r.engine(t, r.site), 100*time.Millisecond)
	order := r.order(t, "team")
	r.until(t, order.Service, "waiting for its client", func(d portal.ServiceDetail) bool {
		for _, s := range d.Operation.Steps {
			if s.Kind == app.KindClient && s.State == app.StepWaiting && s.Attempts > 2 && s.Message != "" {
				return true
			}
		}
		return false
	})
	if len(r.guests.Calls()) != 0 {
		t.Error("the guest was made before its client")
	}
	r.clients.Mend()
	r.until(t, order.Service, "active", inState(app.ServiceActive))
}

// TestClientOfOurOwnProvider: with the portal itself as the provider, the client is a row that knows the secret by its hash alone.
func TestClientOfOurOwnProvider(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t)
	r.signsIn(t)
	own := openid.New(store.Clients{Store: r.Store}, "https://portal.example.test")
	r.own = own
	r.work(t, r.engine(t, r.site), 100*time.Millisecond)
	order := r.order(t, "team")
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	told := r.told.Load().OIDC
	found, err := r.Store.ClientStanding(t.Context(), order.Service)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(told.ClientSecret))
	if !bytes.Equal(found.Client.SecretHash, sum[:]) || found.Client.Organization != r.Tenant.Organization || told.Issuer != "https://portal.example.test" {
		t.Errorf("the client is %+v, the guest was told %q", found.Client, told.Issuer)
	}
	if _, err := r.Portal.TerminateService(t.Context(), r.Tenant, order.Service, "team."+portaltest.Zone); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "terminated", inState(app.ServiceTerminated))
	if _, err := r.Store.ClientStanding(t.Context(), order.Service); app.CodeOf(err) != app.NotFound {
		t.Errorf("the client of a service that is gone: %v", err)
	}
}
