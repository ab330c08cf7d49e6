package portal

import (
	"context"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// tellOfVATID writes to those who pay for an organization, and to its seller, that the tax authorities do not know its VAT ID: from now on its
// invoices carry VAT. Each answer is told once.
func (p *Portal) tellOfVATID(ctx context.Context, tx *store.Tx, q vatQuestion, answer app.VATCheck) error {
	customer, err := tx.Organization(ctx, q.organization)
	if err != nil {
		return err
	}
	tell := func(organization app.ID, side, path string) error {
		people, err := tx.Payers(ctx, organization)
		if err != nil {
			return err
		}
		for _, person := range people {
			err := p.post(ctx, tx, app.Mail{
				Organization: organization, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailVATID,
				Data: map[string]string{"side": side, "customer": customer.Name, "vat_id": answer.ID, "path": path},
				Key:  fmt.Sprintf("vat id %s/%s/%s/%s", q.organization, answer.ID, answer.AskedAt.UTC().Format(time.RFC3339Nano), person.Email),
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := tell(q.organization, "customer", "/billing/details"); err != nil || q.seller == (app.ID{}) {
		return err
	}
	return tx.ForSeller(ctx, func() error { return tell(q.seller, "seller", "/customers/"+q.organization.String()+"/billing") })
}
