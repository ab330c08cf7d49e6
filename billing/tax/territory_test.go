package tax_test

import (
	"testing"

	"allotment/billing/tax"
)

func TestTerritoriesByPostCode(t *testing.T) {
	t.Parallel()
	cases := []struct {
		country, code string
		outside       bool
	}{
		{"ES", "35001", true}, {"ES", "38001", true}, {"ES", "51001", true}, {"ES", "52001", true}, {"ES", "28001", false}, {"ES", "07001", false},
		{"FR", "97100", true}, {"FR", "97600", true}, {"FR", "75001", false}, {"FR", "20000", false}, // Corsica has EU VAT
		{"DE", "78266", true}, {"DE", "27498", true}, {"DE", "10115", false},
		{"IT", "23041", true}, {"IT", "22061", true}, {"IT", "00118", false},
		{"FI", "22100", true}, {"FI", "00100", false},
		{"GR", "63086", true}, {"GR", "630 87", true}, {"GR", "10431", false},
		{"NL", "35001", false}, {"PT", "9000-001", false}, {"", "", false}, // Madeira has EU VAT
	}
	for _, c := range cases {
		if got := tax.OutsideArea(c.country, c.code); got != c.outside {
			t.Errorf("%s %s: %t", c.country, c.code, got)
		}
	}
}
