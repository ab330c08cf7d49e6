package bank

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"allotment/billing"
)

// ParseStatements reads a CAMT.053 file (ISO 20022 camt.053.001.02 to .08 and later, whose differences do not touch what is read), and
// checks that every statement adds up. Bookings that are still pending are left out. The caller bounds the size of r. What is wrong with a file is
// a *Problem.
func ParseStatements(r io.Reader) ([]Statement, error) {
	var document struct {
		XMLName    xml.Name
		Statements []statementXML `xml:"BkToCstmrStmt>Stmt"`
	}
	if err := xml.NewDecoder(r).Decode(&document); err != nil {
		return nil, &Problem{Reason: NotStatement, Err: err}
	}
	if !strings.Contains(document.XMLName.Space, "camt.053.") || len(document.Statements) == 0 {
		return nil, &Problem{Reason: NotStatement, Where: document.XMLName.Space}
	}
	var statements []Statement
	for _, s := range document.Statements {
		statement, err := s.statement()
		if err != nil {
			return nil, err
		}
		statements = append(statements, statement)
	}
	return statements, nil
}

type statementXML struct {
	ID       string       `xml:"Id"`
	IBAN     string       `xml:"Acct>Id>IBAN"`
	Currency string       `xml:"Acct>Ccy"`
	Balances []balanceXML `xml:"Bal"`
	Entries  []entryXML   `xml:"Ntry"`
}

type balanceXML struct {
	Code      string    `xml:"Tp>CdOrPrtry>Cd"`
	Amount    amountXML `xml:"Amt"`
	Direction string    `xml:"CdtDbtInd"`
}

type entryXML struct {
	Ref         string       `xml:"NtryRef"`
	ServicerRef string       `xml:"AcctSvcrRef"`
	Amount      amountXML    `xml:"Amt"`
	Direction   string       `xml:"CdtDbtInd"`
	Booked      dateXML      `xml:"BookgDt"`
	Info        string       `xml:"AddtlNtryInf"`
	Details     []detailsXML `xml:"NtryDtls>TxDtls"`
	Status      struct {
		Text string `xml:",chardata"`
		Code string `xml:"Cd"`
	} `xml:"Sts"`
}

type detailsXML struct {
	EndToEnd  string     `xml:"Refs>EndToEndId"`
	Mandate   string     `xml:"Refs>MndtId"`
	Amount    *amountXML `xml:"Amt"`
	TxAmount  *amountXML `xml:"AmtDtls>TxAmt>Amt"`
	Direction string     `xml:"CdtDbtInd"`
	Debtor    partyXML   `xml:"RltdPties>Dbtr"`
	Creditor  partyXML   `xml:"RltdPties>Cdtr"`
	DebtorAcc string     `xml:"RltdPties>DbtrAcct>Id>IBAN"`
	CreditAcc string     `xml:"RltdPties>CdtrAcct>Id>IBAN"`
	Text      []string   `xml:"RmtInf>Ustrd"`
	Reference string     `xml:"RmtInf>Strd>CdtrRefInf>Ref"`
	Return    string     `xml:"RtrInf>Rsn>Cd"`
}

// partyXML has its name below Pty since camt.053.001.08, and of its own before.
type partyXML struct {
	Name  string `xml:"Nm"`
	Party string `xml:"Pty>Nm"`
}

type amountXML struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type dateXML struct {
	Date string `xml:"Dt"`
	Time string `xml:"DtTm"`
}

// date is the day that the bank wrote, in the bank's own zone.
func (d dateXML) date() (billing.Date, error) {
	text := d.Date
	if text == "" && len(d.Time) >= len("2006-01-02") {
		text = d.Time[:len("2006-01-02")]
	}
	if len(text) > len("2006-01-02") { // a zone may follow
		text = text[:len("2006-01-02")]
	}
	return billing.ParseDate(text)
}

// money reads an amount, whose direction is a word beside it. ISO 20022 allows more decimals than the currency has, if they are 0.
func (a amountXML) money(direction string) (billing.Money, error) {
	value := strings.TrimSpace(a.Value)
	places, err := billing.Decimals(a.Currency)
	if err != nil {
		return billing.Money{}, &Problem{Reason: WrongCurrency, Where: a.Currency, Err: err}
	}
	whole, fraction, _ := strings.Cut(value, ".")
	for len(fraction) > places && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	value = whole
	if fraction != "" {
		value += "." + fraction
	}
	m, err := billing.ParseMoney(value, a.Currency)
	switch {
	case err != nil || m.Minor < 0:
		return billing.Money{}, &Problem{Reason: WrongAmount, Where: a.Value, Err: err}
	case direction == "CRDT":
		return m, nil
	case direction == "DBIT":
		return m.Neg()
	}
	return billing.Money{}, &Problem{Reason: WrongDirection, Where: direction}
}

func (d detailsXML) money(direction string) (billing.Money, error) {
	if d.Direction != "" {
		direction = d.Direction
	}
	switch {
	case d.TxAmount != nil:
		return d.TxAmount.money(direction)
	case d.Amount != nil:
		return d.Amount.money(direction)
	}
	return billing.Money{}, errors.New("no amount")
}

// describe fills in who moved the money and why.
func (d detailsXML) describe(t *Transaction, in bool) {
	other, iban := d.Creditor, d.CreditAcc
	if in {
		other, iban = d.Debtor, d.DebtorAcc
	}
	t.Party, t.IBAN = first(other.Name, other.Party), iban
	t.EndToEnd, t.Mandate, t.Return = first(d.EndToEnd), d.Mandate, d.Return
	t.Reference = d.Reference
	if len(d.Text) > 0 {
		t.Text = strings.Join(d.Text, " ")
	}
}
