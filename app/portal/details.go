package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/tax"
)

// The verbs of billing details.
var (
	saveDetails = verb{action: "billing.details", permission: app.ManageBilling}
	checkVATID  = verb{action: "billing.vat_check", permission: app.ManageBilling}
)

// DetailsRequest is what an organization says of itself as a buyer.
type DetailsRequest struct {
	Organization app.ID // whose; the zero ID for the actor's own
	Business     bool   // or a private person
	Name         string
	Contact      string
	Street       string
	PostCode     string
	City         string
	Country      string // ISO 3166
	Email        string // where invoices go; "" for the people who may pay
	Phone        string // of a private person in another state a second proof of the place
	Language     string // of documents: en, nl or de
	VATID        string
	LegalID      string // in the trade register
	Endpoint     string // on the Peppol network, as "0106:12345678"
	Reference    string // what the buyer wants to read on its invoices
	OutsideArea  bool   // in a part of its state without EU VAT
}

// BillingDetails are an organization's details, with what is known of them.
type BillingDetails struct {
	Organization app.Organization
	Seller       app.Organization // whom it buys from; the zero value for the operator
	Profile      store.Profile
	Saved        bool           // it has filled them in
	Complete     bool           // an invoice can be made out to it
	Foreign      bool           // its seller is established in another state of the EU, so a private person needs two proofs
	Next         time.Time      // when VIES is asked again by itself; the zero time for never
	Checks       []app.VATCheck // the newest questions to VIES
}

// Proven is how many different proofs name the country of the address.
func (d BillingDetails) Proven() int {
	kinds := map[string]bool{}
	for _, e := range d.Profile.Evidence {
		if e.Country == d.Profile.Party.Country {
			kinds[e.Kind] = true
		}
	}
	return len(kinds)
}

// BillingDetails returns the details of the actor's own organization (the zero ID) or of one below it, or NotFound.
func (p *Portal) BillingDetails(ctx context.Context, actor app.Actor, id app.ID) (d BillingDetails, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		d, err = billingDetails(ctx, tx, ofOwn(actor, id))
		return err
	})
	return d, err
}

func ofOwn(actor app.Actor, id app.ID) app.ID {
	if id == (app.ID{}) {
		return actor.Organization
	}
	return id
}

func billingDetails(ctx context.Context, tx *store.Tx, id app.ID) (d BillingDetails, err error) {
	if d.Organization, err = tx.Organization(ctx, id); err != nil {
		return d, err
	}
	if d.Profile, err = tx.Profile(ctx, id); err != nil {
		return d, err
	}
	d.Saved, d.Complete = d.Profile.Party.ID != "", d.Profile.Party.Addressed()
	seller, err := tx.SellerOf(ctx, id)
	if err != nil {
		return d, err
	}
	if seller != (app.ID{}) {
		terms, err := tx.SellersTerms(ctx, []app.ID{seller})
		if err != nil {
			return d, err
		}
		d.Seller = app.Organization{ID: seller, Name: terms[seller].Party.Name}
		country := terms[seller].Tax.Country
		d.Foreign = country != "" && country != d.Profile.Party.Country && tax.Member(d.Profile.Party.Country) && !d.Profile.Buyer.OutsideArea
	}
	if d.Next, _, err = tx.VATNext(ctx, id); err != nil {
		return d, err
	}
	d.Checks, err = tx.VATChecks(ctx, id, 10)
	return d, err
}

// SaveBillingDetails keeps an organization's details: of the actor's own, or of one below it. Documents that were issued stay as they are. A new
// VAT ID is unchecked until CheckVATID has asked.
//
// Errors: NotFound; Invalid at the fields of DetailsRequest.
func (p *Portal) SaveBillingDetails(ctx context.Context, actor app.Actor, r DetailsRequest) error {
	return p.do(ctx, actor, saveDetails, func(tx *store.Tx) error {
		o, err := tx.Organization(ctx, ofOwn(actor, r.Organization))
		if err != nil {
			return err
		}
		before, err := tx.Profile(ctx, o.ID)
		if err != nil {
			return err
		}
		after, err := r.profile(before)
		if err != nil {
			return err
		}
		tx.NoteIn(o.ID, "organization "+o.ID.String(), profileWords(before), profileWords(after))
		if err := tx.SaveProfile(ctx, o.ID, after, p.now()); err != nil {
			return err
		}
		switch {
		case after.Buyer.ID == "":
			return tx.ScheduleVATCheck(ctx, o.ID, time.Time{}, 0)
		case after.Buyer.ID != before.Buyer.ID:
			return tx.ScheduleVATCheck(ctx, o.ID, p.now(), 0)
		}
		return nil
	})
}

// profileWords are details as the audit log keeps them.
func profileWords(p store.Profile) map[string]string {
	if p.Party.ID == "" && p.Party.Name == "" {
		return nil
	}
	party, kind := p.Party, "private"
	if p.Buyer.Business {
		kind = "business"
	}
	return map[string]string{
		"kind": kind, "name": party.Name, "contact": party.Contact, "street": party.Street, "post_code": party.PostCode, "city": party.City,
		"country": party.Country, "email": party.Email, "phone": party.Phone, "vat_id": string(party.VATID), "legal_id": party.LegalID,
		"endpoint": party.Endpoint, "reference": p.Reference, "language": p.Language,
	}
}
