package portal_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// TestThousandWrongPasswords tries one account from a hundred addresses: few passwords are looked at, few rows are written, the person gets in
// from a browser of their own meanwhile, and everybody does when the window has passed.
func TestThousandWrongPasswords(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	c := setClock(w.Portal)
	known, err := signIn(w, t, w.Tenant.Email)
	if err != nil {
		t.Fatal(err)
	}
	before := audited(t, w, w.Tenant.Organization, "session.open", "refused")
	var looked, refused atomic.Int32
	var all sync.WaitGroup
	for worker := range 20 {
		all.Go(func() {
			for i := range 50 {
				_, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{
					Email: w.Tenant.Email, Password: "wrong wrong wrong", Address: fmt.Sprintf("198.51.100.%d", (worker*50+i)%100),
				})
				switch app.CodeOf(err) {
				case app.Unauthenticated:
					looked.Add(1)
				case app.TooMany:
					refused.Add(1)
				default:
					t.Errorf("a wrong password: %v", err)
				}
			}
		})
	}
	all.Wait()
	if looked.Load() > 10 || looked.Load()+refused.Load() != 1000 {
		t.Errorf("%d passwords were looked at and %d refused unseen, want at most 10 of 1000", looked.Load(), refused.Load())
	}
	rows := audited(t, w, w.Tenant.Organization, "session.open", "refused") - before + audited(t, w, w.Tenant.Organization, "signin.limit", "refused")
	if limit := audited(t, w, w.Tenant.Organization, "signin.limit", "refused"); rows > 11 || limit != 1 {
		t.Errorf("%d rows in the audit log, %d of them say that the limit was reached; want at most 11, and 1", rows, limit)
	}
	if _, err := signIn(w, t, w.Tenant.Email); app.CodeOf(err) != app.TooMany {
		t.Errorf("the right password from a browser that is not known: %v", err)
	}
	in, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: w.Tenant.Email, Password: portaltest.Password, Address: "192.0.2.1", Device: known.Device})
	if err != nil || in.Token == "" {
		t.Errorf("the person is locked out of their own browser: %v", err)
	}
	other := portal.SignInRequest{Email: w.Other.Email, Password: portaltest.Password, Address: "192.0.2.77", Device: known.Device}
	if _, err := w.Portal.SignIn(t.Context(), other); err != nil {
		t.Errorf("another person in the same browser: %v", err)
	}
	c.move(20 * time.Minute)
	if _, err := signIn(w, t, w.Tenant.Email); err != nil {
		t.Errorf("the account stays shut after the window: %v", err)
	}
}

// TestWindowSlides: right after a window's end its attempts still count.
func TestWindowSlides(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	at := time.Now()
	tries := func(n int) (allowed int) {
		for range n {
			counted, err := w.Store.CountAttempts(t.Context(), []store.Limit{{Key: "door account x", Most: 10}}, at, 15*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if counted.Allowed {
				allowed++
			}
		}
		return allowed
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 10}, {15 * time.Minute, 0}, {7*time.Minute + 30*time.Second, 5}, {time.Minute, 0}, {time.Hour, 10}} {
		at = at.Add(step.after)
		if got := tries(20); got < step.want || got > step.want+1 {
			t.Errorf("%s later %d attempts are allowed, want %d", step.after, got, step.want)
		}
	}
}

