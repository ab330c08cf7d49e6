package crash

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
)

// largerPlan is the size that a service of each app is given; the figures are the catalog's, written down by hand.
var largerPlan = map[string]struct {
	plan                     string
	cores, memoryMiB, diskGB int
}{
	"redmine":   {"large", 4, 8192, 80},
	"roundcube": {"medium", 2, 2048, 10},
}

func (w *world) enlarge(t *testing.T, s service) {
	t.Helper()
	_, err := w.program.Portal.ChangePlan(t.Context(), w.tenant, s.Service, portal.PlanRequest{Plan: largerPlan[s.App].plan, When: portal.Now})
	if err != nil {
		t.Fatalf("another size of %s: %v", s.label, err)
	}
}

// wantLarger checks that the service is active with one guest of the new size, that one change was done, and that its subscription costs what
// the new size costs.
func (w *world) wantLarger(t *testing.T, s service) {
	t.Helper()
	want, d := largerPlan[s.App], w.detail(t, s)
	if d.Service.State != app.ServiceActive || d.Service.Plan != want.plan || d.Operation.Kind != app.OperationChange || d.Operation.State != app.OperationDone {
		t.Errorf("%s: the service is %s and %s, its %s is %s", s.label, d.Service.State, d.Service.Plan, d.Operation.Kind, d.Operation.State)
	}
	if n := count(t, w.database, `SELECT count(*) FROM operations WHERE service_id = $1 AND kind = 'change'`, s.Service); n != 1 {
		t.Errorf("%s: %d changes, want 1", s.label, n)
	}
	w.wantRemote(t, s, expectedOf[s.App], 1)
	mark := "allotment resource=" + w.resource(t, s, app.KindGuest).String()
	for _, g := range w.guests(t) {
		if !strings.Contains(g.text("description"), mark) {
			continue
		}
		cores, memory, disk := figure(g.config["cores"]), figure(g.config["memory"]), g.text("rootfs")
		if cores != want.cores || memory != want.memoryMiB || !strings.HasSuffix(disk, fmt.Sprintf("size=%dG", want.diskGB)) {
			t.Errorf("%s: guest %d has %d cores, %d MiB and the disk %q, want %+v", s.label, g.number, cores, memory, disk, want)
		}
	}
	subscribed, err := w.program.Portal.Subscription(t.Context(), w.tenant, s.Service)
	if err != nil {
		t.Fatal(err)
	}
	for _, choice := range subscribed.Choices {
		if choice.Current != (choice.Plan.ID == want.plan) || choice.Current && choice.Price != subscribed.Subscription.Price {
			t.Errorf("%s: it costs %v, and %s (current: %t) costs %v", s.label, subscribed.Subscription.Price, choice.Plan.ID, choice.Current, choice.Price)
		}
	}
}

// wantDocuments checks that a service's first period was invoiced once, and each change of its plan once too, with one credit note for the days that it had
// paid already, whenever workers were killed; and that the books agree.
func (w *world) wantDocuments(t *testing.T, s service, changes int) {
	t.Helper()
	for what, c := range map[string]struct {
		want int
		sql  string
	}{
		"periods that were charged":           {1, `SELECT count(*) FROM charges c JOIN subscriptions u ON u.id = c.subscription_id WHERE u.service_id = $1 AND c.kind = 'period'`},
		"changes that were charged":           {changes, `SELECT count(*) FROM charges c JOIN subscriptions u ON u.id = c.subscription_id WHERE u.service_id = $1 AND c.kind LIKE 'change %'`},
		"invoices with something to pay":      {1 + changes, documents + `WHERE u.service_id = $1 AND i.kind = 'invoice' AND i.gross_minor > 0`},
		"credit notes over more than nothing": {changes, documents + `WHERE u.service_id = $1 AND i.kind = 'credit note' AND i.gross_minor > 0`},
	} {
		if n := count(t, w.database, c.sql, s.Service); n != c.want {
			t.Errorf("%s: %d %s, want %d", s.label, n, what, c.want)
		}
	}
	off, err := biller.New(w.program.Store, nil, slog.New(slog.DiscardHandler), time.Now).Verify(t.Context())
	if err != nil || len(off) > 0 {
		t.Errorf("%s: the books are off: %q (%v)", s.label, off, err)
	}
}

// documents counts those that have a line of a subscription.
const documents = `SELECT count(DISTINCT i.id) FROM subscriptions u JOIN invoices i ON i.buyer_id = u.organization_id
	JOIN LATERAL json_array_elements(i.document -> 'lines') l ON l ->> 'source' = u.id::text `

// figure reads a number of a configuration, which stands there as a number or as text; -1 where there is none.
func figure(value any) int {
	text := strings.TrimPrefix(strings.Trim(fmt.Sprint(value), `"`), "current=")
	n, err := json.Number(text).Int64()
	if err != nil {
		return -1
	}
	return int(n)
}
