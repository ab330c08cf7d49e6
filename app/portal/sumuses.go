package portal

import (
	"context"
	"time"

	"allotment/app/store"
	"allotment/billing"
)

const (
	// hoursKept is how long the hours that the portal has measured itself are kept one by one: longer than any is made up for, and than an invoice
	// is usually questioned.
	hoursKept = 100 * 24 * time.Hour
	// reportsKept is how long reported events are kept one by one: one that comes again as late as it may must still be known.
	reportsKept = reportedBack + 34*24*time.Hour
	// summedAtOnce is how many days of charges are summed up in one transaction.
	summedAtOnce = 500
)

// SumUpUses keeps what was used by days instead of by events, once those were invoiced and nobody needs them one by one any more. What an invoice
// rests on stays: how much of each meter was used on each day, in how many events, by which charge. It is the engine's own chore, and returns how
// many events it has dropped.
func (p *Portal) SumUpUses(ctx context.Context) (gone int, err error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	before := map[billing.Meter]billing.Date{}
	for _, meter := range billing.Meters() {
		kept := reportsKept
		if meter.Measured() {
			kept = hoursKept
		}
		before[meter] = billing.DateIn(p.now().Add(-kept), time.UTC)
	}
	for {
		some := 0
		err := p.store.InTenant(ctx, staff, func(tx *store.Tx) (err error) {
			some, err = tx.SumUpUses(ctx, before, summedAtOnce)
			return err
		})
		gone += some
		if err != nil || some == 0 {
			return gone, err
		}
	}
}
