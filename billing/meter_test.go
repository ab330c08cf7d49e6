package billing_test

import (
	"testing"

	"allotment/billing"
)

func TestUnitPrice(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"0.012": true, "0": true, "12": true, "0.000001": true, "0.0120000000": true, "100000": true,
		"0.0000001": false, "-1": false, "": false, "1,2": false, "100000.01": false, "x": false,
	} {
		if price, err := billing.UnitPrice(text); (err == nil) != good {
			t.Errorf("%q is read as %s, %v", text, price, err)
		}
	}
}

// TestMarginOnAUnit: a percentage on a price of a fraction of a cent is rounded half up to six decimals, and what is kept is the difference.
func TestMarginOnAUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ price, percent, want, kept, back string }{
		{"0.012", "25", "0.015", "0.003", "25"},
		{"0.000001", "50", "0.000002", "0.000001", "100"}, // 0.0000015
		{"0.333333", "0", "0.333333", "0", "0"},
		{"0", "25", "0", "0", "0"},
		{"3", "12.5", "3.375", "0.375", "12.5"},
	} {
		price, percent := billing.MustDecimal(c.price), billing.MustDecimal(c.percent)
		retail, err := billing.RoundUnit(price, percent)
		if err != nil || retail.String() != c.want {
			t.Errorf("%s and %s%% is %s, want %s (%v)", c.price, c.percent, retail, c.want, err)
		}
		kept, back, err := billing.EarnedUnit(retail, price)
		if err != nil || kept.String() != c.kept || back.String() != c.back {
			t.Errorf("of %s at %s is kept %s, %s%% (%v)", retail, price, kept, back, err)
		}
	}
	if kept, percent, err := billing.EarnedUnit(billing.MustDecimal("0.01"), billing.MustDecimal("0.02")); err != nil || kept.String() != "-0.01" || percent.String() != "-50" {
		t.Errorf("a loss is %s, %s%%, %v", kept, percent, err)
	}
}
