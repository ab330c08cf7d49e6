package ubl

import (
	"allotment/billing/invoice"
	"allotment/billing/markup"
	"allotment/billing/tax"
)

// party writes a seller or buyer. A document out of the scope of VAT must not show VAT IDs (BR-O-02): the trade register's number
// identifies the seller then.
func (d writer) party(p invoice.Party, seller bool) markup.Element {
	vat := string(p.VATID)
	if d.Lines[0].Tax.Category == tax.OutOfScope {
		vat = ""
	}
	creditor := ""
	if seller {
		creditor = d.Payment.Creditor
	}
	return markup.Group("cac:Party",
		markup.Text("cbc:EndpointID", p.Endpoint, "schemeID", p.EndpointScheme),
		markup.Group("cac:PartyIdentification", markup.Text("cbc:ID", creditor, "schemeID", "SEPA")),
		markup.Group("cac:PartyName", markup.Text("cbc:Name", p.Name)),
		markup.Group("cac:PostalAddress",
			markup.Text("cbc:StreetName", p.Street),
			markup.Text("cbc:CityName", p.City),
			markup.Text("cbc:PostalZone", p.PostCode),
			markup.Group("cac:Country", markup.Text("cbc:IdentificationCode", p.Country))),
		markup.Maybe(vat != "", markup.Group("cac:PartyTaxScheme", markup.Text("cbc:CompanyID", vat), scheme("VAT"))),
		markup.Maybe(seller && p.TaxNumber != "", markup.Group("cac:PartyTaxScheme", markup.Text("cbc:CompanyID", p.TaxNumber), scheme("TAX"))),
		markup.Group("cac:PartyLegalEntity",
			markup.Text("cbc:RegistrationName", p.Name),
			markup.Text("cbc:CompanyID", p.LegalID, "schemeID", p.LegalScheme)),
		markup.Group("cac:Contact",
			markup.Text("cbc:Name", p.Contact),
			markup.Text("cbc:Telephone", p.Phone),
			markup.Text("cbc:ElectronicMail", p.Email)))
}

func scheme(id string) markup.Element {
	return markup.Group("cac:TaxScheme", markup.Text("cbc:ID", id))
}

func (d writer) taxTotal() markup.Element {
	return markup.Group("cac:TaxTotal", d.amount("cbc:TaxAmount", d.VAT),
		markup.Each(d.Groups, func(g invoice.Group) markup.Element {
			return markup.Group("cac:TaxSubtotal",
				d.amount("cbc:TaxableAmount", g.Base),
				d.amount("cbc:TaxAmount", g.VAT),
				markup.Group("cac:TaxCategory",
					markup.Text("cbc:ID", string(g.Tax.Category)),
					percent(g.Tax),
					markup.Text("cbc:TaxExemptionReasonCode", g.Tax.Reason),
					markup.Text("cbc:TaxExemptionReason", g.Tax.Wording(d.Seller.Country, d.Language)),
					scheme("VAT")))
		}))
}

// taxCurrency is the currency in which VAT is stated too (BT-6), "" where it is in the document's alone.
func (d writer) taxCurrency() string {
	if d.Stated == nil {
		return ""
	}
	return d.Stated.VAT.Currency
}

// statedTotal is the VAT in that currency (BT-111): the total alone, since only the document's own has its parts (PEPPOL-EN16931-R054).
func (d writer) statedTotal() markup.Element {
	if d.Stated == nil {
		return markup.Element{}
	}
	return markup.Group("cac:TaxTotal", d.amount("cbc:TaxAmount", d.Stated.VAT))
}

// percent is the rate; what is out of scope has none (BR-O-05).
func percent(d tax.Decision) markup.Element {
	return markup.Maybe(d.Category != tax.OutOfScope, markup.Text("cbc:Percent", d.Rate.String()))
}

func (d writer) line(kind string, l invoice.Line) markup.Element {
	quantity := map[string]string{"Invoice": "cbc:InvoicedQuantity", "CreditNote": "cbc:CreditedQuantity"}[kind]
	period := markup.Element{}
	if !l.Period.IsZero() {
		period = markup.Group("cac:InvoicePeriod", markup.Text("cbc:StartDate", l.Period.Start.String()), markup.Text("cbc:EndDate", l.Period.Last().String()))
	}
	return markup.Group("cac:"+kind+"Line",
		markup.Text("cbc:ID", l.ID),
		markup.Text(quantity, l.Quantity.String(), "unitCode", l.Unit),
		d.amount("cbc:LineExtensionAmount", l.Net),
		period,
		markup.Each(l.Discounts, func(x invoice.Discount) markup.Element {
			return markup.Group("cac:AllowanceCharge",
				markup.Text("cbc:ChargeIndicator", "false"),
				markup.Text("cbc:AllowanceChargeReason", x.Reason),
				d.amount("cbc:Amount", x.Amount))
		}),
		markup.Group("cac:Item",
			markup.Text("cbc:Description", l.Description),
			markup.Text("cbc:Name", l.Name),
			markup.Group("cac:ClassifiedTaxCategory", markup.Text("cbc:ID", string(l.Tax.Category)), percent(l.Tax), scheme("VAT"))),
		markup.Group("cac:Price", markup.Text("cbc:PriceAmount", l.Price.String(), "currencyID", d.Currency)))
}
