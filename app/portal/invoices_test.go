package portal_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
)

// bill is the ID of the debtor's invoice.
func (d *debtor) bill() (id app.ID) {
	d.t.Helper()
	if err := d.conn.QueryRow(d.t.Context(), `SELECT id FROM invoices WHERE kind = 'invoice'`).Scan(&id); err != nil {
		d.t.Fatal(err)
	}
	return id
}

// confirmed is the operator's staff as it has just proved itself, by the test's clock.
func (d *debtor) confirmed() app.Actor {
	staff := d.Operator
	staff.ConfirmedAt = d.today
	return staff
}

// TestInvoiceStates follows an invoice from its issue to its end, as both sides see it in lists and on its page.
func TestInvoiceStates(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.bill()
	want := func(step string, state app.InvoiceState) {
		t.Helper()
		for side, list := range map[string]func(portal.InvoiceFilter) (portal.InvoicePage, error){
			"customer": func(f portal.InvoiceFilter) (portal.InvoicePage, error) { return d.Portal.Invoices(ctx, d.Tenant, f) },
			"seller": func(f portal.InvoiceFilter) (portal.InvoicePage, error) {
				return d.Portal.SoldInvoices(ctx, d.Operator, f)
			},
		} {
			for _, one := range app.InvoiceStates() {
				page, err := list(portal.InvoiceFilter{State: one, Year: 2026})
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				for _, line := range page.Invoices {
					if line.ID == id {
						n++
					}
				}
				if (n == 1) != (one == state) {
					t.Errorf("%s: the %s finds it %d times among %s", step, side, n, one)
				}
			}
		}
		mine, err := d.Portal.Invoice(ctx, d.Tenant, id)
		if err != nil || mine.State != state || mine.Left != nil {
			t.Errorf("%s: the customer reads %s (%v), want %s", step, mine.State, err, state)
		}
	}
	want("issued", app.InvoiceOpen)
	d.pay(1)
	want("a cent came in", app.InvoicePart)
	d.today = d.today.AddDate(0, 0, 20)
	want("three weeks later", app.InvoiceOverdue)
	d.pay(d.invoice.Minor - 1)
	want("all came in", app.InvoicePaid)
	note, err := d.Portal.CreditInvoice(ctx, d.confirmed(), id, portal.CreditRequest{All: true, Reason: "It was ordered by mistake."})
	if err != nil {
		t.Fatal(err)
	}
	want("taken back", app.InvoiceCredited)
	detail, err := d.Portal.SoldInvoice(ctx, d.Operator, id)
	if err != nil || detail.Credit != d.invoice || len(detail.Notes) != 1 || detail.Left["1"].Minor != 0 || len(detail.Paid) != 2 {
		t.Errorf("the seller reads %+v (%v)", detail, err)
	}
	seen, err := d.Portal.Invoice(ctx, d.Tenant, note)
	if err != nil || seen.State != app.InvoiceNote || seen.Original != id || seen.Frozen.Note != "It was ordered by mistake." || !strings.HasPrefix(seen.Number, "C2026-") {
		t.Errorf("the customer reads of the note: %+v (%v)", seen, err)
	}
}

