package export

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/markup"
)

// XAF is an audit file of the Netherlands (XML Auditfile Financieel 3.2) of one seller's books in one calendar year.
type XAF struct {
	Seller  invoice.Party
	Year    int
	Created billing.Date
	Version string // of this program
	// Accounts are the numbers of the accounts; those that are not in it have a common number.
	Accounts  map[ledger.Kind]string
	Customers []invoice.Party
}

// accounts are the accounts of the books in their order: number, words, and B for the balance sheet or P for profit and loss.
var accounts = []struct {
	kind               ledger.Kind
	number, words, typ string
}{
	{ledger.Cash, "1000", "Liquide middelen", "B"},
	{ledger.Receivable, "1300", "Debiteuren", "B"},
	{ledger.Unbilled, "1350", "Nog te factureren", "B"},
	{ledger.Credit, "1400", "Tegoeden van klanten", "B"},
	{ledger.VAT, "1500", "Af te dragen btw", "B"},
	{ledger.InputVAT, "1520", "Te vorderen btw", "B"},
	{ledger.Payable, "1600", "Crediteuren", "B"},
	{ledger.Fees, "4500", "Betaalkosten", "P"},
	{ledger.BadDebt, "4600", "Oninbare vorderingen", "P"},
	{ledger.Cost, "7000", "Inkoopwaarde van de omzet", "P"},
	{ledger.Revenue, "8000", "Omzet", "P"},
}

// WriteXAF writes the seller's postings of the year, in EUR, with a period for each month. Amounts are positive, with D or C.
func WriteXAF(w io.Writer, o XAF, entries []ledger.Entry) error {
	if o.Seller.Name == "" || len(o.Seller.Country) != 2 || o.Created.IsZero() {
		return errors.New("the audit file needs the seller's name and country, and a date")
	}
	book := xafBook{XAF: o}
	for _, entry := range entries {
		if entry.Date.Year != o.Year {
			continue
		}
		if err := book.add(entry); err != nil {
			return err
		}
	}
	if len(book.transactions) > 0 && book.debit != book.credit {
		return fmt.Errorf("the books are off: %s debit, %s credit", book.debit, book.credit)
	}
	return markup.Write(w, book.root())
}

// xafBook collects what the header needs to know before the lines.
type xafBook struct {
	XAF
	transactions  []markup.Element
	lines         int
	debit, credit billing.Money
}

func (b *xafBook) add(e ledger.Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	parts, nr := []markup.Element{}, strconv.Itoa(len(b.transactions)+1)
	parts = append(parts, markup.Text("nr", nr), markup.Text("desc", string(e.Kind)+" "+e.Source),
		markup.Text("periodNumber", strconv.Itoa(int(e.Date.Month))), markup.Text("trDt", e.Date.String()))
	count := 0
	for _, p := range e.Postings {
		if p.Account.Owner != b.Seller.ID {
			continue
		}
		if p.Amount.Currency != "EUR" {
			return fmt.Errorf("the entry %s of %s is in %s; the audit file is in EUR", e.Kind, e.Source, p.Amount.Currency)
		}
		number, err := b.account(p.Account.Kind)
		if err != nil {
			return err
		}
		count++
		parts = append(parts, b.line(strconv.Itoa(count), number, e, p))
	}
	if count > 0 {
		b.lines += count
		b.transactions = append(b.transactions, markup.Group("transaction", parts...))
	}
	return nil
}

func (b *xafBook) line(nr, number string, e ledger.Entry, p ledger.Posting) markup.Element {
	side, amount := "D", p.Amount
	if amount.Minor < 0 {
		side, amount.Minor = "C", -amount.Minor
		b.credit = billing.Money{Minor: b.credit.Minor + amount.Minor, Currency: "EUR"}
	} else {
		b.debit = billing.Money{Minor: b.debit.Minor + amount.Minor, Currency: "EUR"}
	}
	customer := ""
	switch p.Account.Kind {
	case ledger.Receivable, ledger.Credit, ledger.Unbilled, ledger.Payable, ledger.BadDebt:
		customer = short(p.Account.Party)
	}
	return markup.Group("trLine", markup.Text("nr", nr), markup.Text("accID", number), markup.Text("docRef", cut(e.Source, 999)),
		markup.Text("effDate", e.Date.String()), markup.Text("desc", string(e.Kind)), markup.Text("amnt", amount.Amount()), markup.Text("amntTp", side),
		markup.Text("custSupID", customer))
}

