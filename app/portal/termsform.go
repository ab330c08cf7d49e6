package portal

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"allotment/app/store"
	"allotment/billing/bank"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

var (
	bicForm    = regexp.MustCompile(`^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$`) // ISO 9362
	prefixForm = regexp.MustCompile(`^([A-Z0-9-]{0,11}[A-Z0-9]-)?$`)
)

// The days that a schedule may have.
const (
	longestDue  = 120
	longestStep = 365
)

// terms checks a request and returns it as it is stored.
func (r TermsRequest) terms() (store.Terms, error) {
	f := fieldsOf{}
	party := f.party(r.Party)
	party.VATID = f.vatID(r.Party.VATID)
	party.TaxNumber = f.text("tax_number", r.TaxNumber, 40)
	if party.VATID == "" && party.TaxNumber == "" {
		f.wrong("vat_id", "An invoice must carry your VAT ID, or your tax number where you have none.")
	}
	if party.Country != "" && !tax.Member(party.Country) {
		f.wrong("country", "A seller is established in a member state of the EU.")
	}
	t := store.Terms{
		Party: party, Tax: r.tax(f, party.Country), Payment: r.payment(f), Zone: strings.TrimSpace(r.Zone), Prefix: r.prefix(f), DueDays: r.DueDays,
		Policy: tax.Policy{HoldUnchecked: r.HoldUnchecked, OneProof: r.OneProof, RecheckDays: r.RecheckDays}, Dunning: r.dunning(f),
	}
	if _, err := time.LoadLocation(t.Zone); err != nil || t.Zone == "" || t.Zone == "Local" {
		f.wrong("zone", "This time zone is not known. It looks like Europe/Amsterdam.")
	}
	if r.DueDays < 0 || r.DueDays > longestDue {
		f.wrong("due_days", "Please give a number of days from 0 to 120.")
	}
	if r.RecheckDays < 1 || r.RecheckDays > longestStep {
		f.wrong("recheck_days", "Please give a number of days from 1 to 365.")
	}
	return t, invalidFields(f)
}

func (r TermsRequest) tax(f fieldsOf, country string) tax.Seller {
	s := tax.Seller{Country: country, SmallBusiness: r.SmallBusiness, OSS: r.OSS, BelowLimit: r.BelowLimit, ExportAs: tax.Category(r.ExportAs)}
	if r.OSS && r.BelowLimit {
		f.wrong("below_limit", "Who reports through the one-stop shop charges the customer's VAT from the first euro. Please choose one of the two.")
	}
	if s.ExportAs != tax.OutOfScope && s.ExportAs != tax.FreeExport {
		f.wrong("export_as", "Please choose how sales outside the EU are shown.")
	}
	for _, state := range r.Registered {
		if state = strings.ToUpper(strings.TrimSpace(state)); state == "" || slices.Contains(s.Registered, state) {
			continue
		}
		if !tax.Member(state) || state == country {
			f.wrong("registered", "Please give other member states by their two letters, such as DE, FR.")
		}
		s.Registered = append(s.Registered, state)
	}
	slices.Sort(s.Registered)
	return s
}

func (r TermsRequest) payment(f fieldsOf) invoice.Payment {
	p := invoice.Payment{BIC: strings.ToUpper(strings.ReplaceAll(r.BIC, " ", "")), Holder: f.text("holder", r.Holder, textLimit)}
	if strings.TrimSpace(r.IBAN) != "" {
		iban, err := bank.ParseIBAN(r.IBAN)
		if err != nil {
			f.wrong("iban", "This is not an IBAN: a letter or digit is wrong or missing.")
		}
		p.IBAN = iban
		if p.Holder == "" {
			p.Holder = strings.Join(strings.Fields(r.Party.Name), " ")
		}
	}
	if p.BIC != "" && !bicForm.MatchString(p.BIC) {
		f.wrong("bic", "A BIC has eight or eleven letters and digits.")
	}
	return p
}

// prefix is what stands before the year in every number. It ends with a hyphen, so that the rest of a number can be told from it: a number is
// prefix, series, hyphen and count, and the counts of a series go on whatever the prefix, so that no number can come twice. Without the hyphen,
// the prefix C would make an invoice's C2026-00001 of what is the first credit note already.
func (r TermsRequest) prefix(f fieldsOf) string {
	prefix := strings.ToUpper(strings.TrimSpace(r.Prefix))
	if prefix != "" && !strings.HasSuffix(prefix, "-") {
		prefix += "-"
	}
	if len(prefix) > 12 || !prefixForm.MatchString(prefix) {
		f.wrong("prefix", "Please use at most eleven capital letters, digits and hyphens.")
	}
	return prefix
}

func (r TermsRequest) dunning(f fieldsOf) ledger.Policy {
	d := r.Dunning
	for _, step := range []struct {
		field string
		days  int
	}{{"first", d.First}, {"warn", d.Warn}, {"hold", d.Hold}, {"grace", d.Grace}, {"end", d.End}} {
		if step.days < 1 || step.days > longestStep {
			f.wrong("dunning_"+step.field, "Please give a number of days from 1 to 365.")
		}
	}
	if d.Delete && d.Hold+d.Grace+d.End < 30 {
		f.wrong("dunning_delete", "Please leave at least 30 days between the warning and the end of services by themselves: data is removed then.")
	}
	return d
}
