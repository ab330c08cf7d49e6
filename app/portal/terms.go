package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

var saveTerms = verb{action: "sales.terms", permission: app.ManageBilling, confirmed: true}

// TermsRequest is how an organization wants to sell: who it is on invoices, its VAT, how it is paid and how it reminds.
type TermsRequest struct {
	Party     DetailsRequest // name, address, country, email, phone, VAT ID, number in the trade register, Peppol endpoint
	TaxNumber string         // at the tax office, where there is no VAT ID

	SmallBusiness bool
	OSS           bool
	BelowLimit    bool
	Registered    []string // other states in which it reports VAT itself
	ExportAs      string   // O or G
	HoldUnchecked bool
	OneProof      bool
	RecheckDays   int

	IBAN   string
	BIC    string
	Holder string

	Zone    string
	Prefix  string // of numbers: "" or ends with a hyphen, which is added
	DueDays int
	Dunning ledger.Policy
}

// SellingTerms are a seller's terms as its page shows them.
type SellingTerms struct {
	Terms    store.Terms // as it would be kept anew where Saved is false
	Language string
	Saved    bool // it has said how it sells; without that it sells nothing
	Issued   int  // how many documents it has issued
	Parked   int  // how many subscriptions wait for something
}

// usual are the terms that a seller starts from.
func usual() store.Terms {
	return store.Terms{
		Zone: "Europe/Amsterdam", DueDays: 14, Tax: tax.Seller{ExportAs: tax.OutOfScope}, Policy: tax.Policy{HoldUnchecked: true, RecheckDays: 365},
		Dunning: ledger.Policy{First: 3, Warn: 7, Hold: 7, Grace: 14, End: 30},
	}
}

// SellingTerms returns how the actor's own organization sells.
//
// Errors: Forbidden for who sells nothing.
func (p *Portal) SellingTerms(ctx context.Context, actor app.Actor) (t SellingTerms, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		t, err = sellingTerms(ctx, tx, actor)
		return err
	})
	return t, err
}

func sellingTerms(ctx context.Context, tx *store.Tx, actor app.Actor) (t SellingTerms, err error) {
	if actor.Kind == app.Customer {
		return t, app.Errorf(app.Forbidden, "Only those who sell have terms.")
	}
	terms, err := tx.SellersTerms(ctx, []app.ID{actor.Organization})
	if err != nil {
		return t, err
	}
	profile, err := tx.Profile(ctx, actor.Organization)
	if err != nil {
		return t, err
	}
	if t.Terms, t.Saved = terms[actor.Organization]; !t.Saved {
		t.Terms = usual()
		t.Terms.Party, t.Terms.Tax.Country = profile.Party, profile.Party.Country
		if t.Terms.Party.Name == "" {
			t.Terms.Party.Name = actor.OrganizationName
		}
	}
	t.Language = profile.Language
	t.Issued, t.Parked, err = tx.SoldSoFar(ctx, actor.Organization)
	return t, err
}

// SaveSellingTerms keeps how the actor's own organization sells. Documents that were issued stay as they are, and numbers go on where they were:
// another prefix begins no new count. What was parked for want of terms is tried again at the next run.
//
// Errors: Forbidden for who sells nothing; Invalid at the fields of TermsRequest.
func (p *Portal) SaveSellingTerms(ctx context.Context, actor app.Actor, r TermsRequest) error {
	return p.do(ctx, actor, saveTerms, func(tx *store.Tx) error {
		before, err := sellingTerms(ctx, tx, actor)
		if err != nil {
			return err
		}
		profile, err := tx.Profile(ctx, actor.Organization)
		if err != nil {
			return err
		}
		after, err := r.terms()
		if err != nil {
			return err
		}
		after.Seller = actor.Organization
		tx.Note("organization "+actor.Organization.String(), termsWords(before), termsWords(SellingTerms{Terms: after, Saved: true}))
		if profile.Buyer.ID != after.Party.VATID {
			profile.Buyer.Check = tax.Unchecked
		}
		profile.Party, profile.Buyer.Business, profile.Language, profile.Evidence = after.Party, true, r.Party.Language, proofs(profile.Evidence, after.Party)
		if err := tx.SaveProfile(ctx, actor.Organization, profile, p.now()); err != nil {
			return err
		}
		if after.Party.VATID != "" && profile.Buyer.Check == tax.Unchecked {
			if err := tx.ScheduleVATCheck(ctx, actor.Organization, p.now(), 0); err != nil {
				return err
			}
		}
		return tx.SaveTerms(ctx, after, p.now())
	})
}

// termsWords are terms as the audit log keeps them.
func termsWords(t SellingTerms) any {
	if !t.Saved {
		return nil
	}
	s := t.Terms
	return map[string]any{
		"name": s.Party.Name, "street": s.Party.Street, "post_code": s.Party.PostCode, "city": s.Party.City, "country": s.Party.Country,
		"vat_id": s.Party.VATID, "tax": s.Tax, "policy": s.Policy, "iban": s.Payment.IBAN, "zone": s.Zone, "prefix": s.Prefix, "due_days": s.DueDays,
		"dunning": s.Dunning,
	}
}
