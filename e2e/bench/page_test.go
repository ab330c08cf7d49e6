package bench

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/vault"
	"allotment/views"
	"allotment/views/words"
)

func connect(b *testing.B, url string) *pgx.Conn {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

// BenchmarkServicesPage asks for the page of 50 services, with session, person, tenant and row-level security, against a bare
// handler that runs the same queries over the same rows, by hand and without any of our layers, and draws the same page.
func BenchmarkServicesPage(b *testing.B) {
	w := portaltest.New(b)
	orders(b, w, w.Tenant, 50)
	orders(b, w, w.Other, 50)
	settle(b, w)
	address, client := serve(b, w)
	bare := httptest.NewServer(bareHandler(b, w, client, address))
	b.Cleanup(bare.Close)
	plain := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	for range b.N {
		get(b, client, address+"/services")
		get(b, plain, bare.URL)
		ours, limit := best(3,
			func() float64 { return rate(b, clients, func(int64) { get(b, client, address+"/services") }) },
			func() float64 { return rate(b, clients, func(int64) { get(b, plain, bare.URL) }) })
		report(b, "services page, 50 rows", ours, limit, "pages/s", 0.8)
	}
}

// bareHandler is the limit: one net/http handler, hand-written queries in one batch, the page's own component.
func bareHandler(b *testing.B, w *portaltest.World, client *http.Client, address string) http.Handler {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	hash := vault.Hash(client.Jar.Cookies(request.URL)[0].Value)
	pool, err := pgxpool.New(b.Context(), w.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		actor, page, err := bareQueries(r.Context(), pool, hash, w.Tenant.Organization)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		var out bytes.Buffer
		list := views.ServiceList{Base: "/services", Page: page}
		err = views.Services(views.Page{Title: "My services", Path: "/services", Actor: actor, Now: time.Now()}, list).
			Render(words.With(r.Context(), "en"), &out)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = rw.Write(out.Bytes())
	})
}

func bareQueries(ctx context.Context, pool *pgxpool.Pool, hash []byte, tenant app.ID) (actor app.Actor, page portal.ServicePage, err error) {
	page.Counts = map[app.ServiceState]int{}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT user_id, user_name, email, language, organization_id, organization_name, slug, kind, role
		FROM session_actor($1, now(), '2 hours', '15 minutes')`, hash).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&actor.User, &actor.Name, &actor.Email, &actor.Language, &actor.Organization, &actor.OrganizationName,
				&actor.OrganizationSlug, &actor.Kind, &actor.Role)
		})
	batch.Queue(`SELECT set_config('allotment.organization', $1, true)`, tenant.String())
	batch.Queue(`
		SELECT s.organization_id, s.id, s.app, s.plan, s.name, s.host, s.url, s.state, s.failure, s.answers, s.created_at, o.name
		FROM services s JOIN organizations o ON o.id = s.organization_id
		WHERE s.state <> 'terminated' ORDER BY s.id DESC LIMIT 51`).
		Query(func(rows pgx.Rows) error {
			page.Services, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s app.Service, err error) {
				return s, row.Scan(&s.Organization, &s.ID, &s.App, &s.Plan, &s.Name, &s.Host, &s.URL, &s.State, &s.Failure, &s.Answers,
					&s.CreatedAt, &s.OrganizationName)
			})
			return err
		})
	batch.Queue(`SELECT state, count(*) FROM services GROUP BY state`).Query(func(rows pgx.Rows) error {
		var state app.ServiceState
		var n int
		_, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { page.Counts[state] = n; return nil })
		return err
	})
	return actor, page, pool.SendBatch(ctx, batch).Close()
}
