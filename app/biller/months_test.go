package biller_test

import (
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
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
	return 100
}

// life is two years of a few sellers and their customers, on a clock of its own.
type life struct {
	*books
	t             *testing.T
	dice          *rand.Rand
	subscriptions []app.ID
	waiting       []app.ID // not active yet
	happened      map[string]int
	received      []store.Payment // which may be taken back
	reference     int
}

// TestTwentyFourMonths lets customers of every tax case order, change (on each 31st, the leap day and the days of 23 and 25 hours most of all), leave,
// come back, pay late, too much or not at all, and take payments back; staff credits and refunds, prices rise with an announcement, a VAT rate
// changes, and resellers at two levels are invoiced. After every day the books are looked at: entries add up to nothing, numbers have no gap, no
// period is charged twice, credits stay below what was invoiced, wholesale and retail agree, and what was issued is proved to the cent. At the end
// some of it goes through the official rules, where they are on the machine.
func TestTwentyFourMonths(t *testing.T) {
	t.Parallel()
	l := &life{t: t, dice: billingtest.Dice(t), happened: map[string]int{}}
	l.books = newBooks(t, 4, tenants(t), 2)
	l.Today = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	l.furnish()
	l.waiting = l.all(`SELECT s.id FROM subscriptions s JOIN wanted w ON w.service = s.service_id JOIN customers c ON c.id = w.customer ORDER BY w.k, c.n`)
	for end := l.Today.AddDate(2, 0, 0); l.Today.Before(end); l.Today = l.Today.AddDate(0, 0, 1) {
		l.Today = time.Date(l.Today.Year(), l.Today.Month(), l.Today.Day(), l.dice.IntN(22), 30, 0, 0, time.UTC) // any hour: sellers have days of their own
		l.day()
		if l.Today.Day() == 1 {
			l.Exec(t, `ANALYZE`)
		}
		if t.Failed() {
			t.Fatalf("on %s, after %v", l.Today.Format(time.DateOnly), l.happened)
		}
	}
	l.Sound(t)
	l.officially()
	t.Logf("%v", l.happened)
	for _, kind := range []string{"started", "invoices", "change now", "change later", "cancel", "cancel now", "reactivate", "paid", "paid late", "overpaid", "chargeback", "previews",
		"change now on a 31st", "change now on the leap day", "change now on a day of 23 or 25 hours", "price change", "credit note", "refund", "taken back late", "wholesale invoices", "VAT rate"} {
		if l.happened[kind] == 0 {
			t.Errorf("nothing of the kind %q happened", kind)
		}
	}
}

func (l *life) all(sql string) []app.ID {
	l.t.Helper()
	rows, err := l.Conn.Query(l.t.Context(), sql)
	if err != nil {
		l.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[app.ID])
	if err != nil {
		l.t.Fatal(err)
	}
	return ids
}

