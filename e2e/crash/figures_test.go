package crash

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
)

// expected is what one service of an app leaves on the remote servers, written down by hand. Who ordered it has access to it.
type expected struct {
	records   []string // type and name; {host} is the service's
	classes   map[string]int
	mailRows  map[string]int
	mailboxes []string
	secrets   int
}

var expectedOf = map[string]expected{
	"redmine": {
		records: []string{"A {host}.", "TXT {host}."},
		classes: map[string]int{
			"organizationalUnit": 1, "groupOfNames": 2, "applicationProcess": 1, "simpleSecurityObject": 1, "inetOrgPerson": 1, "inetLocalMailRecipient": 1,
		},
		mailRows: map[string]int{"domains": 1, "mailboxes": 0, "aliases": 0, "relay_credentials": 1},
		secrets:  4,
	},
	"roundcube": {
		records: []string{"A {host}.", "MX {host}.", "SRV _imap._tcp.{host}.", "SRV _submission._tcp.{host}.", "TXT _dmarc.{host}.", "TXT {host}."},
		classes: map[string]int{
			"organizationalUnit": 1, "groupOfNames": 2, "applicationProcess": 1, "simpleSecurityObject": 1, "inetOrgPerson": 2,
			"inetLocalMailRecipient": 2,
		},
		mailRows:  map[string]int{"domains": 1, "mailboxes": 2, "aliases": 1, "relay_credentials": 0},
		mailboxes: []string{"user/info@{host}", "user/tenant@{host}"},
		secrets:   3,
	},
}

var nothing = expected{mailRows: map[string]int{"domains": 0, "mailboxes": 0, "aliases": 0, "relay_credentials": 0}}

// wantWhole checks that the service is active and that each of its parts is there once.
func (w *world) wantWhole(t *testing.T, s service) {
	t.Helper()
	d := w.detail(t, s)
	if d.Service.State != app.ServiceActive || d.Operation.State != app.OperationDone {
		t.Errorf("%s: the service is %s and its operation %s, want active and done", s.label, d.Service.State, d.Operation.State)
	}
	if !d.Subscription.StartsAt.Equal(d.Service.ActiveAt) || d.Service.ActiveAt.IsZero() {
		t.Errorf("%s: active at %v and billed from %v", s.label, d.Service.ActiveAt, d.Subscription.StartsAt)
	}
	w.wantRemote(t, s, expectedOf[s.App], 1)
	w.wantEvents(t, s, "ordered", "active")
	resource := w.resource(t, s, app.KindGuest)
	for what, sql := range map[string]string{
		"addresses":     `SELECT count(*) FROM addresses a JOIN resources r ON r.id = a.resource_id WHERE r.service_id = $1`,
		"numbers":       `SELECT count(*) FROM guest_claims c JOIN resources r ON r.id = c.resource_id WHERE r.service_id = $1`,
		"enrolments":    `SELECT count(*) FROM enrolments WHERE service_id = $1`,
		"subscriptions": `SELECT count(*) FROM subscriptions WHERE service_id = $1 AND ends_at IS NULL`,
	} {
		if n := count(t, w.database, sql, s.Service); n != 1 {
			t.Errorf("%s: %d %s, want 1", s.label, n, what)
		}
	}
	if n := count(t, w.database, `SELECT count(*) FROM guest_claims WHERE resource_id = $1 AND task <> ''`, resource); n != 0 {
		t.Errorf("%s: its number still has a task under way", s.label)
	}
}

// wantGone checks that nothing of the service is left anywhere.
func (w *world) wantGone(t *testing.T, s service) {
	t.Helper()
	d := w.detail(t, s)
	if d.Service.State != app.ServiceTerminated || d.Subscription.EndsAt.IsZero() {
		t.Errorf("%s: the service is %s and billed until %v, want terminated", s.label, d.Service.State, d.Subscription.EndsAt)
	}
	w.wantEmpty(t, s)
	for what, sql := range map[string]string{
		"usable enrolments": `SELECT count(*) FROM enrolments WHERE service_id = $1 AND expires_at > now()`,
		"events of the end": `SELECT count(*) - 1 FROM events WHERE service_id = $1 AND kind = 'terminated'`,
	} {
		if n := count(t, w.database, sql, s.Service); n != 0 {
			t.Errorf("%s: %d %s, want 0", s.label, n, what)
		}
	}
}

