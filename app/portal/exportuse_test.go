package portal_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/billing"
)

// useAndBill lets every second subscription be measured in April, at prices of a fraction of a cent of which a reseller pays a part, and bills it.
func (x *exporting) useAndBill() {
	x.t.Helper()
	x.Exec(x.t, `UPDATE subscriptions SET meters = (SELECT jsonb_agg(jsonb_build_object('meter', m, 'unit', u, 'price', p, 'from', '2026-01-01', 'off', false,
			'legs', coalesce((SELECT jsonb_agg(jsonb_build_object('reseller', l ->> 'reseller', 'parent', l ->> 'parent', 'price', '0.007')) FROM jsonb_array_elements(wholesale) l), '[]')))
		FROM (VALUES ('guest_hours', 'HUR', '0.012345'), ('disk_gib_hours', 'C62', '0.000137'), ('traffic_gib', 'E62', '0.05')) v(m, u, p))
		WHERE setup_minor > 0`)
	x.Exec(x.t, `INSERT INTO usage_events (organization_id, id, subscription_id, meter, used_at, used_on, quantity, received_at)
		SELECT s.organization_id, concat(s.id, m ->> 'meter', n), s.id, m ->> 'meter', '2026-04-01'::date + n, '2026-04-01'::date + n, 7.123457 * (n + 1), now()
		FROM subscriptions s, jsonb_array_elements(s.meters) m, generate_series(0, 20, 4) n WHERE s.end_on IS NULL`)
	for _, day := range []string{"2026-04-30", "2026-05-01"} { // and resellers are billed for April
		on, err := billing.ParseDate(day)
		if err != nil {
			x.t.Fatal(err)
		}
		x.Today = on.UTC().Add(12 * time.Hour)
		if sum, err := x.Biller.Bill(x.t.Context(), biller.Run{AsOf: on}); err != nil || len(sum.Parked) > 0 {
			x.t.Fatalf("%+v, %v", sum, err)
		}
	}
	x.now = time.Date(2026, 5, 2, 9, 0, 0, 0, time.UTC)
	x.Sound(x.t)
}

// april asks for the documents of the month in which something was used.
func (x *exporting) april(kind app.ExportKind) portal.ExportRequest {
	r := x.request(kind)
	if kind != app.ExportXAF {
		r.First, r.Last = "2026-04-01", "2026-04-30"
	}
	return r
}

// TestExportsWithUse: what was used stands in the export of lines with its quantity and unit price, each line rounded once; the lines, the invoices,
// the UBL and the audit file say the same sums as the ledger.
func TestExportsWithUse(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 24)
	x.useAndBill()
	seller := x.seller()
	_, data := x.made(seller, x.april(app.ExportInvoices))
	invoices := x.sheet(data)
	net, vat, gross := x.sum(invoices, "net"), x.sum(invoices, "vat"), x.sum(invoices, "gross")
	_, data = x.made(seller, x.april(app.ExportLines))
	lines, used := x.sheet(data), map[string]int{}
	if got := x.sum(lines, "net"); got != net || net == 0 {
		t.Errorf("lines add up to %d, invoices to %d", got, net)
	}
	for _, line := range lines {
		if line["unit"] != "HUR" && line["unit"] != "E62" && !strings.Contains(line["name"], "GiB") {
			continue
		}
		used[line["unit"]]++
		want, err := billing.Price(billing.MustDecimal(line["price"]), billing.MustDecimal(line["quantity"]), "EUR")
		if err != nil || want.Amount() != line["net"] {
			t.Errorf("%s x %s is %s in %v, %v", line["quantity"], line["price"], want, line, err)
		}
	}
	if used["HUR"] == 0 || used["HUR"] != used["C62"] || used["HUR"] != used["E62"] {
		t.Fatalf("lines of use: %v", used)
	}
	of := `FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id WHERE p.organization_id = '` + seller.Organization.String() + `' AND e.kind = 'issued' AND
		e.posted_on BETWEEN '2026-04-01' AND '2026-04-30'`
	if revenue := x.Count(t, `SELECT -sum(amount_minor) `+of+` AND account = 'revenue'`); int64(revenue) != net {
		t.Errorf("the ledger has %d of revenue, the invoices %d", revenue, net)
	}
	_, data = x.made(seller, x.april(app.ExportDocuments))
	x.archiveAgrees(data, len(invoices), net, vat, gross)
	_, data = x.made(seller, x.april(app.ExportXAF))
	x.auditFileAgrees(data, seller)
}

// TestDATEVWithUse: a German seller's batch of postings adds up to what the ledger says was issued, with what was used in it.
func TestDATEVWithUse(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 4)
	seller := x.seller()
	x.Exec(t, `UPDATE billing_profiles SET party = jsonb_set(party, '{country}', '"DE"'), evidence = '[{"kind": "address", "country": "DE"}, {"kind": "bank", "country": "DE"}]'
		WHERE organization_id = $1`, seller.Organization)
	x.Exec(t, `UPDATE billing_profiles SET party = party || '{"country": "DE", "vat_id": ""}', business = false, vat_check = '', evidence = '[{"kind": "address", "country": "DE"}, {"kind": "bank", "country": "DE"}]'
		WHERE organization_id IN (SELECT id FROM organizations WHERE parent_id = $1)`, seller.Organization)
	x.Exec(t, `UPDATE seller_terms SET tax = jsonb_set(tax, '{country}', '"DE"') WHERE organization_id = $1`, seller.Organization)
	x.useAndBill()
	r := x.april(app.ExportDATEV)
	r.Settings = map[string]string{"advisor": "1001", "client": "1", "digits": "4", "year": "2026-01-01", "chart": "03"}
	_, data := x.made(seller, r)
	rows := strings.Split(strings.TrimSuffix(string(data), "\r\n"), "\r\n")
	sum := int64(0)
	for _, row := range rows[2:] {
		reader := csv.NewReader(strings.NewReader(row))
		reader.Comma, reader.LazyQuotes = ';', true
		cells, err := reader.Read()
		if err != nil {
			t.Fatal(err)
		}
		m, err := billing.ParseMoney(strings.Replace(cells[0], ",", ".", 1), "EUR")
		if err != nil || cells[7] != "8400" {
			t.Fatalf("%q on %s, %v", cells[0], cells[7], err)
		}
		if cells[1] == "H" {
			m.Minor = -m.Minor
		}
		sum += m.Minor
	}
	of := `FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id WHERE p.organization_id = '` + seller.Organization.String() + `' AND e.kind = 'issued' AND
		e.posted_on BETWEEN '2026-04-01' AND '2026-04-30' AND account IN ('receivable', 'credit')`
	used := x.Count(t, `SELECT count(*) FROM charges c JOIN invoices i ON i.id = c.invoice_id WHERE i.seller_id = '`+seller.Organization.String()+`' AND starts_with(c.kind, 'usage ')`)
	if want := x.Count(t, `SELECT sum(amount_minor) `+of); sum != int64(want) || sum == 0 || used == 0 {
		t.Errorf("%d cents are exported, the ledger has %d; %d charges of use", sum, want, used)
	}
}
