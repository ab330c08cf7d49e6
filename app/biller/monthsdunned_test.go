package biller_test

import (
	"strings"
	"testing"
	"time"

	"allotment/billing/billingtest"
)

// TestAskedFindsWhatIsOff proves that what the two years ask of dunning can fail: after some months in which customers were reminded and held, it lets dunning
// have done what it must not, one thing after the other, and reads what is said about it.
func TestAskedFindsWhatIsOff(t *testing.T) {
	t.Parallel()
	l := &life{t: t, dice: billingtest.Dice(t), happened: map[string]int{}, spent: map[string]time.Duration{}}
	l.books = newBooks(t, 4, 60, 2)
	l.Today = time.Date(2027, 3, 1, 9, 30, 0, 0, time.UTC)
	l.furnish()
	for _, s := range l.shops { // so that soon enough nobody has paid
		s.pace = 4
		for _, customer := range s.customers[:len(s.customers)/2] {
			s.habits[customer] = reluctant
		}
	}
	for held := 0; held == 0 || l.happened["warned"] == 0; l.Today = l.Today.AddDate(0, 0, 1) {
		l.live()
		held = l.Count(t, `SELECT count(*) FROM holds WHERE released_at IS NULL`)
		if t.Failed() || l.Today.Year() > 2027 {
			t.Fatalf("on %s, after %v", l.Today.Format(time.DateOnly), l.happened)
		}
	}
	l.Today = l.Today.AddDate(0, 0, -1)
	some := `(SELECT account FROM dunned WHERE stage = 'reminded' ORDER BY at LIMIT 1)`
	again := `INSERT INTO dunned SELECT account, organization_id, seller_id, stage, since, oldest, $1 FROM dunned WHERE stage = 'reminded' AND account = ` + some + ` LIMIT 1`
	for name, c := range map[string]struct{ sql, says string }{
		"reminded twice":      {again, "was taken twice for the invoice"},
		"told of nothing":     {strings.Replace(again, "since, oldest", "since - 900, NULL", 1), "was told 0 times"},
		"told without a step": {`DELETE FROM dunned WHERE at = $1`, "no step was taken"},
		"while a payment is on its way": {`WITH d AS (` + again + ` RETURNING *) INSERT INTO payment_attempts (organization_id, id, seller_id, through, account, kind, invoice_id, currency, amount_minor,
			state, created_at, changed_at, checked_at) SELECT organization_id, gen_random_uuid(), seller_id, 'stripe', '', 'checkout', oldest, 'EUR', 100, 'processing', $1, $1, $1 FROM d`,
			"while a payment of"},
		"nothing is late":   {`WITH d AS (` + again + ` RETURNING *) UPDATE receivables r SET open_minor = 0 FROM d WHERE r.buyer_id = d.organization_id AND $1::timestamptz IS NOT NULL`, "owes nothing that is late"},
		"held and paid":     {`UPDATE receivables SET open_minor = 0 WHERE $1::timestamptz IS NOT NULL`, "is held, and nothing that is late is unpaid"},
		"not held":          {`UPDATE holds SET released_at = $1`, "is not held, although dunning says"},
		"forgotten":         {`WITH h AS (UPDATE holds SET released_at = $1 RETURNING service_id), o AS (UPDATE operations SET state = 'done' WHERE state = 'running') UPDATE services SET state = 'suspended' WHERE id IN (SELECT service_id FROM h)`, "nothing holds it and nothing is being done"},
		"ended and goes on": {`UPDATE billing_accounts SET stage = 'ended' WHERE id = ` + some + ` AND $1::timestamptz IS NOT NULL`, "although its dunning has ended"},
		"ended by nobody":   {`INSERT INTO dunned SELECT gen_random_uuid(), id, id, 'ended', current_date, NULL, $1 FROM organizations WHERE kind = 'reseller' LIMIT 1`, "ends nobody"},
	} {
		l.Exec(t, `BEGIN`)
		l.Exec(t, `SET LOCAL session_replication_role = replica`) // no triggers, no foreign keys
		l.Exec(t, c.sql, l.Today)
		off, err := ask(t.Context(), l.Conn, dunningChecks, l.Today)
		if err != nil || !strings.Contains(strings.Join(off, "\n"), c.says) {
			t.Errorf("%s: %q is not among %q (%v)", name, c.says, off, err)
		}
		l.Exec(t, `ROLLBACK`)
	}
}
