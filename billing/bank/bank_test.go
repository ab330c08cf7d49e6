package bank_test

import (
	"fmt"
	"strings"
	"testing"

	"allotment/billing/bank"
	"allotment/billing/billingtest"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	if got, err := bank.CreditorReference("539007547034"); err != nil || got != "RF18539007547034" { // the example of ISO 11649
		t.Errorf("%q, %v", got, err)
	}
	if got, err := bank.BelgianReference(1234567890); err != nil || got != "+++123/4567/89002+++" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := bank.BelgianReference(97); err != nil || got != "+++000/0000/09797+++" {
		t.Errorf("a multiple of 97: %q, %v", got, err)
	}
	if got, err := bank.ParseIBAN("nl91 abna 0417 1643 00"); err != nil || got != "NL91ABNA0417164300" { // the example of ISO 13616
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", "RF", "RF18 5390 0754 7035", "RF00", "XX18539007547034", "RF18ÉÉÉ", "RF1853900754703400000000000"} {
		if got, err := bank.ParseCreditorReference(bad); err == nil {
			t.Errorf("%q was read as %s", bad, got)
		}
	}
	for _, bad := range []string{"", "NL91ABNA0417164301", "NL91", "9191ABNA0417164300", "NL91ABNA04171643OO"} {
		if got, err := bank.ParseIBAN(bad); err == nil {
			t.Errorf("%q was read as %s", bad, got)
		}
	}
	for _, number := range []int64{0, -1, 10_000_000_000} {
		if got, err := bank.BelgianReference(number); err == nil {
			t.Errorf("%d became %s", number, got)
		}
	}
	for _, bad := range []string{"", strings.Repeat("1", 22), "a-b", "é"} {
		if got, err := bank.CreditorReference(bad); err == nil {
			t.Errorf("%q became %s", bad, got)
		}
	}
}

// TestATypoIsFound: a reference is read back, and one wrong digit, or two that changed places, is refused.
func TestATypoIsFound(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 3000 {
		number := 1 + dice.Int64N(9_999_999_999)
		rf, err := bank.CreditorReference(fmt.Sprintf("INV%d", number))
		if err != nil {
			t.Fatal(err)
		}
		ogm, err := bank.BelgianReference(number)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := bank.ParseCreditorReference(rf[:4] + " " + strings.ToLower(rf[4:])); err != nil || got != rf {
			t.Fatalf("%s: %s, %v", rf, got, err)
		}
		if got, err := bank.ParseBelgianReference(ogm); err != nil || got != number {
			t.Fatalf("%s: %d, %v", ogm, got, err)
		}
		for _, good := range []string{rf, strings.NewReplacer("+", "", "/", "").Replace(ogm)} {
			i := len(good) - 1 - dice.IntN(8)
			wrong := good[:i] + string('0'+(good[i]-'0'+1+byte(dice.IntN(9)))%10) + good[i+1:]
			_, rfErr := bank.ParseCreditorReference(wrong)
			_, ogmErr := bank.ParseBelgianReference(wrong)
			if good[i] <= '9' && (rfErr == nil || ogmErr == nil) {
				t.Fatalf("%s was taken for %s", wrong, good)
			}
		}
	}
}
