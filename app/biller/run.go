// Package biller is the billing engine: it issues what subscriptions owe, in chunks of one transaction each, and proves that the books agree
// with the invoices. What is owed and how it is taxed is decided in package billing; this package brings it to the store.
package biller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/tax"
)

// chunk is how many accounts one transaction takes.
const chunk = 200

// Biller issues invoices.
type Biller struct {
	store *store.Store
	rates tax.Table
	log   *slog.Logger
	now   func() time.Time
}

// New makes the engine. Rates stand in the place of the VAT rates that the store has; nil for the store's own. now is the clock, which tests
// replace.
func New(st *store.Store, rates tax.Table, log *slog.Logger, now func() time.Time) *Biller {
	return &Biller{store: st, rates: rates, log: log, now: now}
}

// Run is what a run is asked for.
type Run struct {
	AsOf     billing.Date       // everything that is due by then; none is today, in each seller's zone
	DryRun   bool               // compute all of it, and write nothing
	ID       app.ID             // the row that counts it; zero for none
	Progress func(done Summary) // called after each chunk; nil for nobody
}

// Summary is what a run did.
type Summary struct {
	Total     int // accounts that were due when it began
	Accounts  int // looked at
	Invoices  int
	Charges   int
	Parked    []Parked
	Wholesale int              // invoices to resellers, which are not among Invoices
	Totals    map[string]int64 // gross, in minor units, by currency
}

// Parked is a subscription that could not be invoiced, and why. It stops nobody else, and is tried again at the next day's run.
type Parked struct {
	Customer     app.ID
	Subscription app.ID // zero for a reseller's wholesale invoice
	Reason       string
}

// system is the engine as it acts over all tenants.
func system(operator app.ID) app.Actor {
	return app.Actor{Organization: operator, Kind: app.Operator, Role: app.RoleOperatorAdmin, State: app.OrganizationActive, Name: "Allotment"}
}

// errDry ends the transaction of a dry run.
var errDry = errors.New("a dry run writes nothing")

// Bill issues everything that is due. It may run twice at once, be killed and be run again: a period of a subscription is charged once,
// and numbers have no gap, because each chunk is one transaction that advances what it charged.
func (b *Biller) Bill(ctx context.Context, r Run) (Summary, error) {
	sum := Summary{Totals: map[string]int64{}}
	operator, err := b.store.Operator(ctx)
	if err != nil {
		return sum, err
	}
	due, err := b.begin(ctx, operator, r, &sum)
	if err != nil {
		return sum, err
	}
	var after store.Account
	for {
		if err := ctx.Err(); err != nil {
			return sum, fmt.Errorf("billing run: %w", err)
		}
		done, err := b.step(ctx, operator, r, due, after)
		if err != nil {
			return sum, err
		}
		sum.add(done)
		if r.Progress != nil {
			r.Progress(sum)
		}
		if done.accounts == 0 {
			break
		}
		if r.DryRun {
			after = done.last
		}
	}
	if r.DryRun {
		return sum, nil
	}
	return sum, b.billResellers(ctx, operator, r, &sum)
}

// begin finds out until when things are due, and how many accounts that is.
func (b *Biller) begin(ctx context.Context, operator app.ID, r Run, sum *Summary) (due store.Due, err error) {
	err = b.store.InTenant(ctx, system(operator), func(tx *store.Tx) error {
		if due, err = b.due(ctx, tx, r.AsOf); err != nil {
			return err
		}
		if sum.Total, err = tx.CountDue(ctx, due); err != nil || r.ID == (app.ID{}) {
			return err
		}
		return tx.StartBillingRun(ctx, r.ID, sum.Total, b.now())
	})
	return due, err
}

// due is by which day accounts are due: asOf, or where there is none each seller's own day. A zone that is not known counts in UTC.
func (b *Biller) due(ctx context.Context, tx *store.Tx, asOf billing.Date) (store.Due, error) {
	if !asOf.IsZero() {
		return store.Due{Day: asOf}, nil
	}
	due := store.Due{Day: billing.DateIn(b.now(), time.UTC), Zones: map[string]billing.Date{}}
	zones, err := tx.SellersZones(ctx)
	for _, name := range zones {
		if zone, err := time.LoadLocation(name); err == nil {
			due.Zones[name] = billing.DateIn(b.now(), zone)
		}
	}
	return due, err
}

