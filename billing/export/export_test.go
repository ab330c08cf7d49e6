package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/export"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// documents returns an invoice of each tax case, in 2026, and a credit note of every second.
func documents(t *testing.T) []invoice.Document {
	t.Helper()
	dice := billingtest.Dice(t)
	var list []invoice.Document
	for i, c := range billingtest.Cases() {
		d := billingtest.Invoice(t, dice, c, i)
		d.Issued = billing.Date{Year: 2026, Month: d.Issued.Month, Day: min(d.Issued.Day, 28)}
		d.Due = d.Issued.AddDays(14)
		list = append(list, d)
		if note, err := invoice.CreditAll(d, nil, "back"); i%2 == 0 && err == nil {
			note.Number, note.Issued = fmt.Sprintf("C-%d", i), d.Issued
			list = append(list, note)
		}
	}
	return list
}

// TestNoCellStartsAFormula puts formulas into every text that a customer can write.
func TestNoCellStartsAFormula(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "\ufeff=1", "%0A=1", "\"=1", ";=1", "|calc"} {
		d := documents(t)[0]
		d.Number, d.Buyer.Name, d.Buyer.ID, d.Buyer.Email, d.Order, d.Payment.Reference, d.Seller.Name = evil, evil, evil, evil, evil, evil, evil
		d.Lines = append([]invoice.Line(nil), d.Lines...)
		d.Lines[0].Name, d.Lines[0].Description, d.Lines[0].Source, d.Lines[0].ID, d.Lines[0].Unit = evil, evil, evil, evil, evil
		entry := ledger.Entry{Kind: "test", Source: evil, Note: evil, Date: d.Issued, Postings: []ledger.Posting{{Account: ledger.Account{Owner: evil, Kind: "cash", Party: evil}, Amount: d.Net}}}
		payment := export.Payment{Payment: ledger.Payment{ID: evil, Customer: evil, Through: evil, Amount: d.Net}, Kind: evil, Reference: evil, SellerName: evil, CustomerName: evil, Note: evil}
		for name, write := range map[string]func(io.Writer) error{
			"invoices": func(w io.Writer) error { return export.Invoices(w, export.Of([]invoice.Document{d})) },
			"lines":    func(w io.Writer) error { return export.Lines(w, export.Of([]invoice.Document{d})) },
			"ninja":    func(w io.Writer) error { return export.InvoiceNinja(w, export.Of([]invoice.Document{d})) },
			"ledger":   func(w io.Writer) error { return export.Ledger(w, export.Of([]ledger.Entry{entry})) },
			"payments": func(w io.Writer) error { return export.Payments(w, export.Of([]export.Payment{payment})) },
		} {
			for _, row := range read(t, write) {
				for _, cell := range row {
					if start := strings.TrimLeft(cell, " \t\r\n\ufeff"); start != "" && strings.ContainsAny(start[:1], "=+-@|%") || strings.HasPrefix(start, "＝") {
						t.Errorf("%s: the cell %q starts a formula", name, cell)
					}
				}
			}
		}
	}
}

// read returns the rows below the heading.
func read(t *testing.T, write func(io.Writer) error) [][]string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows[1:]
}

// TestSheetsAddUp: invoices, lines and the import of Invoice Ninja hold the same net, credit notes being negative.
func TestSheetsAddUp(t *testing.T) {
	t.Parallel()
	list := documents(t)
	var want int64
	for _, d := range list {
		if d.Kind == invoice.CreditNote {
			want -= d.Net.Minor
		} else {
			want += d.Net.Minor
		}
	}
	sum := func(rows [][]string, cell func(row []string) string) (total int64) {
		for _, row := range rows {
			m, err := billing.ParseMoney(cell(row), "EUR")
			if err != nil {
				t.Fatal(err)
			}
			total += m.Minor
		}
		return total
	}
	invoices := read(t, func(w io.Writer) error { return export.Invoices(w, export.Of(list)) })
	lines := read(t, func(w io.Writer) error { return export.Lines(w, export.Of(list)) })
	ninja := read(t, func(w io.Writer) error { return export.InvoiceNinja(w, export.Of(list)) })
	a, b := sum(invoices, func(row []string) string { return row[12] }), sum(lines, func(row []string) string { return row[12] })
	c := sum(ninja, func(row []string) string { return strings.TrimSuffix(row[10], "1") + row[9] })
	if a != want || b != want || c != want || len(invoices) != len(list) || len(lines) != len(ninja) {
		t.Errorf("%d, %d and %d cents, want %d", a, b, c, want)
	}
}

