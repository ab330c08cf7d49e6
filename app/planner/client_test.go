package planner_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/catalog"
)

// TestClientOfAnApp: an app that signs people in by OpenID Connect wants a client whose addresses are its own, before its guest and until after it.
func TestClientOfAnApp(t *testing.T) {
	t.Parallel()
	entry, s, _ := plan(t, "redmine")
	if wanted := planner.Want(entry, &entry.Plans[0], s, "tenant", planner.Site{}); slices.ContainsFunc(wanted, isClient) {
		t.Error("an app that takes no sign-in from OpenID Connect wants a client")
	}
	entry.SSO = catalog.SSO{Protocol: "oidc", RedirectPaths: []string{"/auth/callback"}, PostLogoutPaths: []string{"/"}, LogoutPath: "/auth/logout"}
	s.Name, s.URL = "Our app", "https://team.example.test"
	wanted := planner.Want(entry, &entry.Plans[0], s, "tenant", planner.Site{})
	got := wanted[slices.IndexFunc(wanted, isClient)].Spec
	want := app.ClientSpec{
		Name: "Our app", RedirectURIs: []string{"https://team.example.test/auth/callback"}, PostLogoutURIs: []string{"https://team.example.test/"},
		LogoutURI: "https://team.example.test/auth/logout", Scopes: app.Scopes(),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("wanted is %+v, want %+v", got, want)
	}
	resources, err := planner.Resources(wanted, s)
	if err != nil {
		t.Fatal(err)
	}
	create := planner.Operation(app.OperationCreate, s, resources, time.Unix(0, 0))
	remove := planner.Operation(app.OperationTerminate, s, resources, time.Unix(0, 0))
	for _, pair := range []struct {
		o             app.Operation
		first, second app.Kind
	}{
		{create, app.KindSecret, app.KindClient}, {create, app.KindClient, app.KindGuest},
		{remove, app.KindGuest, app.KindClient}, {remove, app.KindClient, app.KindSecret},
	} {
		first := slices.IndexFunc(pair.o.Steps, func(s app.Step) bool { return s.Kind == pair.first })
		second := slices.IndexFunc(pair.o.Steps, func(s app.Step) bool { return s.Kind == pair.second })
		if first < 0 || second < 0 || !slices.Contains(pair.o.Steps[second].DependsOn, pair.o.Steps[first].Position) {
			t.Errorf("%s: the %s does not wait for the %s", pair.o.Kind, pair.second, pair.first)
		}
	}
}

func isClient(w planner.Wanted) bool { return w.Kind == app.KindClient }
