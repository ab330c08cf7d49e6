package portal

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
)

// tellOfTransfer writes to the owners of all three whom a move concerns, but for the one who acts. The mails are the actor's organization's:
// nobody sees another's.
func (p *Portal) tellOfTransfer(ctx context.Context, tx *store.Tx, actor app.Actor, m app.Transfer, event string) error {
	people, err := tx.TransferPeople(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, person := range people {
		if person.Email == actor.Email {
			continue
		}
		err := p.post(ctx, tx, app.Mail{
			Organization: actor.Organization, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailTransfer,
			Data: map[string]string{
				"event": event, "customer": m.CustomerName, "giver": m.GiverName, "receiver": m.ReceiverName, "person": actor.Name,
				"organization": actor.OrganizationName, "message": m.Message, "path": "/organization/transfers/" + m.ID.String(),
			},
			Key: fmt.Sprintf("transfer %s/%s/%d/%s", m.ID, event, len(m.Agreed), person.Email),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellOfState writes to an organization's owners that it was suspended, resumed or closed, and why.
func (p *Portal) tellOfState(ctx context.Context, tx *store.Tx, actor app.Actor, o app.Organization, next app.OrganizationState, reason string) error {
	owners, err := tx.Owners(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if owner.Email == actor.Email {
			continue
		}
		err := p.post(ctx, tx, app.Mail{
			Organization: o.ID, To: owner.Email, ToName: owner.Name, Language: owner.Language, Kind: app.MailStanding,
			Data: map[string]string{
				"state": string(next), "organization": o.Name, "seller": actor.OrganizationName, "reason": reason, "path": "/organization",
			},
			Key: fmt.Sprintf("state %s/%s", app.NewID(), owner.Email),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
