package portal_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// clock is a portal's time, moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func setClock(p *portal.Portal) *clock {
	c := &clock{at: time.Now()}
	portal.SetClock(p, c.now)
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// mailed returns the newest mail of a kind to an address, what it says, and how many there are.
func mailed(t *testing.T, w *portaltest.World, kind app.MailKind, to string) (app.Mail, int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT sealed FROM mails WHERE kind = $1 AND recipient = $2 ORDER BY id DESC`, kind, to)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(all) == 0 {
		return app.Mail{}, 0
	}
	plain, err := w.Vault.Unseal(all[0])
	if err != nil {
		t.Fatal(err)
	}
	var mail app.Mail
	if err := json.Unmarshal([]byte(plain), &mail); err != nil {
		t.Fatal(err)
	}
	return mail, len(all)
}

// tokenOf is the token of a mail's link.
func tokenOf(m app.Mail) string { return m.Data["path"][strings.LastIndex(m.Data["path"], "/")+1:] }

// audited counts the rows of an organization's audit log with an action and an outcome.
func audited(t *testing.T, w *portaltest.World, organization app.ID, action, outcome string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	err = conn.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE organization_id = $1 AND action = $2 AND outcome = $3`, organization, action, outcome).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func signIn(w *portaltest.World, t *testing.T, email string) (portal.SignedIn, error) {
	t.Helper()
	return w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: email, Password: portaltest.Password, Address: "192.0.2.1"})
}

// authenticator sets up one-time codes for a person, and returns the secret and the recovery codes.
func authenticator(t *testing.T, w *portaltest.World, actor app.Actor, now time.Time) (secret string, codes []string) {
	t.Helper()
	if err := w.Portal.BeginTOTP(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	device, err := w.Portal.Authenticator(t.Context(), actor)
	if err != nil || !strings.HasPrefix(device.QR, "data:image/png;base64,") {
		t.Fatalf("the authenticator: %v %.40s", err, device.QR)
	}
	secret = strings.ReplaceAll(device.Secret, " ", "")
	codes, err = w.Portal.ConfirmTOTP(t.Context(), actor, code(t, secret, now))
	if err != nil {
		t.Fatal(err)
	}
	return secret, codes
}

func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOneTimeCodes(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	c := setClock(w.Portal)
	ctx := t.Context()
	secret, codes := authenticator(t, w, w.Tenant, c.now())
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	answer := func(challenge, code string) (portal.SignedIn, error) {
		return w.Portal.SecondFactor(ctx, portal.SecondFactorRequest{Challenge: challenge, Code: code, Address: "192.0.2.1"})
	}
	in, err := signIn(w, t, w.Tenant.Email)
	if err != nil || !in.Pending() || in.Token != "" || in.Device != "" {
		t.Fatalf("after the password: %+v (%v), want no session yet", in, err)
	}
	if _, err := w.Portal.Actor(ctx, in.Challenge); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a challenge is a session: %v", err)
	}
	if _, err := answer(in.Challenge, code(t, secret, c.now())); app.CodeOf(err) != app.Invalid || !strings.Contains(app.Words(err), "already") {
		t.Errorf("the code that set it up, once more: %v", err)
	}
	for off, word := range map[time.Duration]string{-90 * time.Second: "slow", 90 * time.Second: "fast", 10 * time.Minute: "not right"} {
		if _, err := answer(in.Challenge, code(t, secret, c.now().Add(off))); app.CodeOf(err) != app.Invalid || !strings.Contains(app.Words(err), word) {
			t.Errorf("a clock that is off by %s: %v, want %q", off, err, word)
		}
	}
	c.move(time.Minute)
	done, err := answer(in.Challenge, code(t, secret, c.now().Add(-25*time.Second)))
	if err != nil || done.Token == "" || done.Method != "password+totp" {
		t.Fatalf("a good code: %+v (%v)", done.Session, err)
	}
	if _, err := answer(in.Challenge, codes[0]); app.CodeOf(err) != app.Gone {
		t.Errorf("a challenge works twice: %v", err)
	}
	in, _ = signIn(w, t, w.Tenant.Email)
	done, err = answer(in.Challenge, " "+strings.ToUpper(codes[0])+" ")
	if err != nil || done.Method != "password+recovery" {
		t.Fatalf("a recovery code: %v", err)
	}
	in, _ = signIn(w, t, w.Tenant.Email)
	for range 5 {
		if _, err := answer(in.Challenge, codes[0]); app.CodeOf(err) != app.Invalid {
			t.Errorf("a spent recovery code: %v", err)
		}
	}
	if _, err := answer(in.Challenge, codes[1]); app.CodeOf(err) != app.Gone {
		t.Errorf("after five wrong codes the sign-in goes on: %v", err)
	}
	fresh, err := w.Portal.RenewRecoveryCodes(ctx, w.Tenant)
	if err != nil || len(fresh) != 10 || fresh[0] == codes[1] {
		t.Fatalf("fresh codes: %v (%v)", fresh, err)
	}
	if err := w.Portal.RemoveTOTP(ctx, w.Tenant); err != nil {
		t.Fatal(err)
	}
	if a, err := w.Portal.Account(ctx, w.Tenant); err != nil || a.Factors != (app.Factors{}) || a.User.PasswordHash != "" {
		t.Errorf("after the last factor is gone: %+v (%v)", a.Factors, err)
	}
	if in, err := signIn(w, t, w.Tenant.Email); err != nil || in.Pending() {
		t.Errorf("without a factor: %v", err)
	}
	if _, n := mailed(t, w, app.MailSecurity, w.Tenant.Email); n != 3 {
		t.Errorf("%d mails about the changes, want 3", n)
	}
	if n := audited(t, w, w.Tenant.Organization, "totp.add", "done"); n != 1 {
		t.Errorf("%d rows of the audit log for the new factor", n)
	}
}

// TestCodesInParallel: one code, many at once, one session.
func TestCodesInParallel(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	c := setClock(w.Portal)
	_, codes := authenticator(t, w, w.Tenant, c.now())
	var all sync.WaitGroup
	var mu sync.Mutex
	sessions := 0
	for range 8 {
		in, err := signIn(w, t, w.Tenant.Email)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			done, err := w.Portal.SecondFactor(t.Context(), portal.SecondFactorRequest{Challenge: in.Challenge, Code: codes[3], Address: "192.0.2.1"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil && done.Token != "" {
				sessions++
			}
		})
	}
	all.Wait()
	if sessions != 1 {
		t.Errorf("one recovery code opened %d sessions", sessions)
	}
}

func TestStaffMustHaveASecondFactor(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(c *portal.Config) { c.StaffTwo = true })
	c := setClock(w.Portal)
	in, err := signIn(w, t, w.Operator.Email)
	if err != nil {
		t.Fatal(err)
	}
	actor, err := w.Portal.Actor(t.Context(), in.Token)
	if err != nil || !actor.Enrol {
		t.Fatalf("staff without a second factor: %+v (%v)", actor, err)
	}
	if _, err := w.Portal.Operations(t.Context(), actor, portal.OperationFilter{}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("staff without a second factor work: %v", err)
	}
	authenticator(t, w, actor, c.now())
	if actor, err = w.Portal.Actor(t.Context(), in.Token); err != nil || actor.Enrol {
		t.Errorf("with one: %+v (%v)", actor, err)
	}
	if tenant := w.SignIn(t, w.Tenant.Email); tenant.Enrol {
		t.Error("a tenant must have one too")
	}
}
