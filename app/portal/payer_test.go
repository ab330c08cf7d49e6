package portal_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/stripe"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// payer is a debtor whose seller collects through a pretend Stripe.
type payer struct {
	*debtor
	stripe *pretend.Server
}

func newPayer(t *testing.T) *payer {
	t.Helper()
	p := &payer{}
	now := func() time.Time {
		if p.debtor == nil {
			return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		}
		return p.today
	}
	var err error
	if p.stripe, err = pretend.Start(pretend.Options{Key: "sk_test_pretend", Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stripe.Close() })
	driver, err := stripe.New(stripe.Config{URL: p.stripe.URL(), Key: "sk_test_pretend", Secret: "whsec_own", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	p.debtor = newDebtor(t, func(c *portal.Config) { c.Payments = driver })
	return p
}

// saves lets the customer save a way to pay on the provider's page.
func (p *payer) saves(how string) {
	p.t.Helper()
	if _, err := p.Portal.AddMethod(p.t.Context(), p.Tenant, payment.Places{Done: "https://portal.example.test/", Back: "https://portal.example.test/"}); err != nil {
		p.t.Fatal(err)
	}
	var id app.ID
	var page string
	err := p.conn.QueryRow(p.t.Context(), `SELECT id, page FROM payment_attempts WHERE kind = 'setup' ORDER BY id DESC LIMIT 1`).Scan(&id, &page)
	if err != nil || !p.stripe.Complete(page, how) {
		p.t.Fatalf("%s cannot be saved (%v)", how, err)
	}
	if a, err := p.Portal.LookAtPayment(p.t.Context(), p.Tenant, id); err != nil || a.State != app.AttemptSucceeded {
		p.t.Fatalf("it is %s (%v)", a.State, err)
	}
}

// hour is what happens once an hour, a number of days later: what is under way is asked after and collected, and then dunning looks.
func (p *payer) hour(days int) (steps int) {
	p.t.Helper()
	p.today = p.today.AddDate(0, 0, days)
	p.stripe.Advance(0)
	if err := p.Portal.Collector().Sweep(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.Portal.Collector().Collect(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.work()
	return p.later(0)
}

// work carries out what waits for a worker.
func (p *payer) work() {
	p.t.Helper()
	rows, err := p.conn.Query(p.t.Context(), `SELECT organization_id, id FROM payment_attempts WHERE state = 'created' AND kind IN ('charge', 'refund')`)
	if err != nil {
		p.t.Fatal(err)
	}
	var jobs []store.PaymentJob
	for rows.Next() {
		var job store.PaymentJob
		if err := rows.Scan(&job.Organization, &job.Attempt); err != nil {
			p.t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	for _, job := range jobs {
		if _, err := p.Portal.Collector().Carry(p.t.Context(), job); err != nil {
			p.t.Fatal(err)
		}
	}
}

// credit is what the seller owes the customer.
func (d *debtor) credit() (m billing.Money) {
	d.t.Helper()
	err := d.Store.InTenant(d.t.Context(), d.Operator, func(tx *store.Tx) (err error) {
		m, err = tx.Credit(d.t.Context(), d.Operator.Organization, d.Tenant.Organization, "EUR")
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}
