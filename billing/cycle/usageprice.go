package cycle

import (
	"slices"

	"allotment/billing"
)

// UsagePrice is what one unit of a meter costs from a day on, net, until another one of the meter begins.
type UsagePrice struct {
	Meter billing.Meter   `json:"meter"`
	Unit  string          `json:"unit"`  // UN/ECE Recommendation 20
	Price billing.Decimal `json:"price"` // may be a fraction of a cent
	From  billing.Date    `json:"from"`  // on the seller's calendar; none: always
	Off   bool            `json:"off"`   // from then on it is neither measured nor charged
	Legs  []UsageLeg      `json:"legs"`
}

// UsageLeg is what a reseller pays its parent for one unit, net.
type UsageLeg struct {
	Reseller string          `json:"reseller"`
	Parent   string          `json:"parent"`
	Price    billing.Decimal `json:"price"`
}

// Switch returns prices of use with those of another plan in their place from a day on: what is no longer measured then is off.
func Switch(old, to []UsagePrice, from billing.Date) []UsagePrice {
	var kept []UsagePrice
	for _, p := range old {
		if p.From.Before(from) {
			kept = append(kept, p)
		}
	}
	for _, meter := range billing.Meters() {
		i := slices.IndexFunc(to, func(p UsagePrice) bool { return p.Meter == meter })
		held, measured := Subscription{Usage: kept}.UsagePriceOn(meter, from)
		switch {
		case i >= 0:
			price := to[i]
			price.From = from
			kept = append(kept, price)
		case measured:
			kept = append(kept, UsagePrice{Meter: meter, Unit: held.Unit, From: from, Off: true})
		}
	}
	return kept
}

// usagePrices are the prices of use, with those of a plan that comes later.
func (s Subscription) usagePrices() []UsagePrice {
	if s.Later != nil && len(s.Later.Usage) > 0 {
		return s.Later.Usage
	}
	return s.Usage
}

// UsagePriceOn returns the price of a meter on a day; false where it costs nothing then, because it is not measured.
func (s Subscription) UsagePriceOn(meter billing.Meter, day billing.Date) (price UsagePrice, ok bool) {
	for _, p := range s.usagePrices() {
		if p.Meter == meter && !day.Before(p.From) && !p.From.Before(price.From) {
			price, ok = p, !p.Off
		}
	}
	return price, ok
}
