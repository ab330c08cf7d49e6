package ledger

import (
	"errors"
	"fmt"

	"allotment/billing"
	"allotment/billing/invoice"
)

// The kinds of entries.
const (
	Issued      EntryKind = "issued"       // source: the document's number, with its seller
	Bought      EntryKind = "bought"       // the buyer's side of a wholesale invoice
	Sold        EntryKind = "sold"         // the wholesale legs of a sale
	Received    EntryKind = "received"     // source: the payment
	Allocated   EntryKind = "allocated"    // source: payment and invoice
	Refunded    EntryKind = "refunded"     // source: the refund
	ChargedBack EntryKind = "charged back" // source: the dispute
	Charged     EntryKind = "charged"      // a provider's fee
	WrittenOff  EntryKind = "written off"  // source: the invoice
	PaidOut     EntryKind = "paid out"     // source: the line of the provider's account
)

// entry collects postings and the first error, so that constructors read as a list.
type entry struct {
	Entry
	err error
}

func start(kind EntryKind, source string, date billing.Date) *entry {
	return &entry{Entry: Entry{Kind: kind, Source: source, Date: date}}
}

// add debits an account, or credits it when minus.
func (e *entry) add(owner string, kind Kind, party string, amount billing.Money, minus bool) {
	if minus {
		var err error
		if amount, err = amount.Neg(); err != nil {
			e.err = err
		}
	}
	if !amount.IsZero() {
		e.Postings = append(e.Postings, Posting{Account{owner, kind, party}, amount})
	}
}

// done is the checked entry; one that moved nothing has no postings, and need not be kept.
func (e *entry) done() (Entry, error) {
	if e.err != nil {
		return Entry{}, e.err
	}
	if len(e.Postings) == 0 {
		return e.Entry, nil
	}
	return e.Entry, e.Check()
}

// move is an entry of one amount from one account to another in the same books.
func move(kind EntryKind, source string, date billing.Date, owner string, from, to Account, amount billing.Money) (Entry, error) {
	if amount.Minor <= 0 {
		return Entry{}, fmt.Errorf("the entry %s of %s moves %s", kind, source, amount)
	}
	e := start(kind, source, date)
	e.add(owner, to.Kind, to.Party, amount, false)
	e.add(owner, from.Kind, from.Party, amount, true)
	return e.done()
}

// Document posts an issued invoice or credit note in its seller's books: the customer owes the gross (a credit note gives it as credit),
// the seller earned the net and owes the VAT. The net of a wholesale document was earned when it was sold, so it settles Unbilled.
// A document of nothing has no entry: it returns an Entry without postings.
func Document(d invoice.Document, wholesale bool) (Entry, error) {
	if d.Kind == invoice.Proforma || d.Number == "" {
		return Entry{}, errors.New("only an issued invoice or credit note is posted")
	}
	owner, back := d.Seller.ID, d.Kind == invoice.CreditNote
	e := start(Issued, owner+" "+d.Number, d.Issued)
	if back {
		e.add(owner, Credit, d.Buyer.ID, d.Gross, true)
	} else {
		e.add(owner, Receivable, d.Buyer.ID, d.Gross, false)
	}
	income, party := Revenue, ""
	if wholesale {
		income, party = Unbilled, d.Buyer.ID
	}
	e.add(owner, income, party, d.Net, !back)
	for _, group := range d.Groups {
		e.add(owner, VAT, group.Tax.Country, group.VAT, !back)
	}
	return e.done()
}

// Purchase posts a wholesale document in the books of the reseller that it was issued to. A document of nothing has no entry.
func Purchase(d invoice.Document) (Entry, error) {
	owner, back := d.Buyer.ID, d.Kind == invoice.CreditNote
	e := start(Bought, d.Seller.ID+" "+d.Number, d.Issued)
	e.add(owner, Payable, d.Seller.ID, d.Gross, !back)
	e.add(owner, Unbilled, d.Seller.ID, d.Net, back)
	e.add(owner, InputVAT, "", d.VAT, back)
	return e.done()
}

