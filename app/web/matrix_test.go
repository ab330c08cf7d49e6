package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"allotment/app"
	"allotment/app/openid"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// matrix is the walk of every route by every role.
type matrix struct {
	*estate
	t       *testing.T
	server  *web.Server
	handler http.Handler
	entries []entry
	fields  map[string]bool
	calls   atomic.Int64
	grounds sync.Mutex // held while the operator gets fresh things: its old providers go

	operator, reseller, home, sibling, rival, theirs, direct, suspended *party
}

// apart are the routes that belong to no role, with the reason.
var apart = map[string]string{
	"GET /static/*":                     "files for everybody",
	"POST /hooks/stripe":                "the payment provider's signature is the permission",
	"POST /hooks/stripe/connect":        "as above",
	"GET /signin/link/:id":              "a proof that waits in one browser: its cookie is the permission",
	"POST /signin/link/:id":             "as above",
	"GET /account/identities/link/:id":  "as above, for somebody who is signed in",
	"POST /account/identities/link/:id": "as above",
	"GET /metrics":                      "for this very machine, by its address",
}

// narrower are the routes that ask for more than a permission of the table: who may use them all the same.
var narrower = map[string]func(app.Actor) bool{
	"GET /sales/payments":                     sells,
	"GET /sales/payments/apart":               sells,
	"POST /sales/payments/apart/settle":       sells,
	"POST /sales/payments/apart/book":         sells,
	"POST /sales/payments/apart/aside":        sells,
	"POST /sales/payments/apart/compare":      sells,
	"GET /sales/payments/note":                sells,
	"POST /sales/payments/note":               sells,
	"GET /sales/payments/account":             sells,
	"POST /sales/payments/account":            resells, // the operator's is in the settings of the installation
	"POST /sales/payments/account/disconnect": resells,
	"GET /sales/payments/refunds/:id":         sells,
	"POST /sales/payments/refunds/:id":        sells,
	"GET /sales/payments/import":              sells,
	"POST /sales/payments/import":             sells,
	"POST /sales/payments/lines":              sells,
	"POST /sales/payments/lines/:id/aside":    sells,
	"GET /sales/exports":                      sells, // those who sell have sold something
	"POST /sales/exports":                     sells,
	"GET /sales/mandates":                     sells,
	"POST /sales/mandates":                    sells,
	"POST /operator/brands":                   app.Actor.Staff, // the operator confirms the brands of all
	"GET /operator/people":                    app.Actor.Staff, // everybody with an account
	"POST /operator/people/:id/disable":       app.Actor.Staff,
	"POST /operator/people/:id/enable":        app.Actor.Staff,
	"GET /sales":                              sells,
	"GET /sales/ageing":                       sells,
	"GET /sales/ageing/export":                sells,
	"GET /sales/vat":                          sells,
	"GET /sales/vat/export":                   sells,
	"GET /sales/ledger":                       sells,
	"GET /sales/ledger/customers/:id":         sells,
	"GET /sales/wholesale":                    sells,
	"GET /sales/parked":                       sells,
	"POST /sales/parked/:id/retry":            sells,
	"POST /sales/runs":                        app.Actor.Staff, // runs are over all sellers
	"GET /reports/revenue":                    sells,
	"GET /reports/ageing":                     sells,
	"GET /reports/vat":                        sells,
	"GET /organization/brand":                 sells, // those who sell have a brand
	"GET /sales/invoices":                     sells, // and invoices of their own
	"GET /sales/invoices/:id":                 sells,
	"GET /sales/invoices/:id/pdf":             sells,
	"GET /sales/invoices/:id/ubl":             sells,
	"POST /sales/invoices/:id/credit":         sells,
	"POST /sales/invoices/:id/refund":         sells,
	"POST /organization/brand":                sells,
	"POST /organization/brand/logo/remove":    sells,
	"GET /customers/:id/billing":              sells, // a seller's look at its customers
	"POST /customers/:id/billing":             sells,
	"POST /customers/:id/billing/vat":         sells,
	"GET /sales/terms":                        sells,
	"POST /sales/terms":                       sells,
	"POST /sales/vat-rates":                   app.Actor.Staff, // the operator's table
	"POST /sales/exchange-rates":              app.Actor.Staff,
}

func sells(a app.Actor) bool { return a.Kind != app.Customer }

func resells(a app.Actor) bool { return a.Kind == app.Reseller }

// may reports whether a visitor may use an entry, as the table of roles says.
func (w visitorAs) may(e entry) bool {
	more := narrower[e.String()]
	return w.party != nil && w.actor.May(e.permission) == nil && (more == nil || more(w.actor))
}

