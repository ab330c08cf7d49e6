package tax_test

import (
	"strings"
	"testing"

	"allotment/billing/tax"
)

// forms holds an ID of the right form for every state. The digits are made up.
var forms = strings.Fields(`ATU12345678 BE0123456789 BE1123456789 BG123456789 BG1234567890 CY12345678X CZ12345678 CZ123456789 CZ1234567890
	DE123456789 DK12345678 EE123456789 EL123456789 ESX12345678 ES12345678X ESX1234567X FI12345678 FR12345678901 FRX1123456789
	HR12345678901 HU12345678 IE1234567X IE1X23456X IE1234567XA IT12345678901 LT123456789 LT123456789012 LU12345678 LV12345678901
	MT12345678 NL123456789B01 PL1234567890 PT123456789 RO12 RO1234567890 SE123456789001 SI12345678 SK1234567890`)

func TestEveryStatesID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, form := range forms {
		id, err := tax.ParseID(strings.ToLower(form[:2]) + " " + form[2:3] + "." + form[3:])
		if err != nil || string(id) != form {
			t.Errorf("%s: %q, %v", form, id, err)
		}
		if !tax.Member(id.Country()) {
			t.Errorf("%s was given out by %q", form, id.Country())
		}
		seen[id.Country()] = true
		if wrong, err := tax.ParseID(form + "77777777777"); err == nil {
			t.Errorf("%s is an ID", wrong)
		}
	}
	if len(seen) != 27 {
		t.Errorf("%d states are tried, not 27", len(seen))
	}
	for _, bad := range []string{"", "NL", "NL123456789", "NL123456789B0", "NL123456789B01X", "GB123456789", "GR123456789", "XX1", "12345678", "DE12345678١"} {
		if id, err := tax.ParseID(bad); err == nil {
			t.Errorf("%q was read as %s", bad, id)
		}
	}
}
