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
	Opening   map[ledger.Kind]int64 // what the accounts held before the year, in cents; credit is negative
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

// equity is the account that holds what earlier years earned.
const equity = "0500"

// WriteXAF writes the seller's postings of the year, in EUR, with a period for each month and what stood in the books before. Amounts are
// positive, with D or C. The entries are read twice: the file's sums stand before its lines.
func WriteXAF(w io.Writer, o XAF, entries All[ledger.Entry]) error {
	if o.Seller.Name == "" || len(o.Seller.Country) != 2 || o.Created.IsZero() {
		return errors.New("the audit file needs the seller's name and country, and a date")
	}
	sums := &xafBook{XAF: o}
	if err := sums.each(entries, func(markup.Element) {}); err != nil {
		return err
	}
	if sums.debit != sums.credit {
		return fmt.Errorf("the books are off: %s debit, %s credit", euros(sums.debit), euros(sums.credit))
	}
	opening, err := o.opening()
	if err != nil {
		return err
	}
	out := markup.Begin(w)
	out.Open("auditfile", "xmlns", "http://www.auditfiles.nl/XAF/3.2")
	out.Add(o.header())
	out.Open("company")
	out.Add(o.company()...)
	out.Add(opening)
	out.Open("transactions")
	out.Add(markup.Text("linesCount", strconv.Itoa(sums.lines)), markup.Text("totalDebit", euros(sums.debit)), markup.Text("totalCredit", euros(sums.credit)))
	out.Open("journal")
	out.Add(markup.Text("jrnID", "1"), markup.Text("desc", "Facturering"), markup.Text("jrnTp", "S"))
	book := &xafBook{XAF: o}
	if err := book.each(entries, func(e markup.Element) { out.Add(e) }); err != nil {
		return err
	}
	if book.totals != sums.totals {
		return errors.New("the books changed while they were written")
	}
	return out.End()
}

func euros(minor int64) string { return billing.Money{Minor: minor, Currency: "EUR"}.Amount() }

// totals are what the file says of itself, in cents.
type totals struct {
	transactions, lines int
	debit, credit       int64
}

// xafBook turns entries into transactions and adds them up.
type xafBook struct {
	XAF
	totals
}

func (b *xafBook) each(entries All[ledger.Entry], take func(markup.Element)) error {
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if entry.Date.Year != b.Year {
			continue
		}
		transaction, err := b.transaction(entry)
		if err != nil {
			return err
		}
		take(transaction)
	}
	return nil
}

// transaction is one entry; one that is not in the seller's books is nothing.
func (b *xafBook) transaction(e ledger.Entry) (markup.Element, error) {
	if err := e.Check(); err != nil {
		return markup.Element{}, err
	}
	parts := []markup.Element{markup.Text("nr", strconv.Itoa(b.transactions+1)), markup.Text("desc", string(e.Kind)+" "+e.Source),
		markup.Text("periodNumber", strconv.Itoa(int(e.Date.Month))), markup.Text("trDt", e.Date.String())}
	count := 0
	for _, p := range e.Postings {
		if p.Account.Owner != b.Seller.ID {
			continue
		}
		if p.Amount.Currency != "EUR" {
			return markup.Element{}, fmt.Errorf("the entry %s of %s is in %s; the audit file is in EUR", e.Kind, e.Source, p.Amount.Currency)
		}
		number, err := b.account(p.Account.Kind)
		if err != nil {
			return markup.Element{}, err
		}
		count++
		parts = append(parts, b.line(strconv.Itoa(count), number, e, p))
	}
	if count == 0 {
		return markup.Element{}, nil
	}
	b.lines += count
	b.transactions++
	return markup.Group("transaction", parts...), nil
}

func (b *xafBook) line(nr, number string, e ledger.Entry, p ledger.Posting) markup.Element {
	amount, side := sided(p.Amount.Minor)
	if side == "C" {
		b.credit += amount
	} else {
		b.debit += amount
	}
	customer := ""
	switch p.Account.Kind {
	case ledger.Receivable, ledger.Credit, ledger.Unbilled, ledger.Payable, ledger.BadDebt:
		customer = short(p.Account.Party)
	}
	return markup.Group("trLine", markup.Text("nr", nr), markup.Text("accID", number), markup.Text("docRef", cut(e.Source, 999)),
		markup.Text("effDate", e.Date.String()), markup.Text("desc", string(e.Kind)), markup.Text("amnt", euros(amount)), markup.Text("amntTp", side),
		markup.Text("custSupID", customer))
}

