package store

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"allotment/migrations"
)

// Migrate brings the database at url to the newest schema. The role must own the database and may create roles; it is not the
// role that the program runs as. Two at once wait for each other.
func Migrate(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('allotment migrate'))`); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext('allotment migrate'))`) //nolint:errcheck // the lock ends with the connection
	if err := migrateOurs(ctx, conn.Conn()); err != nil {
		return err
	}
	return migrateQueue(ctx, pool, conn.Conn())
}

func migrateOurs(ctx context.Context, conn *pgx.Conn) error {
	m, err := migrate.NewMigrator(ctx, conn, "public.schema_version")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	for _, name := range names { // sorted by name, so by number
		sql, err := migrations.Files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
		m.AppendMigration(name, string(sql), "")
	}
	if err := m.Migrate(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := conn.Exec(ctx, `GRANT SELECT ON public.schema_version TO allotment_program`); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return seedRates(ctx, conn)
}

func migrateQueue(ctx context.Context, pool *pgxpool.Pool, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+Schema); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: Schema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	_, err = conn.Exec(ctx, `
		GRANT USAGE ON SCHEMA river TO allotment_program, allotment_operator;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA river TO allotment_program, allotment_operator;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA river TO allotment_program, allotment_operator;
		GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA river TO allotment_program, allotment_operator`)
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	return nil
}

// Current reports whether the database has the newest schema; the program refuses to start on another.
func (s *Store) Current(ctx context.Context) (bool, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return false, fmt.Errorf("migrations: %w", err)
	}
	var exists bool
	if err := s.pool.QueryRow(ctx, `SELECT to_regclass('public.schema_version') IS NOT NULL`).Scan(&exists); err != nil || !exists {
		return false, err
	}
	var version int
	err = s.pool.QueryRow(ctx, `SELECT version FROM public.schema_version`).Scan(&version)
	return version == len(names), err
}