// TestInvoicesOfOthers: nobody reads, draws, credits or refunds what they neither bought nor sold.
func TestInvoicesOfOthers(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.bill()
	rival := d.Reseller(t)
	d.exec(`INSERT INTO billing_profiles (organization_id, party, business, changed_at) SELECT $1, party, true, now() FROM billing_profiles LIMIT 1 ON CONFLICT DO NOTHING`, rival.Organization)
	for name, who := range map[string]app.Actor{"another customer": d.Other, "another seller": rival} {
		who.ConfirmedAt = d.today
		if _, err := d.Portal.Invoice(ctx, who, id); app.CodeOf(err) != app.NotFound {
			t.Errorf("%s reads it: %v", name, err)
		}
		for _, format := range []portal.InvoiceFormat{portal.InvoicePDF, portal.InvoiceUBL} {
			if _, err := d.Portal.InvoiceFile(ctx, who, id, format); app.CodeOf(err) != app.NotFound {
				t.Errorf("%s gets the %s: %v", name, format, err)
			}
		}
		page, err := d.Portal.Invoices(ctx, who, portal.InvoiceFilter{})
		if err != nil || len(page.Invoices) != 0 {
			t.Errorf("%s lists %d (%v)", name, len(page.Invoices), err)
		}
	}
	rival.ConfirmedAt = d.today
	for what, err := range map[string]error{
		"reads": func() error { _, err := d.Portal.SoldInvoice(ctx, rival, id); return err }(),
		"draws": func() error { _, err := d.Portal.SoldInvoiceFile(ctx, rival, id, portal.InvoicePDF); return err }(),
		"previews": func() error {
			_, err := d.Portal.PreviewCredit(ctx, rival, id, portal.CreditRequest{All: true, Reason: "Because."})
			return err
		}(),
		"credits": func() error {
			_, err := d.Portal.CreditInvoice(ctx, rival, id, portal.CreditRequest{All: true, Reason: "Because."})
			return err
		}(),
		"refunds": d.Portal.RefundCredit(ctx, rival, id, portal.RefundRequest{Amount: "1", How: portal.RefundByBank, Reference: "1", Reason: "Because."}),
	} {
		if app.CodeOf(err) != app.NotFound {
			t.Errorf("another seller %s it: %v", what, err)
		}
	}
	tenant := d.Tenant
	tenant.ConfirmedAt = d.today
	if _, err := d.Portal.CreditInvoice(ctx, tenant, id, portal.CreditRequest{All: true, Reason: "Because."}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("the customer credits its own invoice: %v", err)
	}
	stale := d.Operator
	stale.ConfirmedAt, stale.Session = d.today.AddDate(0, 0, -1), app.NewID()
	if _, err := d.Portal.CreditInvoice(ctx, stale, id, portal.CreditRequest{All: true, Reason: "Because."}); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("staff credits without a proof of who they are: %v", err)
	}
}

// TestCreditByLines: amounts are checked where they were typed, and the preview is what is issued.
func TestCreditByLines(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id, staff := t.Context(), d.bill(), d.confirmed()
	for name, c := range map[string]struct {
		request portal.CreditRequest
		field   string
	}{
		"no reason":      {portal.CreditRequest{All: true}, "reason"},
		"nothing chosen": {portal.CreditRequest{Reason: "Because."}, "amounts"},
		"too much":       {portal.CreditRequest{Amounts: map[string]string{"1": "999999"}, Reason: "Because."}, "line-1"},
		"no amount":      {portal.CreditRequest{Amounts: map[string]string{"1": "a few"}, Reason: "Because."}, "line-1"},
		"half a cent":    {portal.CreditRequest{Amounts: map[string]string{"1": "0.005"}, Reason: "Because."}, "line-1"},
		"negative":       {portal.CreditRequest{Amounts: map[string]string{"1": "-1"}, Reason: "Because."}, "line-1"},
	} {
		if _, err := d.Portal.CreditInvoice(ctx, staff, id, c.request); app.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: %v, want it said at %s", name, err, c.field)
		}
	}
	request := portal.CreditRequest{Amounts: map[string]string{"1": "1,25", "2": " "}, Reason: "It was down."}
	preview, err := d.Portal.PreviewCredit(ctx, staff, id, request)
	if err != nil || d.count(`SELECT count(*) FROM invoices`) != 1 {
		t.Fatalf("%v, and a preview issued something", err)
	}
	note, err := d.Portal.CreditInvoice(ctx, staff, id, request)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := d.Portal.SoldInvoice(ctx, staff, note)
	if err != nil || issued.Frozen.Net.Minor != 125 || issued.Frozen.Gross != preview.Gross || issued.Frozen.Issued != preview.Issued || issued.Frozen.Lines[0].Original != "1" {
		t.Errorf("issued %+v (%v), previewed %+v", issued.Frozen, err, preview)
	}
	file, err := d.Portal.InvoiceFile(ctx, d.Tenant, note, portal.InvoicePDF)
	if err != nil || file.Type != "application/pdf" || file.Name != issued.Number+".pdf" || !bytes.HasPrefix(file.Data, []byte("%PDF-")) {
		t.Errorf("the file: %s %s %d bytes (%v)", file.Name, file.Type, len(file.Data), err)
	}
	file, err = d.Portal.InvoiceFile(ctx, d.Tenant, note, portal.InvoiceUBL)
	if err != nil || file.Type != "application/xml" || !bytes.Contains(file.Data, []byte("<CreditNote")) {
		t.Errorf("the e-invoice: %s %s (%v)", file.Name, file.Data, err)
	}
}

