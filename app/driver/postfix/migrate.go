package postfix

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed schema.sql
var schema string

// undefinedObject is PostgreSQL's SQLSTATE for a role that does not exist.
const undefinedObject = "42704"

// Migrate makes the driver's tables and views in a database of its own, and lets the role mail_reader see the views. It may be
// repeated, also by several at once. The operator has made the database, its owner (whom url names) and mail_reader before.
func Migrate(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("mail database: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is left to lose
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('allotment mail schema', 0))"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pgcrypto"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, schema)
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == undefinedObject {
		return fmt.Errorf("mail database: the role mail_reader is missing; make it with CREATE ROLE mail_reader LOGIN: %w", err)
	}
	if err != nil {
		return fmt.Errorf("mail database: %w", err)
	}
	return nil
}
