// Package biller is the billing engine: it issues what subscriptions owe, in chunks of one transaction each, and proves that the books agree
// with the invoices. What is owed and how it is taxed is decided in package billing; this package brings it to the store.
package biller

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/tax"
)

// Biller issues invoices.
type Biller struct {
	store *store.Store
	rates tax.Table
	log   *slog.Logger
	now   func() time.Time
	zones sync.Map               // *time.Location by name: reading one from its file takes as long as a draft
	above atomic.Pointer[app.ID] // the operator, once there is one: it stays
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

// operator is above all tenants. NotFound where nobody has set this up yet.
func (b *Biller) operator(ctx context.Context) (app.ID, error) {
	if known := b.above.Load(); known != nil {
		return *known, nil
	}
	id, err := b.store.Operator(ctx)
	if err == nil {
		b.above.Store(&id)
	}
	return id, err
}

// Bill issues everything that is due. It may run twice at once, be killed and be run again: a period of a subscription is charged once,
// and numbers have no gap, because each chunk is one transaction that advances what it charged.
func (b *Biller) Bill(ctx context.Context, r Run) (Summary, error) {
	sum := Summary{Totals: map[string]int64{}}
	operator, err := b.operator(ctx)
	if err != nil {
		return sum, err
	}
	due, err := b.begin(ctx, operator, r, &sum)
	if err != nil {
		return sum, err
	}
	if err := b.chunks(ctx, operator, r, due, &sum); err != nil || r.DryRun {
		return sum, err
	}
	return sum, b.billResellers(ctx, operator, r, &sum)
}

// begin finds out until when things are due, and how many accounts that is.
func (b *Biller) begin(ctx context.Context, operator app.ID, r Run, sum *Summary) (due store.Due, err error) {
	err = b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
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
		if zone, err := b.zone(name); err == nil {
			due.Zones[name] = billing.DateIn(b.now(), zone)
		}
	}
	return due, err
}
