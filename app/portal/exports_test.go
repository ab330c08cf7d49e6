package portal_test

import (
	"bytes"
	"encoding/csv"
	"io"
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

func (x *exporting) isReseller(id app.ID) bool {
	return len(x.ids(`SELECT id FROM organizations WHERE kind = 'reseller' AND id = $1`, id)) > 0
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
				if x.isReseller(issued.Buyer) { // what it is billed is corrected by crediting its customers
					return nil
				}
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

func (x *exporting) ids(sql string, args ...any) (all []app.ID) {
	x.t.Helper()
	rows, err := x.Conn.Query(x.t.Context(), sql, args...)
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
	e, data := x.made(seller, r)
	if !bytes.HasPrefix(data, []byte(`"EXTF";700;21;`)) {
		t.Errorf("%.60s", data)
	}
	if !strings.HasPrefix(e.FileName(), "EXTF_") { // without it DATEV does not offer the file
		t.Errorf("its name is %s", e.FileName())
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
