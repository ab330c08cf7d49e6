package program

import (
	"context"
	"fmt"
	"io"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
)

// reconcile compares the sellers' accounts at the payment provider with the books. What is off, each seller settles on its own page.
func (p *Program) reconcile(ctx context.Context) error {
	off, err := p.Portal.Collector().Reconcile(ctx)
	for _, one := range off {
		p.Log.Warn("a seller's account at the payment provider and its books do not agree: see its page of payments", "seller", one.Seller,
			"moved", len(one.Moved), "refunds", len(one.Refunds))
	}
	return err
}

// compareAccounts writes a sentence for each thing that is off between the payment provider and the books, and returns how many there are.
func (p *Program) compareAccounts(ctx context.Context, out io.Writer) (n int, err error) {
	off, err := p.Portal.Collector().ReconcileWhole(ctx)
	if err != nil {
		return 0, fmt.Errorf("the payment provider: %w", err)
	}
	for _, one := range off {
		for _, sentence := range apart(one) {
			fmt.Fprintf(out, "Seller %s: %s\n", one.Seller, sentence)
			n++
		}
	}
	return n, nil
}

// apart tells what is off in sentences, for those who look after the installation.
func apart(off payment.Off) (all []string) {
	for _, a := range off.Refunds {
		all = append(all, fmt.Sprintf("%s went back to customer %s by the refund %s, which was made at the provider and is not in the books.", a.Amount, a.Customer, a.Reference))
	}
	for _, d := range off.Moved {
		if d.Balance() {
			all = append(all, fmt.Sprintf("The provider has %s of this seller, and the books say %s.", d.TheirAmount(), d.OurAmount()))
			continue
		}
		all = append(all, movedApart(d.Moved))
	}
	return all
}

func movedApart(m store.Moved) string {
	whose := ""
	if m.Customer != (app.ID{}) {
		whose = " of customer " + m.Customer.String()
	}
	switch {
	case !m.Here:
		return fmt.Sprintf("%s moved at the provider by the %s %s%s, and is not in the books.", m.TheirAmount(), m.Kind, m.Source, whose)
	case !m.There:
		return fmt.Sprintf("%s moved by %s%s in the books, and not at the provider.", m.OurAmount(), m.Source, whose)
	case m.Theirs != m.Ours:
		return fmt.Sprintf("The provider moved %s by %s%s, and the books say %s.", m.TheirAmount(), m.Source, whose, m.OurAmount())
	}
	return fmt.Sprintf("The provider kept %d of %s%s, and the books say %d, in the smallest unit of %s.", m.TheirFee, m.Source, whose, m.OurFee, m.Currency)
}
