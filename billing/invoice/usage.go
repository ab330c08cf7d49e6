package invoice

import (
	"fmt"

	"allotment/billing"
)

// Event is one measured use. Its ID is unique within the tenant: what is reported twice counts once. Day is when it was used, in the
// seller's zone.
type Event struct {
	ID       string          `json:"id"`
	Day      billing.Date    `json:"day"`
	Quantity billing.Decimal `json:"quantity"`
}

// Usage adds up what is to be billed with the period that ends with end: every event before it that no invoice has billed. So an event
// that was reported late goes to the next invoice, and none to two. It returns the IDs of the events that it took, to be kept as billed.
func Usage(events []Event, end billing.Date, billed map[string]bool) (total billing.Decimal, taken []string, err error) {
	seen := map[string]Event{}
	for _, e := range events {
		if e.ID == "" || e.Quantity.Sign() < 0 {
			return billing.Decimal{}, nil, fmt.Errorf("the use %q of %s has no ID, or is less than nothing", e.ID, e.Quantity)
		}
		if first, twice := seen[e.ID]; twice {
			if first != e {
				return billing.Decimal{}, nil, fmt.Errorf("the use %q was reported twice, and differently", e.ID)
			}
			continue
		}
		seen[e.ID] = e
		if billed[e.ID] || !e.Day.Before(end) {
			continue
		}
		if total, err = total.Add(e.Quantity); err != nil {
			return billing.Decimal{}, nil, err
		}
		taken = append(taken, e.ID)
	}
	return total, taken, nil
}