// TestTwoCreditsAtOnce: of many who credit parts of the same invoice after the same look at it, one wins and the others are told.
func TestTwoCreditsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	id, staff := d.bill(), d.confirmed()
	codes := atOnce(6, func(int) error {
		_, err := d.Portal.CreditInvoice(t.Context(), staff, id, portal.CreditRequest{Amounts: map[string]string{"1": "1"}, Reason: "It was down."})
		return err
	})
	if codes[""] != 1 || codes[app.Conflict] != 5 {
		t.Errorf("came out: %v", codes)
	}
	if n := d.count(`SELECT count(*) FROM invoices WHERE kind = 'credit note'`); n != 1 {
		t.Errorf("%d credit notes", n)
	}
}

// TestTwoRefundsAtOnce: of many who pay the same credit back after the same look at it, one wins and the others are told. The same transfer is
// written down once, even for somebody who looked again.
func TestTwoRefundsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	d.pay(d.invoice.Minor + 1000)
	id, staff := d.bill(), d.confirmed()
	refund := func(reference string, seen int64) error {
		return d.Portal.RefundCredit(t.Context(), staff, id, portal.RefundRequest{Amount: "4.00", How: portal.RefundByBank, Reference: reference, Reason: "They asked for it.", Seen: seen})
	}
	var codes map[app.Code]int
	d.pressed(6, func() { codes = atOnce(6, func(i int) error { return refund(string(rune('a'+i)), 1000) }) })
	if codes[""] != 1 || codes[app.Conflict] != 5 {
		t.Errorf("came out: %v", codes)
	}
	if n := d.count(`SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE kind = 'refund'`); n != 400 {
		t.Errorf("%d cents were paid back, want 400", n)
	}
	if err := refund("z", 600); err != nil {
		t.Errorf("the next one, who looked again: %v", err)
	}
	if err := refund("z", 200); app.FieldsOf(err)["amount"] == "" {
		t.Errorf("more than there is: %v", err)
	}
	d.pay(500)
	if err := refund("z", 700); app.CodeOf(err) != app.Conflict {
		t.Errorf("the same transfer again: %v", err)
	}
}

// atOnce does the same many times at once, and counts what came out.
func atOnce(n int, do func(int) error) map[app.Code]int {
	codes := map[app.Code]int{}
	var mutex sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			err := do(i)
			mutex.Lock()
			defer mutex.Unlock()
			codes[app.CodeOf(err)]++
		})
	}
	all.Wait()
	return codes
}

