package biller_test

import (
	"testing"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// TestNothingOfAnEndedSubscriptionChanges: whatever ended it, and also within the days that were paid already.
func TestNothingOfAnEndedSubscriptionChanges(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*biller.Biller, *testing.T, *store.Tx, app.ID) error{
		"stopped, and its days stay paid": func(b *biller.Biller, t *testing.T, tx *store.Tx, id app.ID) error {
			return b.Stop(t.Context(), tx, id)
		},
		"cancelled, and its days credited": func(b *biller.Biller, t *testing.T, tx *store.Tx, id app.ID) error {
			_, err := b.CancelNow(t.Context(), tx, id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := billed(t, 0, 1)
			b.Today = b.Today.AddDate(0, 0, 3)
			var id app.ID
			if err := b.Conn.QueryRow(t.Context(), `SELECT id FROM subscriptions`).Scan(&id); err != nil {
				t.Fatal(err)
			}
			if err := b.do(t.Context(), func(tx *store.Tx) error { return end(b.Biller, t, tx, id) }); err != nil {
				t.Fatal(err)
			}
			documents := b.Count(t, `SELECT count(*) FROM invoices`)
			for _, days := range []int{0, 1, 10, 60} {
				b.Today = b.Today.AddDate(0, 0, days)
				for what, change := range map[string]func(*store.Tx) error{
					"now": func(tx *store.Tx) error {
						_, err := b.Biller.ChangeNow(t.Context(), tx, id, biller.Plan{ID: "large", Name: "Redmine, large", Price: billing.Money{Minor: 3000, Currency: "EUR"}})
						return err
					},
					"later": func(tx *store.Tx) error {
						_, err := b.Biller.ChangeLater(t.Context(), tx, id, biller.Plan{ID: "large", Name: "Redmine, large", Price: billingtest.Euro(3000)})
						return err
					},
				} {
					if err := b.do(t.Context(), change); app.CodeOf(err) != app.Conflict {
						t.Errorf("%d days after its end it is changed %s: %v", days, what, err)
					}
				}
			}
			if n := b.Count(t, `SELECT count(*) FROM invoices`); n != documents {
				t.Errorf("%d documents were issued for what had ended", n-documents)
			}
			b.Sound(t)
		})
	}
}
