package invoice_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestTheFrozenSnapshotIsReadBack: an issued document is kept as JSON, and comes back with every cent, rate and date, fit to be drawn
// again and to be credited.
func TestTheFrozenSnapshotIsReadBack(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for i, c := range billingtest.Cases() {
		for _, d := range withCredit(t, billingtest.Invoice(t, dice, c, i)) {
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			var back invoice.Document
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back, d) {
				t.Fatalf("%s: %+v\nbecame %+v", c.Name, d, back)
			}
			if again, err := invoice.Calculate(back); err != nil || !reflect.DeepEqual(again, d) {
				t.Fatalf("%s: calculated after reading, it differs (%v)", c.Name, err)
			}
		}
	}
}

// withCredit returns an invoice, and a credit note of it when anything can be credited.
func withCredit(t *testing.T, d invoice.Document) []invoice.Document {
	t.Helper()
	note, err := invoice.CreditAll(d, nil, "back")
	if err != nil {
		return []invoice.Document{d}
	}
	return []invoice.Document{d, note}
}