// wantEmpty checks that the servers hold nothing of the service, whatever state it is in.
func (w *world) wantEmpty(t *testing.T, s service) {
	t.Helper()
	w.wantRemote(t, s, nothing, 0)
	for what, sql := range map[string]string{
		"addresses": `SELECT count(*) FROM addresses a JOIN resources r ON r.id = a.resource_id WHERE r.service_id = $1`,
		"numbers":   `SELECT count(*) FROM guest_claims c JOIN resources r ON r.id = c.resource_id WHERE r.service_id = $1`,
	} {
		if n := count(t, w.database, sql, s.Service); n != 0 {
			t.Errorf("%s: %d %s, want 0", s.label, n, what)
		}
	}
}

// wantRemote compares what the remote servers hold of a service.
func (w *world) wantRemote(t *testing.T, s service, want expected, guests int) {
	t.Helper()
	w.wantGuests(t, s, guests)
	w.wantRecords(t, s, want.records)
	if got := w.entries(t, "allotment resource="+w.resource(t, s, app.KindDirectory).String()); !sameCounts(got, want.classes) {
		t.Errorf("%s: the directory has %v, want %v; those with access: %s", s.label, got, want.classes, w.access(t, s))
	}
	if got := w.mailRows(t, s.host); !sameCounts(got, want.mailRows) {
		t.Errorf("%s: the mail system has %v, want %v", s.label, got, want.mailRows)
	}
	if got, want := w.mailboxes(t, s.host), hosts(want.mailboxes, s.host); !slices.Equal(got, want) {
		t.Errorf("%s: the IMAP server has %v, want %v", s.label, got, want)
	}
	if n := count(t, w.database, `SELECT count(*) FROM secrets WHERE service_id = $1`, s.Service); n != want.secrets {
		t.Errorf("%s: %d secrets, want %d", s.label, n, want.secrets)
	}
}

// wantGuests checks the guests with the service's mark, their power and their disks.
func (w *world) wantGuests(t *testing.T, s service, want int) {
	t.Helper()
	mark := "allotment resource=" + w.resource(t, s, app.KindGuest).String()
	var marked []guest
	for _, g := range w.guests(t) {
		if strings.Contains(g.text("description"), mark) {
			marked = append(marked, g)
		}
	}
	if len(marked) != want {
		t.Errorf("%s: %d guests carry its mark, want %d: %+v", s.label, len(marked), want, marked)
	}
	disks := w.disks(t)
	for _, g := range marked {
		if !g.running || g.text("lock") != "" || g.text("env") != "" {
			t.Errorf("%s: guest %d runs %v, lock %q, enrolment %q; want it running, free and sealed", s.label, g.number, g.running, g.text("lock"), g.text("env"))
		}
		if n := len(disks) - len(slices.DeleteFunc(slices.Clone(disks), func(d int) bool { return d == g.number })); n != 1 {
			t.Errorf("%s: guest %d has %d disks", s.label, g.number, n)
		}
		claimed := count(t, w.database, `SELECT number FROM guest_claims WHERE resource_id = $1`, w.resource(t, s, app.KindGuest))
		if claimed != g.number {
			t.Errorf("%s: the guest is %d, and number %d is claimed for it", s.label, g.number, claimed)
		}
	}
}

// wantRecords checks the rrsets at the service's host and below: these and no other, each with its mark.
func (w *world) wantRecords(t *testing.T, s service, want []string) {
	t.Helper()
	mark := "allotment resource=" + w.resource(t, s, app.KindRecords).String()
	var got []string
	for _, set := range w.rrsets(t, s.host) {
		got = append(got, set.Type+" "+set.Name)
		if len(set.Records) != 1 || len(set.Comments) != 1 || set.Comments[0].Content != mark {
			t.Errorf("%s: the record set %s %s is %+v, want one record with our mark once", s.label, set.Type, set.Name, set)
		}
	}
	slices.Sort(got)
	if want := hosts(want, s.host); !slices.Equal(got, want) {
		t.Errorf("%s: the name server has %v, want %v", s.label, got, want)
	}
}

