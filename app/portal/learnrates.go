package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// ExchangeRegister is where the European Central Bank publishes the rates of the euro, as this package asks it. It is never called inside a
// transaction.
type ExchangeRegister interface {
	Newest(ctx context.Context) ([]app.ExchangeRate, error) // of the newest day
	Recent(ctx context.Context) ([]app.ExchangeRate, error) // of the last 90 days
}

const (
	ratesZone    = "Europe/Berlin" // the bank's
	ratesHour    = 16              // in its zone, around which it publishes
	ratesPause   = 3 * time.Hour   // before it is asked again while there is nothing new
	ratesCounted = "exchange rates"
)

// LearnRates reads the newest rates of the euro where something is sold in another currency, too, and returns how many were new. It is the engine's own
// chore. The bank is asked once the rates of a working day should be there and are not, once in three hours; where days were missed, they are
// read as well, up to 90 of them.
func (p *Portal) LearnRates(ctx context.Context) (added int, err error) {
	if p.cfg.Exchange == nil {
		return 0, nil
	}
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	expected, before, err := workingDays(p.now())
	if err != nil {
		return 0, err
	}
	var until billing.Date
	var needed []string
	err = p.store.Read(ctx, staff, func(tx *store.Tx) error {
		if needed, err = p.exchanged(ctx, tx); err != nil || len(needed) == 0 {
			return err
		}
		until, err = tx.ExchangeLearntUntil(ctx)
		return err
	})
	if err != nil || len(needed) == 0 || !until.Before(expected) {
		return 0, err
	}
	counted, err := p.store.CountAttempts(ctx, []store.Limit{{Key: ratesCounted, Most: 1}}, p.now(), ratesPause/2) // one attempt counts in two windows
	if err != nil || !counted.Allowed {
		return 0, err
	}
	ask := p.cfg.Exchange.Newest
	if until.Before(before) {
		ask = p.cfg.Exchange.Recent
	}
	rates, err := ask(ctx)
	if err != nil {
		return 0, err
	}
	err = p.store.InTenant(ctx, staff, func(tx *store.Tx) error {
		added, err = tx.LearnExchangeRates(ctx, rates, p.now())
		return err
	})
	return added, err
}

// workingDays returns the last day whose rates should be published by now, and the working day before it. The days on which the bank is closed
// within a week count as working days: then it is asked in vain.
func workingDays(now time.Time) (last, before billing.Date, err error) {
	zone, err := time.LoadLocation(ratesZone)
	if err != nil {
		return last, before, err
	}
	last = billing.DateIn(now, zone)
	if now.In(zone).Hour() < ratesHour {
		last = last.AddDays(-1)
	}
	last = weekdayUntil(last)
	return last, weekdayUntil(last.AddDays(-1)), nil
}

// weekdayUntil is the last day from Monday to Friday that is not after a day.
func weekdayUntil(day billing.Date) billing.Date {
	for ; ; day = day.AddDays(-1) {
		if weekday := day.UTC().Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			return day
		}
	}
}
