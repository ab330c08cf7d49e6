package biller_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// meterAll lets every subscription be measured: hours at 0.0125, of which a reseller pays 0.009, and from 2026-02-15 on at 0.02.
const meterAll = `UPDATE subscriptions SET meters = jsonb_build_array(
	jsonb_build_object('meter', 'guest_hours', 'unit', 'HUR', 'price', '0.0125', 'from', '2026-01-01', 'off', false, 'legs', coalesce((SELECT jsonb_agg(
		jsonb_build_object('reseller', l ->> 'reseller', 'parent', l ->> 'parent', 'price', '0.009')) FROM jsonb_array_elements(wholesale) l), '[]')),
	jsonb_build_object('meter', 'guest_hours', 'unit', 'HUR', 'price', '0.02', 'from', '2026-02-15', 'off', false, 'legs', '[]'::jsonb))`

// used is what every subscription uses on a day, reported as the store takes it.
func used(t testing.TB, b *billertest.Books, on, quantity, name string) (added int) {
	t.Helper()
	d := day(t, on)
	err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error {
		measured := subscriptionsOf(t, b)
		uses := make([]store.NewUse, 0, len(measured))
		for _, m := range measured {
			m.Day, m.At, m.Meter, m.ID = d, d.UTC().Add(10*time.Hour), billing.GuestHours, name+" "+m.Subscription.String()
			m.Quantity = billing.MustDecimal(quantity)
			uses = append(uses, m)
		}
		fresh, err := tx.InsertUses(t.Context(), uses, b.Today)
		added = len(fresh)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func subscriptionsOf(t testing.TB, b *billertest.Books) (all []store.NewUse) {
	t.Helper()
	rows, err := b.Conn.Query(context.Background(), `SELECT organization_id, id, coalesce(end_on + 1, '2026-02-28'::date) FROM subscriptions ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var u store.NewUse
		var due time.Time
		if err := rows.Scan(&u.Customer, &u.Subscription, &due); err != nil {
			t.Fatal(err)
		}
		u.Due = billing.DateIn(due, time.UTC)
		all = append(all, u)
	}
	return all
}

func runOn(t testing.TB, b *billertest.Books, on string) biller.Summary {
	t.Helper()
	b.Today = day(t, on).UTC().Add(12 * time.Hour)
	sum, err := b.Biller.Bill(context.Background(), biller.Run{})
	if err != nil || len(sum.Parked) > 0 {
		t.Fatalf("the run of %s: %+v, %v", on, sum, err)
	}
	return sum
}

func wants(t testing.TB, b *billertest.Books, want map[string]int) {
	t.Helper()
	for sql, n := range want {
		if got := b.Count(t, sql); got != n {
			t.Errorf("%s is %d, want %d", sql, got, n)
		}
	}
}

const usageCharges = `SELECT count(*) FROM charges WHERE kind = 'usage guest_hours'`

// TestUseIsBilledOnce: what was used is on the next invoice, with both legs; what is reported twice changes nothing, what is reported late is on the
// one after, and however many runs there are, nothing is billed twice.
func TestUseIsBilledOnce(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 1, 6, 1) // three of the operator, three of a reseller
	b.Exec(t, meterAll)
	runOn(t, b, "2026-01-31")
	if n := used(t, b, "2026-02-03", "100.5", "first"); n != 6 {
		t.Fatalf("%d uses were new", n)
	}
	if n := used(t, b, "2026-02-04", "7", "first"); n != 0 {
		t.Fatalf("%d uses were taken twice", n)
	}
	used(t, b, "2026-02-20", "10", "second")
	used(t, b, "2026-02-28", "3", "next month's")
	b.Today = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := b.Biller.Bill(context.WithoutCancel(t.Context()), biller.Run{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	// 100.5 hours at 0.0125 are 1.25625, 10 at 0.02 are 0.20; the reseller pays 0.9045.
	wants(t, b, map[string]int{
		usageCharges: 6,
		`SELECT count(*) FROM usage_events WHERE charge_id IS NULL`:                                                                     6,
		`SELECT sum(net_minor) FROM invoices WHERE NOT wholesale AND issued_on = '2026-02-28'`:                                          6 * (1001 + 126 + 20),
		`SELECT count(*) FROM invoices WHERE NOT wholesale AND issued_on = '2026-02-28' AND json_array_length(document -> 'lines') = 3`: 6,
		`SELECT sum(amount_minor) FROM ledger_postings WHERE account = 'cost' AND posted_on = '2026-02-28'`:                             3 * (700 + 90),
		`SELECT count(*) FROM subscriptions WHERE used_until = '2026-02-28' AND next_on = '2026-03-31' AND next_period = 2`:             6,
	})
	used(t, b, "2026-02-10", "4", "late")
	used(t, b, "2026-02-03", "100.5", "first")
	runOn(t, b, "2026-03-15")
	wants(t, b, map[string]int{usageCharges: 6})
	runOn(t, b, "2026-03-31")
	wants(t, b, map[string]int{
		usageCharges: 12,
		`SELECT count(*) FROM usage_events WHERE charge_id IS NULL`:                            0,
		`SELECT sum(net_minor) FROM invoices WHERE NOT wholesale AND issued_on = '2026-03-31'`: 6 * (1001 + 5 + 6), // 4 at 0.0125 and 3 at 0.02
	})
	b.Sound(t)
}

// TestUseOfAnEndedSubscription: its last invoice has what is left, a day after its end; what comes later still has an invoice, once.
func TestUseOfAnEndedSubscription(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 0, 2, 1)
	b.Exec(t, meterAll)
	runOn(t, b, "2026-01-31")
	used(t, b, "2026-02-03", "10", "before")
	b.Today = time.Date(2026, 2, 10, 12, 0, 0, 0, time.UTC)
	for _, u := range subscriptionsOf(t, b) {
		err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error {
			_, err := b.Biller.CancelNow(t.Context(), tx, u.Subscription)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	used(t, b, "2026-02-10", "5", "the last day")
	wants(t, b, map[string]int{`SELECT count(*) FROM subscriptions WHERE next_on = '2026-02-11'`: 2})
	runOn(t, b, "2026-02-10")
	wants(t, b, map[string]int{usageCharges: 0})
	runOn(t, b, "2026-02-11")
	wants(t, b, map[string]int{
		usageCharges: 2,
		`SELECT sum(net_minor) FROM invoices WHERE kind = 'invoice' AND issued_on = '2026-02-11'`: 2 * 19, // 15 at 0.0125
		`SELECT count(*) FROM subscriptions WHERE next_on IS NULL`:                                2,
	})
	for i, name := range []string{"late", "later"} {
		used(t, b, "2026-02-09", "8", name)
		runOn(t, b, "2026-02-20")
		runOn(t, b, "2026-02-21")
		wants(t, b, map[string]int{usageCharges: 4 + 2*i, `SELECT count(*) FROM usage_events WHERE charge_id IS NULL`: 0})
	}
	b.Sound(t)
}

// TestPreviewEqualsInvoiceWithUse: what is foreseen with the use so far is what is issued, where nothing more is used.
func TestPreviewEqualsInvoiceWithUse(t *testing.T) {
	t.Parallel()
	for _, interval := range []string{"month", "year"} {
		t.Run(interval, func(t *testing.T) {
			t.Parallel()
			b := billertest.New(t, 1, 2, 2)
			b.Exec(t, `UPDATE subscriptions SET period = $1`, interval)
			b.Exec(t, meterAll)
			runOn(t, b, "2026-01-31")
			used(t, b, "2026-02-03", "100.123456", "first")
			used(t, b, "2026-02-16", "0.333333", "second")
			var one app.ID
			if err := b.Conn.QueryRow(t.Context(), `SELECT s.id FROM subscriptions s JOIN organizations o ON o.id = s.organization_id WHERE o.slug = 'customer-1' LIMIT 1`).Scan(&one); err != nil {
				t.Fatal(err)
			}
			b.Today = time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC)
			var foreseen invoice.Document
			err := b.Store.Read(t.Context(), b.Operator, func(tx *store.Tx) (err error) {
				foreseen, _, err = b.Biller.Preview(t.Context(), tx, one)
				return err
			})
			if err != nil || foreseen.Issued.String() != "2026-02-28" {
				t.Fatalf("foreseen on %s, %v", foreseen.Issued, err)
			}
			runOn(t, b, "2026-02-28")
			issued := documents(t, b)
			found := 0
			for _, d := range issued {
				if d.Buyer.ID != foreseen.Buyer.ID || d.Issued != foreseen.Issued || d.Seller.ID != foreseen.Seller.ID {
					continue
				}
				found++
				d.Number, d.Payment.Reference = "", ""
				if got, want := fmt.Sprintf("%+v", d.Lines), fmt.Sprintf("%+v", foreseen.Lines); got != want || d.Gross != foreseen.Gross || !reflect.DeepEqual(d.Groups, foreseen.Groups) {
					t.Errorf("foreseen is\n%s\nand issued was\n%s", want, got)
				}
			}
			if found != 1 {
				t.Errorf("%d invoices are the one that was foreseen", found)
			}
			b.Sound(t)
		})
	}
}

// TestUseIsReportedDuringARun: whoever reports while runs go on, each use is billed once, and none is lost.
func TestUseIsReportedDuringARun(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 1, 40, 1)
	b.Exec(t, meterAll)
	runOn(t, b, "2026-01-31")
	uses := subscriptionsOf(t, b)
	b.Today = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for n := range 30 {
		all.Go(func() {
			mine := make([]store.NewUse, len(uses))
			for i, u := range uses {
				u.ID, u.Meter, u.Day, u.Quantity = fmt.Sprint(n, " ", u.Subscription), billing.GuestHours, day(t, "2026-02-05"), billing.Int(1)
				u.At = u.Day.UTC()
				mine[i] = u
			}
			if err := b.Store.InTenant(context.WithoutCancel(t.Context()), b.Operator, func(tx *store.Tx) error {
				_, err := tx.InsertUses(t.Context(), mine, b.Today)
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	for range 4 {
		all.Go(func() {
			if _, err := b.Biller.Bill(context.WithoutCancel(t.Context()), biller.Run{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runOn(t, b, "2026-02-28")
	runOn(t, b, "2026-03-31")
	wants(t, b, map[string]int{
		`SELECT count(*) FROM usage_events`:                         40 * 30,
		`SELECT count(*) FROM usage_events WHERE charge_id IS NULL`: 0,
	})
	if n := b.Count(t, `SELECT sum((l ->> 'quantity')::int) FROM invoices i, json_array_elements(i.document -> 'lines') l WHERE l ->> 'unit' = 'HUR'`); n != 40*30 {
		t.Errorf("%d hours stand on invoices, want %d", n, 40*30)
	}
	b.Sound(t)
}