// wantEvents checks that the service's activity has each of these once, in this order, and nothing else.
func (w *world) wantEvents(t *testing.T, s service, kinds ...string) {
	t.Helper()
	var got []string
	for _, e := range w.detail(t, s).Events { // newest first
		got = append([]string{e.Kind}, got...)
	}
	if !slices.Equal(got, kinds) {
		t.Errorf("%s: its activity is %v, want %v", s.label, got, kinds)
	}
}

// wantQuiet checks that nothing of ours is left without a service, and that a worker leaves no job behind.
func (w *world) wantQuiet(t *testing.T) {
	t.Helper()
	c := w.start(t, nil)
	defer c.stop(t)
	w.until(t, 10*time.Second, "no job of a step is left", func() bool {
		return count(t, w.database, `SELECT count(*) FROM river.river_job WHERE kind = 'step' AND state NOT IN ('completed', 'cancelled')`) == 0
	})
	alive := count(t, w.database, `SELECT count(*) FROM guest_claims`)
	var placeholders int
	for _, g := range w.guests(t) {
		if g.text("lock") != "" {
			placeholders++
		}
	}
	if n := len(w.guests(t)); n != alive+placeholders || placeholders != w.stuck {
		t.Errorf("%d guests of which %d are locked for good, and %d numbers are claimed; want %d locked", n, placeholders, alive, w.stuck)
	}
	if n := count(t, w.database, `SELECT count(*) FROM guest_quarantine`); n != w.stuck {
		t.Errorf("%d numbers are given up, want %d", n, w.stuck)
	}
}

// resource returns the ID of the service's resource of a kind.
func (w *world) resource(t *testing.T, s service, kind app.Kind) (id app.ID) {
	t.Helper()
	err := w.database.QueryRow(t.Context(), `SELECT id FROM resources WHERE service_id = $1 AND kind = $2`, s.Service, kind).Scan(&id)
	if err != nil {
		t.Fatalf("%s: its %s: %v", s.label, kind, err)
	}
	return id
}

func count(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func hosts(patterns []string, host string) []string {
	var out []string
	for _, p := range patterns {
		out = append(out, strings.ReplaceAll(p, "{host}", host))
	}
	slices.Sort(out)
	return out
}

// sameCounts compares the counts that are wanted, and wants no others but the classes that come with them.
func sameCounts(got, want map[string]int) bool {
	for _, implied := range []string{"top", "person", "organizationalPerson"} {
		delete(got, implied)
	}
	if len(got) != len(want) {
		return false
	}
	for key, n := range want {
		if got[key] != n {
			return false
		}
	}
	return true
}

// access says who may use a service, as the portal's database has it, and how far its directory follows.
func (w *world) access(t *testing.T, s service) (said string) {
	t.Helper()
	err := w.database.QueryRow(t.Context(), `
		SELECT coalesce((
			SELECT string_agg(format('%s %s, disabled %s, name %s', u.email, a.level, u.disabled, n.uid), '; ')
			FROM service_access a JOIN users u ON u.id = a.user_id
			LEFT JOIN app_names n ON n.organization_id = a.organization_id AND n.user_id = a.user_id WHERE a.service_id = $1), 'nobody')
			|| coalesce((SELECT format(' (wanted %s, started %s, applied %s)', wanted, started, applied) FROM access_versions WHERE service_id = $1), ' (never counted)')
			|| coalesce((SELECT format(', of %s members', count(*)) FROM memberships m JOIN services x ON x.organization_id = m.organization_id WHERE x.id = $1), '')`,
		s.Service).Scan(&said)
	if err != nil {
		t.Errorf("%s: who may use it: %v", s.label, err)
	}
	return said
}
