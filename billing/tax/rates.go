package tax

import (
	"fmt"
	"sort"
	"time"

	"allotment/billing"
)

// Rate is the standard VAT rate of a state in the days from From until, but without, To; no To means until further notice.
// Web hosting has the standard rate in every member state.
type Rate struct {
	Country string          `json:"country"` // ISO 3166: GR for Greece, whose VAT IDs say EL
	Percent billing.Decimal `json:"percent"`
	From    billing.Date    `json:"valid_from"`
	To      billing.Date    `json:"valid_to"`
	Source  string          `json:"source"`
}

// Table holds rates in no order. An operator may add to it; chosen is the one that is valid at the tax point.
type Table []Rate

// source is where the Commission publishes the rates of all states, with their dates ("Taxes in Europe" database).
const source = "https://ec.europa.eu/taxation_customs/tedb/"

// seed is what we know of each state: pairs of a rate and the day from which it is valid, in order of time.
// Verified: no row was compared with the source, which could not be reached when this was written. The rates of AT, BE, DE, DK,
// ES, FR, GR, IE, IT, NL, PL, PT and SE agree with those of gobl v0.501.0 (data/regimes), their dates only in part. Not compared
// at all: BG, CY, CZ, EE, FI, HR, HU, LT, LU, LV, MT, RO, SI, SK. Not listed: rates that ended before 2020, reduced
// rates, and territories with rates of their own (the Canaries, Madeira, the Azores, Corsica, ...).
var seed = map[string][]string{
	"AT": {"20", "1984-01-01"},
	"BE": {"21", "1996-01-01"},
	"BG": {"20", "1999-01-01"},
	"CY": {"19", "2014-01-13"},
	"CZ": {"21", "2013-01-01"},
	"DE": {"19", "2007-01-01", "16", "2020-07-01", "19", "2021-01-01"},
	"DK": {"25", "1992-01-01"},
	"EE": {"20", "2009-07-01", "22", "2024-01-01", "24", "2025-07-01"},
	"ES": {"21", "2012-09-01"},
	"FI": {"24", "2013-01-01", "25.5", "2024-09-01"},
	"FR": {"20", "2014-01-01"},
	"GR": {"24", "2016-06-01"},
	"HR": {"25", "2012-03-01"},
	"HU": {"27", "2012-01-01"},
	"IE": {"23", "2012-01-01", "21", "2020-09-01", "23", "2021-03-01"},
	"IT": {"22", "2013-10-01"},
	"LT": {"21", "2009-09-01"},
	"LU": {"17", "2015-01-01", "16", "2023-01-01", "17", "2024-01-01"},
	"LV": {"21", "2012-07-01"},
	"MT": {"18", "2004-01-01"},
	"NL": {"21", "2012-10-01"},
	"PL": {"23", "2011-01-01"},
	"PT": {"23", "2011-01-01"},
	"RO": {"19", "2017-01-01", "21", "2025-08-01"},
	"SE": {"25", "1990-07-01"},
	"SI": {"22", "2013-07-01"},
	"SK": {"20", "2011-01-01", "23", "2025-01-01"},
}

// Seed returns the standard rates of the 27 member states, by country and date.
func Seed() Table {
	var table Table
	for country, pairs := range seed {
		for i := 0; i < len(pairs); i += 2 {
			rate := Rate{Country: country, Percent: billing.MustDecimal(pairs[i]), From: day(pairs[i+1]), Source: source}
			if i+2 < len(pairs) {
				rate.To = day(pairs[i+3])
			}
			table = append(table, rate)
		}
	}
	sort.Slice(table, func(i, j int) bool {
		if table[i].Country != table[j].Country {
			return table[i].Country < table[j].Country
		}
		return table[i].From.Before(table[j].From)
	})
	return table
}

// Member reports whether country belongs to the EU's VAT area as a state.
func Member(country string) bool { return len(seed[country]) > 0 }

// On returns the rate of country that is valid at the tax point.
func (t Table) On(country string, point billing.Date) (Rate, error) {
	for _, rate := range t {
		if rate.Country == country && !point.Before(rate.From) && (rate.To.IsZero() || point.Before(rate.To)) {
			return rate, nil
		}
	}
	return Rate{}, fmt.Errorf("no VAT rate of %q is known for %s", country, point)
}

// Check refuses a table in which a state has two rates on one day, or an end before its start.
func (t Table) Check() error {
	for i, rate := range t {
		if !rate.To.IsZero() && !rate.From.Before(rate.To) {
			return fmt.Errorf("the VAT rate of %s from %s ends before it starts", rate.Country, rate.From)
		}
		if rate.Percent.Sign() < 0 || rate.Percent.Cmp(billing.Int(100)) > 0 {
			return fmt.Errorf("the VAT rate of %s from %s is not between 0 and 100", rate.Country, rate.From)
		}
		for _, other := range t[i+1:] {
			if rate.Country == other.Country && starts(rate, other) && starts(other, rate) {
				return fmt.Errorf("%s has two VAT rates from %s and %s", rate.Country, rate.From, other.From)
			}
		}
	}
	return nil
}

// starts reports whether a starts before b is over.
func starts(a, b Rate) bool { return b.To.IsZero() || a.From.Before(b.To) }

// Cut divides a period where the rate of country changes in the middle of it, so that each part can have its own.
func (t Table) Cut(country string, period billing.Period) []billing.Period {
	var days []billing.Date
	for _, rate := range t {
		if rate.Country == country && rate.From != period.Start && period.Contains(rate.From) {
			days = append(days, rate.From)
		}
	}
	sort.Slice(days, func(i, j int) bool { return days[i].Before(days[j]) })
	return period.Cut(days...)
}

// day reads a date of the seed, which a test reads first.
func day(s string) billing.Date {
	t, _ := time.Parse(time.DateOnly, s)
	return billing.DateIn(t, time.UTC)
}
