package bench

import (
	"testing"
	"time"

	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/portal"
	"allotment/billing"
)

// BenchmarkSalesReport reads a seller's figures of twelve months, and the first page of its debtors, with 2,000 customers and the 16,000 invoices that these had
// in eight months, against the same pages of as many customers who had one invoice each in the same eight months. 2,000 invoices are open in both. What read the
// documents would be eight times slower. The goal is at most 1.5 times, so a ratio of at least 0.67. The third line is of eight times the customers who owe
// something: the rows of a page are found without the others, and their totals are one sum over what is open. The goal is at most three times.
func BenchmarkSalesReport(b *testing.B) {
	for range b.N {
		many, once, few := newSales(b, 2000, false), newSales(b, 2000, true), newSales(b, 250, false)
		for _, page := range []struct {
			what  string
			read  func(*sales) func(int64)
			limit *sales
			goal  float64
		}{
			{"sales, 16,000 invoices of 2,000", (*sales).figures, once, 0.67}, {"debtors, 16,000 invoices of 2,000", (*sales).debtors, once, 0.67},
			{"debtors, 2,000 of 250", (*sales).debtors, few, 0.33},
		} {
			page.read(page.limit)(0)
			page.read(many)(0)
			ours, limit := best(3,
				func() float64 { return rate(b, clients, page.read(many)) }, func() float64 { return rate(b, clients, page.read(page.limit)) })
			report(b, page.what, ours, limit, "pages/s", page.goal)
		}
	}
}

// sales are a seller's, of eight months.
type sales struct {
	*billertest.Books
	b *testing.B
}

// newSales bills each customer every month, and all but the newest invoices are paid; or once, an eighth of them in each month, and nothing is paid.
func newSales(b *testing.B, customers int, once bool) *sales {
	b.Helper()
	const months = 8
	books := billertest.New(b, 0, customers, 1)
	now := time.Now().UTC()
	start := time.Date(now.Year(), now.Month(), 1, 12, 0, 0, 0, time.UTC).AddDate(0, 1-months, 0)
	want, begin, period := customers, `0`, "month"
	if once {
		want, begin, period = customers/months, `row_number() OVER (ORDER BY id) % 8`, "year"
	}
	books.Exec(b, `UPDATE subscriptions s SET anchor = t.day, next_on = t.day, period = $2
		FROM (SELECT id, ($1::timestamptz::date + make_interval(months => (`+begin+`)::int))::date AS day FROM subscriptions) t WHERE t.id = s.id`, start, period)
	books.Exec(b, `UPDATE billing_accounts a SET next_on = s.next_on FROM subscriptions s WHERE s.organization_id = a.organization_id`)
	for i := range months {
		books.Today = start.AddDate(0, i, 0)
		if sum, err := books.Biller.Bill(b.Context(), biller.Run{AsOf: billing.DateIn(books.Today, time.UTC)}); err != nil || sum.Invoices != want {
			b.Fatalf("%d invoices, %v", sum.Invoices, err)
		}
		if !once { // who was billed before has paid
			books.Exec(b, `UPDATE receivables SET open_minor = 0 WHERE open_minor > 0 AND due_on < (SELECT max(due_on) FROM receivables)`)
		}
		books.Exec(b, `VACUUM receivables`) // as PostgreSQL does in the course of months
	}
	if err := books.Store.AddUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	settle(b, books.World)
	return &sales{books, b}
}

func (s *sales) figures() func(int64) {
	return func(int64) {
		if r, err := s.Portal.SalesReport(s.b.Context(), s.Operator, 12); err != nil || len(r.Currencies) != 1 {
			s.b.Errorf("%d currencies, %v", len(r.Currencies), err)
		}
	}
}

func (s *sales) debtors() func(int64) {
	return func(int64) {
		if page, err := s.Portal.Ageing(s.b.Context(), s.Operator, portal.AgeingFilter{}); err != nil || len(page.Debtors) != 50 || page.Next == "" {
			s.b.Errorf("%d debtors, %v", len(page.Debtors), err)
		}
	}
}
