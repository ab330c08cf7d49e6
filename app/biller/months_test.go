package biller_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	pretend "allotment/e2e/stripe"
)

// tenants is how many customers live through the two years; the campaign sets 2,000.
func tenants(t *testing.T) int {
	if text := os.Getenv("ALLOTMENT_TENANTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 150
}

// life is two years of a few sellers and their customers, on a clock of its own.
type life struct {
	*books
	t        *testing.T
	dice     *rand.Rand
	shops    []*shop
	happened map[string]int
	spent    map[string]time.Duration // by what was done
	day      *dayBooks
	stripe   *pretend.Server
	portal   *portal.Portal
	payments *payment.Engine
}

// TestTwentyFourMonths lets customers of every tax case order, change (on each 31st, the leap day and the days of 23 and 25 hours most of all), leave,
// come back, pay late, too much or not at all, and take payments back. Some pay through a provider, whose charges are refused, ask the person, take
// days or are contested; who does not pay is reminded, held and at last terminated, and runs again after paying. Staff credits and refunds, prices
// rise with an announcement, a VAT rate changes, and resellers at two levels are invoiced. After every day the books are looked at: entries add up to
// nothing, numbers have no gap, no period is charged twice, credits stay below what was invoiced, wholesale and retail agree, what was issued is proved
// to the cent, and dunning did nothing twice and nothing too early. That is proved of all that is new, and once a month of all there is. At the end some of
// it goes through the official rules, where they are on the machine.
func TestTwentyFourMonths(t *testing.T) {
	t.Parallel()
	l := &life{t: t, dice: billingtest.Dice(t), happened: map[string]int{}, spent: map[string]time.Duration{}}
	began := time.Now()
	n := tenants(t)
	l.books = newBooks(t, 4, n, 2)
	l.Today = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	l.furnish()
	defer func() { t.Logf("until %s, the time went to %v", l.Today.Format(time.DateOnly), l.spent) }()
	for end := l.Today.AddDate(2, 0, 0); l.Today.Before(end); l.Today = l.Today.AddDate(0, 0, 1) {
		l.Today = time.Date(l.Today.Year(), l.Today.Month(), l.Today.Day(), l.dice.IntN(22), 30, 0, 0, time.UTC) // any hour: sellers have days of their own
		l.live()
		if l.Today.Day() == 1 {
			l.month()
		}
		if t.Failed() {
			t.Fatalf("on %s, after %v", l.Today.Format(time.DateOnly), l.happened)
		}
	}
	l.timed("all of the books", func() { l.Sound(t) })
	l.count()
	l.timed("the official rules", l.officially)
	t.Logf("%d tenants, %s: %v", n, time.Since(began).Round(time.Second), l.happened)
	for _, kind := range mustHappen {
		if l.happened[kind] == 0 && n >= 100 {
			t.Errorf("nothing of the kind %q happened", kind)
		}
	}
}

// mustHappen is what two years of a hundred tenants or more do not pass without.
var mustHappen = []string{
	"started", "invoices", "change now", "change later", "cancel", "cancel now", "reactivate", "paid", "paid late", "paid in part", "overpaid", "chargeback", "previews",
	"change now on a 31st", "change now on the leap day", "change now on a day of 23 or 25 hours", "price change", "credit note", "refund", "taken back late",
	"wholesale invoices", "VAT rate", "coupons", "trials", "sold by resellers",
	"charges begun", "charges succeeded", "charges failed", "charges failed, later succeeded", "charges to be confirmed", "debits processing for days", "disputes", "disputes won",
	"reminded", "warned", "held", "grace", "ended", "runs again", "dunning waits for a payment",
}

// timed does something and notes how long it took.
func (l *life) timed(what string, do func()) {
	began := time.Now()
	do()
	l.spent[what] += time.Since(began)
}

// live is what happens on one day: orders become active, the run, then what customers, banks, staff and the provider do, and at last dunning.
func (l *life) live() {
	l.each("beginnings", (*shop).begin)
	foreseen := map[app.ID]invoice.Document{}
	l.timed("previews", func() { foreseen = l.foresee() })
	l.timed("runs", func() {
		sum, err := l.Biller.Bill(l.t.Context(), biller.Run{})
		if err != nil || len(sum.Parked) > 0 {
			l.t.Fatalf("the run: %+v, %v", sum.Parked, err)
		}
		l.happened["invoices"] += sum.Invoices
		l.happened["wholesale invoices"] += sum.Wholesale
	})
	l.timed("previews", func() { l.compare(foreseen) })
	l.newRates()
	l.each("customers", (*shop).change)
	l.each("payments", (*shop).pay)
	l.each("staff", (*shop).office)
	l.timed("provider", l.collect)
	l.timed("dunning", l.dun)
	l.timed("invariants", l.prove)
}

// each lets the shops live a part of their day, as many at once as there are cores. Each has dice of its own, so that their order does not matter.
func (l *life) each(what string, part func(*shop) error) {
	l.t.Helper()
	l.timed(what, func() {
		var all errgroup.Group
		all.SetLimit(runtime.GOMAXPROCS(0))
		for _, s := range l.shops {
			all.Go(func() error { return part(s) })
		}
		if err := all.Wait(); err != nil {
			l.t.Fatalf("%s: %v", what, err)
		}
	})
}

// month is what comes once in a month: the sums are added up, as by the schedule, and all of the books are looked at.
func (l *life) month() {
	l.t.Logf("%s: %d documents, %v", l.Today.Format(time.DateOnly), l.day.seen["invoices"], l.spent)
	l.Exec(l.t, `ANALYZE`)
	if err := l.Store.AddUp(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	l.timed("all of the books", func() {
		err := l.Store.Read(l.t.Context(), l.Operator, func(tx *store.Tx) error {
			off, err := tx.CheckBooks(l.t.Context())
			for _, sentence := range off {
				l.t.Error(sentence)
			}
			return err
		})
		if err != nil {
			l.t.Fatal(err)
		}
		for table, seen := range l.day.seen {
			if n := l.Count(l.t, `SELECT count(*) FROM `+table); n != seen {
				l.t.Errorf("%d rows of %s, of which the days have proved %d", n, table, seen)
			}
		}
	})
}

// count adds up what happened in the shops.
func (l *life) count() {
	for _, s := range l.shops {
		for _, what := range slices.Sorted(maps.Keys(s.happened)) {
			l.happened[what] += s.happened[what]
		}
	}
	l.happened["charges begun"] = l.Count(l.t, `SELECT count(*) FROM payment_attempts WHERE kind = 'charge'`)
	l.happened["charges succeeded"] = l.Count(l.t, `SELECT count(*) FROM payment_attempts WHERE kind = 'charge' AND state = 'succeeded'`)
	l.happened["charges failed"] = l.Count(l.t, `SELECT count(*) FROM payment_attempts WHERE kind = 'charge' AND state = 'failed'`)
	l.happened["charges failed, later succeeded"] = l.Count(l.t, `SELECT count(*) FROM payment_attempts a JOIN payment_attempts b USING (invoice_id)
		WHERE a.state = 'failed' AND b.state = 'succeeded' AND b.nth > a.nth`)
	l.happened["coupons"] = l.Count(l.t, `SELECT count(*) FROM invoices, json_array_elements(document -> 'lines') line WHERE line ->> 'discounts' LIKE '%DEMO%'`)
	l.happened["trials"] = l.Count(l.t, `SELECT count(*) FROM subscriptions s WHERE trial_days > 0 AND EXISTS (SELECT FROM charges c WHERE c.subscription_id = s.id
		AND c.kind = 'period' AND c.period_start >= (s.starts_at AT TIME ZONE 'UTC')::date + s.trial_days - 1)`)
	l.happened["sold by resellers"] = l.Count(l.t, `SELECT count(*) FROM charges c JOIN subscriptions s ON s.id = c.subscription_id WHERE c.kind = 'period' AND jsonb_array_length(s.wholesale) > 0`)
	l.happened["disputes"] = l.Count(l.t, `SELECT count(*) FROM payments WHERE through = 'stripe' AND kind = 'chargeback'`)
}

// foresee previews the next invoice of one account that is due today.
func (l *life) foresee() map[app.ID]invoice.Document {
	seen := map[app.ID]invoice.Document{}
	rows, err := l.Conn.Query(l.t.Context(), `SELECT s.id FROM billing_accounts a JOIN subscriptions s USING (organization_id, seller_id, currency)
		JOIN seller_terms z ON z.organization_id = a.seller_id
		WHERE a.next_on <= ($1::timestamptz AT TIME ZONE z.zone)::date AND s.next_on = a.next_on ORDER BY a.next_on, a.id, s.id LIMIT 1`, l.Today)
	if err != nil {
		l.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[app.ID])
	if err != nil {
		l.t.Fatal(err)
	}
	for _, id := range ids {
		l.must(func(tx *store.Tx) error {
			document, ok, err := l.Biller.Preview(l.t.Context(), tx, id)
			if ok {
				seen[id] = document
			}
			return err
		})
	}
	return seen
}

// compare holds each previewed invoice against the one that was issued.
func (l *life) compare(foreseen map[app.ID]invoice.Document) {
	for subscription, want := range foreseen {
		ids := l.all(`SELECT invoice_id FROM charges WHERE kind = 'period' AND subscription_id = $1 ORDER BY id DESC LIMIT 1`, subscription)
		if len(ids) == 0 {
			l.t.Errorf("an invoice was previewed and not issued")
			continue
		}
		l.must(func(tx *store.Tx) error {
			issued, _, err := tx.Invoice(l.t.Context(), ids[0])
			got := issued.Document
			got.Number, got.Payment = "", want.Payment
			if !reflect.DeepEqual(got, want) {
				l.t.Errorf("previewed\n%+v\nand issued\n%+v", want, got)
			}
			return err
		})
		l.happened["previews"]++
	}
}

func (l *life) all(sql string, args ...any) []app.ID {
	l.t.Helper()
	rows, err := l.Conn.Query(l.t.Context(), sql, args...)
	if err != nil {
		l.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[app.ID])
	if err != nil {
		l.t.Fatal(err)
	}
	return ids
}

func (l *life) must(fn func(*store.Tx) error) {
	l.t.Helper()
	if err := l.do(l.t.Context(), fn); err != nil {
		l.t.Fatal(err)
	}
}

// special names what is hard about today.
func (l *life) special() string {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		l.t.Fatal(err)
	}
	midnight := billing.DateIn(l.Today, zone)
	hours := time.Date(midnight.Year, midnight.Month, midnight.Day+1, 0, 0, 0, 0, zone).Sub(time.Date(midnight.Year, midnight.Month, midnight.Day, 0, 0, 0, 0, zone))
	switch {
	case hours != 24*time.Hour:
		return " on a day of 23 or 25 hours"
	case midnight.Month == time.February && midnight.Day == 29:
		return " on the leap day"
	case midnight.Day == 31:
		return " on a 31st"
	}
	return ""
}
