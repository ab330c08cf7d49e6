package cycle_test

import (
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/cycle"
)

// TestWholesaleAddsUp: whatever was sold and taken back, charges less what comes off are exactly what is pending, and no charge is below nothing.
func TestWholesaleAddsUp(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	month := billing.Period{Start: billingtest.Day(t, "2026-11-01"), End: billingtest.Day(t, "2026-12-01")}
	for range 5000 {
		var sold []cycle.Sold
		for i := range dice.IntN(5) {
			name := []string{"", "Redmine, small", "Redmine, large", "Nextcloud, small", "Forgejo, small"}[i]
			sold = append(sold, cycle.Sold{Name: name, Count: 1 + dice.IntN(9), Amount: billing.Money{Minor: dice.Int64N(4000) - 1500, Currency: "EUR"}})
		}
		pending := billing.Money{Minor: 1 + dice.Int64N(5000), Currency: "EUR"}
		charges, off := cycle.Wholesale(sold, pending, month, "nl")
		sum, largest := -off.Amount.Minor, int64(0)
		for _, c := range charges {
			sum, largest = sum+c.Price.Minor, max(largest, c.Price.Minor)
			if c.Price.Minor <= 0 || c.Name == "" || c.Period != month {
				t.Fatalf("a charge of %v", c)
			}
		}
		if sum != pending.Minor || off.Amount.Minor < 0 || off.Amount.Minor > largest {
			t.Fatalf("%v with %s pending became %v less %v", sold, pending, charges, off)
		}
	}
}
