package drivertest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"allotment/app"
)

// Clients is the suite of drivers for clients of an OpenID provider. Place is a domain; the suite's apps are below it.
func Clients(t *testing.T, open func(t *testing.T) Harness[app.ClientSpec, app.ClientState]) {
	run(t, open, clientWishes())
	t.Run("NewSecret", func(t *testing.T) { t.Parallel(); testNewClientSecret(t, open(t)) })
	t.Run("PublicAndBack", func(t *testing.T) { t.Parallel(); testPublicAndBack(t, open(t)) })
}

// NewClients is a fake for clients.
func NewClients() *Fake[app.ClientSpec, app.ClientState] {
	return newFake(fakeKind[app.ClientSpec, app.ClientState]{
		check:  app.ClientSpec.Check,
		places: func(ref app.Ref, _ app.ClientSpec) []string { return []string{ref.Service.String()} },
		id:     func(ref app.Ref, _ app.ClientSpec) string { return ref.Service.String() },
		state: func(ref app.Ref, s app.ClientSpec) app.ClientState {
			return clientState("https://id.example", ref, s)
		},
	})
}

func clientState(issuer string, ref app.Ref, s app.ClientSpec) app.ClientState {
	return app.ClientState{
		Issuer: issuer, ClientID: ref.Service.String(), Name: s.Name, RedirectURIs: s.RedirectURIs, PostLogoutURIs: s.PostLogoutURIs,
		LogoutURI: s.LogoutURI, Scopes: s.Scopes, Public: s.Public,
	}
}

func clientWishes() wishes[app.ClientSpec, app.ClientState] {
	return wishes[app.ClientSpec, app.ClientState]{
		want: wantClient,
		change: func(s app.ClientSpec) app.ClientSpec {
			s.Name += " renamed"
			s.RedirectURIs = append(slices.Clone(s.RedirectURIs), s.RedirectURIs[0]+"/second")
			s.PostLogoutURIs = nil
			s.Scopes = []string{app.ScopeOpenID, app.ScopeEmail}
			return s
		},
		rival: func(ref app.Ref, s app.ClientSpec) (app.Ref, app.ClientSpec) {
			ref.Resource, ref.ExternalID = app.NewID(), ""
			return ref, s
		},
		misfit: clientMisfit,
		refused: map[string]func(string) (app.Ref, app.ClientSpec){
			"NoName":         badClient(func(s *app.ClientSpec) { s.Name = "" }),
			"NoRedirect":     badClient(func(s *app.ClientSpec) { s.RedirectURIs = nil }),
			"RedirectPath":   badClient(func(s *app.ClientSpec) { s.RedirectURIs = []string{"/callback"} }),
			"RedirectScript": badClient(func(s *app.ClientSpec) { s.RedirectURIs = []string{"javascript://x.example/%0aalert(1)"} }),
			"RedirectPart":   badClient(func(s *app.ClientSpec) { s.RedirectURIs[0] += "#part" }),
			"LogoutPath":     badClient(func(s *app.ClientSpec) { s.PostLogoutURIs = []string{"bye"} }),
			"BackChannel":    badClient(func(s *app.ClientSpec) { s.LogoutURI = "ftp://x.example/" }),
			"NoOpenID":       badClient(func(s *app.ClientSpec) { s.Scopes = []string{app.ScopeEmail} }),
			"StrangeScope":   badClient(func(s *app.ClientSpec) { s.Scopes = append(s.Scopes, "admin everything") }),
			"NoSecret":       badClient(func(s *app.ClientSpec) { s.Secret = "" }),
			"PublicSecret":   badClient(func(s *app.ClientSpec) { s.Public = true }),
		},
	}
}

func wantClient(place string, nth int) (app.Ref, app.ClientSpec) {
	host := fmt.Sprintf("app%d.%s", nth, place)
	return newRef(host), app.ClientSpec{
		Name: "App " + host, RedirectURIs: []string{"https://" + host + "/callback"}, PostLogoutURIs: []string{"https://" + host + "/bye"},
		LogoutURI: "https://" + host + "/logout", Scopes: app.Scopes(), Secret: fmt.Sprintf("a long random secret for %d", nth),
	}
}

func badClient(spoil func(*app.ClientSpec)) func(string) (app.Ref, app.ClientSpec) {
	return func(place string) (app.Ref, app.ClientSpec) {
		ref, spec := wantClient(place, 90)
		spoil(&spec)
		return ref, spec
	}
}

func clientMisfit(ref app.Ref, s app.ClientSpec, o app.ClientState) string {
	if o.Issuer == "" {
		return "there is no issuer"
	}
	if want, got := sortedClient(clientState(o.Issuer, ref, s)), sortedClient(o); !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("there is %+v, want %+v", got, want)
	}
	return ""
}

// sortedClient is the same state in one order, with nil for nothing.
func sortedClient(s app.ClientState) app.ClientState {
	s.RedirectURIs = slices.Sorted(slices.Values(s.RedirectURIs))
	s.PostLogoutURIs = slices.Sorted(slices.Values(s.PostLogoutURIs))
	s.Scopes = slices.Sorted(slices.Values(s.Scopes))
	return s
}

// testNewClientSecret: a new secret is a change, the same one is not.
func testNewClientSecret(t *testing.T, h Harness[app.ClientSpec, app.ClientState]) {
	w := clientWishes()
	ref, spec := wantClient(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	before := fmt.Sprint(h.objects(t), h.version(t))
	spec.Secret = "another long random secret"
	ensure(t, h, w, ref, spec)
	if fmt.Sprint(h.objects(t), h.version(t)) == before {
		t.Error("the new secret was not written")
	}
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, spec) })
}

// testPublicAndBack: a client that loses its secret, and gets one again.
func testPublicAndBack(t *testing.T, h Harness[app.ClientSpec, app.ClientState]) {
	w := clientWishes()
	ref, spec := wantClient(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	public := spec
	public.Public, public.Secret = true, ""
	ref = ensure(t, h, w, ref, public)
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, public) })
	ensure(t, h, w, ref, spec)
}
