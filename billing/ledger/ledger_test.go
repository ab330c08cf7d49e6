package ledger_test

import (
	"fmt"
	"math"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
)

func euro(cents int64) billing.Money { return billingtest.Euro(cents) }

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	a, b, c := ledger.Account{Owner: "a", Kind: ledger.Cash}, ledger.Account{Owner: "a", Kind: ledger.Revenue}, ledger.Account{Owner: "b", Kind: ledger.Cash}
	usd := billing.Money{Minor: 1, Currency: "USD"}
	day := billingtest.Day(t, "2026-01-01")
	post := func(list ...ledger.Posting) ledger.Entry {
		return ledger.Entry{Kind: "test", Source: "1", Date: day, Postings: list}
	}
	bad := map[string]ledger.Entry{
		"nothing":             post(),
		"one side":            post(ledger.Posting{Account: a, Amount: euro(0)}),
		"a cent off":          post(ledger.Posting{Account: a, Amount: euro(100)}, ledger.Posting{Account: b, Amount: euro(-99)}),
		"zero across books":   post(ledger.Posting{Account: a, Amount: euro(100)}, ledger.Posting{Account: c, Amount: euro(-100)}),
		"zero in two moneys":  post(ledger.Posting{Account: a, Amount: euro(1)}, ledger.Posting{Account: b, Amount: billing.Money{Minor: -1, Currency: "USD"}}),
		"an unknown currency": post(ledger.Posting{Account: a, Amount: billing.Money{Currency: "XXX"}}, ledger.Posting{Account: b, Amount: usd}),
		"no account":          post(ledger.Posting{Amount: euro(1)}, ledger.Posting{Amount: euro(-1)}),
		"a sum over 64 bits":  post(ledger.Posting{Account: a, Amount: euro(math.MaxInt64)}, ledger.Posting{Account: b, Amount: euro(math.MaxInt64)}, ledger.Posting{Account: a, Amount: euro(2)}),
		"no source":           {Kind: "test", Date: day, Postings: post(ledger.Posting{Account: a, Amount: euro(1)}, ledger.Posting{Account: b, Amount: euro(-1)}).Postings},
	}
	for name, entry := range bad {
		if entry.Check() == nil {
			t.Errorf("%s passed", name)
		}
	}
	if err := post(ledger.Posting{Account: a, Amount: euro(1)}, ledger.Posting{Account: b, Amount: euro(-1)}).Check(); err != nil {
		t.Error(err)
	}
}

// year plays random business with one customer of a reseller, and counts beside the books what they must say.
type year struct {
	t                                        *testing.T
	entries                                  []ledger.Entry
	net, vat, credit, open, cash, fees, cost int64
}

func (y *year) post(e ledger.Entry, err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
	if len(e.Postings) > 0 {
		y.entries = append(y.entries, e)
	}
}

func TestBooksSayWhatHappened(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	y := &year{t: t}
	day := billingtest.Day(t, "2026-01-01")
	for i := range 400 {
		day, id := day.AddDays(i/2), fmt.Sprint(i)
		payment := ledger.Payment{ID: id, Date: day, Seller: "org-seller", Customer: "org-customer", Through: "bank", Amount: euro(1 + dice.Int64N(50000))}
		switch dice.IntN(6) {
		case 0:
			d := billingtest.Invoice(t, dice, billingtest.Cases()[0], i)
			y.post(ledger.Document(d, false))
			y.post(ledger.Wholesale(ledger.Sale{ID: id, Date: day, Reseller: "org-seller", Parent: "operator", Wholesale: euro(d.Net.Minor / 2)}))
			y.net, y.vat, y.open, y.cost = y.net+d.Net.Minor, y.vat+d.VAT.Minor, y.open+d.Gross.Minor, y.cost+d.Net.Minor/2
			if note, err := invoice.CreditAll(d, nil, "back"); err == nil && dice.IntN(3) == 0 {
				note.Number = "C" + id
				note.Issued = day
				y.post(ledger.Document(note, false))
				y.net, y.vat, y.credit = y.net-d.Net.Minor, y.vat-d.VAT.Minor, y.credit+d.Gross.Minor
			}
		case 1:
			y.post(ledger.Receipt(payment))
			y.cash, y.credit = y.cash+payment.Amount.Minor, y.credit+payment.Amount.Minor
		case 2:
			if part := min(y.credit, y.open); part > 0 {
				y.post(ledger.Allocation(id, day, "org-seller", "org-customer", euro(part)))
				y.credit, y.open = y.credit-part, y.open-part
			}
		case 3:
			if y.credit > 0 {
				payment.Amount = euro(1 + dice.Int64N(y.credit))
				y.post(ledger.Refund(payment))
				y.cash, y.credit = y.cash-payment.Amount.Minor, y.credit-payment.Amount.Minor
			}
		case 4:
			payment.Fee = euro(1500)
			y.post(ledger.Chargeback(payment))
			y.open, y.cash, y.fees = y.open+payment.Amount.Minor, y.cash-payment.Amount.Minor-1500, y.fees+1500
		default:
			y.post(ledger.ProviderFee(payment))
			y.cash, y.fees = y.cash-payment.Amount.Minor, y.fees+payment.Amount.Minor
		}
	}
	balances, err := ledger.Balances(y.entries)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.Kind]int64{ledger.Revenue: y.net, ledger.VAT: y.vat, ledger.Credit: y.credit, ledger.Receivable: y.open,
		ledger.Cash: y.cash, ledger.Fees: y.fees, ledger.Cost: y.cost, ledger.Unbilled: -y.cost}
	for kind, cents := range want {
		if got, err := ledger.Total(ledger.Of(balances, "org-seller", kind), "EUR"); err != nil || got.Minor != cents {
			t.Errorf("%s is %s, want %d cents (%v)", kind, got, cents, err)
		}
	}
	if off := ledger.Reconcile(balances); len(off) != 0 {
		t.Error(off)
	}
}

