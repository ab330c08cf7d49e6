// Package store is every line of SQL: one file per noun, written by hand, on pgx. Tenant data is reached only through InTenant.
package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// Schema is the PostgreSQL schema of the job queue's own tables.
const Schema = "river"

// Config says how to reach the database.
type Config struct {
	URL      string          // signs in as the role allotment_program (or a member of it, without BYPASSRLS)
	MaxConns int32           // 0: four for each core
	Tracer   pgx.QueryTracer // sees each statement that is sent; nil for nobody
}

// Store is the database.
type Store struct {
	pool *pgxpool.Pool
	jobs *river.Client[pgx.Tx] // only inserts

	rates atomic.Pointer[markedRates] // the last that were read
}

// Open connects and checks that the role cannot bypass row-level security.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	if cfg.MaxConns > 0 {
		pc.MaxConns = cfg.MaxConns
	}
	pc.ConnConfig.Tracer = cfg.Tracer
	// Plans that were cached on small tables go with their connection.
	pc.MaxConnLifetime = 30 * time.Minute
	pc.MaxConnLifetimeJitter = 5 * time.Minute
	pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap()) // an ID goes as its 16 bytes, and not through its text
		// PostgreSQL would compile what it takes to be long, again for each execution, and that takes longer than any statement here.
		_, err := conn.Exec(ctx, `SET jit = off`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := checkRole(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema: Schema, FetchCooldown: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return &Store{pool: pool, jobs: jobs}, nil
}

// checkRole refuses a role that row-level security does not bind, or that owns the tables.
func checkRole(ctx context.Context, pool *pgxpool.Pool) error {
	var bypass, owns bool
	err := pool.QueryRow(ctx, `
		SELECT r.rolsuper OR r.rolbypassrls,
		       EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = 'services' AND c.relowner = r.oid)
		FROM pg_roles r WHERE r.rolname = current_user`).Scan(&bypass, &owns)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if bypass || owns {
		return fmt.Errorf("database.url: this role owns the tables or bypasses row-level security; use allotment_program")
	}
	return nil
}

// Pool returns the connection pool, for the job queue's client.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ready reports whether the database answers.
func (s *Store) Ready(ctx context.Context) error { return s.pool.Ping(ctx) }

// Close ends every connection.
func (s *Store) Close() { s.pool.Close() }
