package pdf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"allotment/billing/billingtest"
	"allotment/billing/pdf"
)

// TestSamples writes documents of several lengths and languages into the folder named by SAMPLES, to be looked at.
func TestSamples(t *testing.T) {
	folder := os.Getenv("SAMPLES")
	if folder == "" {
		t.Skip("SAMPLES names no folder to put documents into")
	}
	for _, language := range []string{"en", "nl", "de"} {
		for _, lines := range []int{1, 6, 13, 14, 15, 60} {
			d := long(t, lines, language)
			d.Payment.Terms = map[string]string{"en": "Payment within 14 days.", "nl": "Betaling binnen 14 dagen.", "de": "Zahlbar innerhalb von 14 Tagen."}[language]
			file := write(t, d, pdf.Brand{Colour: "#0b7285", Logo: logo(t)})
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d.pdf", language, lines)), file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, c := range slices.Concat(billingtest.Cases(), billingtest.StatedCases()) {
		d := billingtest.Invoice(t, billingtest.Dice(t), c, i+1)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("case-%02d.pdf", i)), write(t, d, pdf.Brand{}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