// TestDocumentsAreAnnouncedOnce: whoever announces how often and at once, and whatever is broken off in between, each document has one mail for
// each who pays; a billing address takes their place.
func TestDocumentsAreAnnouncedOnce(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	id, staff := d.bill(), d.confirmed()
	d.exec(`SET session_replication_role = replica`)
	d.exec(`UPDATE invoices SET document = jsonb_set(document::jsonb, '{buyer,email}', '""')::json`)
	d.exec(`SET session_replication_role = DEFAULT`)
	broken := app.Errorf(app.Internal, "broken off")
	err := d.Store.InTenant(t.Context(), d.Operator, func(tx *store.Tx) error {
		if taken, err := tx.TakeUnsent(t.Context(), nil, 10); err != nil || len(taken) != 1 {
			t.Errorf("taken: %+v (%v)", taken, err)
		}
		return broken
	})
	if err == nil || d.count(`SELECT count(*) FROM mails WHERE kind = 'invoice'`) != 0 || d.count(`SELECT count(*) FROM unsent_documents`) != 1 {
		t.Fatalf("broken off: %v, and the document is lost or announced", err)
	}
	atOnce(6, func(int) error { _, err := d.Portal.AnnounceDocuments(t.Context()); return err })
	mails := d.Mails(t, "tenant@example.test")
	last := mails[len(mails)-1]
	if d.count(`SELECT count(*) FROM mails WHERE kind = 'invoice'`) != 1 || last.Kind != app.MailInvoice || last.Data["document"] != id.String() || last.Data["path"] != "/billing/invoices/"+id.String() {
		t.Errorf("the mails: %+v", mails)
	}
	if n, err := d.Portal.AnnounceDocuments(t.Context()); err != nil || n != 0 {
		t.Errorf("again: %d (%v)", n, err)
	}
	// The queue may hold it once more (a database restored from a copy): the mail's name keeps it from leaving twice.
	d.exec(`INSERT INTO unsent_documents SELECT buyer_id, id FROM invoices`)
	if n, err := d.Portal.AnnounceDocuments(t.Context()); err != nil || n != 1 || d.count(`SELECT count(*) FROM mails WHERE kind = 'invoice'`) != 1 {
		t.Errorf("restored: %d (%v)", n, err)
	}
	d.exec(`SET session_replication_role = replica`)
	d.exec(`UPDATE invoices SET document = jsonb_set(document::jsonb, '{buyer,email}', '"bills@example.test"')::json`)
	d.exec(`SET session_replication_role = DEFAULT`)
	if _, err := d.Portal.CreditInvoice(t.Context(), staff, id, portal.CreditRequest{All: true, Reason: "It was down."}); err != nil {
		t.Fatal(err)
	}
	notes := d.Mails(t, "bills@example.test")
	if len(notes) != 1 || notes[0].Data["kind"] != "credit note" || notes[0].Language != "en" || d.count(`SELECT count(*) FROM mails WHERE kind = 'invoice'`) != 2 {
		t.Errorf("the credit note's mails: %+v", notes)
	}
	detail, err := d.Portal.SoldInvoice(t.Context(), staff, id)
	if err != nil || len(detail.Mails) != 1 || detail.Mails[0].To != "tenant@example.test" {
		t.Errorf("the seller sees %+v (%v)", detail.Mails, err)
	}
}

// TestPagesOfInvoices go by key: every one comes once, newest first.
func TestPagesOfInvoices(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	staff := d.confirmed()
	for range 6 {
		request := portal.CreditRequest{Amounts: map[string]string{"1": "0.10"}, Reason: "A little.", Seen: d.count(`SELECT count(*) FROM invoices`) - 1}
		if _, err := d.Portal.CreditInvoice(t.Context(), staff, d.bill(), request); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[app.ID]bool{}
	filter := portal.InvoiceFilter{Limit: 2}
	for pages := 0; pages < 9; pages++ {
		page, err := d.Portal.SoldInvoices(t.Context(), staff, filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page.Invoices {
			if seen[one.ID] {
				t.Errorf("%s comes twice", one.Number)
			}
			seen[one.ID] = true
		}
		if filter.After = page.Next; page.Next == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d came, want 7", len(seen))
	}
	for text, want := range map[string]int{"C2026": 6, "00003": 1, "demo TENANT": 7, "nobody": 0, "%": 0} {
		page, err := d.Portal.SoldInvoices(t.Context(), staff, portal.InvoiceFilter{Text: text, Customer: d.Tenant.Organization})
		if err != nil || len(page.Invoices) != want {
			t.Errorf("%q finds %d (%v), want %d", text, len(page.Invoices), err, want)
		}
	}
	if page, err := d.Portal.SoldInvoices(t.Context(), staff, portal.InvoiceFilter{Customer: d.Other.Organization}); err != nil || len(page.Invoices) != 0 || page.Customer != "Demo other" {
		t.Errorf("another customer's: %+v (%v)", page, err)
	}
}
