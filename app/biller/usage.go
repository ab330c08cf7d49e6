package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/ledger"
)

// addUsage notes a charge for what was used, with how much it bills, and both legs of what resellers on the way pay for it.
func addUsage(issue *store.Issue, charge store.NewCharge, c cycle.Charge, first billing.Date) error {
	charge.Meter, charge.First = c.Meter, first
	var err error
	if charge.Quantity, err = (cycle.Used{Uses: c.Settles}).Quantity(); err != nil {
		return err
	}
	issue.Charges = append(issue.Charges, charge)
	for _, leg := range usageLegs(c) {
		price, err := c.Wholesale(leg.Reseller)
		if err != nil {
			return err
		}
		entry, err := ledger.Wholesale(ledger.Sale{
			ID: charge.ID.String() + " " + leg.Reseller, Date: issue.Document.Issued, Reseller: leg.Reseller, Parent: leg.Parent, Wholesale: price,
		})
		if err != nil {
			return err
		}
		issue.Entries = append(issue.Entries, entry)
	}
	return nil
}

// usageLegs are the resellers that pay for a charge, each once, whichever of its prices say so.
func usageLegs(c cycle.Charge) (legs []cycle.UsageLeg) {
	seen := map[string]bool{}
	for _, used := range c.Used {
		for _, leg := range used.Legs {
			if !seen[leg.Reseller] {
				seen[leg.Reseller] = true
				legs = append(legs, leg)
			}
		}
	}
	return legs
}

// AgreeUsage adds prices of use to what a subscription has agreed on, each from its own day on, where nothing else is to begin and it does not end;
// it reports whether it did.
func (b *Biller) AgreeUsage(ctx context.Context, tx *store.Tx, id app.ID, prices []cycle.UsagePrice) (bool, error) {
	a, s, _, err := b.subscription(ctx, tx, id)
	if err != nil {
		return false, err
	}
	if s.Later != nil || !s.End.IsZero() {
		return false, nil
	}
	s.Usage = append(s.Usage, prices...)
	return true, tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}
