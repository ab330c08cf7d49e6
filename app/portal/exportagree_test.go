package portal_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"os"
	command "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// TestExportsAgree makes every kind of export of one period, and holds their sums against each other and against the ledger in the database.
func TestExportsAgree(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 24)
	seller := x.seller()
	_, data := x.made(seller, x.request(app.ExportInvoices))
	invoices := x.sheet(data)
	net, vat, gross := x.sum(invoices, "net"), x.sum(invoices, "vat"), x.sum(invoices, "gross")
	if net == 0 || vat == 0 || gross != net+vat || len(invoices) < 20 {
		t.Fatalf("%d documents, net %d, vat %d, gross %d", len(invoices), net, vat, gross)
	}
	_, data = x.made(seller, x.request(app.ExportLines))
	if got := x.sum(x.sheet(data), "net"); got != net {
		t.Errorf("lines add up to %d, invoices to %d", got, net)
	}
	_, data = x.made(seller, x.request(app.ExportVAT))
	report := x.sheet(data)
	if n, v := x.sum(report, "net"), x.sum(report, "vat"); n != net || v != vat {
		t.Errorf("the VAT report says %d and %d, the invoices %d and %d", n, v, net, vat)
	}
	_, data = x.made(seller, x.request(app.ExportOSS))
	shop, inReport := x.sheet(data), []map[string]string{}
	for _, row := range report {
		if row["scheme"] == "one-stop shop" {
			inReport = append(inReport, row)
		}
	}
	if len(shop) == 0 || len(shop) != len(inReport) || x.sum(shop, "vat") != x.sum(inReport, "vat") {
		t.Errorf("the one-stop shop has %d rows, the report %d of it", len(shop), len(inReport))
	}
	_, data = x.made(seller, x.request(app.ExportLedger))
	x.ledgerAgrees(x.sheet(data), seller, net, vat, gross)
	_, data = x.made(seller, x.request(app.ExportPayments))
	x.paymentsAgree(x.sheet(data), seller)
	_, data = x.made(seller, x.request(app.ExportDocuments))
	x.archiveAgrees(data, len(invoices), net, vat, gross)
	_, data = x.made(seller, x.request(app.ExportNinja))
	ninja := int64(0)
	for _, row := range x.sheet(data) {
		m, err := billing.ParseMoney(strings.TrimSuffix(row["Item Quantity"], "1")+row["Item Cost"], "EUR")
		if err != nil {
			t.Fatal(err)
		}
		ninja += m.Minor
	}
	if ninja != net {
		t.Errorf("Invoice Ninja gets %d, the invoices are %d", ninja, net)
	}
	_, data = x.made(seller, x.request(app.ExportXAF))
	x.auditFileAgrees(data, seller)
}

func (x *exporting) ledgerAgrees(rows []map[string]string, seller app.Actor, net, vat, gross int64) {
	x.t.Helper()
	accounts, total := map[string]int64{}, int64(0)
	for _, row := range rows {
		m, err := billing.ParseMoney(row["amount"], row["currency"])
		if err != nil || row["books of"] != seller.Organization.String() {
			x.t.Fatal(row, err)
		}
		accounts[row["account"]] += m.Minor
		total += m.Minor
		if row["kind"] == "issued" && (row["account"] == "receivable" || row["account"] == "credit") {
			accounts["issued"] += m.Minor
		}
	}
	if total != 0 || accounts["revenue"] != -net || accounts["vat"] != -vat || accounts["issued"] != gross {
		x.t.Errorf("the ledger adds up to %d: %v; invoices: net %d, vat %d, gross %d", total, accounts, net, vat, gross)
	}
	n := x.Count(x.t, `SELECT count(*) FROM ledger_postings WHERE organization_id = '`+seller.Organization.String()+`' AND posted_on <= '2026-03-31'`)
	if len(rows) != n || accounts["cost"] == 0 {
		x.t.Errorf("%d postings are exported of %d; cost %d", len(rows), n, accounts["cost"])
	}
}

