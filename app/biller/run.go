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
	Progress func(done Summary) // called after each chunk; nil for nobody
}

// Summary is what a run did.
type Summary struct {
	Accounts int // looked at
	Invoices int
	Charges  int
	Parked   []Parked
	Totals   map[string]int64 // gross, in minor units, by currency
}

// Parked is a subscription that could not be invoiced, and why. It stops nobody else, and is tried again at the next day's run.
type Parked struct {
	Customer     app.ID
	Subscription app.ID
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
	if r.AsOf.IsZero() {
		r.AsOf = billing.DateIn(b.now(), time.UTC)
	}
	operator, err := b.store.Operator(ctx)
	if err != nil {
		return sum, err
	}
	var after store.Account
	for {
		if err := ctx.Err(); err != nil {
			return sum, fmt.Errorf("billing run: %w", err)
		}
		var done chunkDone
		err := b.store.InTenant(ctx, system(operator), func(tx *store.Tx) (err error) {
			if done, err = b.chunk(ctx, tx, r, after); err == nil && r.DryRun {
				err = errDry
			}
			return err
		})
		if err != nil && !errors.Is(err, errDry) {
			return sum, err
		}
		sum.add(done)
		if r.Progress != nil {
			r.Progress(sum)
		}
		if done.accounts == 0 {
			return sum, nil
		}
		if r.DryRun {
			after = done.last
		}
	}
}

// chunkDone is what one transaction did.
type chunkDone struct {
	accounts int
	last     store.Account
	issues   []store.Issue
	parked   []Parked
}

func (s *Summary) add(done chunkDone) {
	s.Accounts += done.accounts
	s.Invoices += len(done.issues)
	s.Parked = append(s.Parked, done.parked...)
	for _, one := range done.issues {
		s.Charges += len(one.Charges)
		s.Totals[one.Document.Currency] += one.Document.Gross.Minor
	}
}

// chunk bills the next accounts in one transaction.
func (b *Biller) chunk(ctx context.Context, tx *store.Tx, r Run, after store.Account) (chunkDone, error) {
	accounts, err := tx.DueAccounts(ctx, r.AsOf, after, chunk)
	if err != nil || len(accounts) == 0 {
		return chunkDone{}, err
	}
	done := chunkDone{accounts: len(accounts), last: accounts[len(accounts)-1]}
	terms, err := tx.SellersTerms(ctx, sellers(accounts))
	if err != nil {
		return done, err
	}
	var subscriptions, moved []store.Advance
	for _, account := range accounts {
		result := b.account(account, terms, r.AsOf)
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
