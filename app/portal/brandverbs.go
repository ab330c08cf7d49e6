package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of brands. Only sellers have one: the operator and resellers.
var (
	saveBrand    = verb{action: "brand.save", permission: app.ManageOrganization}
	saveLogo     = verb{action: "brand.logo", permission: app.ManageOrganization}
	confirmBrand = verb{action: "brand.confirm", permission: app.ManageCustomers, confirmed: true}
	declineBrand = verb{action: "brand.decline", permission: app.ManageCustomers}
)

// BrandSettings returns the actor's own brand as it is set, or what it begins with where there is none yet.
func (p *Portal) BrandSettings(ctx context.Context, actor app.Actor) (settings app.BrandSettings, err error) {
	err = p.see(ctx, actor, app.ManageOrganization, func(tx *store.Tx) error {
		settings, err = ownBrand(ctx, tx, actor)
		return err
	})
	return settings, err
}

// ownBrand is the brand of the actor's organization, which must be a seller.
func ownBrand(ctx context.Context, tx *store.Tx, actor app.Actor) (app.BrandSettings, error) {
	if actor.Kind == app.Customer {
		return app.BrandSettings{}, app.Errorf(app.Forbidden, "Only those who sell have a brand of their own.")
	}
	settings, err := tx.BrandSettings(ctx, actor.Organization)
	if app.CodeOf(err) == app.NotFound {
		return app.BrandSettings{Brand: app.Brand{Organization: actor.Organization, Name: firstRunes(actor.OrganizationName, maxBrandName)}}, nil
	}
	return settings, err
}

// PreviewBrand returns the brand that SaveBrand would make, or what is wrong with it, by field.
func (p *Portal) PreviewBrand(ctx context.Context, actor app.Actor, r BrandRequest) (brand app.Brand, err error) {
	err = p.see(ctx, actor, app.ManageOrganization, func(tx *store.Tx) error {
		now, err := ownBrand(ctx, tx, actor)
		if err != nil {
			return err
		}
		next, err := p.cleanBrand(actor, now, r)
		brand = next.Brand
		return err
	})
	return brand, err
}

// SaveBrand writes the actor's brand. A host name or a sender's address that is new counts once staff has confirmed it; staff's own counts at
// once.
//
// Errors: Invalid with the fields that are wrong; Conflict at the field host when another seller has it.
func (p *Portal) SaveBrand(ctx context.Context, actor app.Actor, r BrandRequest) error {
	err := p.do(ctx, actor, saveBrand, func(tx *store.Tx) error {
		before, err := ownBrand(ctx, tx, actor)
		if err != nil {
			return err
		}
		after, err := p.cleanBrand(actor, before, r)
		if err != nil {
			return err
		}
		tx.Note("brand "+actor.Organization.String(), brandNote(before), brandNote(after))
		return tx.SaveBrand(ctx, after, p.now())
	})
	p.forgetBrands()
	return err
}

// SaveLogo replaces the actor's logo with a picture that it draws anew, or removes it where the picture is nil.
//
// Errors: Invalid at the field logo.
func (p *Portal) SaveLogo(ctx context.Context, actor app.Actor, picture []byte) error {
	err := p.do(ctx, actor, saveLogo, func(tx *store.Tx) error {
		settings, err := ownBrand(ctx, tx, actor)
		if err != nil {
			return err
		}
		var logo drawnLogo
		if picture != nil {
			if logo, err = drawLogo(picture); err != nil {
				return err
			}
		}
		tx.Note("brand "+actor.Organization.String(), map[string]string{"logo": settings.Logo}, map[string]string{"logo": logo.version})
		if err := tx.SaveBrand(ctx, settings, p.now()); err != nil { // the first time, there is none yet
			return err
		}
		return tx.SaveLogo(ctx, actor.Organization, logo.png, logo.version, logo.wide, p.now())
	})
	p.forgetBrands()
	return err
}

// maxAsked is how many brands that wait are shown at once.
const maxAsked = 100

// AskedBrands returns the brands that wait for staff to confirm a host name or a sender's address.
func (p *Portal) AskedBrands(ctx context.Context, actor app.Actor) (asked []app.BrandSettings, err error) {
	err = p.see(ctx, actor, app.ManageCustomers, func(tx *store.Tx) error {
		if err := staffOnly(actor); err != nil {
			return err
		}
		asked, err = tx.AskedBrands(ctx, maxAsked)
		return err
	})
	return asked, err
}

// ConfirmBrand makes what a reseller asked for count: its people can sign in at the host from now on, and its mails come from the address.
// host and sender are what the person has read; when the reseller has asked for something else since, it is a Conflict.
func (p *Portal) ConfirmBrand(ctx context.Context, actor app.Actor, organization app.ID, host, sender string) error {
	return p.answerBrand(ctx, actor, confirmBrand, organization, func(b *app.BrandSettings) error {
		if b.AskedHost != host || b.AskedSender != sender {
			return app.Errorf(app.Conflict, "Something else is asked for now. Please look again.")
		}
		b.Host, b.SenderAddress, b.Answer = host, sender, ""
		return nil
	})
}

// DeclineBrand turns down what a reseller asked for, with a reason that it reads.
//
// Errors: Invalid at the field reason.
func (p *Portal) DeclineBrand(ctx context.Context, actor app.Actor, organization app.ID, reason string) error {
	reason = strings.Join(strings.Fields(reason), " ")
	return p.answerBrand(ctx, actor, declineBrand, organization, func(b *app.BrandSettings) error {
		if reason == "" || len(reason) > 500 {
			return app.FieldError("reason", "Please say why, in at most 500 characters.")
		}
		b.Answer = reason
		return nil
	})
}

func (p *Portal) answerBrand(ctx context.Context, actor app.Actor, v verb, organization app.ID, change func(*app.BrandSettings) error) error {
	err := p.do(ctx, actor, v, func(tx *store.Tx) error {
		if err := staffOnly(actor); err != nil {
			return err
		}
		settings, err := tx.BrandSettings(ctx, organization)
		if err != nil {
			return err
		}
		before := brandNote(settings)
		if settings.AskedAt.IsZero() {
			return app.Errorf(app.Conflict, "Something else is asked for now. Please look again.")
		}
		if err := change(&settings); err != nil {
			return err
		}
		settings.AskedHost, settings.AskedSender, settings.AskedAt = "", "", app.BrandSettings{}.AskedAt
		tx.NoteIn(organization, "brand "+organization.String(), before, brandNote(settings))
		return tx.SaveBrand(ctx, settings, p.now())
	})
	p.forgetBrands()
	return err
}

func staffOnly(actor app.Actor) error {
	if actor.Staff() {
		return nil
	}
	return app.Errorf(app.Forbidden, "Only the operator's staff may do this.")
}

// brandNote is what the audit log says of a brand.
func brandNote(b app.BrandSettings) map[string]string {
	note := map[string]string{}
	for name, value := range map[string]string{
		"name": b.Name, "light": b.Light, "dark": b.Dark, "support_email": b.SupportEmail, "support_url": b.SupportURL, "imprint_url": b.ImprintURL,
		"privacy_url": b.PrivacyURL, "sender_name": b.SenderName, "sender_address": b.SenderAddress, "host": b.Host, "asked_host": b.AskedHost,
		"asked_sender": b.AskedSender, "answer": b.Answer,
	} {
		if value != "" {
			note[name] = value
		}
	}
	return note
}
