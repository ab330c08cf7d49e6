package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/tax"
)

// VATRegister is VIES, as this package asks it. Ask never fails: a question that nobody answers is Unanswered. It is never called inside a
// transaction.
type VATRegister interface {
	Ask(ctx context.Context, q app.VATQuestion) app.VATCheck
}

// The pauses before VIES is asked again.
const (
	firstPause   = 15 * time.Minute
	longestPause = 24 * time.Hour
	vatIDsAtOnce = 100
	givesUp      = 10 // questions in a row without an answer, after which a round ends
)

// vatQuestion is who is asked about, and what its seller wants.
type vatQuestion struct {
	organization app.ID
	seller       app.ID // the zero ID for none
	app.VATQuestion
	policy tax.Policy
	tries  int
}

// CheckVATID asks VIES about the VAT ID of the actor's own organization (the zero ID) or of one below it, in the name of its seller, and keeps
// question and answer. An answer that does not come leaves everything as it was; it is asked again by itself.
//
// Errors: NotFound; Conflict without a VAT ID; TooMany for an organization that asked often.
func (p *Portal) CheckVATID(ctx context.Context, actor app.Actor, id app.ID) (app.VATCheck, error) {
	if err := p.allowed(actor, checkVATID); err != nil {
		return app.VATCheck{}, err
	}
	var q vatQuestion
	err := p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) (err error) {
		q, err = question(ctx, tx, ofOwn(actor, id))
		return err
	})
	if err != nil {
		return app.VATCheck{}, err
	}
	if err := p.mayAskVIES(ctx, actor); err != nil {
		return app.VATCheck{}, err
	}
	answer := p.askVIES(ctx, q.VATQuestion)
	err = p.do(ctx, actor, checkVATID, func(tx *store.Tx) error {
		tx.NoteIn(q.organization, "organization "+q.organization.String(), nil, map[string]string{
			"vat_id": answer.ID, "result": string(answer.Result), "fault": answer.Fault, "consultation": answer.Consultation,
		})
		return p.keepAnswer(ctx, tx, q, answer, false)
	})
	return answer, err
}

// TryVATID asks VIES about an ID that is being typed. Nothing of it is kept.
//
// Errors: Invalid at vat_id for what is no VAT ID; TooMany for an organization that asked often.
func (p *Portal) TryVATID(ctx context.Context, actor app.Actor, text string) (app.VATCheck, error) {
	if err := actor.May(app.ManageBilling); err != nil {
		return app.VATCheck{}, err
	}
	if message := VATIDMessage(text); message != "" {
		return app.VATCheck{}, app.FieldError("vat_id", message)
	}
	id, err := tax.ParseID(text)
	if err != nil {
		return app.VATCheck{}, err
	}
	if err := p.mayAskVIES(ctx, actor); err != nil {
		return app.VATCheck{}, err
	}
	return p.askVIES(ctx, app.VATQuestion{ID: string(id)}), nil
}

// asksAtOnce is how often an organization may ask VIES within the window: who asks too often is shut out by VIES, and all others with it.
const asksAtOnce = 30

func (p *Portal) mayAskVIES(ctx context.Context, actor app.Actor) error {
	counted, err := p.store.CountAttempts(ctx, []store.Limit{{Key: "vies organization " + actor.Organization.String(), Most: asksAtOnce}}, p.now(), attemptWindow)
	if err == nil && !counted.Allowed {
		err = app.Errorf(app.TooMany, "You asked about many VAT IDs. Please wait a quarter of an hour. You can save the form meanwhile: we ask by ourselves.")
	}
	return err
}

func (p *Portal) askVIES(ctx context.Context, q app.VATQuestion) app.VATCheck {
	if p.cfg.VAT == nil {
		return app.VATCheck{ID: q.ID, Requester: q.Requester, Result: app.VATUnanswered, Fault: "NOT_CONFIGURED", AskedAt: p.now()}
	}
	return p.cfg.VAT.Ask(ctx, q)
}

