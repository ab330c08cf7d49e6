package portal

import (
	"context"

	"allotment/app"
)

// AuditReport is what a check of the audit log found out.
type AuditReport struct {
	Rows          int64
	Organizations int64
	Faults        int64
	Heads         []app.AuditHead // the ends of the chains: an anchor for the next check, where there are no faults
}

// VerifyAudit computes every hash of the audit log anew and tells of each row that was changed, removed, put in or moved. Who may write past
// the program, as the database's superuser, could write a whole chain anew: anchors, noted elsewhere by an earlier check, find that too.
// progress is called after every 100,000 rows. It asks for no permission: it is run on the server itself, by 'allotment audit verify'.
func (p *Portal) VerifyAudit(ctx context.Context, anchors []app.AuditHead, tell func(app.AuditFault), progress func(rows int64)) (AuditReport, error) {
	var report AuditReport
	var check *app.AuditCheck
	err := p.store.AuditChains(ctx, func(heads []app.AuditHead) {
		report.Heads = heads
		check = app.NewAuditCheck(heads, anchors, tell)
	}, func(e app.AuditEntry) {
		if check.Row(e); check.Rows%100_000 == 0 {
			progress(check.Rows)
		}
	})
	if err != nil {
		return AuditReport{}, err
	}
	check.End()
	report.Rows, report.Organizations, report.Faults = check.Rows, check.Organizations, check.Faults
	return report, nil
}
