package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
)

// statement is a bank's file with a booking of an amount, in a currency, for a reference. The names and numbers are made up.
func statement(currency, amount, text string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>2026-17</Id><Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>%[1]s</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="%[1]s">0</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="%[1]s">%[2]s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-02</Dt></Dt></Bal>
<Ntry><NtryRef>%[1]s1</NtryRef><Amt Ccy="%[1]s">%[2]s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-02-02</Dt></BookgDt>
<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Demo Customer</Nm></Dbtr><DbtrAcct><Id><IBAN>NL02ABNA0123456789</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>%[3]s</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`, currency, amount, text)
}

func (d *debtor) number() (number string) {
	d.t.Helper()
	if err := d.conn.QueryRow(d.t.Context(), `SELECT number FROM invoices WHERE kind = 'invoice'`).Scan(&number); err != nil {
		d.t.Fatal(err)
	}
	return number
}

func (d *debtor) amount() string { return strings.TrimSuffix(d.invoice.String(), " EUR") }

// TestOneFileTwice: the same file read and booked by several at once, and again later, counts once.
func TestOneFileTwice(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, number := t.Context(), d.number()
	file := []byte(statement("EUR", d.amount(), "Invoice "+number+", thank you"))
	var all sync.WaitGroup
	var fresh, known, booked atomic.Int32
	for range 4 {
		all.Go(func() {
			done, err := d.Portal.ImportStatement(ctx, d.Operator, file)
			if err != nil || done.Statements != 1 {
				t.Errorf("%+v (%v)", done, err)
			}
			fresh.Add(int32(done.New))
			known.Add(int32(done.Known))
		})
	}
	all.Wait()
	page, err := d.Portal.BankLines(ctx, d.Operator, "")
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Match != portal.MatchReference || page.Lines[0].Claim.Open != d.invoice {
		t.Fatalf("%+v (%v)", page, err)
	}
	for range 4 {
		all.Go(func() {
			n, err := d.Portal.BookLines(ctx, d.Operator, []portal.LineChoice{{Line: page.Lines[0].ID, Invoice: number}})
			if err != nil {
				t.Error(err)
			}
			booked.Add(int32(n))
		})
	}
	all.Wait()
	if fresh.Load() != 1 || known.Load() != 3 || booked.Load() != 1 {
		t.Errorf("%d new lines, %d known, %d booked; want 1, 3 and 1", fresh.Load(), known.Load(), booked.Load())
	}
	if done, err := d.Portal.ImportStatement(ctx, d.Operator, file); err != nil || done != (portal.Imported{Statements: 1, Known: 1}) {
		t.Errorf("the file once more: %+v (%v)", done, err)
	}
	if page, err := d.Portal.BankLines(ctx, d.Operator, ""); err != nil || len(page.Lines) != 0 {
		t.Errorf("%+v waits (%v)", page, err)
	}
	if n := d.count(`SELECT count(*) FROM payments`); n != 1 || d.credit().Minor != 0 {
		t.Errorf("%d payments, %s of credit", n, d.credit())
	}
	d.sound()
}

// TestBrokenFiles: nothing of a file that is broken is kept, and its reader is told what is wrong.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	good := statement("EUR", "12.10", "hello")
	for name, c := range map[string]struct{ file, says string }{
		"nothing":            {" \n", "choose the file"},
		"no XML":             {"%PDF-1.4", "CAMT.053"},
		"another format":     {strings.Replace(good, "camt.053", "pain.001", 1), "CAMT.053"},
		"cut off":            {good[:len(good)-60], "CAMT.053"},
		"a balance is wrong": {strings.Replace(good, `Ccy="EUR">12.10`, `Ccy="EUR">12.11`, 1), "2026-17"},
		"no balance":         {strings.Replace(good, "CLBD", "INFO", 1), "balance"},
		"half a cent":        {strings.ReplaceAll(good, "12.10", "12.105"), "12.105"},
		"two currencies":     {strings.Replace(good, `<NtryRef>EUR1</NtryRef><Amt Ccy="EUR">`, `<NtryRef>EUR1</NtryRef><Amt Ccy="USD">`, 1), "currency"},
		"an unknown one":     {statement("XTS", "12.10", "hello"), "XTS"},
		"no day":             {strings.Replace(good, "2026-02-02", "soon", 1), "EUR1"},
		"too large":          {good + strings.Repeat(" ", portal.MaxStatement), "too large"},
	} {
		_, err := d.Portal.ImportStatement(t.Context(), d.Operator, []byte(c.file))
		if app.CodeOf(err) != app.Invalid || !strings.Contains(app.FieldsOf(err)["file"], c.says) {
			t.Errorf("%s: %v, want a word of %q at file", name, err, c.says)
		}
		if n := d.count(`SELECT count(*) FROM bank_lines`); n != 0 {
			t.Fatalf("%s: %d lines are kept", name, n)
		}
	}
	if _, err := d.Portal.ImportStatement(t.Context(), d.Tenant, []byte(good)); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer reads a statement: %v", err)
	}
}

// TestPaidInAnotherCurrency: a line of another currency than the invoice's pays nothing, says so, and still waits.
func TestPaidInAnotherCurrency(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx := t.Context()
	if _, err := d.Portal.ImportStatement(ctx, d.Operator, []byte(statement("USD", d.amount(), d.number()))); err != nil {
		t.Fatal(err)
	}
	page, err := d.Portal.BankLines(ctx, d.Operator, "")
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Match != "" {
		t.Fatalf("%+v (%v)", page, err)
	}
	for range 2 {
		_, err = d.Portal.BookLines(ctx, d.Operator, []portal.LineChoice{{Line: page.Lines[0].ID, Invoice: d.number()}})
		if app.CodeOf(err) != app.Invalid || !strings.Contains(app.FieldsOf(err)["invoice"], "another currency") {
			t.Errorf("dollars for euros: %v", err)
		}
	}
	if n := d.count(`SELECT count(*) FROM payments`); n != 0 || d.count(`SELECT count(*) FROM bank_lines WHERE state = '`+string(store.BankLineOpen)+`'`) != 1 {
		t.Errorf("%d payments", n)
	}
	d.sound()
}