// Sale is one sale through a reseller.
type Sale struct {
	ID        string
	Date      billing.Date
	Reseller  string
	Parent    string
	Wholesale billing.Money // net, negative when the sale is taken back
}

// Wholesale posts both wholesale legs of a sale at once: the parent earned it of the reseller, which spent it. The retail leg is the
// invoice of the reseller, which names the same sale. A sale that cost the reseller nothing has no entry.
func Wholesale(s Sale) (Entry, error) {
	if s.Reseller == s.Parent {
		return Entry{}, errors.New("nobody sells wholesale to itself")
	}
	e := start(Sold, s.ID, s.Date)
	e.add(s.Parent, Unbilled, s.Reseller, s.Wholesale, false)
	e.add(s.Parent, Revenue, "", s.Wholesale, true)
	e.add(s.Reseller, Cost, "", s.Wholesale, false)
	e.add(s.Reseller, Unbilled, s.Parent, s.Wholesale, true)
	return e.done()
}

// Payment is money that moved, with the provider's ID of it.
type Payment struct {
	ID       string
	Date     billing.Date
	Seller   string
	Customer string
	Through  string // the bank or provider
	Amount   billing.Money
	Fee      billing.Money // of a chargeback; none has no currency
}

// Receipt posts a payment. It becomes the customer's credit, which Allocation then spends on invoices: so an overpayment is credit by
// itself.
func Receipt(p Payment) (Entry, error) {
	return move(Received, p.ID, p.Date, p.Seller, Account{Kind: Credit, Party: p.Customer}, Account{Kind: Cash, Party: p.Through}, p.Amount)
}

// Allocation posts that an amount of the customer's credit pays an invoice; source names both.
func Allocation(source string, date billing.Date, seller, customer string, amount billing.Money) (Entry, error) {
	return move(Allocated, source, date, seller, Account{Kind: Receivable, Party: customer}, Account{Kind: Credit, Party: customer}, amount)
}

// Refund posts that credit was paid back. The credit note that takes back the tax is another document.
func Refund(p Payment) (Entry, error) {
	return move(Refunded, p.ID, p.Date, p.Seller, Account{Kind: Cash, Party: p.Through}, Account{Kind: Credit, Party: p.Customer}, p.Amount)
}

// Chargeback posts that the customer's bank took a payment back: the claim is open again, and the provider's fee is spent. What was not yet
// spent of that payment stays credit, which pays the claim when it is allocated.
func Chargeback(p Payment) (Entry, error) {
	e := start(ChargedBack, p.ID, p.Date)
	e.add(p.Seller, Receivable, p.Customer, p.Amount, false)
	e.add(p.Seller, Cash, p.Through, p.Amount, true)
	if !p.Fee.IsZero() {
		e.add(p.Seller, Fees, p.Through, p.Fee, false)
		e.add(p.Seller, Cash, p.Through, p.Fee, true)
	}
	return e.done()
}

// ProviderFee posts what a provider kept for a payment.
func ProviderFee(p Payment) (Entry, error) {
	return move(Charged, p.ID, p.Date, p.Seller, Account{Kind: Cash, Party: p.Through}, Account{Kind: Fees, Party: p.Through}, p.Amount)
}

// Payout posts that money went from a provider to the seller's bank; a negative amount came back from there.
func Payout(p Payment, bank string) (Entry, error) {
	from, to := Account{Kind: Cash, Party: p.Through}, Account{Kind: Cash, Party: bank}
	if p.Amount.Minor < 0 {
		var err error
		if p.Amount, err = p.Amount.Neg(); err != nil {
			return Entry{}, err
		}
		from, to = to, from
	}
	return move(PaidOut, p.ID, p.Date, p.Seller, from, to, p.Amount)
}

// WriteOff posts that a claim was given up.
func WriteOff(number string, date billing.Date, seller, customer string, amount billing.Money) (Entry, error) {
	return move(WrittenOff, number, date, seller, Account{Kind: Receivable, Party: customer}, Account{Kind: BadDebt, Party: customer}, amount)
}
