package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// AuditChains walks the whole audit log as it was at one moment, in the order of organization and number. heads is called once, before the
// first row, with the ends of all the chains.
func (s *Store) AuditChains(ctx context.Context, heads func([]app.AuditHead), row func(app.AuditEntry)) error {
	staff := app.Actor{Organization: app.NewID(), Kind: app.Operator, Role: app.RoleOperatorAdmin}
	return s.inTenant(ctx, staff, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(t *Tx) error {
		rows, err := t.tx.Query(ctx, `SELECT organization_id, seq, hash FROM audit_heads`)
		if err != nil {
			return classify(err)
		}
		ends, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.AuditHead, error) {
			var h app.AuditHead
			return h, row.Scan(&h.Organization, &h.Seq, &h.Hash)
		})
		if err != nil {
			return classify(err)
		}
		heads(ends)
		if rows, err = t.tx.Query(ctx, `SELECT `+auditColumns+` FROM audit ORDER BY organization_id, seq`); err != nil {
			return classify(err)
		}
		defer rows.Close()
		for rows.Next() {
			entry, err := scanAudit(rows)
			if err != nil {
				return err
			}
			row(entry)
		}
		return classify(rows.Err())
	})
}
