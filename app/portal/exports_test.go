package portal_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	command "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/folder"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/bank"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

// exporting is a world with books, and a folder that the test looks into.
type exporting struct {
	*billertest.Books
	t    *testing.T
	path string
	now  time.Time
}

// newExporting makes sellers with customers in several countries, two months of invoices, payments, a refund and a credit note.
func newExporting(t *testing.T, resellers, customers int) *exporting {
	t.Helper()
	x := &exporting{Books: billertest.New(t, resellers, customers, 2), t: t, path: filepath.Join(t.TempDir(), "exports"), now: time.Date(2026, 4, 2, 9, 0, 0, 0, time.UTC)}
	portal.SetFiles(x.Portal, folder.Open(x.path))
	portal.SetClock(x.Portal, func() time.Time { return x.now })
	x.Exec(t, `UPDATE seller_terms SET tax = jsonb_set(tax, '{oss}', 'true')`)
	cases := billingtest.Cases()
	list := x.ids(`SELECT id FROM organizations WHERE kind = 'customer' AND slug LIKE 'customer-%' ORDER BY slug`)
	for i, id := range list {
		c := cases[i%len(cases)]
		x.tx(func(tx *store.Tx) error {
			return tx.SaveProfile(t.Context(), id, store.Profile{Party: c.Buyer, Buyer: c.BuyerTax, Evidence: []tax.Evidence{{Kind: "address", Country: c.Buyer.Country}, {Kind: "bank", Country: c.Buyer.Country}}, Language: "en"}, x.now)
		})
	}
	for day := x.Today; day.Month() < 4; day = day.AddDate(0, 0, 1) {
		x.Today = day
		if _, err := x.Biller.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(day, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	x.settle()
	x.Exec(t, `ANALYZE`)
	return x
}

// settle pays every second invoice, too much for some, takes one payment back and credits one invoice.
func (x *exporting) settle() {
	for i, id := range x.ids(`SELECT id FROM invoices WHERE kind = 'invoice' AND gross_minor > 0 ORDER BY seller_id, id`) {
		if i%2 == 0 {
			continue
		}
		x.tx(func(tx *store.Tx) error {
			issued, _, err := tx.Invoice(x.t.Context(), id)
			if err != nil {
				return err
			}
			pay := store.Payment{Customer: issued.Buyer, Seller: issued.Seller, Through: "bank", Reference: strconv.Itoa(i), Amount: issued.Document.Gross, PaidOn: billing.DateIn(x.Today, time.UTC)}
			switch i % 8 {
			case 3:
				pay.Amount.Minor += 250
			case 5:
				_, err = x.Biller.CreditInvoice(x.t.Context(), tx, id, nil, "=a reason")
				return err
			}
			if err := x.Biller.Receive(x.t.Context(), tx, pay); err != nil || i%8 != 7 {
				return err
			}
			return x.Biller.ChargeBack(x.t.Context(), tx, pay, billingtest.Euro(750))
		})
	}
}

func (x *exporting) tx(fn func(*store.Tx) error) {
	x.t.Helper()
	if err := x.Store.InTenant(x.t.Context(), x.Operator, fn); err != nil {
		x.t.Fatal(err)
	}
}

func (x *exporting) ids(sql string) (all []app.ID) {
	x.t.Helper()
	rows, err := x.Conn.Query(x.t.Context(), sql)
	if err != nil {
		x.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id app.ID
		if err := rows.Scan(&id); err != nil {
			x.t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

// reseller is the owner of the reseller with the most documents.
func (x *exporting) seller() app.Actor {
	id := x.ids(`SELECT id FROM organizations WHERE slug = 'reseller-1'`)[0]
	return app.Actor{User: app.NewID(), Name: "Demo Seller", Organization: id, OrganizationName: "Demo reseller 1", OrganizationSlug: "reseller-1", Kind: app.Reseller,
		Role: app.RoleResellerOwner, State: app.OrganizationActive, Language: "en", ConfirmedAt: x.now, Session: app.NewID()}
}

func (x *exporting) request(kind app.ExportKind) portal.ExportRequest {
	r := portal.ExportRequest{Side: app.Sold, Kind: kind, First: "2026-01-01", Last: "2026-03-31"}
	if kind == app.ExportXAF {
		r.Last = "2026-12-31"
	}
	return r
}

// made asks for an export, does its job and reads its file.
func (x *exporting) made(actor app.Actor, r portal.ExportRequest) (app.Export, []byte) {
	x.t.Helper()
	e, err := x.Portal.StartExport(x.t.Context(), actor, r)
	if err != nil {
		x.t.Fatalf("%s: %v", r.Kind, err)
	}
	if err := x.Portal.MakeExport(x.t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
		x.t.Fatalf("%s: %v", r.Kind, err)
	}
	return x.read(actor, e.ID)
}

func (x *exporting) read(actor app.Actor, id app.ID) (app.Export, []byte) {
	x.t.Helper()
	e, file, err := x.Portal.ExportFile(x.t.Context(), actor, id)
	if err != nil {
		now, _ := x.Portal.Export(x.t.Context(), x.Operator, id)
		x.t.Fatalf("%s: %v (%s %s %s)", e.Kind, err, e.State, e.Message, now.RawError)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil || int64(len(data)) != e.Size || file.Size() != e.Size || e.Done != e.Total {
		x.t.Fatalf("%s: %d bytes, the export says %d, %d of %d, %v", e.Kind, len(data), e.Size, e.Done, e.Total, err)
	}
	return e, data
}

// sheet reads a CSV below its heading, and fails for a cell that starts a formula.
func (x *exporting) sheet(data []byte) (rows []map[string]string) {
	x.t.Helper()
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(all) == 0 {
		x.t.Fatalf("%d rows, %v", len(all), err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			if _, err := billing.ParseMoney(cell, "EUR"); cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") && err != nil {
				x.t.Errorf("the cell %q starts a formula", cell)
			}
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func (x *exporting) sum(rows []map[string]string, column string) (total int64) {
	x.t.Helper()
	for _, row := range rows {
		m, err := billing.ParseMoney(row[column], row["currency"])
		if err != nil {
			x.t.Fatal(err)
		}
		total += m.Minor
	}
	return total
}

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

// TestExportDATEV makes one for a seller in Germany, and refuses it to others.
func TestExportDATEV(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 0)
	seller := x.seller()
	r := x.request(app.ExportDATEV)
	if _, err := x.Portal.StartExport(t.Context(), seller, r); app.FieldsOf(err)["kind"] == "" || app.FieldsOf(err)["advisor"] == "" {
		t.Errorf("a seller in the Netherlands without numbers: %v", err)
	}
	x.Exec(t, `UPDATE billing_profiles SET party = jsonb_set(party, '{country}', '"DE"') WHERE organization_id = $1`, seller.Organization)
	r.Settings = map[string]string{"advisor": "1001", "client": "1", "digits": "4", "year": "2026-01-01", "chart": "03"}
	if _, data := x.made(seller, r); !bytes.HasPrefix(data, []byte(`"EXTF";700;21;`)) {
		t.Errorf("%.60s", data)
	}
	r.Settings["year"] = "2025-01-01"
	if _, err := x.Portal.StartExport(t.Context(), seller, r); app.FieldsOf(err)["year"] == "" {
		t.Errorf("days outside of the fiscal year: %v", err)
	}
}

// TestDebtorNumbersStay: a customer's account number in the bookkeeper's books is given once.
func TestDebtorNumbersStay(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 6)
	seller := app.System(x.seller().Organization)
	numbers := func(days billing.Period) (all map[app.ID]int) {
		err := x.Store.InTenant(t.Context(), seller, func(tx *store.Tx) (err error) {
			if err := tx.NumberDebtors(t.Context(), days, 10000); err != nil {
				return err
			}
			all, err = tx.Debtors(t.Context())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	day := func(text string) billing.Date { return billingtest.Day(t, text) }
	if first := numbers(billing.Period{Start: day("2025-01-01"), End: day("2026-01-01")}); len(first) != 0 {
		t.Errorf("%d customers without a document have a number", len(first))
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { numbers(billing.Period{Start: day("2026-01-01"), End: day("2027-01-01")}) })
	}
	wait.Wait()
	all, seen := numbers(billing.Period{Start: day("2026-01-01"), End: day("2027-01-01")}), map[int]bool{}
	for _, n := range all {
		if n < 10000 || n >= 10000+len(all) || seen[n] {
			t.Errorf("the number %d", n)
		}
		seen[n] = true
	}
	if len(all) < 3 {
		t.Errorf("%d customers have a number", len(all))
	}
}

// mandate gives every customer of the seller a mandate.
func (x *exporting) mandates(seller app.Actor, sequence string) {
	x.t.Helper()
	for i, id := range x.ids(`SELECT id FROM organizations WHERE parent_id = '` + seller.Organization.String() + `' ORDER BY slug`) {
		var slug string
		if err := x.Conn.QueryRow(x.t.Context(), `SELECT slug FROM organizations WHERE id = $1`, id).Scan(&slug); err != nil {
			x.t.Fatal(err)
		}
		_, err := x.Portal.AddMandate(x.t.Context(), seller, portal.MandateRequest{Customer: slug, Reference: "M-" + strconv.Itoa(i), Holder: "Demo customer", IBAN: "NL02 ABNA 0123 4567 89",
			Signed: "2026-01-15", Sequence: sequence})
		if err != nil {
			x.t.Fatal(err)
		}
	}
}

// TestExportDebits: every open invoice of a customer with a mandate is collected once; deleting the file lets them be collected again; a payment
// that the bank took back opens an invoice for another file.
func TestExportDebits(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 8)
	seller := x.seller()
	x.Exec(t, `UPDATE seller_terms SET payment = '{"iban": "NL91ABNA0417164300", "holder": "Demo Seller"}' WHERE organization_id = $1`, seller.Organization)
	r := x.request(app.ExportDebits)
	if _, err := x.Portal.StartExport(t.Context(), seller, r); app.FieldsOf(err)["collect"] == "" || app.FieldsOf(err)["creditor"] == "" {
		t.Errorf("without a day and a creditor: %v", err)
	}
	r.Settings = map[string]string{"collect": "2026-04-10", "creditor": "NL92 ZZZ 123456780000"}
	for check := range 100 {
		if _, err := bank.ParseCreditorID("NL" + strconv.Itoa(check/10) + strconv.Itoa(check%10) + "ZZZ123456780000"); err == nil {
			r.Settings["creditor"] = "NL" + strconv.Itoa(check/10) + strconv.Itoa(check%10) + " ZZZ 123456780000"
		}
	}
	start := func() app.Export {
		e, err := x.Portal.StartExport(t.Context(), seller, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Portal.MakeExport(t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
			t.Fatal(err)
		}
		e, err = x.Portal.Export(t.Context(), x.asStaff(e), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := start(); e.State != app.ExportFailed || e.Message == "" {
		t.Errorf("without mandates: %s %q", e.State, e.Message)
	}
	x.mandates(seller, "FRST")
	open := int64(x.Count(t, `SELECT coalesce(sum(gross_minor - coalesce((SELECT sum(amount_minor) FROM allocations a WHERE a.invoice_id = i.id), 0)), 0)
		FROM invoices i WHERE kind = 'invoice' AND seller_id = '`+seller.Organization.String()+`'`))
	e := start()
	e, data := x.read(seller, e.ID)
	if err := bank.CheckDebits(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(data), "<CtrlSum>"+billingtest.Euro(open).Amount()+"</CtrlSum>") || strings.Count(string(data), "<SeqTp>FRST") != 1 || strings.Count(string(data), "<SeqTp>RCUR") != 1 {
		t.Errorf("the file does not collect %d in two sequences", open)
	}
	if schema := "../../../shared/einvoice/xsd/sepa/pain.008.001.08.xsd"; exists(schema) {
		x.valid(schema, data)
	}
	if again := start(); again.State != app.ExportFailed {
		t.Errorf("the same invoices are collected twice: %s", again.State)
	}
	x.now = x.now.AddDate(0, 0, 30)
	seller.ConfirmedAt = x.now
	if err := x.Portal.ExpireExports(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Portal.RetryExport(t.Context(), seller, e.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("a file that the bank may have is made again: %v", err)
	}
	r.Settings["collect"] = "2026-06-01"
	if err := x.Portal.DeleteExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	if again := start(); again.State != app.ExportDone || again.Done != e.Done {
		t.Errorf("after the deletion: %s, %d of %d", again.State, again.Done, e.Done)
	}
	unconfirmed := seller
	unconfirmed.ConfirmedAt = x.now.Add(-time.Hour)
	if _, err := x.Portal.StartExport(t.Context(), unconfirmed, r); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("money is collected without a confirmation: %v", err)
	}
}

func (x *exporting) asStaff(e app.Export) app.Actor {
	actor := x.Operator
	actor.Organization = e.Organization
	return actor
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestExportOfReceived: a buyer exports what it received, and nothing of what its seller sold to others.
func TestExportOfReceived(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 4)
	buyer := app.Actor{User: app.NewID(), Name: "Demo Buyer", Kind: app.Customer, Role: app.RoleCustomerBilling, State: app.OrganizationActive, Language: "en",
		Organization: x.ids(`SELECT id FROM organizations WHERE slug = 'customer-2'`)[0]}
	r := x.request(app.ExportInvoices)
	if _, err := x.Portal.StartExport(t.Context(), buyer, r); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer exports what was sold: %v", err)
	}
	for _, kind := range app.ExportKinds(app.Bought) {
		r := x.request(kind)
		r.Side = app.Bought
		_, data := x.made(buyer, r)
		if kind == app.ExportDocuments {
			continue
		}
		rows, want := x.sheet(data), 0
		switch kind {
		case app.ExportInvoices:
			want = x.Count(t, `SELECT count(*) FROM invoices WHERE buyer_id = '`+buyer.Organization.String()+`'`)
		case app.ExportPayments:
			want = x.Count(t, `SELECT count(*) FROM payments WHERE organization_id = '`+buyer.Organization.String()+`'`)
		default:
			continue
		}
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", kind, len(rows), want)
		}
	}
	r.Side, r.Kind = app.Bought, app.ExportLedger
	if _, err := x.Portal.StartExport(t.Context(), buyer, r); app.FieldsOf(err)["kind"] == "" {
		t.Errorf("the ledger of a buyer: %v", err)
	}
}

// dying is a place for files whose writer ends the attempt in the middle, as a killed worker does.
type dying struct {
	portal.Files
	kill func()
}

func (d dying) Create(ctx context.Context, id app.ID) (app.FileWriter, error) {
	w, err := d.Files.Create(ctx, id)
	return dyingWriter{w, d.kill}, err
}

type dyingWriter struct {
	app.FileWriter
	kill func()
}

func (w dyingWriter) Write(data []byte) (int, error) {
	w.kill()
	return w.FileWriter.Write(data)
}

func (w dyingWriter) Abort() {} // a killed process tidies nothing up

// TestExportSurvivesItsWorker: an attempt that is killed leaves no file that counts; the next begins again, and there is one file at the end. Two
// at once end in one file, too.
func TestExportSurvivesItsWorker(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 6)
	seller, whole := x.seller(), folder.Open(x.path)
	e, err := x.Portal.StartExport(t.Context(), seller, x.request(app.ExportDocuments))
	if err != nil {
		t.Fatal(err)
	}
	job := store.ExportJob{Organization: e.Organization, Export: e.ID}
	for range 2 {
		ctx, kill := context.WithCancel(t.Context())
		portal.SetFiles(x.Portal, dying{whole, kill})
		if err := x.Portal.MakeExport(ctx, job); !errors.Is(err, context.Canceled) {
			t.Fatalf("the killed attempt: %v", err)
		}
	}
	portal.SetFiles(x.Portal, whole)
	if _, _, err := x.Portal.ExportFile(t.Context(), seller, e.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("a file that is not made can be fetched: %v", err)
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := x.Portal.MakeExport(t.Context(), job); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := x.Portal.MakeExport(t.Context(), job); err != nil { // where each dropped the other's, the queue runs it again
		t.Error(err)
	}
	now, err := x.Portal.Export(t.Context(), seller, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if now.State != app.ExportDone {
		t.Fatalf("two at once: %s %s", now.State, now.Message)
	}
	x.read(seller, e.ID)
	if left, err := os.ReadDir(x.path); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	if err := x.Portal.DeleteExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(x.path); len(left) != 0 {
		t.Errorf("%d files are left after the deletion", len(left))
	}
	if x.Count(t, `SELECT count(*) FROM invoices`) == 0 {
		t.Error("documents were deleted")
	}
}

// TestExportIsCancelledRetriedAndDropped walks the states.
func TestExportIsCancelledRetriedAndDropped(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 4)
	seller := x.seller()
	start := func() app.Export {
		e, err := x.Portal.StartExport(t.Context(), seller, x.request(app.ExportInvoices))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	run := func(e app.Export) {
		if err := x.Portal.MakeExport(t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
			t.Fatal(err)
		}
	}
	state := func(e app.Export, want app.ExportState) {
		t.Helper()
		if now, err := x.Portal.Export(t.Context(), seller, e.ID); err != nil || now.State != want {
			t.Errorf("%s, %v, want %s", now.State, err, want)
		}
	}
	e := start()
	if _, err := x.Portal.CancelExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	run(e) // its job comes too late
	state(e, app.ExportCancelled)
	if _, err := x.Portal.CancelExport(t.Context(), seller, e.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := x.Portal.RetryExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	x.now = x.now.Add(2 * time.Minute) // which is long
	run(e)
	state(e, app.ExportDone)
	x.now = x.now.AddDate(0, 0, 8)
	if err := x.Portal.ExpireExports(t.Context()); err != nil {
		t.Fatal(err)
	}
	state(e, app.ExportExpired)
	if _, _, err := x.Portal.ExportFile(t.Context(), seller, e.ID); app.CodeOf(err) != app.Gone {
		t.Errorf("a file that was dropped: %v", err)
	}
	if left, _ := os.ReadDir(x.path); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
	for range 20 {
		e = start()
	}
	if _, err := x.Portal.StartExport(t.Context(), seller, x.request(app.ExportInvoices)); app.CodeOf(err) != app.Conflict {
		t.Errorf("more than twenty at once: %v", err)
	}
	portal.SetFiles(x.Portal, broken{})
	run(e)
	state(e, app.ExportFailed)
	if now, err := x.Portal.Export(t.Context(), seller, e.ID); err != nil || now.RawError != "" || now.Message != "Something broke on our side." {
		t.Errorf("the tenant reads %q and %q, %v", now.Message, now.RawError, err)
	}
}

// broken is a full disk.
type broken struct{ portal.Files }

func (broken) Create(context.Context, app.ID) (app.FileWriter, error) {
	return nil, errors.New("no space left on device")
}

// TestExportTellsWhoWaited: who asked for an export that took long gets a mail, and once.
func TestExportTellsWhoWaited(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 2)
	owner := x.Operator
	r := x.request(app.ExportInvoices)
	for _, long := range []bool{false, true} {
		e, err := x.Portal.StartExport(t.Context(), owner, r)
		if err != nil {
			t.Fatal(err)
		}
		if long {
			x.now = x.now.Add(5 * time.Minute)
		}
		for range 2 {
			if err := x.Portal.MakeExport(t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := x.Count(t, `SELECT count(*) FROM mails WHERE kind = 'export'`); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// TestExportHere is what the command does.
func TestExportHere(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 4)
	_, want := x.made(x.seller(), x.request(app.ExportLines))
	var got bytes.Buffer
	steps := 0
	e, err := x.Portal.ExportHere(t.Context(), "reseller-1", x.request(app.ExportLines), &got, func(done, total int64) { steps++ })
	if err != nil || !bytes.Equal(got.Bytes(), want) || e.Size != int64(len(want)) || steps == 0 {
		t.Errorf("%d bytes, want %d; %d steps, %v", got.Len(), len(want), steps, err)
	}
	if _, err := x.Portal.ExportHere(t.Context(), "nobody", x.request(app.ExportLines), io.Discard, func(_, _ int64) {}); app.CodeOf(err) != app.NotFound {
		t.Errorf("a seller that is not there: %v", err)
	}
	bad := x.request(app.ExportOSS)
	bad.Last = "2026-03-30"
	if _, err := x.Portal.ExportHere(t.Context(), "reseller-1", bad, io.Discard, func(_, _ int64) {}); app.FieldsOf(err)["from"] == "" {
		t.Errorf("less than a quarter: %v", err)
	}
}

// TestMandates holds what a mandate must have.
func TestMandates(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 2)
	seller := x.seller()
	var slug string
	if err := x.Conn.QueryRow(t.Context(), `SELECT slug FROM organizations WHERE parent_id = $1 LIMIT 1`, seller.Organization).Scan(&slug); err != nil {
		t.Fatal(err)
	}
	good := portal.MandateRequest{Customer: slug, Reference: "M-1", Holder: "Demo", IBAN: "nl02 abna 0123 4567 89", BIC: "abnanl2a", Signed: "2026-01-15", Sequence: "RCUR"}
	for field, spoil := range map[string]func(*portal.MandateRequest){
		"customer":  func(r *portal.MandateRequest) { r.Customer = "customer-none" },
		"reference": func(r *portal.MandateRequest) { r.Reference = "//" },
		"holder":    func(r *portal.MandateRequest) { r.Holder = " " },
		"iban":      func(r *portal.MandateRequest) { r.IBAN = "NL03ABNA0123456789" },
		"bic":       func(r *portal.MandateRequest) { r.BIC = "1" },
		"signed":    func(r *portal.MandateRequest) { r.Signed = "2030-01-01" },
		"sequence":  func(r *portal.MandateRequest) { r.Sequence = "FNAL" },
	} {
		bad := good
		spoil(&bad)
		if _, err := x.Portal.AddMandate(t.Context(), seller, bad); app.FieldsOf(err)[field] == "" || len(app.FieldsOf(err)) != 1 {
			t.Errorf("%s: %v", field, err)
		}
	}
	m, err := x.Portal.AddMandate(t.Context(), seller, good)
	if err != nil || m.IBAN != "NL02ABNA0123456789" {
		t.Fatalf("%+v, %v", m, err)
	}
	second := good
	second.Reference = "M-2"
	if _, err := x.Portal.AddMandate(t.Context(), seller, second); app.CodeOf(err) != app.Conflict {
		t.Errorf("a second mandate of a customer: %v", err)
	}
	for range 2 {
		if err := x.Portal.RevokeMandate(t.Context(), seller, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.Portal.AddMandate(t.Context(), seller, second); err != nil {
		t.Errorf("after the first was revoked: %v", err)
	}
	page, err := x.Portal.Mandates(t.Context(), seller, "m-1", "", 0)
	if err != nil || len(page.Mandates) != 1 || page.Mandates[0].RevokedAt.IsZero() || page.Mandates[0].CustomerSlug != slug {
		t.Errorf("%+v, %v", page, err)
	}
	other := x.Operator
	if page, err := x.Portal.Mandates(t.Context(), other, "", "", 0); err != nil || len(page.Mandates) != 0 {
		t.Errorf("another seller sees %d mandates, %v", len(page.Mandates), err)
	}
	var audit string
	if err := x.Conn.QueryRow(t.Context(), `SELECT string_agg(after, ' ') FROM audit WHERE action = 'mandate.add'`).Scan(&audit); err != nil || strings.Contains(audit, "NL02ABNA") {
		t.Errorf("the audit log has the whole account: %v", err)
	}
}