// TestEveryDoorIsLimited tries each door more often than its limit from one IPv6 subscriber's many addresses.
func TestEveryDoorIsLimited(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	doors := map[string]func(n int, address string) error{
		"sign-in": func(n int, address string) error {
			_, err := w.Portal.SignIn(ctx, portal.SignInRequest{Email: fmt.Sprintf("p%d@example.test", n), Password: "wrong", Address: address})
			return err
		},
		"passkey": func(_ int, address string) error { _, err := w.Portal.BeginPasskey(ctx, address); return err },
		"forgotten password": func(n int, address string) error {
			return w.Portal.Forgot(ctx, fmt.Sprintf("p%d@example.test", n), address)
		},
		"link": func(_ int, address string) error {
			_, err := w.Portal.CheckLink(ctx, app.LinkReset, "guess", address)
			return err
		},
		"invitation": func(_ int, address string) error {
			_, err := w.Portal.Invited(ctx, "guess", address)
			return err
		},
		"invited newcomer": func(_ int, address string) error {
			_, err := w.Portal.JoinAsNewcomer(ctx, "guess", portal.Newcomer{Address: address})
			return err
		},
		"API key": func(_ int, address string) error {
			_, err := w.Portal.KeyActor(ctx, "allot_wrong", address)
			return err
		},
		"confirmation": func(_ int, address string) error {
			actor := w.Tenant
			actor.Address = address
			_, err := w.Portal.Confirm(ctx, actor, portal.ConfirmRequest{Password: "wrong"})
			return err
		},
	}
	subscriber := map[string]int{}
	for name := range doors {
		subscriber[name] = len(subscriber)
	}
	for name, try := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range 70 {
				address := fmt.Sprintf("2001:db8:0:%x::%x", subscriber[name], n+1)
				if err := try(n, address); app.CodeOf(err) == app.TooMany {
					return
				}
			}
			t.Error("70 attempts were not too many")
		})
	}
}

