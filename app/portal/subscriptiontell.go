package portal

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// tellOfPlan writes to those who pay that another plan was chosen.
func (p *Portal) tellOfPlan(ctx context.Context, tx *store.Tx, c PlanChanged) error {
	return p.tellPayers(ctx, tx, c.Service, "plan "+string(c.When), c.On, func(language string) map[string]string {
		return map[string]string{"plan": c.After.Plan.Name.In(language), "price": c.After.Price.Format(language), "interval": string(c.After.Interval)}
	})
}

// tellOfEnd writes to those who pay that a service ends, with the days that count.
func (p *Portal) tellOfEnd(ctx context.Context, tx *store.Tx, c Cancelled) error {
	event := "cancelled"
	if c.When == Now {
		event = "removed"
	}
	return p.tellPayers(ctx, tx, c.Service, event, c.End, func(string) map[string]string {
		return map[string]string{"until": c.KeptUntil.String()}
	})
}

// tellPayers writes to those who pay for a service what happens with its subscription on a day. What is told of an event and a day is told
// once, except for what a person did: that may happen again.
func (p *Portal) tellPayers(ctx context.Context, tx *store.Tx, s app.Service, event string, on billing.Date, more func(language string) map[string]string) error {
	people, err := tx.Payers(ctx, s.Organization)
	if err != nil {
		return err
	}
	once := ""
	if event != "ending" && event != "ended" {
		once = "/" + app.NewID().String()
	}
	for _, person := range people {
		data := map[string]string{"event": event, "service": s.Name, "host": s.Host, "on": on.String(), "path": "/services/" + s.ID.String()}
		if more != nil {
			for name, value := range more(person.Language) {
				data[name] = value
			}
		}
		err := p.post(ctx, tx, app.Mail{
			Organization: s.Organization, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailSubscription, Data: data,
			Key: fmt.Sprintf("subscription %s/%s/%s/%s%s", s.ID, event, on, person.Email, once),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