func (b *xafBook) account(kind ledger.Kind) (string, error) {
	if number := b.Accounts[kind]; number != "" {
		return number, nil
	}
	for _, a := range accounts {
		if a.kind == kind {
			return a.number, nil
		}
	}
	return "", fmt.Errorf("the account %q has no number", kind)
}

func (b *xafBook) root() markup.Element {
	ledgerAccounts, periods := []markup.Element{}, []markup.Element{}
	for _, a := range accounts {
		number := a.number
		if given := b.Accounts[a.kind]; given != "" {
			number = given
		}
		ledgerAccounts = append(ledgerAccounts, markup.Group("ledgerAccount", markup.Text("accID", number), markup.Text("accDesc", a.words), markup.Text("accTp", a.typ)))
	}
	first := billing.Date{Year: b.Year, Month: 1, Day: 1}
	for month := range 12 {
		p := billing.PeriodAt(first, billing.Month, month)
		periods = append(periods, markup.Group("period", markup.Text("periodNumber", strconv.Itoa(month+1)),
			markup.Text("startDatePeriod", p.Start.String()), markup.Text("endDatePeriod", p.Last().String())))
	}
	customers := markup.Each(b.Customers, func(c invoice.Party) markup.Element {
		return markup.Group("customerSupplier", markup.Text("custSupID", short(c.ID)), markup.Text("custSupName", cut(c.Name, 50)),
			markup.Text("taxRegistrationCountry", c.Country), markup.Text("taxRegIdent", string(c.VATID)), markup.Text("custSupTp", "C"))
	})
	b.debit.Currency, b.credit.Currency = "EUR", "EUR"
	return markup.Group("auditfile",
		markup.Group("header", markup.Text("fiscalYear", strconv.Itoa(b.Year)), markup.Text("startDate", first.String()),
			markup.Text("endDate", first.AddMonths(12).AddDays(-1).String()), markup.Text("curCode", "EUR"), markup.Text("dateCreated", b.Created.String()),
			markup.Text("softwareDesc", "Allotment"), markup.Text("softwareVersion", cut(b.Version, 20))),
		markup.Group("company", markup.Text("companyIdent", cut(b.Seller.LegalID, 35)), markup.Text("companyName", b.Seller.Name),
			markup.Text("taxRegistrationCountry", b.Seller.Country), markup.Text("taxRegIdent", taxNumber(b.Seller)),
			markup.Group("customersSuppliers", customers),
			markup.Group("generalLedger", ledgerAccounts...),
			markup.Group("periods", periods...),
			markup.Group("transactions", markup.Text("linesCount", strconv.Itoa(b.lines)), markup.Text("totalDebit", b.debit.Amount()),
				markup.Text("totalCredit", b.credit.Amount()),
				markup.Group("journal", append([]markup.Element{markup.Text("jrnID", "1"), markup.Text("desc", "Facturering"), markup.Text("jrnTp", "S")},
					b.transactions...)...))),
	).With("xmlns", "http://www.auditfiles.nl/XAF/3.2")
}

// taxNumber is the VAT ID, or the number at the tax office of who has none.
func taxNumber(p invoice.Party) string {
	if p.VATID != "" {
		return string(p.VATID)
	}
	return cut(p.TaxNumber, 30)
}

// short fits an ID into 35 characters: that of an organization loses its dashes.
func short(id string) string {
	if len(id) <= 35 {
		return id
	}
	return cut(strings.ReplaceAll(id, "-", ""), 35)
}
