package portal_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/vault"
)

var tokenShape = regexp.MustCompile(`^allot_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}$`)

func key(t *testing.T, w *portaltest.World, actor app.Actor, name string, role app.Role) (app.Key, string) {
	t.Helper()
	k, token, err := w.Portal.CreateKey(t.Context(), actor, portal.KeyRequest{Name: name, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return k, token
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	made, token := key(t, w, w.Tenant, "deploy robot", app.RoleCustomerDeveloper)
	if !tokenShape.MatchString(token) || !strings.HasPrefix(token, "allot_"+made.Prefix+"_") {
		t.Errorf("the token %q of the prefix %q", token, made.Prefix)
	}
	actor, err := w.Portal.KeyActor(ctx, token, "192.0.2.5")
	if err != nil {
		t.Fatal(err)
	}
	if actor.Key != made.ID || actor.User != (app.ID{}) || actor.Name != "key deploy robot" || actor.Organization != w.Tenant.Organization ||
		actor.Role != app.RoleCustomerDeveloper || actor.Kind != app.Customer || actor.State != app.OrganizationActive || actor.Address != "192.0.2.5" {
		t.Errorf("the key acts as %+v", actor)
	}
	page, err := w.Portal.Keys(ctx, w.Tenant, "", 0)
	if err != nil || len(page.Keys) != 1 {
		t.Fatalf("keys: %+v %v", page, err)
	}
	if k := page.Keys[0]; k.LastUsedAt.IsZero() || k.LastUsedAt.Second() != 0 || time.Since(k.LastUsedAt) > 2*time.Minute || k.CreatedByName != w.Tenant.Name {
		t.Errorf("the key is listed as %+v", k)
	}
	again, fresh, err := w.Portal.RotateKey(ctx, w.Tenant, made.ID)
	if err != nil || again.ID != made.ID || fresh == token {
		t.Fatalf("rotated: %+v %v", again, err)
	}
	if _, err := w.Portal.KeyActor(ctx, token, "192.0.2.5"); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("the token before still opens: %v", err)
	}
	if _, err := w.Portal.KeyActor(ctx, fresh, "192.0.2.5"); err != nil {
		t.Errorf("the new token: %v", err)
	}
	if err := w.Portal.RevokeKey(ctx, w.Tenant, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.KeyActor(ctx, fresh, "192.0.2.5"); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a revoked key: %v", err)
	}
	if _, _, err := w.Portal.RotateKey(ctx, w.Tenant, made.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("a revoked key is rotated: %v", err)
	}
	key(t, w, w.Tenant, "deploy robot", app.RoleCustomerViewer) // the name is free again
}

// TestKeyStoresNoToken looks through the whole database for what was shown once.
func TestKeyStoresNoToken(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	_, token := key(t, w, w.Tenant, "robot", app.RoleCustomerViewer)
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var hash []byte
	var audit string
	if err := conn.QueryRow(t.Context(), `SELECT token_hash FROM api_keys`).Scan(&hash); err != nil || !slices.Equal(hash, vault.Hash(token)) {
		t.Errorf("the stored hash is %x (%v)", hash, err)
	}
	err = conn.QueryRow(t.Context(), `SELECT string_agg(a::text, ' ') || (SELECT string_agg(k::text, ' ') FROM api_keys k) FROM audit a`).Scan(&audit)
	if err != nil || !strings.Contains(audit, "key.create") || strings.Contains(audit, token[18:]) {
		t.Errorf("the token is stored, or its making is not (%v)", err)
	}
}

func TestKeyRules(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	past, late := time.Now().Add(-time.Minute), time.Now().AddDate(6, 0, 0)
	key(t, w, w.Tenant, "taken", app.RoleCustomerAdmin)
	cases := map[string]struct {
		field   string
		request portal.KeyRequest
	}{
		"no name":       {"name", portal.KeyRequest{Role: app.RoleCustomerViewer}},
		"long name":     {"name", portal.KeyRequest{Name: strings.Repeat("x", 61), Role: app.RoleCustomerViewer}},
		"taken":         {"name", portal.KeyRequest{Name: "TAKEN", Role: app.RoleCustomerViewer}},
		"owner":         {"role", portal.KeyRequest{Name: "a", Role: app.RoleCustomerOwner}},
		"another kind":  {"role", portal.KeyRequest{Name: "a", Role: app.RoleOperatorViewer}},
		"no such role":  {"role", portal.KeyRequest{Name: "a", Role: "emperor"}},
		"in the past":   {"expires", portal.KeyRequest{Name: "a", Role: app.RoleCustomerViewer, ExpiresAt: past}},
		"too far ahead": {"expires", portal.KeyRequest{Name: "a", Role: app.RoleCustomerViewer, ExpiresAt: late}},
	}
	for name, c := range cases {
		if _, token, err := w.Portal.CreateKey(ctx, w.Tenant, c.request); app.FieldsOf(err)[c.field] == "" || token != "" {
			t.Errorf("%s: %v, want a message at the field %s", name, err, c.field)
		}
	}
	stale, acted := w.Tenant, w.Tenant
	stale.ConfirmedAt = time.Now().Add(-time.Hour)
	acted.Impersonation = &app.Impersonation{ID: app.NewID()}
	robot := w.Tenant
	robot.Key, robot.User, robot.Session = app.NewID(), app.ID{}, app.ID{}
	for name, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{"not confirmed": {stale, app.Unconfirmed}, "in a customer's name": {acted, app.Forbidden}, "by a key": {robot, app.Forbidden}} {
		if _, _, err := w.Portal.CreateKey(ctx, c.actor, portal.KeyRequest{Name: "b", Role: app.RoleCustomerViewer}); app.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestKeysAreTheOrganizations holds that nobody sees or ends another organization's keys, not even the operator's staff.
func TestKeysAreTheOrganizations(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	made, token := key(t, w, w.Tenant, "robot", app.RoleCustomerViewer)
	for _, other := range []app.Actor{w.Other, w.Operator} {
		if page, err := w.Portal.Keys(t.Context(), other, "", 0); err != nil || len(page.Keys) != 0 {
			t.Errorf("%s lists %+v (%v)", other.OrganizationName, page.Keys, err)
		}
		if err := w.Portal.RevokeKey(t.Context(), other, made.ID); app.CodeOf(err) != app.NotFound {
			t.Errorf("%s revokes it: %v", other.OrganizationName, err)
		}
		if _, _, err := w.Portal.RotateKey(t.Context(), other, made.ID); app.CodeOf(err) != app.NotFound {
			t.Errorf("%s rotates it: %v", other.OrganizationName, err)
		}
	}
	if _, err := w.Portal.KeyActor(t.Context(), token, "192.0.2.1"); err != nil {
		t.Errorf("the key: %v", err)
	}
}

func TestWrongKeysAreLimited(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	_, token := key(t, w, w.Tenant, "robot", app.RoleCustomerViewer)
	other := token[:20] + strings.Repeat("x", len(token)-20)
	codes := map[app.Code]int{}
	for range 70 {
		_, err := w.Portal.KeyActor(t.Context(), other, "192.0.2.7")
		codes[app.CodeOf(err)]++
	}
	if codes[app.Unauthenticated] != 60 || codes[app.TooMany] != 10 {
		t.Errorf("70 wrong keys were answered %v", codes)
	}
	for _, wrong := range []string{"", "allot_", token + "x", token[:len(token)-1], strings.ToLower(token), strings.Repeat("x", 100_000), "allot_\x00"} {
		if _, err := w.Portal.KeyActor(t.Context(), wrong, "192.0.2.8"); app.CodeOf(err) != app.Unauthenticated {
			t.Errorf("the token %.30q: %v", wrong, err)
		}
	}
	if _, err := w.Portal.KeyActor(t.Context(), token, "192.0.2.7"); err != nil {
		t.Errorf("the right key from the same address: %v", err)
	}
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	_, token, err := w.Portal.CreateKey(t.Context(), w.Tenant, portal.KeyRequest{Name: "short", Role: app.RoleCustomerViewer, ExpiresAt: time.Now().Add(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.KeyActor(t.Context(), token, "192.0.2.1"); err != nil {
		t.Errorf("before it expires: %v", err)
	}
	time.Sleep(1100 * time.Millisecond)
	if _, err := w.Portal.KeyActor(t.Context(), token, "192.0.2.1"); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("after it expired: %v", err)
	}
}

func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	_, token := key(t, w, w.Tenant, "robot", app.RoleCustomerViewer)
	_, second := key(t, w, w.Tenant, "second", app.RoleCustomerViewer)
	actor, err := w.Portal.KeyActor(ctx, token, "")
	if err != nil {
		t.Fatal(err)
	}
	neighbour, err := w.Portal.KeyActor(ctx, second, "")
	if err != nil {
		t.Fatal(err)
	}
	begin := func(a app.Actor, hash string) (*portal.Answer, error) {
		return w.Portal.BeginAnswer(ctx, a, "one", []byte(hash))
	}
	if answer, err := begin(actor, "a"); answer != nil || err != nil {
		t.Fatalf("the first: %+v %v", answer, err)
	}
	if _, err := begin(actor, "a"); app.CodeOf(err) != app.Conflict {
		t.Errorf("while it is worked on: %v", err)
	}
	if err := w.Portal.ForgetAnswer(ctx, actor, "one"); err != nil {
		t.Fatal(err)
	}
	if answer, err := begin(actor, "a"); answer != nil || err != nil {
		t.Errorf("after it broke off: %+v %v", answer, err)
	}
	if err := w.Portal.EndAnswer(ctx, actor, "one", portal.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte("very secret")}); err != nil {
		t.Fatal(err)
	}
	answer, err := begin(actor, "a")
	if err != nil || answer == nil || answer.Status != 201 || string(answer.Body) != "very secret" || answer.Header["Location"] != "/x" {
		t.Errorf("the same again: %+v %v", answer, err)
	}
	if _, err := begin(actor, "b"); app.CodeOf(err) != app.Invalid {
		t.Errorf("another request: %v", err)
	}
	if answer, err := begin(neighbour, "a"); answer != nil || err != nil {
		t.Errorf("another key reads the answer: %+v %v", answer, err)
	}
	conn, err := pgx.Connect(ctx, w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var open bool
	if err := conn.QueryRow(ctx, `SELECT bool_or(position('very secret'::bytea IN answer) > 0) FROM api_answers WHERE answer IS NOT NULL`).Scan(&open); err != nil || open {
		t.Errorf("the answer is stored in the clear (%v)", err)
	}
	if _, err := conn.Exec(ctx, `UPDATE api_answers SET started_at = started_at - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.DropAnswers(ctx, time.Now().Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if answer, err := begin(actor, "b"); answer != nil || err != nil {
		t.Errorf("a day later: %+v %v", answer, err)
	}
}
