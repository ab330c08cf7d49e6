package portal

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/bank"
)

var (
	addMandate    = verb{action: "mandate.add", permission: app.ManageBilling, confirmed: true}
	revokeMandate = verb{action: "mandate.revoke", permission: app.ManageBilling}
)

// MandateRequest is what the form of a mandate sends.
type MandateRequest struct {
	Customer  string // its short name
	Reference string
	Holder    string
	IBAN      string
	BIC       string
	Signed    string // a day as ISO 8601 writes it
	Sequence  string // FRST, RCUR or OOFF
}

// MandatePage is a page of mandates, newest first.
type MandatePage struct {
	Mandates []app.Mandate
	Next     string
}

// Mandates returns a page of the mandates that the actor's organization has of its customers. after is MandatePage.Next of the page before.
func (p *Portal) Mandates(ctx context.Context, actor app.Actor, text, after string, limit int) (MandatePage, error) {
	if err := actor.May(app.SeeBilling); err != nil {
		return MandatePage{}, err
	}
	before, limit, err := pageOf(after, limit)
	if err != nil {
		return MandatePage{}, err
	}
	var page MandatePage
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if err := sideOf(actor, app.Sold); err != nil {
			return err
		}
		page.Mandates, err = tx.Mandates(ctx, clip(strings.TrimSpace(text)), before, limit+1)
		return err
	})
	if len(page.Mandates) > limit {
		page.Mandates = page.Mandates[:limit]
		page.Next = page.Mandates[limit-1].ID.String()
	}
	return page, err
}

// AddMandate keeps a customer's permission to collect from its bank account.
//
// Errors: Invalid at customer, reference, holder, iban, bic, signed, sequence; Conflict at reference when another mandate has it, and at customer
// when it has one already.
func (p *Portal) AddMandate(ctx context.Context, actor app.Actor, r MandateRequest) (app.Mandate, error) {
	m := app.Mandate{ID: app.NewID(), Seller: actor.Organization, Sequence: r.Sequence, CreatedAt: p.now()}
	err := p.do(ctx, actor, addMandate, func(tx *store.Tx) error {
		if err := sideOf(actor, app.Sold); err != nil {
			return err
		}
		fields := p.cleanMandate(&m, r)
		var err error
		m.CustomerSlug = strings.ToLower(strings.TrimSpace(r.Customer))
		if m.Customer, m.CustomerName, err = tx.CustomerBySlug(ctx, m.CustomerSlug); app.CodeOf(err) == app.NotFound {
			fields["customer"] = "There is no customer of yours with this short name."
		} else if err != nil {
			return err
		}
		if len(fields) > 0 {
			const words = "Please look at the fields that are marked."
			return &app.Error{Code: app.Invalid, Message: words, Format: words, Fields: fields}
		}
		tx.Note("mandate "+m.ID.String(), nil, mandateNote(m))
		return tx.InsertMandate(ctx, m)
	})
	if err != nil {
		return app.Mandate{}, err
	}
	return m, nil
}

// cleanMandate reads what was typed, and says what is wrong with it.
func (p *Portal) cleanMandate(m *app.Mandate, r MandateRequest) map[string]string {
	fields := map[string]string{}
	var err error
	if m.Reference, err = bank.ParseMandate(r.Reference); err != nil {
		fields["reference"] = "Please give up to 35 letters, digits and signs."
	}
	if m.Holder = strings.Join(strings.Fields(r.Holder), " "); m.Holder == "" || len([]rune(m.Holder)) > 70 {
		fields["holder"] = "Please give the name that the account is in, with at most 70 characters."
	}
	if m.IBAN, err = bank.ParseIBAN(r.IBAN); err != nil {
		fields["iban"] = "This is not an account number, or it was mistyped."
	}
	if m.BIC = strings.ToUpper(strings.TrimSpace(r.BIC)); m.BIC != "" && !bank.BIC(m.BIC) {
		fields["bic"] = "This is not the code of a bank. It may stay empty."
	}
	if m.Signed, err = billing.ParseDate(r.Signed); err != nil || m.Signed.Year < 2000 || billing.DateIn(p.now().Add(24*time.Hour), time.UTC).Before(m.Signed) {
		fields["signed"] = "Please give the day on which it was signed."
	}
	switch bank.Sequence(r.Sequence) {
	case bank.First, bank.Recurring, bank.OneOff:
	default:
		fields["sequence"] = "Please choose one."
	}
	return fields
}

// RevokeMandate ends a mandate: nothing more is collected by it. One that is revoked already is fine.
func (p *Portal) RevokeMandate(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, revokeMandate, func(tx *store.Tx) error {
		m, err := tx.LockMandate(ctx, id)
		if err != nil {
			return err
		}
		tx.Note("mandate "+id.String(), mandateNote(m), nil)
		if !m.RevokedAt.IsZero() {
			return nil
		}
		return tx.RevokeMandate(ctx, id, p.now())
	})
}

// mandateNote is what the audit log says of a mandate: of the account only its end.
func mandateNote(m app.Mandate) map[string]string {
	return map[string]string{"customer": m.CustomerSlug, "reference": m.Reference, "signed": m.Signed.String(), "sequence": m.Sequence,
		"iban": "…" + m.IBAN[max(0, len(m.IBAN)-4):]}
}
