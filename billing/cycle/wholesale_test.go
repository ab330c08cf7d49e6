package cycle_test

import (
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
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

// TestTakeOff: what comes off is spread over lines, the largest first, and makes none of them less than nothing.
func TestTakeOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		nets []int64
		off  int64
		want []int64 // what comes off each
	}{
		{[]int64{300, 900}, 500, []int64{0, 500}},
		{[]int64{536, 464, 100}, 800, []int64{536, 264, 0}}, // two lines of one charge whose VAT rate changes
		{[]int64{200, 200}, 400, []int64{200, 200}},
		{[]int64{200}, 0, []int64{0}},
	} {
		var lines []invoice.Line
		for _, net := range c.nets {
			lines = append(lines, invoice.Line{Net: billingtest.Euro(net)})
		}
		cycle.TakeOff(lines, invoice.Discount{Reason: "Back", Amount: billingtest.Euro(c.off)})
		for i, line := range lines {
			var off int64
			for _, d := range line.Discounts {
				off += d.Amount.Minor
			}
			if off != c.want[i] || len(line.Discounts) > 1 {
				t.Errorf("%d off %v: line %d has %v, want %d", c.off, c.nets, i, line.Discounts, c.want[i])
			}
		}
	}
}