// TestAuthorizationMatrix sends every route that there is, of the pages, the live streams and the API, as every role, its key, nobody and a
// suspended organization: what the table of roles refuses is refused, what it allows is not, and nobody reaches, sees or changes anything of
// an organization that is not theirs, whether its ID stands in the path, the query, a form or a body. A route, a parameter or a field that
// the walk does not know makes it fail.
func TestAuthorizationMatrix(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	m.wantEveryRoute()
	strangers := []*party{m.sibling, m.rival, m.theirs, m.direct}
	before := map[*party]map[string]string{}
	for _, p := range strangers {
		before[p] = m.fingerprint(t, p)
	}
	var all sync.WaitGroup
	for _, who := range m.visitors() {
		all.Go(func() {
			for _, e := range m.entries {
				if e.api == (who.key || who.party == nil && e.api) {
					m.visit(who, e)
				}
			}
		})
	}
	all.Wait()
	m.changes()
	for _, p := range strangers {
		for table, print := range m.fingerprint(t, p) {
			if print != before[p][table] {
				t.Errorf("somebody changed %s of an organization that is not theirs", table)
			}
		}
	}
	t.Logf("%d routes, %d requests", len(m.entries), m.calls.Load())
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	w := portaltest.New(t)
	provider, err := openid.New(w.Store, w.Vault, openid.Config{Issuer: "http://portal.example.test"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(web.Config{BaseURL: "http://portal.example.test", CallsPerMinute: 1_000_000, OpenID: provider}, w.Portal, silent{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	m := &matrix{estate: newEstate(t, w), t: t, server: server, handler: server.Handler(), fields: formFields(t)}
	m.operator = &party{id: w.Operator.Organization, kind: app.Operator, nameMark: "Demo Operator itself"}
	m.furnish(t, m.operator)
	m.reseller = m.plant(t, m.operator, app.Reseller)
	m.home, m.sibling = m.plant(t, m.reseller, app.Customer), m.plant(t, m.reseller, app.Customer)
	m.rival = m.plant(t, m.operator, app.Reseller)
	m.theirs = m.plant(t, m.rival, app.Customer)
	m.direct = m.plant(t, m.operator, app.Customer)
	m.suspended = m.plant(t, m.reseller, app.Customer)
	m.exec(t, `UPDATE organizations SET state = 'suspended', reason = 'An invoice is open.' WHERE id = $1`, m.suspended.id)
	m.suspended.state = app.OrganizationSuspended
	m.entries = append(m.pages(), m.api()...)
	return m
}

// visitors are nobody, every role in its organization, every role's key, and the roles and keys of a suspended organization.
func (m *matrix) visitors() []visitorAs {
	all := []visitorAs{{label: "nobody"}}
	for _, p := range []*party{m.operator, m.reseller, m.home, m.suspended} {
		for role := range p.sessions {
			all = append(all, visitorAs{fmt.Sprintf("%s (%s)", role, p.state), p, p.actor(role), false, nil})
		}
		for role := range p.keys {
			all = append(all, visitorAs{fmt.Sprintf("the key of a %s (%s)", role, p.state), p, p.actor(role), true, nil})
		}
	}
	return all
}

// path is the address of an entry that names a party's things; other parameters than only, where it is set, name own's.
func (m *matrix) path(who visitorAs, e entry, own, p *party, only string) string {
	return e.address(func(parameter string) string {
		if value, ok := fixed[parameter]; ok {
			return value
		}
		if only != "" && parameter != only {
			return own.thing(who.actor.Role, pathThings[parameter])
		}
		return p.thing(who.actor.Role, pathThings[parameter])
	})
}

// visit sends one entry as one visitor: it looks where it may, and tries what it may not.
func (m *matrix) visit(who visitorAs, e entry) {
	own := who.party
	if own == nil {
		own = m.home
	}
	if e.permission == "" {
		if who.party == nil {
			m.fine(who, e, m.send(who, e, m.path(who, e, own, own, ""), nil), "a public address")
		}
		return
	}
	if !who.may(e) {
		answer := m.send(who, e, m.path(who, e, own, own, ""), nil)
		if !answer.refused() || who.party != nil && answer.status != http.StatusForbidden {
			m.t.Errorf("%s at %s: %d, want it refused", who.label, e, answer.status)
		}
		m.fine(who, e, answer, "a refusal")
		return
	}
	m.foreign(who, e)
	if e.method != http.MethodGet {
		return
	}
	answer := m.send(who, e, m.path(who, e, own, own, ""), nil)
	if answer.refused() || answer.status >= 400 {
		m.t.Errorf("%s at %s: %d, want it shown", who.label, e, answer.status)
	}
	m.fine(who, e, answer, "their own")
}

// foreign tries the things of every organization that is not the visitor's, in each place of the path and of the query.
func (m *matrix) foreign(who visitorAs, e entry) {
	var named []string
	for _, parameter := range e.parameters() {
		if pathThings[parameter] != "" {
			named = append(named, parameter)
		}
	}
	for _, other := range m.others(who.party) {
		for i := range named {
			who.confirms = other
			only := ""
			if i > 0 {
				only = named[i]
			}
			answer := m.send(who, e, m.path(who, e, who.party, other, only), nil)
			if answer.status != http.StatusNotFound && answer.status != http.StatusForbidden {
				m.t.Errorf("%s at %s with another organization's %s: %d, want 404", who.label, e, pathThings[named[i]], answer.status)
			}
			m.fine(who, e, answer, "another organization's")
		}
		who.confirms = nil
		if e.method == http.MethodGet && !strings.HasSuffix(e.path, "/stream") {
			m.fine(who, e, m.send(who, e, m.path(who, e, who.party, who.party, ""), other), "another organization's in the query")
		}
	}
}

// others are those of the walk that a party must not reach.
func (m *matrix) others(p *party) []*party {
	all := []*party{m.operator, m.reseller, m.home, m.sibling, m.rival, m.theirs, m.direct}
	return slices.DeleteFunc(all, func(other *party) bool { return p.sees(other) })
}

// fine fails for an answer that broke, and for one that tells something of an organization that the visitor must not see.
func (m *matrix) fine(who visitorAs, e entry, a *sink, what string) {
	if a.status >= http.StatusInternalServerError || a.status == 0 {
		m.t.Errorf("%s at %s (%s): %d %s", who.label, e, what, a.status, a.words())
	}
	said := a.all()
	for _, other := range []*party{m.operator, m.reseller, m.home, m.sibling, m.rival, m.theirs, m.direct, m.suspended} {
		if mark := who.party.betrays(said, other); mark != "" {
			at := strings.Index(said, mark)
			m.t.Errorf("%s at %s (%s) reads of another organization: …%s…", who.label, e, what, said[max(0, at-80):min(len(said), at+80)])
		}
	}
}

// changes sends everything that changes something as each who may, to organizations of their own that are thrown away afterwards: with
// another organization's IDs in the fields first, then as it is meant.
func (m *matrix) changes() {
	var all errgroup.Group
	all.SetLimit(4)
	for _, e := range m.entries {
		if e.method == http.MethodGet || e.permission == "" {
			continue
		}
		for _, kind := range []app.OrganizationKind{app.Operator, app.Reseller, app.Customer} {
			all.Go(func() error { m.change(e, kind); return nil })
		}
	}
	_ = all.Wait() // nothing returns an error
}

func (m *matrix) change(e entry, kind app.OrganizationKind) {
	var own *party
	for _, role := range slices.Backward(app.RolesOf(kind)) { // the weakest first
		if may := (visitorAs{party: m.operator, actor: app.Actor{Organization: m.operator.id, Kind: kind, Role: role}}); !may.may(e) || e.api && role == app.OwnerOf(kind) {
			continue
		}
		if own == nil {
			own = m.ground(kind)
		}
		who := visitorAs{fmt.Sprintf("%s (fresh)", role), own, own.actor(role), e.api, nil}
		for _, other := range m.others(own) {
			m.fine(who, e, m.send(who, e, m.path(who, e, own, own, ""), other), "another organization's in a field")
		}
		answer := m.send(who, e, m.path(who, e, own, own, ""), nil)
		if answer.refused() && !strings.Contains(answer.all(), "/confirm") {
			m.t.Errorf("%s at %s: %d, want it allowed: %s", who.label, e, answer.status, answer.words())
		}
		m.fine(who, e, answer, "their own")
	}
	if own != nil { // an organization may have so many keys and no more
		m.exec(m.t, `UPDATE api_keys SET revoked_at = now() WHERE organization_id = $1 AND starts_with(name, $2)`, own.id, own.mark)
	}
}

// ground is an organization to try changes on: a fresh one, or the operator with fresh people and things.
func (m *matrix) ground(kind app.OrganizationKind) *party {
	switch kind {
	case app.Operator:
		m.grounds.Lock()
		defer m.grounds.Unlock()
		fresh := *m.operator
		m.furnish(m.t, &fresh)
		return &fresh
	case app.Reseller:
		return m.plant(m.t, m.operator, kind)
	}
	return m.plant(m.t, m.reseller, kind)
}
