package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// duplicateDatabase is PostgreSQL's SQLSTATE for a database that exists already.
const duplicateDatabase = "42P04"

// Database makes the database name unless it exists, and returns its URL for the superuser.
func (p *Postgres) Database(ctx context.Context, name string) (string, error) {
	err := p.do(ctx, "postgres", "CREATE DATABASE "+quoted(name))
	var pg *pgconn.PgError
	if err != nil && !(errors.As(err, &pg) && pg.Code == duplicateDatabase) {
		return "", err
	}
	return p.URL(name), nil
}

// Drop removes the database name, also while someone is connected to it. Absent is success.
func (p *Postgres) Drop(ctx context.Context, name string) error {
	return p.do(ctx, "postgres", "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)")
}

// Template makes the database name once and has prepare fill it (migrate it, say); Copy then makes copies in some 60 ms.
// It may be called by any number of tests and processes at a time: the first prepares, the others wait for it. A prepare that
// fails leaves nothing. name should change with what prepare does when the lab's folder is kept.
func (p *Postgres) Template(ctx context.Context, name string, prepare func(url string) error) error {
	conn, err := pgx.Connect(ctx, p.SuperuserURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // frees the lock too
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", "template "+name); err != nil {
		return err
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return err
	}
	draft := name + "_draft"
	if err := errors.Join(p.Drop(ctx, draft), p.do(ctx, "postgres", "CREATE DATABASE "+quoted(draft))); err != nil {
		return err
	}
	if err := prepare(p.URL(draft)); err != nil {
		return errors.Join(fmt.Errorf("template database %s: %w", name, err), p.Drop(ctx, draft))
	}
	return p.publish(ctx, draft, name)
}

// publish gives a prepared database its name and closes it: PostgreSQL copies only what nobody is connected to.
func (p *Postgres) publish(ctx context.Context, draft, name string) error {
	return p.do(ctx, "postgres",
		"ALTER DATABASE "+quoted(draft)+" WITH ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "+literal(draft),
		"ALTER DATABASE "+quoted(draft)+" RENAME TO "+quoted(name))
}

// Copy makes a database of its own from a template and returns its name; URL gives the address.
func (p *Postgres) Copy(ctx context.Context, template string) (string, error) {
	b := make([]byte, 6)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	name := template + "_" + hex.EncodeToString(b)
	// FILE_COPY needs two checkpoints; with fsync off they cost nothing, and it is the faster one for a small database.
	return name, p.do(ctx, "postgres", "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(template)+" STRATEGY FILE_COPY")
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal quotes a string for SQL; the server runs with standard_conforming_strings on.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