// step bills the next accounts in one transaction, in which the run counts them too. A dry run's is taken back, and counts afterwards.
func (b *Biller) step(ctx context.Context, operator app.ID, r Run, due store.Due, after store.Account) (chunkDone, error) {
	var done chunkDone
	count := func(tx *store.Tx) error {
		if r.ID == (app.ID{}) || done.accounts == 0 {
			return nil
		}
		return tx.CountInRun(ctx, r.ID, done.tally())
	}
	err := b.store.InTenant(ctx, system(operator), func(tx *store.Tx) error {
		accounts, err := tx.DueAccounts(ctx, due, after, chunk)
		if err != nil || len(accounts) == 0 {
			return err
		}
		if done, err = b.bill(ctx, tx, due, accounts); err != nil {
			return err
		}
		if r.DryRun {
			return errDry
		}
		return count(tx)
	})
	if errors.Is(err, errDry) {
		err = b.store.InTenant(ctx, system(operator), count)
	}
	return done, err
}

// chunkDone is what one transaction did.
type chunkDone struct {
	accounts int
	last     store.Account
	issues   []store.Issue
	parked   []Parked
}

// tally is what a run's row counts of it.
func (d chunkDone) tally() store.Tally {
	t := store.Tally{Accounts: d.accounts, Invoices: len(d.issues), Parked: len(d.parked), Totals: map[string]int64{}}
	for _, one := range d.issues {
		t.Charges += len(one.Charges)
		t.Totals[one.Document.Currency] += one.Document.Gross.Minor
	}
	return t
}

func (s *Summary) add(done chunkDone) {
	t := done.tally()
	s.Accounts, s.Invoices, s.Charges = s.Accounts+t.Accounts, s.Invoices+t.Invoices, s.Charges+t.Charges
	s.Parked = append(s.Parked, done.parked...)
	for currency, minor := range t.Totals {
		s.Totals[currency] += minor
	}
}

// bill bills locked accounts in one transaction.
func (b *Biller) bill(ctx context.Context, tx *store.Tx, due store.Due, accounts []store.Account) (chunkDone, error) {
	done := chunkDone{accounts: len(accounts), last: accounts[len(accounts)-1]}
	terms, err := tx.SellersTerms(ctx, sellers(accounts))
	if err != nil {
		return done, err
	}
	var subscriptions, moved []store.Advance
	for _, account := range accounts {
		result := b.account(account, terms, dueOn(due, terms[account.Seller]))
		done.issues = append(done.issues, result.issues...)
		done.parked = append(done.parked, result.parked...)
		subscriptions = append(subscriptions, result.subscriptions...)
		moved = append(moved, result.account)
	}
	if err := tx.TakeNumbers(ctx, done.issues); err != nil {
		return done, err
	}
	for i := range done.issues {
		if err := finish(&done.issues[i], terms[done.issues[i].Seller]); err != nil {
			return done, err
		}
	}
	if err := tx.InsertIssues(ctx, done.issues, b.now()); err != nil {
		return done, err
	}
	if err := tx.AdvanceBilling(ctx, subscriptions, moved); err != nil {
		return done, err
	}
	return done, b.spendCredit(ctx, tx, accounts, done.issues)
}

// dueOn is the day by which a seller's charges are due.
func dueOn(due store.Due, seller store.Terms) billing.Date {
	if day, ok := due.Zones[seller.Zone]; ok {
		return day
	}
	return due.Day
}

// spendCredit pays what was just issued with what customers have already paid.
func (b *Biller) spendCredit(ctx context.Context, tx *store.Tx, accounts []store.Account, issues []store.Issue) error {
	if len(issues) == 0 {
		return nil
	}
	rich, err := tx.AccountsWithCredit(ctx, accounts)
	if err != nil {
		return err
	}
	for _, a := range rich {
		if err := b.settle(ctx, tx, a.Seller, a.Customer, a.Currency, issues[0].Document.Issued); err != nil {
			return err
		}
	}
	return nil
}

func sellers(accounts []store.Account) []app.ID {
	var all []app.ID
	seen := map[app.ID]bool{}
	for _, a := range accounts {
		if !seen[a.Seller] {
			seen[a.Seller] = true
			all = append(all, a.Seller)
		}
	}
	return all
}
