package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// visitsAtOnce is how many visits that are over one transaction writes down.
const visitsAtOnce = 200

// NoteVisitsOver writes into the audit logs of customers that a visit of their seller's staff is over: because its time was, or because its session
// has ended. Each end stands there once. It is the engine's own chore, and returns how many it wrote.
func (p *Portal) NoteVisitsOver(ctx context.Context) (noted int, err error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	for {
		n := 0
		err := p.store.InTenant(ctx, staff, func(tx *store.Tx) error {
			over, err := tx.TakeOverVisits(ctx, p.now(), visitsAtOnce)
			if err != nil {
				return err
			}
			n = len(over)
			var rows []app.AuditEntry
			for _, visit := range over {
				rows = append(rows, p.visitOver(visit))
			}
			return tx.InsertAudit(ctx, rows...)
		})
		if noted += n; err != nil || n < visitsAtOnce {
			return noted, err
		}
	}
}

// visitOver is the row of a visit's end.
func (p *Portal) visitOver(v store.OverVisit) app.AuditEntry {
	visitor := app.Actor{Organization: v.Organization, User: v.User, Name: v.UserName, Impersonation: &app.Impersonation{ID: v.ID}}
	entry := store.Entry(visitor, endVisit.action, p.now())
	entry.Target, entry.After = "organization "+v.Organization.String(), store.AuditWords(map[string]string{
		"seller": v.SellerName, "ended": v.EndedAt.UTC().Format(time.RFC3339),
	})
	return entry
}