// TestInvoicesSayWhatTheyState: the last cells are the VAT in the currency of the seller's state, negative on a credit note, its rate and the rate's
// day; they are empty where nothing is stated.
func TestInvoicesSayWhatTheyState(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	list := documents(t)[:1]
	for i, c := range billingtest.StatedCases() {
		d := billingtest.Invoice(t, dice, c, i)
		list = append(list, d)
		if note, err := invoice.CreditAll(d, nil, "back"); err == nil {
			list = append(list, note)
		}
	}
	said := 0
	for i, row := range read(t, func(w io.Writer) error { return export.Invoices(w, export.Of(list)) }) {
		d, want := list[i], "|||"
		if s := d.Stated; s != nil {
			sign := map[bool]string{true: "-"}[d.Kind == invoice.CreditNote && s.VAT.Minor > 0]
			want = strings.Join([]string{sign + s.VAT.Amount(), s.VAT.Currency, s.Rate.String(), s.Day.String()}, "|")
			said++
		}
		if got := strings.Join(row[17:], "|"); got != want {
			t.Errorf("%s %s ends in %s, not %s", d.Kind, d.Number, got, want)
		}
	}
	if said == 0 {
		t.Errorf("none of %d documents stated its VAT", len(list))
	}
}

func datev(t *testing.T) export.DATEV {
	t.Helper()
	return export.DATEV{Advisor: 1001, Client: 1, Year: billingtest.Day(t, "2026-01-01"), Length: 4, Days: billingtest.Span(t, "2026-01-01", "2027-01-01"),
		Created: time.Date(2027, 1, 5, 9, 0, 0, 0, time.UTC), Title: "Rechnungen",
		Debtor: func(string) (string, error) { return "10001", nil },
		Account: func(d tax.Decision) (string, string, error) {
			return map[tax.Scheme]string{tax.Domestic: "8400", tax.OSS: "8320", tax.ReverseCharge: "8336"}[d.Scheme] + "", "", nil
		}}
}

func TestDATEV(t *testing.T) {
	t.Parallel()
	list := documents(t)
	list[0].Buyer.Name = "Łódź & \"Söhne\" 漢; =1"
	var b bytes.Buffer
	if err := export.WriteDATEV(&b, datev(t), export.Of(list)); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n")
	if want := `"EXTF";700;21;"Buchungsstapel";13;20270105090000000;;"";"";"";1001;1;20260101;4;20260101;20261231;"Rechnungen";"";1;0;0;"EUR";;;;;;;;;`; rows[0] != want {
		t.Errorf("header %s", rows[0])
	}
	if !strings.Contains(b.String(), "\"L\xf3dz & \"\"S\xf6hne\"\" ?; =1\"") {
		t.Error("a name is not in Windows-1252")
	}
	var sum, want int64
	for _, d := range list {
		if d.Kind == invoice.CreditNote {
			d.Gross.Minor = -d.Gross.Minor
		}
		want += d.Gross.Minor
	}
	for i, row := range rows[1:] {
		reader := csv.NewReader(strings.NewReader(row))
		reader.Comma = ';'
		cells, err := reader.Read()
		if err != nil || len(cells) != 125 {
			t.Fatalf("row %d has %d columns, %v", i, len(cells), err)
		}
		if i == 0 {
			continue
		}
		m, err := billing.ParseMoney(strings.Replace(cells[0], ",", ".", 1), "EUR")
		if err != nil || m.Minor <= 0 {
			t.Fatalf("amount %q", cells[0])
		}
		if cells[1] == "H" {
			m.Minor = -m.Minor
		}
		sum += m.Minor
	}
	if sum != want {
		t.Errorf("%d cents are exported of %d", sum, want)
	}
}

func TestDATEVRefuses(t *testing.T) {
	t.Parallel()
	good := documents(t)[:1]
	for name, spoil := range map[string]func(*export.DATEV, *invoice.Document){
		"another year": func(_ *export.DATEV, d *invoice.Document) { d.Issued.Year++ },
		"dollars":      func(_ *export.DATEV, d *invoice.Document) { d.Currency = "USD" },
		"a proforma":   func(_ *export.DATEV, d *invoice.Document) { d.Kind = invoice.Proforma },
		"no advisor":   func(o *export.DATEV, _ *invoice.Document) { o.Advisor = 0 },
		"two years":    func(o *export.DATEV, _ *invoice.Document) { o.Days.End = o.Days.End.AddDays(1) },
		"an unknown account": func(o *export.DATEV, _ *invoice.Document) {
			o.Account = func(tax.Decision) (string, string, error) { return "", "", errors.New("none") }
		},
		"an unknown debtor": func(o *export.DATEV, _ *invoice.Document) {
			o.Debtor = func(string) (string, error) { return "", errors.New("none") }
		},
	} {
		o, d := datev(t), good[0]
		d.Groups = append([]invoice.Group(nil), d.Groups...)
		d.Groups[0].Base.Minor++ // never a group of nothing
		spoil(&o, &d)
		var b bytes.Buffer
		if err := export.WriteDATEV(&b, o, export.Of([]invoice.Document{d})); err == nil || b.Len() > 0 {
			t.Errorf("%s was exported", name)
		}
	}
}