// question reads what VIES is to be asked about an organization.
func question(ctx context.Context, tx *store.Tx, organization app.ID) (vatQuestion, error) {
	q := vatQuestion{organization: organization}
	if _, err := tx.Organization(ctx, organization); err != nil {
		return q, err
	}
	profile, err := tx.Profile(ctx, organization)
	if err != nil {
		return q, err
	}
	if q.ID = string(profile.Buyer.ID); q.ID == "" {
		return q, app.Errorf(app.Conflict, "There is no VAT ID to ask about.")
	}
	if _, q.tries, err = tx.VATNext(ctx, organization); err != nil {
		return q, err
	}
	seller, err := tx.SellerOf(ctx, organization)
	if err != nil || seller == (app.ID{}) {
		return q, err
	}
	terms, err := tx.SellersTerms(ctx, []app.ID{seller})
	q.seller = seller
	q.Requester, q.policy = string(terms[seller].Party.VATID), terms[seller].Policy
	return q, err
}

// keepAnswer keeps a question with its answer, and says when the next one is due. That an ID is valid no more is told to those concerned; that it
// never was, only where nobody waits for the answer.
func (p *Portal) keepAnswer(ctx context.Context, tx *store.Tx, q vatQuestion, answer app.VATCheck, alone bool) error {
	if err := tx.InsertVATCheck(ctx, q.organization, answer); err != nil {
		return err
	}
	if answer.Result == app.VATUnanswered {
		pause := min(firstPause<<min(q.tries, 10), longestPause)
		return tx.ScheduleVATCheck(ctx, q.organization, p.now().Add(pause), q.tries+1)
	}
	before, current, err := tx.VATAnswered(ctx, q.organization, answer)
	if err != nil || !current { // there is another ID by now, about which VIES will be asked
		return err
	}
	if answer.Result == app.VATInvalid {
		if before == tax.Valid || alone && before != tax.Invalid {
			if err := p.tellOfVATID(ctx, tx, q, answer); err != nil {
				return err
			}
		}
		return tx.ScheduleVATCheck(ctx, q.organization, time.Time{}, 0)
	}
	return tx.ScheduleVATCheck(ctx, q.organization, p.now().AddDate(0, 0, q.policy.Recheck()), 0)
}

// CheckVATIDs asks VIES about every VAT ID that is due: new ones, those without an answer yet, and those that were answered long ago. It is the
// engine's own chore, and returns how many were answered. While VIES is away, a round ends early.
func (p *Portal) CheckVATIDs(ctx context.Context) (answered int, err error) {
	if p.cfg.VAT == nil {
		return 0, nil
	}
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	var after app.ID
	for silent := 0; silent < givesUp; {
		var due []store.VATDue
		err := p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
			due, err = tx.VATIDsDue(ctx, p.now(), after, vatIDsAtOnce)
			return err
		})
		if err != nil || len(due) == 0 {
			return answered, err
		}
		for _, d := range due {
			after = d.Organization
			result, err := p.checkDue(ctx, d.Organization)
			if err != nil {
				return answered, err
			}
			if silent++; result != app.VATUnanswered {
				silent, answered = 0, answered+1
			}
			if silent == givesUp {
				break
			}
		}
	}
	return answered, nil
}

// checkDue asks about one organization, as the engine.
func (p *Portal) checkDue(ctx context.Context, organization app.ID) (app.VATResult, error) {
	engine := app.System(organization)
	var q vatQuestion
	err := p.store.Read(ctx, engine, func(tx *store.Tx) (err error) {
		q, err = question(ctx, tx, organization)
		return err
	})
	if app.CodeOf(err) == app.Conflict { // it has none any more
		return app.VATInvalid, nil
	}
	if err != nil {
		return "", err
	}
	answer := p.askVIES(ctx, q.VATQuestion)
	return answer.Result, p.store.InTenant(ctx, engine, func(tx *store.Tx) error { return p.keepAnswer(ctx, tx, q, answer, true) })
}
