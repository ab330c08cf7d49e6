package bank_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"allotment/billing/bank"
)

// file makes a CAMT.053 file of a version around entries. The names and numbers are made up.
func file(version, opening, closing, entries string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.%s"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>2026-17</Id><Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-02</Dt></Dt></Bal>
%s</Stmt></BkToCstmrStmt></Document>`, version, opening, closing, entries)
}

const (
	transfer = `<Ntry><NtryRef>E1</NtryRef><Amt Ccy="EUR">121.00000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties><Dbtr><Nm>Demo Customer</Nm></Dbtr><DbtrAcct><Id><IBAN>NL02ABNA0123456789</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>`
	returned = `<Ntry><AcctSvcrRef>S2</AcctSvcrRef><Amt Ccy="EUR">20.5</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2026-01-02T23:59:00+01:00</DtTm></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>D-7</EndToEndId><MndtId>M-1</MndtId></Refs><RltdPties><Cdtr><Pty><Nm>Demo Debtor</Nm></Pty></Cdtr></RltdPties>
<RmtInf><Ustrd>a</Ustrd><Ustrd>b</Ustrd></RmtInf><RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>`
	collective = `<Ntry><NtryRef>E3</NtryRef><Amt Ccy="EUR">30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>
<NtryDtls><TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">10.00</Amt></TxAmt></AmtDtls></TxDtls><TxDtls><Amt Ccy="EUR">20.00</Amt></TxDtls></NtryDtls></Ntry>`
	pending = `<Ntry><Amt Ccy="EUR">99</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt></Ntry>`
	bare    = `<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt><AddtlNtryInf>interest</AddtlNtryInf></Ntry>`
)

func TestStatementsOfEveryVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"02", "08", "13"} {
		got, err := bank.ParseStatements(strings.NewReader(file(version, "100.00", "231.50", transfer+returned+collective+pending+bare)))
		if err != nil || len(got) != 1 || len(got[0].Transactions) != 5 {
			t.Fatalf("version %s: %+v, %v", version, got, err)
		}
		s := got[0]
		if s.ID != "2026-17" || s.IBAN != "NL91ABNA0417164300" || s.Opening.Minor != 10000 || s.Closing.Minor != 23150 {
			t.Errorf("%+v", s)
		}
		want := []string{
			"{E1 2026-01-02 121.00 EUR Demo Customer NL02ABNA0123456789  RF18539007547034   }",
			"{S2 2026-01-02 -20.50 EUR Demo Debtor  a b  D-7 M-1 MD06}",
			"{E3/1 2026-01-02 10.00 EUR       }",
			"{E3/2 2026-01-02 20.00 EUR       }",
			"{2026-17-5 2026-01-02 1.00 EUR   interest    }",
		}
		for i, transaction := range s.Transactions {
			if got := fmt.Sprint(transaction); got != want[i] {
				t.Errorf("%s, want %s", got, want[i])
			}
		}
	}
}

func TestTwoBookingsWithOneReferenceStayTwo(t *testing.T) {
	t.Parallel()
	got, err := bank.ParseStatements(strings.NewReader(file("02", "0", "242", transfer+transfer)))
	if err != nil || got[0].Transactions[0].ID == got[0].Transactions[1].ID {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStatementsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := file("02", "0", "121", transfer)
	if _, err := bank.ParseStatements(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text   string
		reason bank.Reason
	}{
		"nothing":                {"", bank.NotStatement},
		"another file":           {strings.Replace(good, "camt.053", "camt.052", 1), bank.NotStatement},
		"cut off":                {good[:len(good)-30], bank.NotStatement},
		"a wrong balance":        {file("02", "0", "121.01", transfer), bank.DoesNotAddUp},
		"no balance":             {strings.Replace(good, "CLBD", "INFO", 1), bank.NoBalance},
		"a negative amount":      {strings.Replace(good, ">121.00000<", ">-121<", 1), bank.WrongAmount},
		"half a cent":            {strings.Replace(good, ">121.00000<", ">121.005<", 1), bank.WrongAmount},
		"no direction":           {strings.Replace(good, "CRDT</CdtDbtInd><Sts>", "</CdtDbtInd><Sts>", 1), bank.WrongDirection},
		"another currency":       {strings.Replace(good, `"EUR">121.0`, `"USD">121.0`, 1), bank.WrongCurrency},
		"no day":                 {strings.Replace(good, "<BookgDt><Dt>2026-01-02", "<BookgDt><Dt>soon", 1), bank.WrongDay},
		"parts that do not fit":  {file("02", "0", "30", strings.Replace(collective, "10.00", "11.00", 1)), bank.PartsApart},
		"an entity of entities":  {`<!DOCTYPE x [<!ENTITY a "b">]>` + strings.Replace(good, "Demo Customer", "&a;", 1), bank.NotStatement},
		"an unknown currency":    {strings.Replace(good, `"EUR">121.0`, `"XTS">121.0`, 1), bank.WrongCurrency},
		"a file of no statement": {`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>`, bank.NotStatement},
	} {
		got, err := bank.ParseStatements(strings.NewReader(c.text))
		if why := (*bank.Problem)(nil); !errors.As(err, &why) || why.Reason != c.reason {
			t.Errorf("%s: %+v, %v, want %q", name, got, err, c.reason)
		}
	}
}