// TestNoEnumeration: whoever knocks learns nothing of who has an account.
func TestNoEnumeration(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	took := func(fn func(i int)) time.Duration {
		var all []time.Duration
		for i := range 7 {
			start := time.Now()
			fn(i)
			all = append(all, time.Since(start))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	wrong := func(email string) func(int) {
		return func(i int) {
			_, err := w.Portal.SignIn(ctx, portal.SignInRequest{Email: email, Password: "wrong", Address: fmt.Sprintf("192.0.2.%d", i)})
			if app.Words(err) != "The e-mail address or the password is not right." {
				t.Errorf("%s: %v", email, err)
			}
		}
	}
	known, unknown := took(wrong(w.Tenant.Email)), took(wrong("nobody@example.test"))
	if known > 3*unknown || unknown > 3*known {
		t.Errorf("a wrong password takes %s for an account and %s for none", known, unknown)
	}
	forgot := func(email string) func(int) {
		return func(i int) {
			if err := w.Portal.Forgot(ctx, email, fmt.Sprintf("192.0.2.%d", i)); err != nil && app.CodeOf(err) != app.TooMany {
				t.Errorf("%s: %v", email, err)
			}
		}
	}
	known, unknown = took(forgot(w.Other.Email)), took(forgot("nobody@example.test"))
	if difference := known - unknown; difference > 100*time.Millisecond || difference < -100*time.Millisecond {
		t.Errorf("a forgotten password takes %s for an account and %s for none", known, unknown)
	}
	if _, n := mailed(t, w, app.MailReset, "nobody@example.test"); n != 0 {
		t.Error("a mail goes to an address that has no account")
	}
	if _, n := mailed(t, w, app.MailReset, w.Other.Email); n != 3 {
		t.Errorf("%d mails for seven requests, want 3", n)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	c := setClock(w.Portal)
	ctx := t.Context()
	authenticator(t, w, w.Tenant, c.now())
	const fresh = "a new one for the garden"
	if err := w.Portal.Forgot(ctx, " "+w.Tenant.Email+" ", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	mail, _ := mailed(t, w, app.MailReset, w.Tenant.Email)
	token := tokenOf(mail)
	for range 3 { // a scanner of mails opens it
		if _, err := w.Portal.CheckLink(ctx, app.LinkReset, token, "192.0.2.9"); err != nil {
			t.Fatalf("the link: %v", err)
		}
	}
	if err := w.Portal.ResetPassword(ctx, token, "password1234", "192.0.2.1"); app.FieldsOf(err)["password"] == "" {
		t.Errorf("a common password: %v", err)
	}
	for _, other := range []string{"", "x", token + "x"} {
		if err := w.Portal.ResetPassword(ctx, other, fresh, "192.0.2.1"); app.CodeOf(err) != app.Gone {
			t.Errorf("the token %q: %v", other, err)
		}
	}
	if err := w.Portal.VerifyEmail(ctx, token, "192.0.2.1"); app.CodeOf(err) != app.Gone {
		t.Errorf("a link of one purpose for another: %v", err)
	}
	if err := w.Portal.ResetPassword(ctx, token, fresh, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.ResetPassword(ctx, token, fresh+"!", "192.0.2.1"); app.CodeOf(err) != app.Gone {
		t.Errorf("the link works twice: %v", err)
	}
	if all, err := w.Portal.Sessions(ctx, w.Tenant); err != nil || len(all) != 0 {
		t.Errorf("%d sessions are left (%v)", len(all), err)
	}
	if _, err := signIn(w, t, w.Tenant.Email); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("the old password: %v", err)
	}
	in, err := w.Portal.SignIn(ctx, portal.SignInRequest{Email: w.Tenant.Email, Password: fresh, Address: "192.0.2.1"})
	if err != nil || !in.Pending() {
		t.Errorf("the new password: %+v (%v), want the second factor still asked for", in, err)
	}
	if _, n := mailed(t, w, app.MailSecurity, w.Tenant.Email); n == 0 {
		t.Error("nobody is told")
	}
	if err := w.Portal.Forgot(ctx, w.Other.Email, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	late, _ := mailed(t, w, app.MailReset, w.Other.Email)
	c.move(31 * time.Minute)
	if err := w.Portal.ResetPassword(ctx, tokenOf(late), fresh, "192.0.2.1"); app.CodeOf(err) != app.Gone {
		t.Errorf("a link of half an hour ago: %v", err)
	}
	wantNoToken(t, w, token)
}

// wantNoToken looks for a token in every column of links: only its hash may be there.
func wantNoToken(t *testing.T, w *portaltest.World, token string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var n int
	err = conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM links l WHERE strpos(l::text, $1) > 0) + (SELECT count(*) FROM mails m WHERE strpos(m::text, $1) > 0)
		+ (SELECT count(*) FROM audit a WHERE strpos(a::text, $1) > 0)`, token).Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("the token stands in the database %d times (%v)", n, err)
	}
}

func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	old, fresh := w.Tenant.Email, "garden@example.test"
	if err := w.Portal.ChangeEmail(ctx, w.Tenant, " Garden@Example.test"); err != nil {
		t.Fatal(err)
	}
	verify, _ := mailed(t, w, app.MailVerify, fresh)
	undo, _ := mailed(t, w, app.MailAddress, old)
	if verify.Data["path"] == "" || undo.Data["email"] != fresh {
		t.Fatalf("the mails: %v %v", verify, undo)
	}
	if a, err := w.Portal.Account(ctx, w.Tenant); err != nil || a.User.Email != old || a.User.NewEmail != fresh {
		t.Errorf("before the link is used: %+v (%v)", a.User, err)
	}
	if err := w.Portal.VerifyEmail(ctx, tokenOf(verify), "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if a, err := w.Portal.Account(ctx, w.Tenant); err != nil || a.User.Email != fresh || a.User.VerifiedAt.IsZero() || a.User.NewEmail != "" {
		t.Errorf("after it: %+v (%v)", a.User, err)
	}
	if err := w.Portal.UndoEmail(ctx, tokenOf(undo), "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if _, err := signIn(w, t, old); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("the password works after the change was taken back: %v", err)
	}
	reset, _ := mailed(t, w, app.MailReset, old)
	if err := w.Portal.ResetPassword(ctx, tokenOf(reset), "mine alone again", "192.0.2.1"); err != nil {
		t.Errorf("the way back in: %v", err)
	}
	if err := w.Portal.ChangeEmail(ctx, w.Other, w.Operator.Email); err != nil {
		t.Errorf("an address that has an account must look like any other: %v", err)
	}
	if _, n := mailed(t, w, app.MailVerify, w.Operator.Email); n != 0 {
		t.Error("its owner gets a link")
	}
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	c := setClock(w.Portal)
	ctx := t.Context()
	in, err := w.Portal.SignIn(ctx, portal.SignInRequest{Email: w.Tenant.Email, Password: portaltest.Password, Address: "192.0.2.8", Agent: "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.Portal.Sessions(ctx, w.Tenant)
	if err != nil || len(all) != 2 || all[0].Address != "192.0.2.8" || all[0].Method != "password" {
		t.Fatalf("sessions: %+v (%v)", all, err)
	}
	if err := w.Portal.RevokeSession(ctx, w.Other, in.ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("somebody else's session: %v", err)
	}
	if err := w.Portal.RevokeSession(ctx, w.Tenant, in.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.Actor(ctx, in.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a revoked session: %v", err)
	}
	for range 3 {
		if err := w.Portal.NoteStale(ctx, in.Token, "203.0.113.9"); err != nil {
			t.Fatal(err)
		}
	}
	if n := audited(t, w, w.Tenant.Organization, "session.stale", "refused"); n != 1 {
		t.Errorf("a stolen cookie left %d rows in the audit log, want 1", n)
	}
	third, err := signIn(w, t, w.Tenant.Email)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Portal.RevokeOtherSessions(ctx, w.Tenant); err != nil || n != 1 {
		t.Errorf("%d sessions ended (%v)", n, err)
	}
	if _, err := w.Portal.Actor(ctx, third.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("another session: %v", err)
	}
	last, err := signIn(w, t, w.Tenant.Email)
	if err != nil {
		t.Fatal(err)
	}
	staff, err := signIn(w, t, w.Operator.Email)
	if err != nil {
		t.Fatal(err)
	}
	c.move(16 * time.Minute)
	if _, err := w.Portal.Actor(ctx, staff.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("staff after 16 minutes: %v", err)
	}
	for range 8 {
		if _, err := w.Portal.Actor(ctx, last.Token); err != nil {
			t.Fatalf("a person who keeps working: %v", err)
		}
		c.move(100 * time.Minute)
	}
	if _, err := w.Portal.Actor(ctx, last.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("after the longest time: %v", err)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	c := setClock(w.Portal)
	ctx := t.Context()
	in, err := signIn(w, t, w.Tenant.Email)
	if err != nil {
		t.Fatal(err)
	}
	c.move(20 * time.Minute)
	actor, err := w.Portal.Actor(ctx, in.Token)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.ChangePassword(ctx, actor, "another good one"); app.CodeOf(err) != app.Unconfirmed {
		t.Fatalf("20 minutes after the proof: %v", err)
	}
	if _, err := w.Portal.Confirm(ctx, actor, portal.ConfirmRequest{Password: "wrong"}); app.FieldsOf(err)["password"] == "" {
		t.Errorf("a wrong password: %v", err)
	}
	fresh, err := w.Portal.Confirm(ctx, actor, portal.ConfirmRequest{Password: portaltest.Password})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.Actor(ctx, in.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("the token of before the confirmation: %v", err)
	}
	if actor, err = w.Portal.Actor(ctx, fresh.Token); err != nil || actor.Session != in.ID {
		t.Fatalf("the session goes on as %+v (%v)", actor, err)
	}
	if err := w.Portal.ChangePassword(ctx, actor, "another good one"); err != nil {
		t.Errorf("after the confirmation: %v", err)
	}
	visitor := actor
	visitor.Impersonation = &app.Impersonation{ID: app.NewID()}
	for name, err := range map[string]error{
		"password": w.Portal.ChangePassword(ctx, visitor, "another good one"), "address": w.Portal.ChangeEmail(ctx, visitor, "x@example.test"),
		"factor": w.Portal.BeginTOTP(ctx, visitor), "sessions": w.Portal.RevokeSession(ctx, visitor, in.ID),
	} {
		if app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s in somebody's name: %v", name, err)
		}
	}
}
