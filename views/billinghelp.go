package views

import (
	"context"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/tax"
	"allotment/views/words"
)

// The pages of bills, and of how one sells.
const (
	BillingDetailsPath = "/billing/details"
	CreditPath         = "/billing/credit"
	TermsPath          = "/sales/terms"
	RatesPath          = "/sales/vat-rates"
)

// CustomerBillingPath is where a seller sees a customer's billing details.
func CustomerBillingPath(id app.ID) string { return customerPath(id) + "/billing" }

// EntryForm is a form of lines and ticks as it was sent, with what was wrong at each. A tick that is set has the value "on".
type EntryForm struct {
	Values  map[string]string
	Errors  map[string]string
	Problem string // what is wrong as a whole
}

func (f EntryForm) value(name string) string { return f.Values[name] }
func (f EntryForm) wrong(name string) string { return f.Errors[name] }
func (f EntryForm) on(name string) bool      { return f.Values[name] == "on" }

func tick(on bool) string {
	if on {
		return "on"
	}
	return ""
}

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

// RateList is the page of VAT rates.
type RateList struct {
	EntryForm
	Text  string // part of a country's name, or its two letters
	Table tax.Table
	Saved bool
}

// rateRow is a state with its rate of today, those that come and those that were.
type rateRow struct {
	country, name string
	now           tax.Rate
	coming, past  []tax.Rate
}

