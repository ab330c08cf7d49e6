package crash

import (
	"context"
	"regexp"
	"testing"
	"time"

	"allotment/app"
	"allotment/e2e/lab"
)

// outage is a server that can be away. down returns how it comes back.
type outage struct {
	name string
	kind app.Kind // whose step waits
	down func(t *testing.T) (up func(context.Context) error)
}

func (w *world) outages() []outage {
	server := func(s lab.Server) func(*testing.T) func(context.Context) error {
		return func(t *testing.T) func(context.Context) error {
			up, err := w.site.Lab.Down(s)
			if err != nil {
				t.Fatal(err)
			}
			return up
		}
	}
	return []outage{
		{"PowerDNS", app.KindRecords, server(lab.ServerDNS)},
		{"OpenLDAP", app.KindDirectory, server(lab.ServerDirectory)},
		{"Cyrus", app.KindMail, server(lab.ServerIMAP)},
		{"mail database", app.KindMail, w.mailDatabaseDown},
		{"hypervisor", app.KindGuest, func(*testing.T) func(context.Context) error {
			w.gate.down()
			return func(context.Context) error { w.gate.up(); return nil }
		}},
	}
}

// mailDatabaseDown lets nobody into the mail driver's database; its server is also the portal's, and stays.
func (w *world) mailDatabaseDown(t *testing.T) func(context.Context) error {
	exec := func(ctx context.Context, sql string) error {
		_, err := w.database.Exec(ctx, sql)
		return err
	}
	if err := exec(t.Context(), `ALTER DATABASE mail WITH ALLOW_CONNECTIONS false`); err != nil {
		t.Fatal(err)
	}
	if err := exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mail'`); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error { return exec(ctx, `ALTER DATABASE mail WITH ALLOW_CONNECTIONS true`) }
}

// TestOutageIsWaitedFor: with a server down the order is kept, the step says in plain words what it waits for, and it goes on by
// itself when the server is back.
func TestOutageIsWaitedFor(t *testing.T) {
	w := theWorld(t)
	c := w.start(t, nil)
	var services []service
	for _, o := range w.outages() {
		t.Run(o.name, func(t *testing.T) {
			up := o.down(t)
			s := w.order(t, "roundcube", "outage")
			services = append(services, s)
			var step app.Step
			w.until(t, time.Minute, "the step waits", func() bool { step = w.waiting(t, s, o.kind); return step.Attempts > 1 }, s)
			wantPlain(t, step)
			back := time.Now()
			if err := up(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			w.untilAll(t, time.Minute, app.ServiceActive, s)
			t.Logf("%q (operator: %s); active %v after the server was back", step.Message, step.RawError, time.Since(back).Round(time.Millisecond))
			w.wantWhole(t, s)
		})
	}
	w.endAll(t, c, services)
}

// endAll terminates the services and stops the worker.
func (w *world) endAll(t *testing.T, c *worker, services []service) {
	t.Helper()
	for _, s := range services {
		w.terminate(t, s)
	}
	w.untilAll(t, time.Minute, app.ServiceTerminated, services...)
	for _, s := range services {
		w.wantGone(t, s)
	}
	c.stop(t)
	w.wantQuiet(t)
}

// waiting returns the step of a kind that waits, or the zero Step.
func (w *world) waiting(t *testing.T, s service, kind app.Kind) app.Step {
	t.Helper()
	d := w.detail(t, s)
	if d.Service.State != app.ServiceCreating {
		t.Fatalf("the order is %s, want it kept", d.Service.State)
	}
	for _, step := range d.Operation.Steps {
		if step.Kind == kind && step.State == app.StepWaiting {
			return step
		}
	}
	return app.Step{}
}

// jargon is what a tenant does not have to know: addresses, protocols, and the words of machines.
var jargon = regexp.MustCompile(`(?i)\d+\.\d+|:\d|localhost|https?|tcp|dial|refused|EOF|SQL|LDAP|IMAP|API|TLS|context|deadline|` +
	`pve|proxmox|powerdns|postfix|cyrus|\bDNS\b.*server|error|null|%!`)

func wantPlain(t *testing.T, step app.Step) {
	t.Helper()
	if step.Message == "" || jargon.MatchString(step.Message) || step.Message[len(step.Message)-1] != '.' {
		t.Errorf("the tenant reads %q, which is no plain sentence", step.Message)
	}
	if step.RawError == "" {
		t.Error("the operator reads no raw error")
	}
}

// TestDatabaseOutage: PostgreSQL itself goes away in the middle of an order. The worker stops, as it must without its lease, and goes
// on by itself when the database is back.
func TestDatabaseOutage(t *testing.T) {
	w := theWorld(t)
	s := w.order(t, "redmine", "database")
	c := w.start(t, nil)
	w.until(t, time.Minute, "it is half made", func() bool { done, _ := w.detail(t, s).Operation.Progress(); return done >= 2 }, s)
	up, err := w.site.Lab.Down(lab.ServerPostgres)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // long enough for the worker to notice
	if err := up(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	w.database.Reset()
	w.mail.Reset()
	w.until(t, time.Minute, "the portal answers", func() bool { return w.program.Store.Ready(t.Context()) == nil })
	w.untilAll(t, time.Minute, app.ServiceActive, s)
	t.Logf("active %v after the database was back", time.Since(back).Round(time.Millisecond))
	w.wantWhole(t, s)
	w.endAll(t, c, []service{s})
}
