package portal

import (
	"context"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// dunnedAtOnce is how many accounts are looked for in one go. Each then has a transaction of its own.
const dunnedAtOnce = 200

// Dun takes each customer with an unpaid invoice one step further, where its seller's schedule says so: reminders, the hold of billing on its
// services, the last word, and at last their end. What was paid takes the hold off. Each step is taken once, whoever runs this how often:
// the step, its mail and its operations are one transaction. It is the engine's own chore, and returns how many steps were taken.
func (p *Portal) Dun(ctx context.Context) (steps int, err error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	tomorrow := billing.DateIn(p.now(), time.UTC).AddDays(1) // somewhere it is tomorrow already: each seller's own day decides below
	var after app.ID
	for {
		var due []store.Dunned
		err := p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
			due, err = tx.DunningDue(ctx, tomorrow, after, dunnedAtOnce)
			return err
		})
		if err != nil || len(due) == 0 {
			return steps, err
		}
		for _, d := range due {
			taken, err := p.dun(ctx, d)
			if err != nil {
				return steps, fmt.Errorf("dunning of account %s: %w", d.ID, err)
			}
			if taken {
				steps++
			}
		}
		after = due[len(due)-1].ID
	}
}

// dun takes one account one step further, if one is due.
func (p *Portal) dun(ctx context.Context, d store.Dunned) (taken bool, err error) {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		return false, fmt.Errorf("the time zone %q: %w", d.Zone, err)
	}
	today, engine := billing.DateIn(p.now(), zone), app.System(d.Customer)
	err = p.store.InTenant(ctx, engine, func(tx *store.Tx) error {
		if d, err = tx.LockDunned(ctx, d.ID); err != nil {
			return err
		}
		open, err := tx.OpenInvoices(ctx, d.Seller, d.Customer, d.Currency)
		if err != nil {
			return err
		}
		facts, owed := overdue(open, d.Currency, today)
		if facts.Processing, err = tx.PaymentProcessing(ctx, d.Seller, d.Customer, d.Currency); err != nil {
			return err
		}
		event, due := d.Policy.Next(d.State, facts, today)
		if !due {
			return nil
		}
		var action ledger.Action
		if d.State, action, err = ledger.Apply(d.State, event, today); err != nil {
			return err
		}
		taken = true
		if err := tx.SaveDunning(ctx, d); err != nil {
			return err
		}
		return p.carryOut(ctx, tx, engine, d, action, facts, owed)
	})
	return taken, err
}

// overdue says what dunning must know of open claims: the oldest, and how much is past its day.
func overdue(open []ledger.Open, currency string, today billing.Date) (ledger.Facts, billing.Money) {
	facts, owed := ledger.Facts{}, billing.Zero(currency)
	for _, o := range open {
		if facts.Oldest.IsZero() || o.Due.Before(facts.Oldest) {
			facts.Oldest = o.Due
		}
		if o.Due.Before(today) {
			owed.Minor += o.Amount.Minor
		}
	}
	return facts, owed
}

// carryOut does what a new stage asks for.
func (p *Portal) carryOut(ctx context.Context, tx *store.Tx, engine app.Actor, d store.Dunned, action ledger.Action, facts ledger.Facts, owed billing.Money) error {
	switch action {
	case ledger.Hold, ledger.Resume, ledger.End:
		if err := p.toEachService(ctx, tx, engine, d, action); err != nil {
			return err
		}
	}
	if action == ledger.Nothing || action == ledger.End {
		return nil
	}
	return p.tellOfDunning(ctx, tx, d, facts, owed)
}

func (p *Portal) toEachService(ctx context.Context, tx *store.Tx, engine app.Actor, d store.Dunned, action ledger.Action) error {
	ids, err := tx.ServicesOfAccount(ctx, d.Seller, d.Customer, d.Currency)
	if err != nil {
		return err
	}
	for _, id := range ids {
		service, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		switch action {
		case ledger.Hold:
			err = p.putHold(ctx, tx, engine, service, app.HoldBilling, "An invoice is not paid.")
		case ledger.Resume:
			err = p.releaseHold(ctx, tx, engine, service, app.HoldBilling)
		case ledger.End:
			err = p.expel(ctx, tx, engine, service)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tellOfDunning writes to those who pay. The stage and its day name the mail, so that it leaves once.
func (p *Portal) tellOfDunning(ctx context.Context, tx *store.Tx, d store.Dunned, facts ledger.Facts, owed billing.Money) error {
	people, err := tx.Payers(ctx, d.Customer)
	if err != nil {
		return err
	}
	for _, person := range people {
		err := p.post(ctx, tx, app.Mail{
			Organization: d.Customer, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailDunning,
			Data: map[string]string{"stage": string(d.State.Stage), "amount": owed.Format(person.Language), "due": facts.Oldest.String(), "path": "/services"},
			Key:  fmt.Sprintf("dunning %s/%s/%s/%s", d.ID, d.State.Stage, d.State.Since, person.Email),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// expel removes a service whose invoices stayed unpaid. Its subscription ends with it; what is claimed stays claimed.
func (p *Portal) expel(ctx context.Context, tx *store.Tx, engine app.Actor, s app.Service) error {
	agreement, err := tx.Agreement(ctx, s.ID)
	if err != nil {
		return err
	}
	if agreement.Begun() {
		if err := p.biller.Stop(ctx, tx, agreement.ID); err != nil {
			return err
		}
	}
	_, err = p.terminate(ctx, tx, engine, s, "Invoices stayed unpaid.")
	return err
}