// TestNothingHasNoEntry: what moved no money has no entry, and is no error.
func TestNothingHasNoEntry(t *testing.T) {
	t.Parallel()
	sold, err := ledger.Wholesale(ledger.Sale{ID: "1", Date: billingtest.Day(t, "2026-01-01"), Reseller: "org-seller", Parent: "operator", Wholesale: euro(0)})
	if err != nil || len(sold.Postings) != 0 {
		t.Errorf("%v, %v", sold, err)
	}
}

// TestWholesaleReconciles: after the wholesale invoice, nothing is unbilled on either side; a leg that was lost is named.
func TestWholesaleReconciles(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	d := billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
	for d.Net.IsZero() { // a free one has no legs to lose
		d = billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
	}
	y := &year{t: t}
	y.post(ledger.Wholesale(ledger.Sale{ID: "1", Date: d.Issued, Reseller: d.Buyer.ID, Parent: d.Seller.ID, Wholesale: d.Net}))
	y.post(ledger.Document(d, true))
	y.post(ledger.Purchase(d))
	balances, err := ledger.Balances(y.entries)
	if err != nil || len(ledger.Reconcile(balances)) != 0 {
		t.Fatalf("%v, %v", ledger.Reconcile(balances), err)
	}
	for _, owner := range []string{d.Seller.ID, d.Buyer.ID} {
		if left, err := ledger.Total(ledger.Of(balances, owner, ledger.Unbilled), "EUR"); err != nil || !left.IsZero() {
			t.Errorf("%s has %s unbilled, %v", owner, left, err)
		}
	}
	if owed, err := ledger.Total(ledger.Of(balances, d.Buyer.ID, ledger.Payable), "EUR"); err != nil || owed != d.Gross {
		t.Errorf("the reseller owes %s, %v", owed, err)
	}
	balances, err = ledger.Balances(y.entries[:2])
	if err != nil || len(ledger.Reconcile(balances)) != 1 {
		t.Errorf("a lost leg: %v, %v", ledger.Reconcile(balances), err)
	}
}

func TestEntriesRefuse(t *testing.T) {
	t.Parallel()
	day := billingtest.Day(t, "2026-01-01")
	bad := map[string]func() (ledger.Entry, error){
		"a payment of nothing": func() (ledger.Entry, error) {
			return ledger.Receipt(ledger.Payment{ID: "1", Date: day, Seller: "a", Amount: euro(0)})
		},
		"a negative refund": func() (ledger.Entry, error) {
			return ledger.Refund(ledger.Payment{ID: "1", Date: day, Seller: "a", Amount: euro(-1)})
		},
		"a proforma": func() (ledger.Entry, error) {
			return ledger.Document(invoice.Document{Kind: invoice.Proforma, Number: "1"}, false)
		},
		"a draft": func() (ledger.Entry, error) { return ledger.Document(invoice.Document{Kind: invoice.Invoice}, false) },
		"wholesale to oneself": func() (ledger.Entry, error) {
			return ledger.Wholesale(ledger.Sale{ID: "1", Date: day, Reseller: "a", Parent: "a", Wholesale: euro(1)})
		},
		"a write-off of no date": func() (ledger.Entry, error) { return ledger.WriteOff("1", billing.Date{}, "a", "b", euro(1)) },
	}
	for name, make := range bad {
		if e, err := make(); err == nil {
			t.Errorf("%s was posted: %+v", name, e)
		}
	}
}
