package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
)

// usageDays is how many days the chart of a service's use has.
const usageDays = 31

// MeterUse is what a service has used by one meter, and what that costs.
type MeterUse struct {
	Meter      billing.Meter
	Price      billing.Decimal   // of one unit today, net
	Off        bool              // it is no longer measured; what was used before is still charged
	Quantity   billing.Decimal   // not charged yet
	Cost       billing.Money     // of that, net
	Days       []billing.Decimal // that were used on each day of ServiceUsage.Days, whether charged or not
	Coming     *cycle.UsagePrice // another price that was announced; nil for none
	WholeMonth billing.Money     // what a month of 31 days costs in which it runs all the time, net; zero where nobody can say
}

// ServiceUsage is what a service has used and was not charged for yet.
type ServiceUsage struct {
	Service app.ID
	Meters  []MeterUse // none where it is not measured
	Cost    billing.Money
	Due     billing.Date   // when it is charged; none where nothing is open
	Days    billing.Period // of the chart
}

// Usage returns what a service has used and was not charged for yet, or NotFound.
func (p *Portal) Usage(ctx context.Context, actor app.Actor, service app.ID) (u ServiceUsage, err error) {
	err = p.see(ctx, actor, app.SeeServices, func(tx *store.Tx) error {
		s, err := tx.Service(ctx, service)
		if err != nil {
			return err
		}
		u, err = p.usage(ctx, tx, s)
		return err
	})
	return u, err
}

func (p *Portal) usage(ctx context.Context, tx *store.Tx, s app.Service) (u ServiceUsage, err error) {
	a, err := tx.UsageAgreement(ctx, s.ID)
	if err != nil || len(a.Usage) == 0 || a.Seller == (app.ID{}) {
		return u, err
	}
	if err := tx.Unbilled(ctx, &a); err != nil {
		return u, err
	}
	today := p.day(app.Agreement{Zone: a.Zone})
	u = ServiceUsage{Service: s.ID, Cost: billing.Zero(a.Currency), Due: a.UsageDue(), Days: billing.Period{Start: today.AddDays(1 - usageDays), End: today.AddDays(1)}}
	used, err := tx.UsedBetween(ctx, a.SubscriptionID, u.Days)
	if err != nil {
		return u, err
	}
	disk := 0
	if entry, ok := p.catalog.App(s.App); ok {
		if plan := entry.Plan(s.Plan); plan != nil {
			disk = plan.DiskGiB
		}
	}
	charges := a.UsedSoFar(today)
	for _, meter := range billing.Meters() {
		m, ok, err := meterUse(a, meter, charges, today, disk)
		if err != nil {
			return u, err
		}
		m.Days = make([]billing.Decimal, usageDays)
		for _, use := range used {
			if n := u.Days.Start.DaysUntil(use.Day); use.Meter == meter && n >= 0 && n < usageDays {
				m.Days[n], ok = use.Quantity, true
			}
		}
		if !ok {
			continue
		}
		if u.Cost, err = u.Cost.Add(m.Cost); err != nil {
			return u, err
		}
		u.Meters = append(u.Meters, m)
	}
	return u, nil
}

// meterUse is what a subscription has used by one meter; false where it is neither measured now nor to be charged.
func meterUse(a store.UsageAgreement, meter billing.Meter, charges []cycle.Charge, today billing.Date, diskGiB int) (m MeterUse, ok bool, err error) {
	price, ok := a.UsagePriceOn(meter, today)
	m = MeterUse{Meter: meter, Price: price.Price, Off: !ok, Cost: billing.Zero(a.Currency), WholeMonth: billing.Zero(a.Currency)}
	for i, next := range a.Usage {
		if next.Meter == meter && today.Before(next.From) && (m.Coming == nil || next.From.Before(m.Coming.From)) {
			m.Coming, ok = &a.Usage[i], true
		}
	}
	for _, c := range charges {
		if c.Meter != meter {
			continue
		}
		ok = true
		for _, used := range c.Used {
			quantity, err := used.Quantity()
			if err == nil {
				m.Quantity, err = m.Quantity.Add(quantity)
			}
			if err != nil {
				return m, ok, err
			}
		}
		if m.Cost, err = c.Amount(); err != nil {
			return m, ok, err
		}
	}
	m.WholeMonth, err = billing.Price(m.Price, meter.WholeMonth(diskGiB), a.Currency)
	return m, ok, err
}

// ServiceUse is a service with what it has used.
type ServiceUse struct {
	Name  string
	Usage ServiceUsage
}

// measuredUse returns what the measured services of running subscriptions have used and were not charged for yet.
func (p *Portal) measuredUse(ctx context.Context, tx *store.Tx, organization app.ID) (all []ServiceUse, err error) {
	services, err := tx.MeasuredOf(ctx, organization, shownUses)
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		u, err := p.usage(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		if len(u.Meters) > 0 {
			all = append(all, ServiceUse{s.Name, u})
		}
	}
	return all, nil
}

// shownUses is how many services the overview shows with their use.
const shownUses = 20