// rows are the states that fit what is looked for, by name.
func (l RateList) rows(ctx context.Context, today billing.Date) []rateRow {
	wanted := strings.ToLower(strings.TrimSpace(l.Text))
	var all []rateRow
	at := map[string]int{}
	for _, rate := range l.Table {
		name := countryName(ctx, rate.Country)
		if wanted != "" && !strings.Contains(strings.ToLower(name), wanted) && !strings.EqualFold(rate.Country, wanted) {
			continue
		}
		if _, seen := at[rate.Country]; !seen {
			at[rate.Country] = len(all)
			all = append(all, rateRow{country: rate.Country, name: name})
		}
		row := &all[at[rate.Country]]
		switch {
		case today.Before(rate.From):
			row.coming = append(row.coming, rate)
		case !rate.To.IsZero() && !today.Before(rate.To):
			row.past = append([]tax.Rate{rate}, row.past...)
		default:
			row.now = rate
		}
	}
	sorted(ctx, len(all), func(i int) string { return all[i].name }, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// country is one that can be chosen.
type country struct{ code, name string }

// countries lists all of them by their names in the reader's language.
func countries(ctx context.Context) []country {
	var all []country
	for _, code := range app.Countries() {
		all = append(all, country{code, countryName(ctx, code)})
	}
	sorted(ctx, len(all), func(i int) string { return all[i].name }, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// memberStates lists the 27 by their names in the reader's language.
func memberStates(ctx context.Context) []country {
	var all []country
	for _, each := range countries(ctx) {
		if tax.Member(each.code) {
			all = append(all, each)
		}
	}
	return all
}

// countryName is what a country is called in the reader's language; a code that is none stays as it is.
func countryName(ctx context.Context, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(words.Locale(ctx))).Name(region); name != "" {
		return name
	}
	return code
}

// byName sorts as the reader's language does.
type byName struct {
	n    int
	name func(int) string
	swap func(int, int)
	by   *collate.Collator
}

func (b byName) Len() int           { return b.n }
func (b byName) Less(i, j int) bool { return b.by.CompareString(b.name(i), b.name(j)) < 0 }
func (b byName) Swap(i, j int)      { b.swap(i, j) }

func sorted(ctx context.Context, n int, name func(int) string, swap func(int, int)) {
	sort.Stable(byName{n, name, swap, collate.New(language.Make(words.Locale(ctx)))})
}

// onDate writes a day as the reader's language does.
func onDate(ctx context.Context, d billing.Date) string { return words.Date(ctx, d.UTC()) }

// perCent writes a VAT rate.
func perCent(ctx context.Context, d billing.Decimal) string {
	return d.Format(words.Locale(ctx)) + " %"
}

// amounts writes one amount for each currency, or nothing of the given one.
func amounts(ctx context.Context, list []billing.Money) string {
	if len(list) == 0 {
		return "–"
	}
	parts := make([]string, len(list))
	for i, m := range list {
		parts[i] = money(ctx, m)
	}
	return strings.Join(parts, " + ")
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

// moveWords says what made or used credit.
func moveWords(ctx context.Context, m portal.CreditMove) string {
	switch m.Kind {
	case "issued":
		return words.T(ctx, "Credit note %s", m.Number)
	case "received":
		return words.T(ctx, "Your payment")
	case "allocated":
		if m.Amount.Minor > 0 {
			return words.T(ctx, "Taken back from invoice %s", m.Number)
		}
		return words.T(ctx, "Used for invoice %s", m.Number)
	case "refunded":
		return words.T(ctx, "Paid back to you")
	}
	return words.T(ctx, "Other")
}

// months are the chart of what services cost in the last months: at most seven services and the others together, in one currency.
func months(ctx context.Context, o portal.BillingOverview, currency string) ChartFigures {
	const most = 7
	totals, names := map[string]int64{}, []string{}
	for _, s := range o.Spent {
		if s.Net.Currency != currency {
			continue
		}
		if _, seen := totals[s.Name]; !seen {
			names = append(names, s.Name)
		}
		totals[s.Name] += s.Net.Minor
	}
	sort.SliceStable(names, func(i, j int) bool { return totals[names[i]] > totals[names[j]] })
	column := map[string]int{}
	series := names
	if len(names) > most+1 {
		series = append(append([]string{}, names[:most]...), words.T(ctx, "Others"))
	}
	for i, name := range names {
		column[name] = min(i, len(series)-1)
	}
	c := ChartFigures{
		ID: "months-" + strings.ToLower(currency), Kind: ChartBars, Title: words.T(ctx, "The last twelve months by service"), Currency: currency,
		About: words.T(ctx, "What was invoiced in each month, without VAT, less what was credited."), First: words.T(ctx, "Month"), Series: series, Sum: true,
	}
	for _, month := range o.Months {
		name := words.Say(ctx, month.Month.String())
		point := ChartPoint{Label: name + " " + strconv.Itoa(month.Year), Short: short(name), Values: make([]int64, len(series))}
		for _, s := range o.Spent {
			if s.Month == month && s.Net.Currency == currency {
				point.Values[column[s.Name]] += s.Net.Minor
			}
		}
		c.Points = append(c.Points, point)
	}
	return c
}

// short is the beginning of a month's name, as an axis has room for.
func short(name string) string {
	runes := []rune(name)
	return string(runes[:min(len(runes), 3)])
}

// spentIn lists the currencies in which something was invoiced.
func spentIn(o portal.BillingOverview) []string {
	seen := map[string]bool{}
	var all []string
	for _, s := range o.Spent {
		if !seen[s.Net.Currency] {
			seen[s.Net.Currency] = true
			all = append(all, s.Net.Currency)
		}
	}
	sort.Strings(all)
	return all
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

// vatCheckAttributes ask the server about a VAT ID once it was typed.
func vatCheckAttributes() templ.Attributes {
	return templ.Attributes{
		"hx-post": BillingDetailsPath + "/check", "hx-trigger": "change", "hx-target": "#message-vat_id", "hx-swap": "outerHTML", "hx-sync": "this:replace",
		"autocapitalize": "characters", "spellcheck": "false",
	}
}

// pageDay is the reader's day, as far as the page knows it.
func pageDay(p Page) billing.Date { return billing.DateIn(p.Now, time.UTC) }

// numberExample is a number as it would stand on an invoice.
func numberExample(prefix string) string {
	prefix = strings.ToUpper(strings.TrimSpace(prefix))
	if prefix != "" && !strings.HasSuffix(prefix, "-") {
		prefix += "-"
	}
	return prefix + "2026-00042"
}

// billable reports whether there is anything at all to show of what an organization pays.
func billable(o portal.BillingOverview) bool {
	return len(o.Running) > 0 || o.EverBilled || len(o.Credit) > 0
}

// parkedOf lists the subscriptions that could not be invoiced.
func parkedOf(o portal.BillingOverview) []portal.Running {
	var all []portal.Running
	for _, r := range o.Running {
		if r.Parked != "" {
			all = append(all, r)
		}
	}
	return all
}

// serviceNames are names in a line.
func serviceNames(all []app.Service) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// InvoicePath is a document that the reader's organization has received.
func InvoicePath(id app.ID) string { return "/billing/invoices/" + id.String() }

// signed writes an amount with its sign.
func signed(ctx context.Context, m billing.Money) string {
	if m.Minor > 0 {
		return "+" + money(ctx, m)
	}
	return money(ctx, m)
}

// creditFirst and creditNext lead through the pages of credit.
func creditFirst(l CreditList) string {
	if l.After == "" {
		return ""
	}
	return CreditPath
}

func creditNext(l CreditList) string {
	if l.Page.Next == "" {
		return ""
	}
	return address(CreditPath, "after", l.Page.Next)
}