// sided is an amount without its sign, and D or C.
func sided(minor int64) (int64, string) {
	if minor < 0 {
		return -minor, "C"
	}
	return minor, "D"
}

func (o XAF) account(kind ledger.Kind) (string, error) {
	if number := o.Accounts[kind]; number != "" {
		return number, nil
	}
	for _, a := range accounts {
		if a.kind == kind {
			return a.number, nil
		}
	}
	return "", fmt.Errorf("the account %q has no number", kind)
}

// opening is what the accounts of the balance sheet held when the year began; what earlier years earned or lost stands as equity.
func (o XAF) opening() (markup.Element, error) {
	var lines []markup.Element
	var all totals
	add := func(number string, minor int64) {
		if minor == 0 {
			return
		}
		amount, side := sided(minor)
		if side == "C" {
			all.credit += amount
		} else {
			all.debit += amount
		}
		all.lines++
		lines = append(lines, markup.Group("obLine", markup.Text("nr", strconv.Itoa(all.lines)), markup.Text("accID", number),
			markup.Text("amnt", euros(amount)), markup.Text("amntTp", side)))
	}
	var earned int64
	for _, a := range accounts {
		if a.typ == "P" {
			earned += o.Opening[a.kind]
			continue
		}
		number, err := o.account(a.kind)
		if err != nil {
			return markup.Element{}, err
		}
		add(number, o.Opening[a.kind])
	}
	add(equity, earned)
	if all.debit != all.credit {
		return markup.Element{}, fmt.Errorf("the books before %d are off: %s debit, %s credit", o.Year, euros(all.debit), euros(all.credit))
	}
	return markup.Maybe(all.lines > 0, markup.Group("openingBalance", append([]markup.Element{
		markup.Text("opBalDate", o.first().String()), markup.Text("linesCount", strconv.Itoa(all.lines)),
		markup.Text("totalDebit", euros(all.debit)), markup.Text("totalCredit", euros(all.credit))}, lines...)...)), nil
}

func (o XAF) first() billing.Date { return billing.Date{Year: o.Year, Month: 1, Day: 1} }

func (o XAF) header() markup.Element {
	return markup.Group("header", markup.Text("fiscalYear", strconv.Itoa(o.Year)), markup.Text("startDate", o.first().String()),
		markup.Text("endDate", o.first().AddMonths(12).AddDays(-1).String()), markup.Text("curCode", "EUR"), markup.Text("dateCreated", o.Created.String()),
		markup.Text("softwareDesc", "Allotment"), markup.Text("softwareVersion", cut(o.Version, 20)))
}

// company is all that stands before the postings.
func (o XAF) company() []markup.Element {
	ledgerAccounts := []markup.Element{markup.Group("ledgerAccount", markup.Text("accID", equity), markup.Text("accDesc", "Ondernemingsvermogen"), markup.Text("accTp", "B"))}
	for _, a := range accounts {
		number := a.number
		if given := o.Accounts[a.kind]; given != "" {
			number = given
		}
		ledgerAccounts = append(ledgerAccounts, markup.Group("ledgerAccount", markup.Text("accID", number), markup.Text("accDesc", a.words), markup.Text("accTp", a.typ)))
	}
	var periods []markup.Element
	for month := range 12 {
		p := billing.PeriodAt(o.first(), billing.Month, month)
		periods = append(periods, markup.Group("period", markup.Text("periodNumber", strconv.Itoa(month+1)),
			markup.Text("startDatePeriod", p.Start.String()), markup.Text("endDatePeriod", p.Last().String())))
	}
	customers := markup.Each(o.Customers, func(c invoice.Party) markup.Element {
		return markup.Group("customerSupplier", markup.Text("custSupID", short(c.ID)), markup.Text("custSupName", cut(c.Name, 50)),
			markup.Text("taxRegistrationCountry", c.Country), markup.Text("taxRegIdent", string(c.VATID)), markup.Text("custSupTp", "C"))
	})
	return []markup.Element{markup.Text("companyIdent", cut(o.Seller.LegalID, 35)), markup.Text("companyName", o.Seller.Name),
		markup.Text("taxRegistrationCountry", o.Seller.Country), markup.Text("taxRegIdent", taxNumber(o.Seller)),
		markup.Group("customersSuppliers", customers), markup.Group("generalLedger", ledgerAccounts...), markup.Group("periods", periods...)}
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
