package biller_test

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"allotment/app"
	"allotment/app/driver/stripe"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	pretend "allotment/e2e/stripe"
)

// ways are what customers pay by through the provider: most of them well, a debit that takes days, one that the bank refuses after days, a card without
// money, one whose bank asks the person each time, and one whose payments are contested.
var ways = []string{pretend.GoodCard, pretend.GoodIBAN, "4000000000000341", "AT861904300235473202", "4000002760003184", "4000000000000259", pretend.GoodCard, pretend.GoodIBAN}

// connect starts the provider, and a portal and a collector on the clock of the two years.
func (l *life) connect() {
	now := func() time.Time { return l.Today }
	var err error
	if l.stripe, err = pretend.Start(pretend.Options{Key: "sk_test_pretend", Now: now}); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { l.stripe.Close() }) //nolint:errcheck // the test ends
	driver, err := stripe.New(stripe.Config{URL: l.stripe.URL(), Key: "sk_test_pretend", Secret: "whsec_own", ConnectSecret: "whsec_connect"})
	if err != nil {
		l.t.Fatal(err)
	}
	config := portaltest.Config()
	config.Payments, config.Now = driver, now
	l.portal = portal.New(l.Store, l.Catalog, l.Vault, config, slog.New(slog.DiscardHandler))
	l.payments = l.portal.Collector()
	const account = "acct_pretend0001" // of the first reseller; the operator's is the installation's
	l.stripe.Connect(account)
	l.must(func(tx *store.Tx) error {
		return tx.SavePaymentAccount(l.t.Context(), l.shops[1].seller, payment.Stripe, account, l.Today)
	})
	for i, at := range []string{"", account} {
		s, n := l.shops[i], 0
		for j, customer := range s.customers {
			if j%5 >= 3 {
				continue
			}
			s.habits[customer] = byProvider
			l.saves(s, customer, ways[n%len(ways)], at)
			n++
		}
	}
}

// saves gives a customer a way to pay, by which invoices are collected from now on.
func (l *life) saves(s *shop, customer app.ID, number, account string) {
	name := "cus_" + customer.String()
	m := app.Method{ID: app.NewID(), Customer: customer, Seller: s.seller, Through: payment.Stripe, Reference: l.stripe.Save(account, name, number),
		Kind: "card", Last4: number[len(number)-4:], CreatedAt: l.Today}
	if number[0] > '9' {
		m.Kind = "sepa_debit"
	}
	l.must(func(tx *store.Tx) error {
		ctx := l.t.Context()
		if err := tx.SaveProviderCustomer(ctx, app.Attempt{Customer: customer, Seller: s.seller, Through: payment.Stripe, Account: account}, name); err != nil {
			return err
		}
		if _, err := tx.AddMethod(ctx, account, m); err != nil {
			return err
		}
		return tx.SetStandard(ctx, m)
	})
}

// collect is what the provider's part of the day is: charges begin and are carried out, debits arrive or fail, notices are applied, some of those who were
// refused save another card, and some disputes are won.
func (l *life) collect() {
	ctx := l.t.Context()
	if _, err := l.payments.Collect(ctx); err != nil {
		l.t.Fatal(err)
	}
	rows, err := l.Conn.Query(ctx, `SELECT organization_id, id FROM payment_attempts WHERE state = 'created' ORDER BY id`)
	if err != nil {
		l.t.Fatal(err)
	}
	jobs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[store.PaymentJob])
	if err != nil {
		l.t.Fatal(err)
	}
	var carriers errgroup.Group
	carriers.SetLimit(2)
	for _, job := range jobs {
		carriers.Go(func() error { _, err := l.payments.Carry(ctx, job); return err })
	}
	if err := carriers.Wait(); err != nil {
		l.t.Fatal(err)
	}
	l.happened["debits processing for days"] += l.Count(l.t, `SELECT count(*) FROM payment_attempts WHERE state = 'processing' AND created_at < $1`, l.Today.AddDate(0, 0, -2))
	l.happened["charges to be confirmed"] += l.Count(l.t, `SELECT count(*) FROM payment_attempts WHERE kind = 'charge' AND state = 'requires_action' AND created_at = $1`, l.Today)
	l.stripe.Advance(0)
	if err := l.payments.Sweep(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.notices()
	l.afterwards()
}

