package portal

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/invoice"
	"allotment/billing/tax"
	"allotment/catalog"
)

// textLimit is how long a line of an address may be.
const textLimit = 100

// registers are the lists of ISO 6523 in which a country's trade register numbers are known.
var registers = map[string]string{"NL": "0106", "BE": "0208", "DK": "0184", "FI": "0212", "SE": "0007", "FR": "0002", "NO": "0192", "EE": "0191", "LT": "0200", "IE": "", "DE": ""}

var endpointForm = regexp.MustCompile(`^(\d{4}|EM):([A-Za-z0-9][A-Za-z0-9@._:/-]{0,49})$`)

// line returns a line of text as it is stored, or what is wrong with it in words.
func line(text string, most int) (clean, message string) {
	if !utf8.ValidString(text) || strings.ContainsFunc(strings.TrimSpace(text), func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", "Please use ordinary characters only."
	}
	clean = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(clean) > most {
		return "", "Please use fewer characters here."
	}
	return clean, ""
}

// fieldsOf collects what is wrong with a form, each field once.
type fieldsOf map[string]string

func (f fieldsOf) wrong(field, message string) {
	if message != "" && f[field] == "" {
		f[field] = message
	}
}

// text reads a line that may be empty.
func (f fieldsOf) text(field, text string, most int) string {
	clean, message := line(text, most)
	f.wrong(field, message)
	return clean
}

// needed reads a line that must be there.
func (f fieldsOf) needed(field, text string, most int, missing string) string {
	clean := f.text(field, text, most)
	if clean == "" {
		f.wrong(field, missing)
	}
	return clean
}

// party reads the name and address that an invoice must carry, of a buyer or of a seller.
func (f fieldsOf) party(r DetailsRequest) invoice.Party {
	p := invoice.Party{
		Name:     f.needed("name", r.Name, textLimit, "Please give the name that is to stand on invoices."),
		Contact:  f.text("contact", r.Contact, textLimit),
		Street:   f.needed("street", r.Street, textLimit, "Please give the street and number, or the post box."),
		PostCode: f.needed("post_code", r.PostCode, 12, "Please give the post code."),
		City:     f.needed("city", r.City, textLimit, "Please give the city."),
		Country:  strings.ToUpper(strings.TrimSpace(r.Country)),
		LegalID:  f.text("legal_id", r.LegalID, 40),
	}
	p.PostCode = strings.ToUpper(p.PostCode)
	if !app.IsCountry(p.Country) {
		f.wrong("country", "Please choose the country.")
	}
	if email := strings.TrimSpace(r.Email); email != "" {
		address, err := mail.ParseAddress(email)
		if err != nil || address.Address != email || len(email) > 254 {
			f.wrong("email", "This is not an e-mail address.")
		}
		p.Email = email
	}
	if phone := strings.TrimSpace(r.Phone); phone != "" {
		if p.Phone = tax.ParsePhone(phone); p.Phone == "" {
			f.wrong("phone", "Please write the number with its country's code, such as +31 20 123 45 67.")
		}
	}
	if endpoint := strings.TrimSpace(r.Endpoint); endpoint != "" {
		parts := endpointForm.FindStringSubmatch(endpoint)
		if parts == nil {
			f.wrong("endpoint", "Please write the list's four digits, a colon and the number, such as 0106:12345678.")
		} else {
			p.EndpointScheme, p.Endpoint = parts[1], parts[2]
		}
	}
	if p.LegalID != "" {
		p.LegalScheme = registers[p.Country]
	}
	return p
}

// vatID reads a VAT ID that may be empty.
func (f fieldsOf) vatID(text string) tax.ID {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	id, err := tax.ParseID(text)
	if err != nil {
		f.wrong("vat_id", VATIDMessage(text))
	}
	return id
}

// VATIDMessage says what is wrong with the form of a VAT ID, or "" where nothing is.
func VATIDMessage(text string) string {
	id := tax.ID(strings.ToUpper(strings.TrimSpace(text)))
	if _, err := tax.ParseID(text); err == nil {
		return ""
	}
	if !tax.Member(id.Country()) {
		return "A VAT ID starts with the two letters of a member state of the EU, such as NL or DE."
	}
	return "This does not look like a VAT ID of that country. Please compare it with your papers."
}

// profile checks a request and returns it as it is stored, with what was known before and still holds.
func (r DetailsRequest) profile(before store.Profile) (store.Profile, error) {
	f := fieldsOf{}
	after := store.Profile{Party: f.party(r), Language: r.Language, Reference: f.text("reference", r.Reference, 60)}
	if r.Business {
		after.Party.VATID = f.vatID(r.VATID)
	} else {
		after.Party.LegalID, after.Party.LegalScheme, after.Party.Endpoint, after.Party.EndpointScheme = "", "", "", ""
	}
	if !slices.Contains(catalog.Languages(), r.Language) {
		f.wrong("language", "Please choose one of the languages.")
	}
	if r.OutsideArea && !tax.OutsideArea(after.Party.Country, strings.ReplaceAll(after.Party.PostCode, " ", "")) {
		f.wrong("outside_area", "The post code is of no part of its country without EU VAT. Please look at both again.")
	}
	after.Buyer = tax.Buyer{Country: after.Party.Country, Business: r.Business, ID: after.Party.VATID, OutsideArea: r.OutsideArea}
	if after.Buyer.ID != "" && after.Buyer.ID == before.Buyer.ID {
		after.Buyer.Check, after.CheckedAt = before.Buyer.Check, before.CheckedAt
	}
	after.Evidence = proofs(before.Evidence, after.Party)
	return after, invalidFields(f)
}

// proofs are where an organization is: what its details say, and what was proven otherwise, such as by a payment.
func proofs(before []tax.Evidence, party invoice.Party) []tax.Evidence {
	all := []tax.Evidence{{Kind: "address", Country: party.Country}}
	if country := tax.PhoneCountry(party.Phone); country != "" {
		all = append(all, tax.Evidence{Kind: "phone", Country: country})
	}
	for _, e := range before {
		if e.Kind != "address" && e.Kind != "phone" {
			all = append(all, e)
		}
	}
	return all
}