// TestXAF counts and adds again what stands in the file. XAF_XSD may name the schema of the audit file, which is not part of the project.
func TestXAF(t *testing.T) {
	t.Parallel()
	var entries []ledger.Entry
	list, lines := documents(t), 0
	for _, d := range list {
		entry, err := ledger.Document(d, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(entry.Postings) > 0 {
			entries, lines = append(entries, entry), lines+len(entry.Postings)
		}
	}
	other := entries[0]
	other.Date.Year++
	var b bytes.Buffer
	customer := list[0].Buyer
	customer.ID, customer.Name = "01234567-89ab-cdef-0123-456789abcdef", strings.Repeat("Ü", 60)
	o := export.XAF{Seller: list[0].Seller, Year: 2026, Created: billingtest.Day(t, "2027-01-05"), Version: "1", Customers: []invoice.Party{customer},
		Opening: map[ledger.Kind]int64{ledger.Receivable: 12100, ledger.VAT: -2100, ledger.Revenue: -15000, ledger.Cost: 5000}}
	if err := export.WriteXAF(&b, o, export.Of(append(entries, other))); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count  int    `xml:"company>transactions>linesCount"`
		Debit  string `xml:"company>transactions>totalDebit"`
		Credit string `xml:"company>transactions>totalCredit"`
		Lines  []struct {
			Amount string `xml:"amnt"`
			Side   string `xml:"amntTp"`
		} `xml:"company>transactions>journal>transaction>trLine"`
	}
	if err := xml.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "<custSupID>0123456789abcdef0123456789abcdef</custSupID>") {
		t.Error("an ID of more than 35 characters did not lose its dashes")
	}
	sums := map[string]int64{}
	for _, line := range file.Lines {
		m, err := billing.ParseMoney(line.Amount, "EUR")
		if err != nil || m.Minor <= 0 {
			t.Fatal(line, err)
		}
		sums[line.Side] += m.Minor
	}
	if file.Count != lines || len(file.Lines) != lines || sums["D"] != sums["C"] || file.Debit != billingtest.Euro(sums["D"]).Amount() || file.Credit != file.Debit {
		t.Errorf("%d lines, %v, the file says %d, %s and %s", lines, sums, file.Count, file.Debit, file.Credit)
	}
	if !strings.Contains(b.String(), "<totalDebit>121.00</totalDebit>") || !strings.Contains(b.String(), "<accID>0500</accID>\n    <amnt>100.00</amnt>\n    <amntTp>C</amntTp>") {
		t.Error("what stood in the books before the year is not there")
	}
	o.Opening[ledger.Cost]++
	if export.WriteXAF(io.Discard, o, export.Of(entries)) == nil {
		t.Error("books that were off before the year were exported")
	}
	o.Opening[ledger.Cost]--
	entries[0].Postings = entries[0].Postings[:1]
	if export.WriteXAF(io.Discard, o, export.Of(entries)) == nil {
		t.Error("books that are off were exported")
	}
	validateXAF(t, b.Bytes())
}

func validateXAF(t *testing.T, text []byte) {
	t.Helper()
	schema := os.Getenv("XAF_XSD")
	if schema == "" {
		return
	}
	name := filepath.Join(t.TempDir(), "audit.xaf")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "xmllint", "--noout", "--nonet", "--schema", schema, name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestVATReport(t *testing.T) {
	t.Parallel()
	var lines []tax.Line
	for _, d := range documents(t) {
		for _, g := range d.Groups {
			if d.Kind == invoice.CreditNote {
				g.Base.Minor, g.VAT.Minor = -g.Base.Minor, -g.VAT.Minor
			}
			lines = append(lines, tax.Line{Decision: g.Tax, Buyer: d.Buyer.Country, BuyerID: d.Buyer.VATID, Net: g.Base, VAT: g.VAT})
		}
	}
	totals, err := tax.Report(lines)
	if err != nil {
		t.Fatal(err)
	}
	rows := read(t, func(w io.Writer) error { return export.VAT(w, totals) })
	schemes := map[string]bool{}
	for _, row := range rows {
		schemes[row[0]] = true
	}
	if len(rows) != len(totals) || len(schemes) != 6 {
		t.Errorf("%d rows of %d totals, schemes %v", len(rows), len(totals), schemes)
	}
}
