package outbox_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"allotment/app"
	driver "allotment/app/driver/smtp"
	"allotment/app/outbox"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/views"
)

// office is an outbox with a mail server of its own, and a clock that is moved by hand.
type office struct {
	*portaltest.World
	box    *outbox.Outbox
	server *server
	mu     sync.Mutex
	clock  time.Time
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{World: portaltest.New(t), server: &server{t: t}, clock: time.Now()}
	o.server.start("127.0.0.1:0")
	carrier, err := driver.New(driver.Config{URL: "smtp+plain://" + o.server.address, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	head := func(context.Context, app.ID) (app.Letterhead, error) {
		return app.Letterhead{Name: "Demo Hosting", Address: "portal@example.test", URL: "https://portal.example.test"}, nil
	}
	o.box = &outbox.Outbox{Store: o.Store, Vault: o.Vault, Writer: views.Letters{}, Carrier: carrier, Head: head, Now: o.now}
	return o
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *office) wait(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

// post puts a mail into the outbox, as a verb does.
func (o *office) post(t *testing.T, key string) store.MailJob {
	t.Helper()
	sealed, err := o.Vault.Seal(`{"ToName":"Guest","Data":{"organization":"Demo tenant","person":"Owner","role":"customer_admin","path":"/invitation/token"}}`)
	if err != nil {
		t.Fatal(err)
	}
	mail := store.SealedMail{ID: app.NewID(), Sealed: sealed, CreatedAt: o.now(), Mail: app.Mail{
		Organization: o.Tenant.Organization, To: "guest@example.test", Language: "nl", Kind: app.MailInvitation, Key: key, Until: o.now().Add(96 * time.Hour),
	}}
	err = o.Store.InTenant(t.Context(), o.Tenant, func(tx *store.Tx) error { return tx.InsertMail(t.Context(), mail) })
	if err != nil {
		t.Fatal(err)
	}
	return store.MailJob{Organization: o.Tenant.Organization, Mail: mail.ID}
}

func (o *office) deliver(t *testing.T, job store.MailJob) time.Duration {
	t.Helper()
	again, err := o.box.Deliver(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// posted is what the operator sees of a mail.
func (o *office) posted(t *testing.T, job store.MailJob) app.Posted {
	t.Helper()
	page, err := o.Portal.Outbox(t.Context(), o.Operator, portal.OutboxFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Mails {
		if m.ID == job.Mail {
			return m
		}
	}
	t.Fatal("the operator does not see the mail")
	return app.Posted{}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	o := open(t)
	job := o.post(t, "one")
	if again := o.deliver(t, job); again != 0 {
		t.Errorf("a mail that was sent comes back after %v", again)
	}
	o.deliver(t, job)
	want := outbox.MessageID(job.Mail, "portal@example.test")
	if ids := o.server.ids(); len(ids) != 1 || ids[0] != want {
		t.Fatalf("the server has %v, want %s once", ids, want)
	}
	got, body := o.server.taken[0].Header, strings.ReplaceAll(o.server.bodies[0], "=\r\n", "") // as quoted-printable joins lines
	if got.Get("From") != `"Demo Hosting" <portal@example.test>` || got.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(got.Get("Subject"), "Uitnodiging") {
		t.Errorf("the letter's head: %v", got)
	}
	if strings.Count(body, "https://portal.example.test/invitation/token") < 2 || !strings.Contains(body, "text/html") {
		t.Errorf("the letter says: %s", body)
	}
	if seen := o.posted(t, job); seen.State != app.PostSent || seen.SentAt.IsZero() {
		t.Errorf("the operator sees %+v", seen)
	}
	if kept := o.Mails(t, "guest@example.test"); len(kept) != 0 {
		t.Error("what the mail said is still kept")
	}
	o.post(t, "one") // the same document once more
	var jobs, rows int
	db, err := pgx.Connect(t.Context(), o.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context()) //nolint:errcheck // the test ends
	if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM river.river_job WHERE kind = 'mail'), (SELECT count(*) FROM mails)`).Scan(&jobs, &rows); err != nil || jobs != 1 || rows != 1 {
		t.Errorf("%d jobs and %d mails (%v), want one of each", jobs, rows, err)
	}
}

// TestServerDown: what cannot be sent waits, ever longer, is shown, and is sent once when the server is back.
func TestServerDown(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.server.stop()
	job := o.post(t, "patient")
	var pauses []time.Duration
	for range 4 {
		again := o.deliver(t, job)
		pauses = append(pauses, again)
		if early := o.deliver(t, job); early <= 0 || early > again {
			t.Errorf("a mail that is not due comes back after %v", early)
		}
		o.wait(again)
	}
	for i := 1; i < len(pauses); i++ {
		if pauses[i] != 2*pauses[i-1] {
			t.Errorf("the pauses are %v", pauses)
			break
		}
	}
	if seen := o.posted(t, job); seen.State != app.PostWaiting || seen.Attempts != 4 || !strings.Contains(seen.Problem, "cannot be reached") {
		t.Errorf("the operator sees %+v", seen)
	}
	o.server.start(o.server.address)
	o.deliver(t, job)
	if ids := o.server.ids(); len(ids) != 1 || o.posted(t, job).State != app.PostSent {
		t.Errorf("the server has %v", ids)
	}
}

// TestServerKilled ends the server in the middle of a mail, and right after it has taken one. The first leaves no copy; only the second may make a
// further one, and both carry the same Message-ID.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.server.before = func() error { return errGone }
	job := o.post(t, "half")
	again := o.deliver(t, job)
	if ids := o.server.ids(); len(ids) != 0 || again == 0 {
		t.Fatalf("killed in the middle: %v, again after %v", ids, again)
	}
	o.server.before, o.server.after = nil, func() error { return errGone }
	o.wait(again)
	again = o.deliver(t, job)
	if seen := o.posted(t, job); seen.State != app.PostWaiting || !strings.Contains(seen.Problem, "answer was lost") {
		t.Errorf("the operator sees %+v", seen)
	}
	o.server.after = nil
	o.wait(again)
	o.deliver(t, job)
	o.deliver(t, job)
	if ids := o.server.ids(); len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("the server has %v, want two copies of one Message-ID", ids)
	}
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.server.rcpt = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody here"}
	job := o.post(t, "nobody")
	if again := o.deliver(t, job); again != 0 {
		t.Errorf("a mail that was refused for good comes back after %v", again)
	}
	if seen := o.posted(t, job); seen.State != app.PostFailed || !strings.Contains(seen.Problem, "nobody here") {
		t.Errorf("the operator sees %+v", seen)
	}
	if err := o.Portal.RetryMail(t.Context(), o.Tenant, job.Mail); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a tenant has it tried again: %v", err)
	}
	o.server.rcpt = nil
	if err := o.Portal.RetryMail(t.Context(), o.Operator, job.Mail); err != nil {
		t.Fatal(err)
	}
	o.wait(time.Minute)
	o.deliver(t, job)
	if len(o.server.ids()) != 1 || o.posted(t, job).State != app.PostSent {
		t.Errorf("tried again: %v", o.server.ids())
	}
	if err := o.Portal.RetryMail(t.Context(), o.Operator, job.Mail); app.CodeOf(err) != app.Conflict {
		t.Errorf("what was sent is tried again: %v", err)
	}
}

// TestOneAtATime has many workers take the same mail.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	o := open(t)
	job := o.post(t, "popular")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := o.box.Deliver(t.Context(), job); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if ids := o.server.ids(); len(ids) != 1 {
		t.Errorf("the server has %v", ids)
	}
}

// TestOfNoUse: a mail whose time is over is not sent, and nothing of it is kept.
func TestOfNoUse(t *testing.T) {
	t.Parallel()
	o := open(t)
	job := o.post(t, "late")
	o.wait(97 * time.Hour)
	o.deliver(t, job)
	if err := o.Store.ForgetMails(t.Context(), o.now()); err != nil {
		t.Fatal(err)
	}
	if seen := o.posted(t, job); len(o.server.ids()) != 0 || seen.State != app.PostFailed || seen.Problem == "" {
		t.Errorf("sent %v; the operator sees %+v", o.server.ids(), seen)
	}
	if kept := o.Mails(t, "guest@example.test"); len(kept) != 0 {
		t.Error("what the mail said is still kept")
	}
}
