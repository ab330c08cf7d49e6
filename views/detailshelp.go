package views

import (
	"context"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing/tax"
	"allotment/views/words"
)

// DetailsForm is the page of billing details.
type DetailsForm struct {
	EntryForm
	Base    string // where the form is sent: one's own, or a customer's
	Details portal.BillingDetails
	Saved   bool
}

// DetailsValues are details as their form shows them; those of nobody yet begin with the organization's own name.
func DetailsValues(d portal.BillingDetails, locale string) map[string]string {
	p, business := d.Profile.Party, "business"
	if !d.Saved {
		return map[string]string{"buyer": business, "name": d.Organization.Name, "language": locale}
	}
	if !d.Profile.Buyer.Business {
		business = "private"
	}
	endpoint := ""
	if p.Endpoint != "" {
		endpoint = p.EndpointScheme + ":" + p.Endpoint
	}
	return map[string]string{
		"buyer": business, "name": p.Name, "contact": p.Contact, "street": p.Street, "post_code": p.PostCode, "city": p.City, "country": p.Country,
		"email": p.Email, "phone": p.Phone, "language": tax.Language(d.Profile.Language), "vat_id": string(p.VATID), "legal_id": p.LegalID, "endpoint": endpoint,
		"reference": d.Profile.Reference, "outside_area": tick(d.Profile.Buyer.OutsideArea),
	}
}

// vatVerdict says what is known of a VAT ID.
func vatVerdict(ctx context.Context, d portal.BillingDetails) (tone, icon, text string) {
	switch {
	case d.Profile.Buyer.Check == tax.Valid:
		return "good", "circle-check", words.T(ctx, "Valid")
	case d.Profile.Buyer.Check == tax.Invalid:
		return "bad", "circle-x", words.T(ctx, "Not known there")
	}
	return "wait", "hourglass", words.T(ctx, "Not checked yet")
}

// checkWords says what came of a question to VIES.
func checkWords(ctx context.Context, c app.VATCheck) string {
	switch c.Result {
	case app.VATValid:
		return words.T(ctx, "Valid")
	case app.VATInvalid:
		return words.T(ctx, "Not known there")
	}
	return words.T(ctx, "No answer")
}

// vatCheckAttributes ask the server about a VAT ID once it was typed.
func vatCheckAttributes() templ.Attributes {
	return templ.Attributes{
		"hx-post": BillingDetailsPath + "/check", "hx-trigger": "change", "hx-target": "#message-vat_id", "hx-swap": "outerHTML", "hx-sync": "this:replace",
		"autocapitalize": "characters", "spellcheck": "false",
	}
}
