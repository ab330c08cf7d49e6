package program

import (
	"context"

	"allotment/app/driver/vies"
	"allotment/app/portal"
)

// vatRegister is the client of VIES; without an address there is none, and VAT IDs stay unchecked.
func (c Config) vatRegister() (portal.VATRegister, error) {
	if c.VIES.URL == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	return vies.New(c.VIES.URL, c.VIES.Limit)
}

// checkVATIDs asks VIES about the VAT IDs that are due.
func (p *Program) checkVATIDs(ctx context.Context) error {
	answered, err := p.Portal.CheckVATIDs(ctx)
	if answered > 0 {
		p.Log.Info("VIES has answered about VAT IDs", "answers", answered)
	}
	return err
}
