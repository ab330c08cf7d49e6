package store

import (
	"allotment/app"
	"allotment/billing"
)

// Meter is something that is measured while a subscription runs, with its price of one unit and what each reseller on the way pays for it.
type Meter struct {
	Meter string          `json:"meter"` // the name that events carry
	Unit  string          `json:"unit"`  // UN/ECE Recommendation 20
	Price billing.Decimal `json:"price"` // net
	Legs  []MeterLeg      `json:"legs"`
}

// MeterLeg is what a reseller pays its parent for one unit, net.
type MeterLeg struct {
	Reseller app.ID          `json:"reseller"`
	Parent   app.ID          `json:"parent"`
	Price    billing.Decimal `json:"price"`
}
