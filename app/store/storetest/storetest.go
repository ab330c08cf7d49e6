// Package storetest gives each test a migrated database of its own on a real PostgreSQL.
package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app/store"
	"allotment/e2e/lab"
	"allotment/migrations"
)

// Database is one test's own database.
type Database struct {
	Store     *store.Store
	URL       string // as the program's role
	Superuser string // URL as the server's superuser, whom nothing binds
}

// Open makes a database for t and connects to it as the program does.
func Open(t testing.TB) *Database {
	t.Helper()
	l := lab.T(t, lab.Options{Postgres: true})
	superuser := Copy(t, l)
	name := database(t, superuser)
	d := &Database{Superuser: superuser, URL: l.Postgres.URLAs("allotment_program", name)}
	st, err := store.Open(t.Context(), store.Config{URL: d.URL, MaxConns: 16})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(st.Close)
	d.Store = st
	return d
}

// Copy makes a migrated database on a lab's server and returns the superuser's URL.
func Copy(t testing.TB, l *lab.Lab) string {
	t.Helper()
	template := "allotment_" + version(t)
	err := l.Postgres.Template(t.Context(), template, func(url string) error { return store.Migrate(context.Background(), url) })
	if err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return l.Postgres.TestDatabase(t, template)
}

// version changes with the migrations, so that a kept lab never hands out an old schema.
func version(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := migrations.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

func database(t testing.TB, address string) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Database
}
