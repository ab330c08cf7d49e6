package app

import (
	"math/big"
	"strings"
	"time"

	"allotment/billing"
)

// Euro is the currency that all exchange rates are of (ISO 4217).
const Euro = "EUR"

// ExchangeDays is how many days old a rate may be where one is needed. The European Central Bank publishes rates on every day on which its
// payment system TARGET works, and has never paused for a week.
const ExchangeDays = 31

// exchangeScale is how many decimals a rate has.
const exchangeScale = 6

// ExchangeRate is how many units of a currency one euro is on a day, as the European Central Bank publishes it.
type ExchangeRate struct {
	ID       ID // the zero ID before it is kept
	Currency string
	Day      billing.Date
	PerEuro  billing.Decimal // more than nothing, with up to six decimals
	Source   string          // where it is published: an address
	AddedBy  string
	AddedAt  time.Time
}

// ExchangeTable is the rates that count on a day: for each currency those of that day and of the ExchangeDays before it, one for a day, the newest
// first. The euro itself is not in it.
type ExchangeTable struct {
	On    billing.Date
	Rates map[string][]ExchangeRate
}

// Rate returns how many units of from one unit of to is, rounded half up to six decimals, and the day of which that is: the latest of which both
// currencies have a rate. Where there is no such day, each has its own latest, and the earlier of the two is returned. A currency is one of itself.
//
// Errors: NotFound where a currency has no rate, or the result is too small or too large to be one.
func (t ExchangeTable) Rate(from, to string) (rate billing.Decimal, day billing.Date, err error) {
	if from == to {
		return billing.Int(1), t.On, nil
	}
	above, below, day, found := t.pair(from, to)
	if found {
		if rate, found = ratio(above, below); found {
			return rate, day, nil
		}
	}
	return billing.Decimal{}, billing.Date{}, Errorf(NotFound, "There is no exchange rate from %s to %s that holds on %s.", from, to, t.On)
}

// pair finds how much of each currency one euro is, and the day.
func (t ExchangeTable) pair(from, to string) (above, below billing.Decimal, day billing.Date, found bool) {
	one := billing.Int(1)
	a, b := t.Rates[from], t.Rates[to]
	switch {
	case from == Euro && len(b) > 0:
		return one, b[0].PerEuro, b[0].Day, true
	case to == Euro && len(a) > 0:
		return a[0].PerEuro, one, a[0].Day, true
	case len(a) == 0 || len(b) == 0:
		return one, one, day, false
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch a[i].Day.Compare(b[j].Day) {
		case 0:
			return a[i].PerEuro, b[j].PerEuro, a[i].Day, true
		case 1:
			i++
		default:
			j++
		}
	}
	if day = a[0].Day; b[0].Day.Before(day) {
		day = b[0].Day
	}
	return a[0].PerEuro, b[0].PerEuro, day, true
}

// ratio divides two rates, rounded half up to six decimals. It reports false where nothing is left, or more than a Decimal holds.
func ratio(above, below billing.Decimal) (billing.Decimal, bool) {
	a, readA := new(big.Rat).SetString(above.String())
	b, readB := new(big.Rat).SetString(below.String())
	if !readA || !readB || a.Sign() <= 0 || b.Sign() <= 0 {
		return billing.Decimal{}, false
	}
	rate, err := billing.ParseDecimal(a.Quo(a, b).FloatString(exchangeScale))
	return rate, err == nil && rate.Sign() > 0
}

// exchangeMost is what every rate is below.
const exchangeMost = 1_000_000_000_000

// IsExchangeRate reports whether a number can be how much one euro is: more than nothing, below a million million, with up to six decimals.
func IsExchangeRate(rate billing.Decimal) bool {
	_, fraction, _ := strings.Cut(rate.String(), ".")
	return rate.Sign() > 0 && rate.Cmp(billing.Int(exchangeMost)) < 0 && len(fraction) <= exchangeScale
}