func (x *exporting) paymentsAgree(rows []map[string]string, seller app.Actor) {
	x.t.Helper()
	cash := x.Count(x.t, `SELECT sum(amount_minor) FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
		WHERE p.organization_id = '`+seller.Organization.String()+`' AND account = 'cash'`)
	fees := x.Count(x.t, `SELECT coalesce(sum(amount_minor), 0) FROM ledger_postings WHERE organization_id = '`+seller.Organization.String()+`' AND account = 'fees'`)
	kinds := map[string]bool{}
	for _, row := range rows {
		kinds[row["kind"]] = true
	}
	if got := x.sum(rows, "amount"); got != int64(cash+fees) || !kinds["receipt"] || !kinds["chargeback"] {
		x.t.Errorf("payments add up to %d, the ledger has %d of cash and %d of fees; %v", got, cash, fees, kinds)
	}
}

// archiveAgrees reads each UBL of the zip.
func (x *exporting) archiveAgrees(data []byte, documents int, net, vat, gross int64) {
	x.t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		x.t.Fatal(err)
	}
	drawn, sums := 0, [3]int64{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			x.t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			x.t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".pdf") {
			if drawn++; !bytes.HasPrefix(text, []byte("%PDF-")) || !strings.HasPrefix(f.Name, "2026/") {
				x.t.Errorf("%s is no PDF", f.Name)
			}
			continue
		}
		var file struct {
			XMLName xml.Name
			VAT     []string `xml:"TaxTotal>TaxAmount"`
			Net     string   `xml:"LegalMonetaryTotal>TaxExclusiveAmount"`
			Gross   string   `xml:"LegalMonetaryTotal>TaxInclusiveAmount"`
		}
		if err := xml.Unmarshal(text, &file); err != nil || len(file.VAT) == 0 {
			x.t.Fatalf("%s: %v, %v", f.Name, err, file)
		}
		sign := int64(1)
		if file.XMLName.Local == "CreditNote" {
			sign = -1
		}
		for i, amount := range []string{file.Net, file.VAT[0], file.Gross} {
			m, err := billing.ParseMoney(amount, "EUR")
			if err != nil {
				x.t.Fatal(err)
			}
			sums[i] += sign * m.Minor
		}
	}
	if drawn != documents || len(archive.File) != 2*documents || sums != [3]int64{net, vat, gross} {
		x.t.Errorf("%d PDFs of %d, %d files, sums %v, want %d, %d, %d", drawn, documents, len(archive.File), sums, net, vat, gross)
	}
}

func (x *exporting) auditFileAgrees(data []byte, seller app.Actor) {
	x.t.Helper()
	var file struct {
		Count  int    `xml:"company>transactions>linesCount"`
		Debit  string `xml:"company>transactions>totalDebit"`
		Credit string `xml:"company>transactions>totalCredit"`
	}
	if err := xml.Unmarshal(data, &file); err != nil {
		x.t.Fatal(err)
	}
	of := `FROM ledger_postings WHERE organization_id = '` + seller.Organization.String() + `'`
	debit := billingtest.Euro(int64(x.Count(x.t, `SELECT sum(amount_minor) `+of+` AND amount_minor > 0`))).Amount()
	if file.Count != x.Count(x.t, `SELECT count(*) `+of) || file.Debit != debit || file.Credit != debit {
		x.t.Errorf("the audit file says %+v, the ledger has %s", file, debit)
	}
	if schema := os.Getenv("XAF_XSD"); schema != "" {
		x.valid(schema, data)
	}
}

func (x *exporting) valid(schema string, data []byte) {
	x.t.Helper()
	name := filepath.Join(x.t.TempDir(), "file.xml")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		x.t.Fatal(err)
	}
	if out, err := command.CommandContext(x.t.Context(), "xmllint", "--noout", "--nonet", "--schema", schema, name).CombinedOutput(); err != nil {
		x.t.Errorf("%v\n%s", err, out)
	}
}
