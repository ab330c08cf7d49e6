package bench

import (
	"testing"
	"time"

	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/portal"
	"allotment/billing"
)

// BenchmarkSalesReport reads a seller's figures, and the first page of its debtors, when each of 2,000 customers has had eight invoices, against
// when each had one; the newest are open, and all others paid, as most are. What read the documents themselves would be eight times slower. The goal
// is at most 1.5 times, so a ratio of at least 0.67.
func BenchmarkSalesReport(b *testing.B) {
	const months = 8
	for range b.N {
		books := billertest.New(b, 0, 2000, 1)
		now := time.Now().UTC()
		start := time.Date(now.Year(), now.Month(), 1, 12, 0, 0, 0, time.UTC).AddDate(0, 1-months, 0)
		books.Exec(b, `UPDATE subscriptions SET anchor = $1::timestamptz::date, next_on = $1::timestamptz::date`, start)
		books.Exec(b, `UPDATE billing_accounts SET next_on = $1::timestamptz::date`, start)
		sales := func(int64) {
			if _, err := books.Portal.SalesReport(b.Context(), books.Operator, 12); err != nil {
				b.Error(err)
			}
		}
		debtors := func(int64) {
			if _, err := books.Portal.Ageing(b.Context(), books.Operator, portal.AgeingFilter{}); err != nil {
				b.Error(err)
			}
		}
		var figures [2][2]float64 // pages each second: of few documents and of many, of sales and of debtors
		for i := range months {
			books.Today = start.AddDate(0, i, 0)
			if sum, err := books.Biller.Bill(b.Context(), biller.Run{AsOf: billing.DateIn(books.Today, time.UTC)}); err != nil || sum.Invoices != 2000 {
				b.Fatalf("%d invoices, %v", sum.Invoices, err)
			}
			if i > 0 && i < months-1 {
				continue
			}
			books.Exec(b, `UPDATE receivables SET open_minor = 0 WHERE due_on < (SELECT max(due_on) FROM receivables)`)
			if err := books.Store.AddUp(b.Context()); err != nil {
				b.Fatal(err)
			}
			settle(b, books.World)
			for which, page := range []func(int64){sales, debtors} {
				page(0)
				figures[min(i, 1)][which] = max(rate(b, clients, page), rate(b, clients, page))
			}
		}
		report(b, "sales, 8 months against 1", figures[1][0], figures[0][0], "pages/s", 0.67)
		report(b, "debtors, 8 months against 1", figures[1][1], figures[0][1], "pages/s", 0.67)
	}
}
