package program

import (
	"context"
	"errors"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/worker"
)

// chores is what is looked after once an hour.
func (p *Program) chores() []worker.Chore {
	return []worker.Chore{
		p.dropOldSessions, p.dropOldAnswers, p.forgetMails, p.careForKeys, p.reportStrays, p.Portal.AlignHolds, p.checkVATIDs, p.learnRates, p.collect, p.reconcile,
		p.counted("customers were reminded of what is unpaid", "steps", p.Portal.Dun),
		p.counted("subscribers were told of a price", "told", p.Portal.TellPrices),
		p.counted("subscribers were told of a price of use", "told", p.Portal.TellUsage),
		p.measureUse,
		p.counted("use that was invoiced long ago is kept by days", "events", p.Portal.SumUpUses),
		p.Store.AddUp, p.Portal.ExpireExports,
		p.turnSubscriptions, p.announce,
		p.counted("visits of sellers' staff are over", "visits", p.Portal.NoteVisitsOver),
	}
}

// counted is a chore that says in the log how many things it did, where there were any.
func (p *Program) counted(done, what string, do func(context.Context) (int, error)) worker.Chore {
	return func(ctx context.Context) error {
		n, err := do(ctx)
		if n > 0 {
			p.Log.Info(done, what, n)
		}
		return err
	}
}

func (p *Program) dropOldSessions(ctx context.Context) error {
	return errors.Join(p.Store.DeleteExpiredSessions(ctx, time.Now()), p.Store.DeleteExpiredSignIns(ctx, time.Now()))
}

// dropOldAnswers forgets what the API answered long ago.
func (p *Program) dropOldAnswers(ctx context.Context) error {
	return p.Store.DropAnswers(ctx, time.Now().Add(-store.AnswersKept))
}

func (p *Program) forgetMails(ctx context.Context) error { return p.Store.ForgetMails(ctx, time.Now()) }

// collect asks the payment provider after what is under way, and begins to collect what is due. It comes before dunning, which waits for both.
func (p *Program) collect(ctx context.Context) error {
	swept := p.Portal.Collector().Sweep(ctx)
	begun, err := p.Portal.Collector().Collect(ctx)
	if begun > 0 {
		p.Log.Info("invoices are being collected", "invoices", begun)
	}
	return errors.Join(swept, err)
}

// measureUse notes the hours for which measured services have run.
func (p *Program) measureUse(ctx context.Context) error {
	guests, err := p.Guests()
	if err != nil {
		return err
	}
	return p.counted("use was measured", "events", func(ctx context.Context) (int, error) { return p.Portal.MeasureUse(ctx, guests) })(ctx)
}

// turnSubscriptions begins plans that were chosen for later, and brings subscriptions to their end.
func (p *Program) turnSubscriptions(ctx context.Context) error {
	_, err := p.Portal.TurnSubscriptions(ctx)
	return err
}

// announce sends what was issued to those who pay.
func (p *Program) announce(ctx context.Context) error {
	return p.counted("documents are on their way to customers", "documents", p.Portal.AnnounceDocuments)(ctx)
}

// reportStrays tells the operator of guests that carry our mark and belong to no service. It removes nothing: a person looks first.
func (p *Program) reportStrays(ctx context.Context) error {
	guests, err := p.Guests()
	if err != nil {
		return err
	}
	var failed error
	strays, err := guests.Sweep(ctx, func(resource app.ID, number int) bool {
		known, err := p.Store.GuestKnown(ctx, resource, number)
		if err != nil {
			failed = err
		}
		return known || err != nil
	})
	for _, stray := range strays {
		p.Log.Warn("a guest with our mark belongs to no service: look at it, and remove it by hand", "guest", stray.ID, "node", stray.Node,
			"name", stray.Name, "resource", stray.Resource)
	}
	if err != nil {
		return err
	}
	return failed
}
