package biller

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// chunk is how many accounts one transaction takes, and abreast how many transactions a run has under way: one is priced while another one is
// written. What is written waits its turn at the sellers' numbers.
const (
	chunk   = 500
	abreast = 2
)

// errDry ends the transaction of a dry run.
var errDry = errors.New("a dry run writes nothing")

// chunks bills all that is due. A dry run goes through the accounts in their order, since nothing that it looked at is marked.
func (b *Biller) chunks(ctx context.Context, operator app.ID, r Run, due store.Due, sum *Summary) error {
	var counting sync.Mutex
	count := func(done chunkDone) {
		counting.Lock()
		defer counting.Unlock()
		sum.add(done)
		if r.Progress != nil {
			r.Progress(*sum)
		}
	}
	lanes := abreast
	if r.DryRun {
		lanes = 1
	}
	all, ctx := errgroup.WithContext(ctx)
	for range lanes {
		all.Go(func() error {
			var after store.Account
			for {
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("billing run: %w", err)
				}
				done, err := b.step(ctx, operator, r, due, after)
				if err != nil {
					return err
				}
				count(done)
				if done.accounts == 0 {
					return nil
				}
				if r.DryRun {
					after = done.last
				}
			}
		})
	}
	return all.Wait()
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
	err := b.store.InBulk(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		accounts, err := b.take(ctx, tx, r, due, after)
		if err != nil || len(accounts) == 0 {
			return err
		}
		if done, err = b.bill(ctx, tx, r.AsOf, accounts); err != nil {
			return err
		}
		if r.DryRun {
			return errDry
		}
		return count(tx)
	})
	if errors.Is(err, errDry) {
		err = b.store.InTenant(ctx, app.SystemStaff(operator), count)
	}
	return done, err
}

// take locks the next accounts. Where others hold all that is left, it waits for them: a run ends only when nothing is due any more, so that what a
// killed one held is done by the next, and not an hour later. A dry run waits for nobody.
func (b *Biller) take(ctx context.Context, tx *store.Tx, r Run, due store.Due, after store.Account) ([]store.Account, error) {
	accounts, err := tx.DueAccounts(ctx, due, after, chunk)
	if err != nil || len(accounts) > 0 || r.DryRun {
		return accounts, err
	}
	if left, err := tx.AwaitDue(ctx, due); err != nil || !left {
		return nil, err
	}
	return tx.DueAccounts(ctx, due, after, chunk)
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

// bill bills locked accounts, whose subscriptions are not read yet, in one transaction: what is due by asOf, or where there is none by each seller's own day.
func (b *Biller) bill(ctx context.Context, tx *store.Tx, asOf billing.Date, accounts []store.Account) (chunkDone, error) {
	done := chunkDone{accounts: len(accounts), last: accounts[len(accounts)-1]}
	basis, err := tx.Basis(ctx, accounts)
	if err != nil {
		return done, err
	}
	if err := b.exchange(ctx, tx, basis.Terms, accounts...); err != nil {
		return done, err
	}
	var subscriptions, moved []store.Advance
	for _, account := range accounts {
		result := b.account(account, basis.Terms, b.dueOn(asOf, basis.Terms[account.Seller]))
		done.issues = append(done.issues, result.issues...)
		done.parked = append(done.parked, result.parked...)
		subscriptions = append(subscriptions, result.subscriptions...)
		moved = append(moved, result.account)
	}
	// From here on the sellers' numbers are held: what can be done before is done.
	if err := tx.AdvanceBilling(ctx, subscriptions, moved, done.issues); err != nil {
		return done, err
	}
	for i := range done.issues {
		if err := finish(&done.issues[i], basis.Terms[done.issues[i].Seller]); err != nil {
			return done, err
		}
	}
	if len(basis.Credit) == 0 { // nothing else is to be done with them
		return done, tx.IssueLast(ctx, done.issues, b.now())
	}
	if err := tx.InsertIssues(ctx, done.issues, b.now()); err != nil {
		return done, err
	}
	return done, b.spendCredit(ctx, tx, basis.Credit, done.issues)
}

// dueOn is the day by which a seller's charges are due. A zone that is not known counts in UTC.
func (b *Biller) dueOn(asOf billing.Date, seller store.Terms) billing.Date {
	if !asOf.IsZero() {
		return asOf
	}
	if day, err := b.today(seller); err == nil {
		return day
	}
	return billing.DateIn(b.now(), time.UTC)
}

// spendCredit pays what was just issued with what customers had already paid.
func (b *Biller) spendCredit(ctx context.Context, tx *store.Tx, rich []store.Account, issues []store.Issue) error {
	if len(issues) == 0 {
		return nil
	}
	for _, a := range rich {
		if err := b.settle(ctx, tx, a.Seller, a.Customer, a.Currency, issues[0].Document.Issued); err != nil {
			return err
		}
	}
	return nil
}
