package catalog

import (
	"fmt"

	"allotment/billing"
)

func (l *linter) checkPlans() {
	if len(l.app.Plans) == 0 {
		l.reportf("plans", "there is none")
	}
	seen := map[string]bool{}
	for i := range l.app.Plans {
		plan := &l.app.Plans[i]
		if !idPattern.MatchString(plan.ID) {
			l.report(fmt.Sprintf("%q must be lower-case letters, digits and hyphens", plan.ID), "plans", i, "id")
		}
		if seen[plan.ID] {
			l.report(fmt.Sprintf("the plan %q is there twice", plan.ID), "plans", i, "id")
		}
		seen[plan.ID] = true
		if short := plan.Size().atLeast(l.app.Minimum); short != "" {
			l.report(fmt.Sprintf("the plan %q: %s", plan.ID, short), "plans", i)
		}
		if plan.Users < 0 {
			l.report("users cannot be negative", "plans", i, "users")
		}
		l.checkPrices(i, plan)
		l.checkUsage(i, plan)
	}
	if l.app.Minimum.VCPU < 1 || l.app.Minimum.MemoryMiB < 128 || l.app.Minimum.DiskGiB < 1 {
		l.reportf("minimum", "no guest runs on less than 1 vCPU, 128 MiB of memory and 1 GiB of disk")
	}
}

func (l *linter) checkPrices(i int, plan *Plan) {
	if len(plan.Prices) == 0 {
		l.report(fmt.Sprintf("the plan %q has no price", plan.ID), "plans", i, "prices")
	}
	type key struct {
		currency string
		interval billing.Interval
	}
	seen := map[key]bool{}
	for j, price := range plan.Prices {
		if seen[key{price.Currency, price.Interval}] {
			l.report(fmt.Sprintf("there are two prices in %s for a %s", price.Currency, price.Interval), "plans", i, "prices", j)
		}
		seen[key{price.Currency, price.Interval}] = true
		if _, err := billing.ParseInterval(string(price.Interval)); err != nil {
			l.report(err.Error(), "plans", i, "prices", j, "interval")
		}
		l.checkAmount(price.Recurring, "plans", i, "prices", j, "amount")
		l.checkAmount(price.Once, "plans", i, "prices", j, "setup")
	}
}

func (l *linter) checkUsage(i int, plan *Plan) {
	type key struct {
		meter    billing.Meter
		currency string
	}
	seen := map[key]bool{}
	for j, price := range plan.Usage {
		if seen[key{price.Meter, price.Currency}] {
			l.report(fmt.Sprintf("there are two prices in %s for %s", price.Currency, price.Meter), "plans", i, "usage", j)
		}
		seen[key{price.Meter, price.Currency}] = true
		if !price.Meter.Known() {
			l.report(fmt.Sprintf("%q is not measured; write guest_hours, disk_gib_hours or traffic_gib", price.Meter), "plans", i, "usage", j, "meter")
		}
		if _, err := billing.Decimals(price.Currency); err != nil {
			l.report(err.Error(), "plans", i, "usage", j, "currency")
		}
		if _, err := price.Unit(); err != nil {
			l.report(err.Error(), "plans", i, "usage", j, "price")
		}
	}
}

func (l *linter) checkAmount(amount func() (billing.Money, error), path ...any) {
	money, err := amount()
	switch {
	case err != nil:
		l.report(err.Error(), path...)
	case money.Minor < 0:
		l.report("a price cannot be negative", path...)
	}
}
