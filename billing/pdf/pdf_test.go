package pdf_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/pdf"
	"allotment/billing/tax"
)

// logo is a plain wide picture.
func logo(t *testing.T) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 240, 60))
	for x := range 240 {
		for y := range 60 {
			picture.Set(x, y, color.RGBA{uint8(x), 90, uint8(4 * y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// huge is a small file that unfolds into 60 million pixels.
func huge(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 6000, 10000), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// long returns an invoice with many lines, of which some have much to say.
func long(t *testing.T, lines int, language string) invoice.Document {
	t.Helper()
	d := billingtest.Invoice(t, billingtest.Dice(t), billingtest.Cases()[2], 1)
	d.Language = language
	first := d.Lines[0]
	d.Lines = nil
	for i := range lines {
		line := first
		line.ID, line.Name = strconv.Itoa(i+1), fmt.Sprintf("Item-%03d", i+1)
		if i%7 == 3 {
			line.Description = strings.Repeat("A description that goes on for a while. ", 6) + fmt.Sprintf("End-%03d", i+1)
		}
		d.Lines = append(d.Lines, line)
	}
	d, err := invoice.Calculate(d)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t *testing.T, d invoice.Document, brand pdf.Brand) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pdf.Write(&b, d, brand); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pages(t *testing.T, file []byte) int {
	t.Helper()
	found := regexp.MustCompile(`/Count (\d+)`).FindSubmatch(file)
	if found == nil {
		t.Fatal("the file says no number of pages")
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheSameDocumentIsTheSameFile(t *testing.T) {
	t.Parallel()
	brand := pdf.Brand{Colour: "#0b7285", Logo: logo(t)}
	for _, c := range slices.Concat(billingtest.Cases()[:8], billingtest.StatedCases()) {
		d := billingtest.Invoice(t, billingtest.Dice(t), c, 1)
		a, b := write(t, d, brand), write(t, d, brand)
		if !bytes.HasPrefix(a, []byte("%PDF-")) || !bytes.Equal(a, b) {
			t.Errorf("%s is drawn differently, or no PDF", c.Name)
		}
	}
}

func TestPagesBreak(t *testing.T) {
	t.Parallel()
	for lines, want := range map[int]int{1: 1, 10: 2, 60: 8, 200: 24} {
		if got := pages(t, write(t, long(t, lines, "en"), pdf.Brand{})); got > want || got < (want+2)/3 {
			t.Errorf("%d lines take %d pages, want about %d", lines, got, want)
		}
	}
	endless := long(t, 2, "en")
	endless.Lines[0].Description = strings.Repeat("word ", 3000)
	if got := pages(t, write(t, endless, pdf.Brand{})); got < 3 {
		t.Errorf("a line longer than a page takes %d pages", got)
	}
}

// TestNothingIsLostBetweenPages reads the file as a person would: every line once, heads on every page with lines, sums and wording.
func TestNothingIsLostBetweenPages(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("reading the file needs Debian's poppler-utils:", err)
	}
	words := map[string][]string{"en": {"Invoice", "Description", "To pay", "Reverse charge", "Page 1 of"},
		"nl": {"Factuur", "Omschrijving", "Te betalen", "Btw verlegd", "Pagina 1 van"}, "de": {"Rechnung", "Beschreibung", "Zu zahlen", "Steuerschuldnerschaft", "Seite 1 von"}}
	for language, want := range words {
		d := long(t, 90, language)
		name := filepath.Join(t.TempDir(), "invoice.pdf")
		if err := os.WriteFile(name, write(t, d, pdf.Brand{Colour: "#ffd43b", Logo: logo(t)}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(out), "\u00a0", " ")
		for _, word := range append(want, d.Number, string(d.Seller.VATID), string(d.Buyer.VATID), d.Seller.LegalID, d.Buyer.Street, d.Payment.IBAN, d.Payable.Format(language)) {
			word = strings.ReplaceAll(word, "\u00a0", " ")
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q is missing", language, word)
			}
		}
		at := 0
		for _, line := range d.Lines {
			next := strings.Index(text[at:], line.Name)
			if next < 0 || strings.Count(text, line.Name) != 1 {
				t.Fatalf("%s: %s stands there %d times, or out of order", language, line.Name, strings.Count(text, line.Name))
			}
			at += next
		}
		for i, sheet := range strings.Split(strings.TrimSuffix(text, "\f"), "\f") {
			if strings.Contains(sheet, "Item-") && !strings.Contains(sheet, want[1]) {
				t.Errorf("%s: page %d has no heads", language, i+1)
			}
			for _, end := range regexp.MustCompile(`End-\d{3}`).FindAllString(sheet, -1) {
				if !strings.Contains(sheet, "Item-"+end[len("End-"):]) {
					t.Errorf("%s: the row of %s is divided before page %d", language, end, i+1)
				}
			}
		}
	}
}

// TestNoDigitIsCutOff: numbers that are wider than their column are printed whole.
func TestNoDigitIsCutOff(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("reading the file needs Debian's poppler-utils:", err)
	}
	d := long(t, 1, "de")
	d.Lines[0].Unit, d.Lines[0].Quantity, d.Lines[0].Price, d.Lines[0].Discounts = "HUR", billing.MustDecimal("1234567.890123"), billing.MustDecimal("98765.432109876"), nil
	d, err := invoice.Calculate(d)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "invoice.pdf")
	if err := os.WriteFile(name, write(t, d, pdf.Brand{}), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(out), "\u00a0", " ")
	for _, number := range []string{"1234567,890123 Std.", "98765,432109876", strings.ReplaceAll(d.Net.Format("de"), "\u00a0", " ")} {
		if !strings.Contains(text, number) {
			t.Errorf("%s is missing in\n%s", number, text)
		}
	}
	if strings.Contains(text, "…") {
		t.Error("something was cut off")
	}
}

// TestAnyTextIsDrawn: what people call themselves breaks nothing.
func TestAnyTextIsDrawn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "👍🏽 emoji", "العربية", "漢字", "\x00\x01\x7f", "\xff\xfe", "a\nb\tc", strings.Repeat("x", 5000), "\ufeff", "Şțăîâ łőű ß", "(\\)<</Type>>"} {
		d := long(t, 2, "de")
		d.Seller.Name, d.Buyer.Name, d.Buyer.Street, d.Note, d.Number, d.Payment.Terms, d.Order = text, text, text, text, text, text, text
		d.Lines[0].Name, d.Lines[0].Description = text, text
		d.Lines[0].Discounts = []invoice.Discount{{Reason: text, Amount: billingtest.Euro(0)}}
		if got := pages(t, write(t, d, pdf.Brand{})); got < 1 {
			t.Errorf("%.20q: %d pages", text, got)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	d := long(t, 1, "en")
	for name, brand := range map[string]pdf.Brand{"a word for a colour": {Colour: "red"}, "a short colour": {Colour: "#fff"}, "a long colour": {Colour: "#ffffff0"},
		"a text for a logo": {Logo: []byte("logo")}, "a cut-off logo": {Logo: logo(t)[:40]}, "half a logo": {Logo: logo(t)[:len(logo(t))/2]}, "a huge logo": {Logo: huge(t)}} {
		var b bytes.Buffer
		if err := pdf.Write(&b, d, brand); err == nil || b.Len() > 0 {
			t.Errorf("%s was drawn", name)
		}
	}
	var b bytes.Buffer
	if err := pdf.Write(&b, invoice.Document{Lines: d.Lines}, pdf.Brand{}); err == nil {
		t.Error("a document that was not calculated was drawn")
	}
}

// TestTitles: what is no tax document says so, and asks for no payment.
func TestTitles(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("reading the file needs Debian's poppler-utils:", err)
	}
	owed := long(t, 1, "nl")
	owed.Lines[0].Price, owed.Lines[0].Quantity, owed.Lines[0].Discounts = billing.Int(10), billing.Int(1), nil // nothing would be left to credit of what costs nothing
	owed, err := invoice.Calculate(owed)
	if err != nil {
		t.Fatal(err)
	}
	credit, err := invoice.CreditAll(owed, nil, "Dubbel besteld")
	if err != nil {
		t.Fatal(err)
	}
	credit.Number = "C-1"
	proforma, draft := long(t, 1, "en"), long(t, 1, "de")
	proforma.Kind, draft.Number = invoice.Proforma, ""
	cases := []struct {
		d             invoice.Document
		says, saysNot string
	}{
		{credit, "Creditnota", "Gelieve te betalen"},
		{credit, "Dubbel besteld", "Vervaldatum"},
		{credit, "U gecrediteerd", "Te betalen"},
		{proforma, "no tax document", "Please pay"},
		{draft, "Entwurf (keine Rechnung)", "Bitte zahlen"},
		{draft, "Niederlande", ", NL"},
		{proforma, "Netherlands", ", NL"},
	}
	for _, c := range cases {
		name := filepath.Join(t.TempDir(), "document.pdf")
		if err := os.WriteFile(name, write(t, c.d, pdf.Brand{}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
		if err != nil || !strings.Contains(string(out), c.says) || strings.Contains(string(out), c.saysNot) {
			t.Errorf("%q is missing, or %q is there (%v):\n%s", c.says, c.saysNot, err, out)
		}
	}
}

// TestVATIsStatedInTheCurrencyOfTheState: below the VAT, with the rate and its day, on invoices and on what takes them back.
func TestVATIsStatedInTheCurrencyOfTheState(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("reading the file needs Debian's poppler-utils:", err)
	}
	c := billingtest.StatedCases()[0]
	c.Stated = ""
	for language, says := range map[string]string{
		"en": `VAT 21% of CHF 100\.00\s+CHF 21\.00\s+VAT in EUR\s+€22\.47\s+1 EUR = 0\.9345 CHF, European Central Bank, 3 March 2026\s+(To pay|Credited to you)\s+CHF 121\.00`,
		"nl": `Btw 21% over CHF 100,00\s+CHF 21,00\s+Btw in EUR\s+€ 22,47\s+1 EUR = 0,9345 CHF, Europese Centrale Bank, 03-03-2026\s+(Te betalen|U gecrediteerd)\s+CHF 121,00`,
		"de": `USt\. 21 % auf 100,00 CHF\s+21,00 CHF\s+USt\. in EUR\s+22,47 €\s+1 EUR = 0,9345 CHF, Europäische Zentralbank, 03\.03\.2026\s+(Zu zahlen|Gutgeschrieben)\s+121,00 CHF`,
	} {
		d := billingtest.Invoice(t, billingtest.Dice(t), c, 1)
		d.Language, d.Lines = language, d.Lines[:1]
		d.Lines[0].Price, d.Lines[0].Quantity, d.Lines[0].Discounts, d.Lines[0].Tax.Rate = billing.Int(100), billing.Int(1), nil, billing.Int(21)
		d, err := invoice.Calculate(d)
		if err != nil {
			t.Fatal(err)
		}
		if d, err = d.State("EUR", billing.MustDecimal("0.9345"), billingtest.Day(t, "2026-03-03")); err != nil {
			t.Fatal(err)
		}
		note, err := invoice.CreditAll(d, nil, "back")
		if err != nil {
			t.Fatal(err)
		}
		note.Number, note.Issued = "C-1", d.Issued
		for _, d := range []invoice.Document{d, note} {
			name := filepath.Join(t.TempDir(), "document.pdf")
			if err := os.WriteFile(name, write(t, d, pdf.Brand{}), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
			text := strings.ReplaceAll(string(out), "\u00a0", " ")
			if err != nil || !regexp.MustCompile(says).MatchString(text) {
				t.Errorf("%s is missing (%v):\n%s", says, err, text)
			}
		}
	}
}

// TestAttachmentsTravelInside takes the e-invoice out of the file again.
func TestAttachmentsTravelInside(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdfdetach"); err != nil {
		t.Skip("taking a file out needs Debian's poppler-utils:", err)
	}
	d := long(t, 3, "en")
	xml := []byte("<Invoice>" + strings.Repeat("é", 500) + "</Invoice>")
	var one, two bytes.Buffer
	for _, out := range []*bytes.Buffer{&one, &two} {
		if err := pdf.Write(out, d, pdf.Brand{}, pdf.Attachment{Name: "2026-00001.xml", Data: xml}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same document is not the same file")
	}
	folder := t.TempDir()
	name := filepath.Join(folder, "invoice.pdf")
	if err := os.WriteFile(name, one.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "pdfdetach", "-saveall", "-o", folder, name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, err := os.ReadFile(filepath.Join(folder, "2026-00001.xml")); err != nil || !bytes.Equal(got, xml) {
		t.Errorf("taken out: %d bytes (%v), want %d", len(got), err, len(xml))
	}
}

// crowded returns d with VAT, which is stated in another currency too, and with a part that was paid.
func crowded(t *testing.T, d invoice.Document) invoice.Document {
	t.Helper()
	d.Lines, d.Prepaid = slices.Clone(d.Lines), billingtest.Euro(1)
	for i := range d.Lines {
		d.Lines[i].Price, d.Lines[i].Tax = billing.Int(7), tax.Decision{Category: tax.Standard, Rate: billing.Int(21), Country: "NL"}
		d.Lines[i].Quantity, d.Lines[i].Discounts = billing.Int(1), nil
	}
	d, err := invoice.Calculate(d)
	if err != nil {
		t.Fatal(err)
	}
	if d, err = d.State("CZK", billing.MustDecimal("0.0396"), d.TaxPoint); err != nil || d.Stated == nil {
		t.Fatalf("%s of VAT is stated as %+v, %v", d.VAT, d.Stated, err)
	}
	return d
}

// TestTotalsNeverStandAlone: whatever the number of lines, the last page has a line above the totals, and what a page ends with the next begins with.
func TestTotalsNeverStandAlone(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("reading the file needs Debian's poppler-utils:", err)
	}
	for lines := 1; lines <= 24; lines++ {
		d := long(t, lines, "en")
		if lines%2 == 0 { // with all that totals can have
			d = crowded(t, d)
		}
		name := filepath.Join(t.TempDir(), "invoice.pdf")
		if err := os.WriteFile(name, write(t, d, pdf.Brand{}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		sheets := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
		carried := regexp.MustCompile(`Carried forward\s+(\S+)`)
		brought := regexp.MustCompile(`Brought forward\s+(\S+)`)
		for i, sheet := range sheets {
			if strings.Contains(sheet, "To pay") && !strings.Contains(sheet, "Item-") {
				t.Errorf("%d lines: the totals stand alone on page %d", lines, i+1)
			}
			if i+1 == len(sheets) || !strings.Contains(sheets[i+1], "Item-") {
				continue
			}
			from, to := carried.FindStringSubmatch(sheet), brought.FindStringSubmatch(sheets[i+1])
			if from == nil || to == nil || from[1] != to[1] {
				t.Errorf("%d lines: page %d ends with %v, and the next begins with %v", lines, i+1, from, to)
			}
		}
	}
}
