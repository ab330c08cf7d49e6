package catalog

import (
	"fmt"

	"allotment/billing"
)

// Size is what a guest gets: whole vCPUs, MiB of memory, GiB of disk.
type Size struct {
	VCPU      int `yaml:"vcpu"`
	MemoryMiB int `yaml:"memory_mib"`
	DiskGiB   int `yaml:"disk_gib"`
}

// Plan is a size of an app that can be ordered.
type Plan struct {
	ID        string  `yaml:"id"`
	Name      Text    `yaml:"name"`
	For       Text    `yaml:"for"` // for whom, in words
	VCPU      int     `yaml:"vcpu"`
	MemoryMiB int     `yaml:"memory_mib"`
	DiskGiB   int     `yaml:"disk_gib"`
	Users     int     `yaml:"users"` // how many people it is made for; advice, not a limit
	Prices    []Price `yaml:"prices"`
	// Usage is what is measured while the service is used and costs by the unit, beside its prices.
	Usage []UsagePrice `yaml:"usage,omitempty"`
}

// Price is what a plan costs per interval in one currency, as the operator's list price. Amounts are decimal text, since YAML's
// numbers are floating point.
type Price struct {
	Currency string           `yaml:"currency"` // ISO 4217
	Interval billing.Interval `yaml:"interval"`
	Amount   string           `yaml:"amount"`          // each interval: "9.50"
	Setup    string           `yaml:"setup,omitempty"` // once, with the first invoice
}

// UsagePrice is what one unit of what was used costs, as the operator's list price.
type UsagePrice struct {
	Meter    billing.Meter `yaml:"meter"`    // guest_hours, disk_gib_hours or traffic_gib
	Currency string        `yaml:"currency"` // ISO 4217
	Price    string        `yaml:"price"`    // net, of one unit; at most six decimals: "0.012"
}

// Unit returns the price of one unit. It fails, in words, for one that nobody can be charged.
func (p UsagePrice) Unit() (billing.Decimal, error) { return billing.UnitPrice(p.Price) }

// Size returns the plan's size.
func (p *Plan) Size() Size { return Size{VCPU: p.VCPU, MemoryMiB: p.MemoryMiB, DiskGiB: p.DiskGiB} }

// Price returns the plan's price in a currency for an interval.
func (p *Plan) Price(currency string, interval billing.Interval) (Price, bool) {
	for _, price := range p.Prices {
		if price.Currency == currency && price.Interval == interval {
			return price, true
		}
	}
	return Price{}, false
}

// Recurring returns what is charged each interval. It fails only for a price that Lint would refuse.
func (p Price) Recurring() (billing.Money, error) { return billing.ParseMoney(p.Amount, p.Currency) }

// Once returns what is charged one time at the start; nothing when the price has no setup fee.
func (p Price) Once() (billing.Money, error) {
	if p.Setup == "" {
		return billing.Zero(p.Currency), nil
	}
	return billing.ParseMoney(p.Setup, p.Currency)
}

// atLeast says in words what of s falls short of minimum, or "".
func (s Size) atLeast(minimum Size) string {
	switch {
	case s.VCPU < minimum.VCPU:
		return fmt.Sprintf("%d vCPU is less than the minimum of %d", s.VCPU, minimum.VCPU)
	case s.MemoryMiB < minimum.MemoryMiB:
		return fmt.Sprintf("%d MiB of memory is less than the minimum of %d", s.MemoryMiB, minimum.MemoryMiB)
	case s.DiskGiB < minimum.DiskGiB:
		return fmt.Sprintf("%d GiB of disk is less than the minimum of %d", s.DiskGiB, minimum.DiskGiB)
	}
	return ""
}
