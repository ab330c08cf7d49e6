package portal_test

import (
	"fmt"
	"testing"
	"time"

	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/portal"
	"allotment/billing"
)

// BenchmarkSalesReport reads a seller's figures and the first page of debtors over few and many documents, of the same ten customers for each
// month. A page that read the documents themselves would be as many times slower as there are more of them.
func BenchmarkSalesReport(b *testing.B) {
	for _, customers := range []int{250, 5000} {
		books := billertest.New(b, 0, customers, 1)
		now := time.Now().UTC()
		start := time.Date(now.Year(), now.Month(), 1, 12, 0, 0, 0, time.UTC).AddDate(0, -3, 0)
		books.Exec(b, `UPDATE subscriptions SET anchor = $1::timestamptz::date, next_on = $1::timestamptz::date`, start)
		books.Exec(b, `UPDATE billing_accounts SET next_on = $1::timestamptz::date`, start)
		for i := range 4 {
			books.Today = start.AddDate(0, i, 0)
			if _, err := books.Biller.Bill(b.Context(), biller.Run{AsOf: billing.DateIn(books.Today, time.UTC)}); err != nil {
				b.Fatal(err)
			}
		}
		// All but the newest are paid, as most are.
		books.Exec(b, `UPDATE receivables SET open_minor = 0 WHERE due_on < current_date - 30`)
		if err := books.Store.AddUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		books.Exec(b, `VACUUM ANALYZE`)
		b.Run(fmt.Sprintf("%d documents", books.Count(b, `SELECT count(*) FROM invoices`)), func(b *testing.B) {
			for b.Loop() {
				if _, err := books.Portal.SalesReport(b.Context(), books.Operator, 12); err != nil {
					b.Fatal(err)
				}
				if _, err := books.Portal.Ageing(b.Context(), books.Operator, portal.AgeingFilter{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
