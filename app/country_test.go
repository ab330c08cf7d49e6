package app_test

import (
	"slices"
	"testing"

	"allotment/app"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	all := app.Countries()
	if len(all) != 249 || !slices.IsSorted(all) {
		t.Errorf("%d countries", len(all))
	}
	for _, code := range []string{"NL", "DE", "GR", "GB", "US", "CH", "CR", "CU", "SV", "SX", "AD", "ZW"} {
		if !slices.Contains(all, code) {
			t.Errorf("%s is missing", code)
		}
	}
	for _, code := range []string{"EL", "UK", "SU", "DD", "YU", "EU", "UN", "ZZ", "AA", "nl", "", "NLD", "QO", "001"} {
		if app.IsCountry(code) {
			t.Errorf("%q is a country", code)
		}
	}
}
