package views

import (
	"context"
	"strconv"
	"strings"

	"allotment/app/portal"
	"allotment/billing/tax"
	"allotment/views/words"
)

// TermsForm is the page of a seller's terms.
type TermsForm struct {
	EntryForm
	Terms portal.SellingTerms
	Saved bool
	Zones []string // that can be chosen from
}

// TermsValues are terms as their form shows them.
func TermsValues(t portal.SellingTerms, locale string) map[string]string {
	s, spoken := t.Terms, locale
	if t.Language != "" {
		spoken = tax.Language(t.Language)
	}
	export := string(s.Tax.ExportAs)
	if export == "" {
		export = string(tax.OutOfScope)
	}
	endpoint := ""
	if s.Party.Endpoint != "" {
		endpoint = s.Party.EndpointScheme + ":" + s.Party.Endpoint
	}
	return map[string]string{
		"name": s.Party.Name, "street": s.Party.Street, "post_code": s.Party.PostCode, "city": s.Party.City, "country": s.Party.Country, "email": s.Party.Email,
		"phone": s.Party.Phone, "vat_id": string(s.Party.VATID), "tax_number": s.Party.TaxNumber, "legal_id": s.Party.LegalID, "endpoint": endpoint,
		"language": spoken, "contact": s.Party.Contact,
		"small_business": tick(s.Tax.SmallBusiness), "oss": tick(s.Tax.OSS), "below_limit": tick(s.Tax.BelowLimit),
		"registered": strings.Join(s.Tax.Registered, ", "), "export_as": export,
		"hold_unchecked": tick(s.Policy.HoldUnchecked), "one_proof": tick(s.Policy.OneProof), "recheck_days": strconv.Itoa(s.Policy.Recheck()),
		"iban": s.Payment.IBAN, "bic": s.Payment.BIC, "holder": s.Payment.Holder, "zone": s.Zone, "prefix": s.Prefix, "due_days": strconv.Itoa(s.DueDays),
		"dunning_first": strconv.Itoa(s.Dunning.First), "dunning_warn": strconv.Itoa(s.Dunning.Warn), "dunning_hold": strconv.Itoa(s.Dunning.Hold),
		"dunning_grace": strconv.Itoa(s.Dunning.Grace), "dunning_end": strconv.Itoa(s.Dunning.End), "dunning_delete": tick(s.Dunning.Delete),
	}
}

// dunningStep is one step of a seller's schedule as its picture shows it.
type dunningStep struct {
	day  int // after the due date
	icon string
	name string
}

// dunningSteps are what happens to a customer who does not pay, with the day of each counted from the due date. They come from what the form
// holds, so that a reader without scripts sees them after saving, and as they were typed.
func dunningSteps(ctx context.Context, f TermsForm) []dunningStep {
	day := 0
	after := func(field string) int {
		n, err := strconv.Atoi(f.value(field))
		if err != nil || n < 0 || n > 9999 {
			return day
		}
		day += n
		return day
	}
	steps := []dunningStep{
		{0, "clock", words.T(ctx, "The invoice was to be paid")},
		{after("dunning_first"), "mail", words.T(ctx, "A friendly reminder")},
		{after("dunning_warn"), "triangle-alert", words.T(ctx, "A warning that services will stop")},
		{after("dunning_hold"), "circle-pause", words.T(ctx, "Services stop; nothing is removed")},
		{after("dunning_grace"), "mail", words.T(ctx, "The last word")},
	}
	if f.on("dunning_delete") {
		return append(steps, dunningStep{after("dunning_end"), "trash-2", words.T(ctx, "Services end, and their data is removed")})
	}
	return append(steps, dunningStep{-1, "user", words.T(ctx, "Services stay stopped until a person of yours decides")})
}

// numberExample is a number as it would stand on an invoice.
func numberExample(prefix string) string {
	prefix = strings.ToUpper(strings.TrimSpace(prefix))
	if prefix != "" && !strings.HasSuffix(prefix, "-") {
		prefix += "-"
	}
	return prefix + "2026-00042"
}
