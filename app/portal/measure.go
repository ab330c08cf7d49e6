package portal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// Guests tells what a service's server does: the hypervisor's driver.
type Guests interface {
	Observe(ctx context.Context, ref app.Ref) (app.GuestState, error)
}

const (
	measuredAtOnce = 200                 // services in one go
	observersAtOne = 8                   // calls to the hypervisor at the same time
	observeFor     = 15 * time.Second    // that one of them may take
	measuredBack   = 45 * 24 * time.Hour // how far back hours are made up that nobody measured, by how long a server has run
)

// MeasureUse notes the hours for which the servers of measured services have run, as the hypervisor shows it: each hour once it is over, and once,
// however often this is done. Hours that a lost worker missed are made up for by how long a server has run without a break; what is not proved is
// not counted. A service that is stopped, held or ended accrues nothing. No transaction is open while the hypervisor is asked. It is the engine's own
// chore, and returns how many hours it noted.
func (p *Portal) MeasureUse(ctx context.Context, guests Guests) (noted int, err error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	var after app.ID
	var errs []error
	for {
		var some []store.Measured
		err := p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
			some, err = tx.MeasuredServices(ctx, after, measuredAtOnce)
			return err
		})
		if err != nil || len(some) == 0 {
			return noted, errors.Join(append(errs, err)...)
		}
		uses, err := p.observe(ctx, guests, some)
		errs = append(errs, err)
		for _, ofOne := range uses { // a transaction each: one that waits for a billing run holds nothing that the run waits for
			if len(ofOne) == 0 {
				continue
			}
			errs = append(errs, p.store.InTenant(ctx, staff, func(tx *store.Tx) error {
				added, err := tx.InsertUses(ctx, ofOne, p.now())
				noted += len(added)
				return err
			}))
		}
		after = some[len(some)-1].SubscriptionID
	}
}

// observe asks the hypervisor after each server, a few at a time, and returns the uses of each. One that does not answer is asked again in the next hour.
func (p *Portal) observe(ctx context.Context, guests Guests, some []store.Measured) (found [][]store.NewUse, err error) {
	found = make([][]store.NewUse, len(some))
	errs := make([]error, len(some))
	var wait sync.WaitGroup
	turn := make(chan struct{}, observersAtOne)
	for i, m := range some {
		wait.Add(1)
		turn <- struct{}{}
		go func() {
			defer func() { <-turn; wait.Done() }()
			asked, cancel := context.WithTimeout(ctx, observeFor)
			defer cancel()
			state, err := guests.Observe(asked, m.Guest)
			if app.CodeOf(err) == app.NotFound {
				return
			}
			if err == nil {
				found[i], err = hoursOf(m, state, p.now())
			}
			if err != nil {
				errs[i] = fmt.Errorf("the hours of subscription %s: %w", m.SubscriptionID, err)
			}
		}()
	}
	wait.Wait()
	return found, errors.Join(errs...)
}

// hoursOf are the uses of the hours that are over and were not noted yet, in which a server has run as it was seen. An hour in which it was started
// counts from then on, to a ten-thousandth.
func hoursOf(m store.Measured, state app.GuestState, now time.Time) (uses []store.NewUse, err error) {
	zone, err := time.LoadLocation(m.Zone)
	if err != nil || !state.Running {
		return nil, err
	}
	over := now.Truncate(time.Hour)
	from := now.Add(-state.UpFor)
	if state.UpFor == 0 {
		from = over.Add(-time.Hour) // it runs, and nothing says since when
	}
	for _, bound := range []time.Time{m.Since, m.Anchor.Start(zone), now.Add(-measuredBack)} {
		if from.Before(bound) {
			from = bound
		}
	}
	hour := from.Truncate(time.Hour)
	if next := m.Last.Add(time.Hour); !m.Last.IsZero() && hour.Before(next) {
		hour = next
	}
	for ; hour.Before(over); hour = hour.Add(time.Hour) {
		begin := hour
		if begin.Before(from) {
			begin = from
		}
		part := int64(hour.Add(time.Hour).Sub(begin) * 10_000 / time.Hour)
		some, err := usesIn(m, state, hour, billing.DateIn(hour, zone), part)
		if err != nil {
			return nil, err
		}
		uses = append(uses, some...)
	}
	return uses, nil
}

// usesIn are the uses of one hour, of which a part in ten thousand counts.
func usesIn(m store.Measured, state app.GuestState, hour time.Time, day billing.Date, part int64) (uses []store.NewUse, err error) {
	if !m.End.IsZero() && !day.Before(m.End) {
		return nil, nil
	}
	for _, meter := range billing.Meters() {
		if _, priced := m.UsagePriceOn(meter, day); !priced || !meter.Measured() {
			continue
		}
		amount := part
		if meter == billing.DiskHours {
			amount *= int64(state.DiskGiB)
		}
		quantity, err := billing.NewDecimal(amount, 4)
		if err != nil {
			return nil, err
		}
		if quantity.IsZero() {
			continue
		}
		uses = append(uses, store.NewUse{
			Customer: m.Customer, ID: fmt.Sprintf("%s %s %s", meter, m.SubscriptionID, hour.UTC().Format("2006-01-02T15")), Subscription: m.SubscriptionID, Meter: meter,
			At: hour, Day: day, Quantity: quantity, Due: m.UsageDueOn(day),
		})
	}
	return uses, nil
}
