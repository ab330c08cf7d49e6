package portal_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	in := func(email, password string) (portal.SignedIn, error) {
		return w.Portal.SignIn(ctx, portal.SignInRequest{Email: email, Password: password, Address: "192.0.2.9"})
	}
	session, err := in("  TENANT@example.test ", portaltest.Password)
	if err != nil {
		t.Fatal(err)
	}
	actor, err := w.Portal.Actor(ctx, session.Token)
	if err != nil || actor.Organization != w.Tenant.Organization || actor.Role != app.RoleCustomerOwner {
		t.Errorf("signed in as %+v (%v)", actor, err)
	}
	if err := w.Portal.SignOut(ctx, session.Token, "192.0.2.9"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.Actor(ctx, session.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a session after sign-out: %v", err)
	}
	_, unknown := in("nobody@example.test", portaltest.Password)
	_, wrong := in("tenant@example.test", "not the password")
	if unknown == nil || wrong == nil || app.Words(unknown) != app.Words(wrong) || app.CodeOf(unknown) != app.Unauthenticated {
		t.Errorf("an unknown account is told %v, a wrong password %v; they must be the same", unknown, wrong)
	}
	for _, token := range []string{"", "x", session.Token + "x"} {
		if _, err := w.Portal.Actor(ctx, token); app.CodeOf(err) != app.Unauthenticated {
			t.Errorf("the token %q: %v", token, err)
		}
	}
}

// TestWrongPasswordsAreLimited tries one account from many addresses, and many accounts from one, all at once.
func TestWrongPasswordsAreLimited(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	attempt := func(email, address string) app.Code {
		_, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: email, Password: "wrong wrong wrong", Address: address})
		return app.CodeOf(err)
	}
	tried := func(n int, who func(int) (email, address string)) int32 {
		var looked atomic.Int32 // how often the password was looked at
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				email, address := who(i)
				if attempt(email, address) != app.TooMany {
					looked.Add(1)
				}
			})
		}
		all.Wait()
		return looked.Load()
	}
	if n := tried(40, func(i int) (string, string) { return "tenant@example.test", fmt.Sprintf("192.0.2.%d", i) }); n > 10 {
		t.Errorf("one account could be tried %d times from many addresses, want at most 10", n)
	}
	if code := attempt("tenant@example.test", "192.0.2.200"); code != app.TooMany {
		t.Errorf("the next attempt: %q", code)
	}
	if n := tried(80, func(i int) (string, string) { return fmt.Sprintf("person%d@example.test", i), "198.51.100.1" }); n > 50 {
		t.Errorf("one address could try %d accounts, want at most 50", n)
	}
	if _, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: "other@example.test", Password: portaltest.Password, Address: "203.0.113.1"}); err != nil {
		t.Errorf("somebody else cannot sign in: %v", err)
	}
}
