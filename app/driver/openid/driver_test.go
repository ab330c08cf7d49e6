package openid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
	"allotment/app/driver/openid"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/app/store"
	"allotment/app/store/storetest"
)

var _ provision.Clients = (*openid.Driver)(nil)

func TestClients(t *testing.T) {
	t.Parallel()
	drivertest.Clients(t, open)
}

// seeded lets the tenant, the service and the resource that a client belongs to exist before it is made, as they do in an installation.
type seeded struct {
	store.Clients
	db *pgxpool.Pool
}

func (s seeded) SaveClient(ctx context.Context, c app.Client) error {
	if err := s.seed(ctx, c.Organization, c.ID, c.Resource); err != nil {
		return err
	}
	return s.Clients.SaveClient(ctx, c)
}

func (s seeded) seed(ctx context.Context, organization, service, resource app.ID) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		VALUES ($1::uuid, (SELECT id FROM organizations WHERE kind = 'operator'), 'customer', 'Demo', 'd' || substr(md5($1::uuid::text), 1, 20), now())
		ON CONFLICT DO NOTHING`, organization)
	batch.Queue(`
		INSERT INTO services (organization_id, id, app, plan, name, host, state, answers, created_at)
		VALUES ($1, $2::uuid, 'demo', 'small', 'Demo', $2::uuid::text, 'creating', '{}', now()) ON CONFLICT DO NOTHING`, organization, service)
	batch.Queue(`
		INSERT INTO resources (organization_id, id, service_id, kind, role, name, state, spec, created_at, changed_at)
		VALUES ($1, $3::uuid, $2, 'client', $3::uuid::text, 'demo', 'wanted', '{}', now(), now()) ON CONFLICT DO NOTHING`, organization, service, resource)
	return s.db.SendBatch(context.WithoutCancel(ctx), batch).Close()
}

// open makes a database of one harness's own; the driver reaches it through the link alone.
func open(t *testing.T) drivertest.Harness[app.ClientSpec, app.ClientState] {
	t.Helper()
	d := storetest.Open(t)
	db, err := pgxpool.New(t.Context(), d.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	_, err = db.Exec(t.Context(), `INSERT INTO organizations (id, kind, name, slug, created_at) VALUES (gen_random_uuid(), 'operator', 'Demo', 'demo', now())`)
	if err != nil {
		t.Fatal(err)
	}
	proxy, at := link(t, d.URL)
	st, err := store.Open(t.Context(), store.Config{URL: at, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	s := seeded{store.Clients{Store: st}, db}
	return drivertest.Harness[app.ClientSpec, app.ClientState]{
		Driver: openid.New(s, "https://portal.example"), Place: "apps.example", Links: []drivertest.Link{proxy},
		Objects: func(t testing.TB) []drivertest.Object { return objects(t, db) },
		Version: func(t testing.TB) string {
			return scan(t, db, `SELECT coalesce(string_agg(xmin::text || id, ' ' ORDER BY id), '') FROM clients`)
		},
		Foreign: func(t testing.TB, ref app.Ref, spec app.ClientSpec) {
			foreign := ref
			foreign.Resource = app.NewID()
			if err := s.seed(t.Context(), ref.Organization, ref.Service, foreign.Resource); err != nil {
				t.Fatal(err)
			}
			if _, _, err := openid.New(store.Clients{Store: d.Store}, "https://portal.example").Ensure(t.Context(), foreign, spec); err != nil {
				t.Fatal(err)
			}
		},
		Hidden: []string{"127.0.0.1", proxy.Addr(), "postgres", "PostgreSQL"},
	}
}

// link puts a proxy between a store and its database, and returns the address that leads through it.
func link(t *testing.T, address string) (*drivertest.Proxy, string) {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	network, target := "tcp", fmt.Sprintf("%s:%d", config.Host, config.Port)
	if strings.HasPrefix(config.Host, "/") {
		network, target = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port)
	}
	proxy := drivertest.NewProxy(t, network, target)
	through := url.URL{Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: proxy.Addr(), Path: "/" + config.Database,
		RawQuery: "sslmode=disable"}
	return proxy, through.String()
}

func objects(t testing.TB, db *pgxpool.Pool) []drivertest.Object {
	t.Helper()
	rows, err := db.Query(context.WithoutCancel(t.Context()), `SELECT id::text, resource_id::text, to_jsonb(c) - 'changed_at' FROM clients c`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (drivertest.Object, error) {
		var o drivertest.Object
		var content json.RawMessage
		err := row.Scan(&o.Name, &o.Mark, &content)
		o.Content = string(content)
		return o, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func scan(t testing.TB, db *pgxpool.Pool, sql string) (text string) {
	t.Helper()
	if err := db.QueryRow(context.WithoutCancel(t.Context()), sql).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}
