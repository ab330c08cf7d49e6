package portal

import (
	"context"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

var setCurrency = verb{action: "organization.currency", permission: app.ManageCustomers}

// Currencies are those in which may be sold (ISO 4217), the installation's own first. There is one price list for each.
func (p *Portal) Currencies() []string { return append([]string{p.cfg.Currency}, p.cfg.Currencies...) }

// currency is the one of that code; "" is the installation's own.
//
// Errors: Invalid at currency for one in which nothing is sold here.
func (p *Portal) currency(code string) (string, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	if code == "" {
		return p.cfg.Currency, nil
	}
	if !slices.Contains(p.Currencies(), code) {
		return "", app.FieldError("currency", "Please choose one of the currencies.")
	}
	return code, nil
}

// SetCurrency says in which currency a customer below the actor's organization is asked, while it has no subscription.
//
// Errors: NotFound; Forbidden for one's own; Invalid at currency; Conflict once there is a subscription, which keeps its currency.
func (p *Portal) SetCurrency(ctx context.Context, actor app.Actor, id app.ID, code string) error {
	return p.do(ctx, actor, setCurrency, func(tx *store.Tx) error {
		if _, err := organizationBelow(ctx, tx, actor, id); err != nil {
			return err
		}
		o, err := tx.LockOrganization(ctx, id)
		if err != nil {
			return err
		}
		code, err := p.currency(code)
		tx.NoteIn(id, "organization "+id.String(), map[string]string{"currency": o.Currency}, map[string]string{"currency": code})
		if err != nil {
			return err
		}
		if bought, err := tx.HasBought(ctx, id); err != nil || bought {
			if err == nil {
				err = app.Errorf(app.Conflict, "What this organization has ordered keeps its currency, so it cannot be changed any more.")
			}
			return err
		}
		return tx.SetCurrency(ctx, id, code, p.now())
	})
}