// day is what happens on one day: orders become active, the run, then what customers and banks do.
func (l *life) day() {
	for len(l.waiting) > 0 && l.dice.IntN(3) > 0 {
		id := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.Exec(l.t, `UPDATE subscriptions SET starts_at = $2 WHERE id = $1`, id, l.Today)
		l.subscriptions = append(l.subscriptions, id)
		l.happened["started"]++
	}
	foreseen := l.foresee()
	sum, err := l.Biller.Bill(l.t.Context(), biller.Run{})
	if err != nil || len(sum.Parked) > 0 {
		l.t.Fatalf("the run: %+v, %v", sum.Parked, err)
	}
	l.happened["invoices"] += sum.Invoices
	l.happened["wholesale invoices"] += sum.Wholesale
	l.compare(foreseen)
	l.newRates()
	more := 0
	if l.special() != "" {
		more = 40
	}
	for range 2 + len(l.subscriptions)/50 + more {
		l.customer()
	}
	l.pay()
	l.bounce()
	l.office()
	l.invariants()
	l.newDocuments()
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

// foresee previews the next invoice of one account that is due today.
func (l *life) foresee() map[app.ID]invoice.Document {
	seen := map[app.ID]invoice.Document{}
	rows, err := l.Conn.Query(l.t.Context(), `SELECT s.id, a.id FROM subscriptions s JOIN billing_accounts a USING (organization_id, seller_id, currency)
		JOIN seller_terms z ON z.organization_id = a.seller_id
		WHERE a.next_on <= ($1::timestamptz AT TIME ZONE z.zone)::date AND s.next_on = a.next_on ORDER BY s.id LIMIT 1`, l.Today)
	if err != nil {
		l.t.Fatal(err)
	}
	var subscription, account app.ID
	_, err = pgx.ForEachRow(rows, []any{&subscription, &account}, func() error { return nil })
	if err != nil {
		l.t.Fatal(err)
	}
	if subscription == (app.ID{}) {
		return seen
	}
	err = l.do(l.t.Context(), func(tx *store.Tx) error {
		document, ok, err := l.Biller.Preview(l.t.Context(), tx, subscription)
		if ok {
			seen[subscription] = document
		}
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return seen
}

// compare holds each previewed invoice against the one that was issued.
func (l *life) compare(foreseen map[app.ID]invoice.Document) {
	for subscription, want := range foreseen {
		ids := l.all(`SELECT invoice_id FROM charges WHERE kind = 'period' AND subscription_id = '` + subscription.String() + `' ORDER BY id DESC LIMIT 1`)
		if len(ids) == 0 {
			l.t.Errorf("an invoice was previewed and not issued")
			continue
		}
		err := l.do(l.t.Context(), func(tx *store.Tx) error {
			issued, _, err := tx.Invoice(l.t.Context(), ids[0])
			got := issued.Document
			got.Number, got.Payment = "", want.Payment
			if !reflect.DeepEqual(got, want) {
				l.t.Errorf("previewed\n%+v\nand issued\n%+v", want, got)
			}
			return err
		})
		if err != nil {
			l.t.Fatal(err)
		}
		l.happened["previews"]++
	}
}

// customer does something with a subscription. What the rules refuse is a Conflict, and nothing else.
func (l *life) customer() {
	if len(l.subscriptions) == 0 {
		return
	}
	id, what := l.subscriptions[l.dice.IntN(len(l.subscriptions))], ""
	price := billingtest.Euro(500 + l.dice.Int64N(5000))
	err := l.do(l.t.Context(), func(tx *store.Tx) (err error) {
		switch l.dice.IntN(13) {
		case 0, 1, 2:
			what = "change now"
			_, err = l.Biller.ChangeNow(l.t.Context(), tx, id, biller.Plan{Name: "Redmine, large", Price: price})
		case 3:
			what = "change later"
			_, err = l.Biller.ChangeLater(l.t.Context(), tx, id, biller.Plan{Name: "Redmine, medium", Price: price})
		case 4:
			what = "cancel"
			_, err = l.Biller.Cancel(l.t.Context(), tx, id)
		case 5:
			if what = "nothing"; l.dice.IntN(6) == 0 {
				what = "cancel now"
				_, err = l.Biller.CancelNow(l.t.Context(), tx, id)
			}
		case 6, 7:
			what = "reactivate"
			err = l.Biller.Reactivate(l.t.Context(), tx, id)
		case 8:
			what, err = l.announce(tx, id, price)
		default:
			what = "nothing"
		}
		return err
	})
	l.tried(what, err)
	if err == nil && l.special() != "" {
		l.happened[what+l.special()]++
	}
}

// pay brings in some of what is open, a little too much now and then, and takes some of it back.
func (l *life) pay() {
	rows, err := l.Conn.Query(l.t.Context(), `
		SELECT i.seller_id, i.buyer_id, i.gross_minor, i.due_on < $3 FROM invoices i JOIN organizations o ON o.id = i.buyer_id WHERE i.kind = 'invoice' AND i.gross_minor > 0 AND i.issued_on > $1
		ORDER BY md5(i.number || o.slug || $2) LIMIT 5`, l.Today.AddDate(0, 0, -45), strconv.Itoa(l.reference), l.Today)
	if err != nil {
		l.t.Fatal(err)
	}
	type owed struct {
		Seller, Buyer app.ID
		Gross         int64
		Late          bool
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByPos[owed])
	if err != nil {
		l.t.Fatal(err)
	}
	for _, o := range open {
		l.reference++
		p := store.Payment{Customer: o.Buyer, Seller: o.Seller, Through: "bank", Reference: strconv.Itoa(l.reference),
			Amount: billingtest.Euro(o.Gross), PaidOn: billing.DateIn(l.Today, time.UTC)}
		what := "paid"
		if o.Late {
			what = "paid late"
		}
		if l.dice.IntN(8) == 0 {
			what, p.Amount.Minor = "overpaid", p.Amount.Minor+1+l.dice.Int64N(900)
		}
		back := l.dice.IntN(15) == 0
		err := l.do(l.t.Context(), func(tx *store.Tx) error {
			if err := l.Biller.Receive(l.t.Context(), tx, p); err != nil || !back {
				return err
			}
			return l.Biller.ChargeBack(l.t.Context(), tx, p, billingtest.Euro(750))
		})
		if err != nil {
			l.t.Fatalf("%s: %v", what, err)
		}
		l.happened[what]++
		if back {
			l.happened["chargeback"]++
		} else {
			l.received = append(l.received, p)
		}
	}
}

// invariants looks at the books.
func (l *life) invariants() {
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
	if n := l.Count(l.t, `SELECT count(*) FROM invoices i WHERE i.kind = 'invoice'
		AND i.gross_minor < (SELECT sum(c.gross_minor) FROM invoices c WHERE c.corrects = i.id)`); n != 0 {
		l.t.Errorf("%d invoices are credited with more than they asked", n)
	}
}