// notices applies what the provider has told, as a worker does.
func (l *life) notices() {
	var waiting []store.NoticeJob
	l.must(func(tx *store.Tx) (err error) {
		waiting, err = tx.WaitingNotices(l.t.Context(), l.Today.Add(time.Hour), 10_000)
		return err
	})
	for _, job := range waiting {
		if err := l.payments.Apply(l.t.Context(), job); err != nil {
			l.t.Fatal(err)
		}
	}
}

// afterwards: every other one who was refused saves a good card, and every third dispute is won.
func (l *life) afterwards() {
	for _, s := range l.shops[:2] {
		account := ""
		if s != l.shops[0] {
			account = "acct_pretend0001"
		}
		for _, customer := range l.all(`SELECT DISTINCT organization_id FROM payment_attempts WHERE seller_id = $1 AND kind = 'charge' AND state = 'failed' AND changed_at = $2
			AND NOT EXISTS (SELECT FROM payment_methods m WHERE m.organization_id = payment_attempts.organization_id AND m.created_at > $2 - interval '60 days')`, s.seller, l.Today) {
			if s.refused++; s.refused%2 == 0 {
				l.saves(s, customer, pretend.GoodCard, account)
			}
		}
		rows, err := l.Conn.Query(l.t.Context(), `SELECT reference FROM payments WHERE seller_id = $1 AND through = 'stripe' AND kind = 'chargeback' AND created_at = $2 ORDER BY reference`, s.seller, l.Today)
		if err != nil {
			l.t.Fatal(err)
		}
		disputes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			l.t.Fatal(err)
		}
		for _, dispute := range disputes {
			if s.disputed++; s.disputed%3 == 0 {
				l.stripe.Win(account, dispute)
				l.happened["disputes won"]++
			}
		}
	}
}

// dun runs dunning as the schedule does, and lets the operations of yesterday end well: here, nothing is below them.
func (l *life) dun() {
	ctx := l.t.Context()
	l.Exec(l.t, `UPDATE services s SET state = CASE p.kind WHEN 'suspend' THEN 'suspended' WHEN 'resume' THEN 'active' ELSE 'terminated' END,
		terminated_at = CASE p.kind WHEN 'terminate' THEN $1::timestamptz END
		FROM operations p WHERE p.service_id = s.id AND p.state = 'running'`, l.Today)
	l.Exec(l.t, `UPDATE operations SET state = 'done', ended_at = $1 WHERE state = 'running'`, l.Today)
	if err := l.portal.AlignHolds(ctx); err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.portal.Dun(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.Exec(l.t, `INSERT INTO dunned (account, organization_id, seller_id, stage, since, oldest, at)
		SELECT a.id, a.organization_id, a.seller_id, a.stage, a.since, (SELECT r.invoice_id FROM receivables r WHERE r.seller_id = a.seller_id AND r.buyer_id = a.organization_id
			AND r.currency = a.currency AND r.open_minor > 0 ORDER BY r.due_on, r.invoice_id LIMIT 1), $1
		FROM billing_accounts a LEFT JOIN stages s ON s.account = a.id
		WHERE (a.stage, a.since) IS DISTINCT FROM (coalesce(s.stage, 'clear'), s.since)`, l.Today)
	for _, stage := range []string{"reminded", "warned", "held", "grace", "ended"} {
		l.happened[stage] += l.Count(l.t, `SELECT count(*) FROM dunned WHERE at = $1 AND stage = $2`, l.Today, stage)
	}
	l.happened["runs again"] += l.Count(l.t, `SELECT count(*) FROM dunned d JOIN stages s USING (account) WHERE d.at = $1 AND d.stage = 'clear' AND s.stage IN ('held', 'grace')`, l.Today)
	l.happened["dunning waits for a payment"] += l.Count(l.t, waits, l.Today)
	l.askDunning()
	l.Exec(l.t, `INSERT INTO stages SELECT account, stage, since FROM dunned WHERE at = $1 ON CONFLICT (account) DO UPDATE SET stage = excluded.stage, since = excluded.since`, l.Today)
}
