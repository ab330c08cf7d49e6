package billing

import (
	"errors"
	"math/big"
	"slices"
	"strings"
)

// Meter is something that is measured while a service is used, and costs by the unit.
type Meter string

// The meters.
const (
	GuestHours Meter = "guest_hours"    // hours that its server runs
	DiskHours  Meter = "disk_gib_hours" // GiB of its server's disk, times the hours that it runs
	Traffic    Meter = "traffic_gib"    // GiB that leave the network
)

// Meters lists every meter, in the order in which pages show them.
func Meters() []Meter { return []Meter{GuestHours, DiskHours, Traffic} }

// Known reports whether there is such a meter.
func (m Meter) Known() bool { return slices.Contains(Meters(), m) }

// Measured reports whether the portal measures it itself, from what the hypervisor says. What it does not measure is reported by a program.
func (m Meter) Measured() bool { return m == GuestHours || m == DiskHours }

// Unit is the code of its unit in UN/ECE Recommendation 20, as an e-invoice wants it. The list has no GiB times hours: that is counted in ones.
func (m Meter) Unit() string {
	switch m {
	case GuestHours:
		return "HUR"
	case Traffic:
		return "E62"
	}
	return "C62"
}

// hoursOfMonth is the hours of a month of 31 days.
const hoursOfMonth = 31 * 24

// WholeMonth is what a service with a disk of so many GiB uses of it in a month of 31 days in which it runs all the time; 0 where nobody can say.
// It says what to expect, and is no ceiling: the end of summer time adds an hour.
func (m Meter) WholeMonth(diskGiB int) Decimal {
	switch m {
	case GuestHours:
		return Int(hoursOfMonth)
	case DiskHours:
		return Int(int64(diskGiB) * hoursOfMonth)
	}
	return Decimal{}
}

// Name is how it is called on a document in a language: en, nl or de.
func (m Meter) Name(language string) string {
	name := map[Meter]map[string]string{
		GuestHours: {"en": "hours in use", "nl": "uren in gebruik", "de": "Betriebsstunden"},
		DiskHours:  {"en": "disk, GiB-hours", "nl": "schijfruimte, GiB-uren", "de": "Speicherplatz, GiB-Stunden"},
		Traffic:    {"en": "traffic, GiB", "nl": "dataverkeer, GiB", "de": "Datenverkehr, GiB"},
	}[m]
	if text := name[language]; text != "" {
		return text
	}
	if text := name["en"]; text != "" {
		return text
	}
	return string(m)
}

// unitPlaces is how many decimals a price of one unit may have.
const unitPlaces = 6

// UnitPrice reads the price of one unit as it was typed with a point, such as "0.012". It fails in words for people.
func UnitPrice(text string) (Decimal, error) {
	price, err := ParseDecimal(text)
	_, fraction, _ := strings.Cut(price.String(), ".")
	switch {
	case err != nil:
		return Decimal{}, err
	case price.Sign() < 0:
		return Decimal{}, errors.New("a price cannot be negative")
	case len(fraction) > unitPlaces:
		return Decimal{}, errors.New("a price of one unit has six decimals at most")
	case price.Cmp(Int(100_000)) > 0:
		return Decimal{}, errors.New("a price of one unit is at most 100000")
	}
	return price, nil
}

// UnitQuantity reads how much was used, with at most six decimals.
func UnitQuantity(text string) (Decimal, error) {
	quantity, err := ParseDecimal(text)
	if _, fraction, _ := strings.Cut(quantity.String(), "."); err == nil && len(fraction) > unitPlaces {
		err = errors.New("a quantity has six decimals at most")
	}
	return quantity, err
}

// RoundUnit returns a price of one unit with a percentage added, rounded half up to six decimals: the one place where that is done.
func RoundUnit(price, percent Decimal) (Decimal, error) {
	factor := new(big.Rat).Add(big.NewRat(1, 1), new(big.Rat).Quo(percent.rat(), big.NewRat(100, 1)))
	micro, err := rounded(factor.Mul(factor, price.rat()).Mul(factor, new(big.Rat).SetInt(pow10(unitPlaces))), "")
	if err != nil {
		return Decimal{}, err
	}
	return NewDecimal(micro.Minor, unitPlaces)
}

// EarnedUnit returns what a seller keeps of a price of one unit that costs it wholesale, and how much that is in percent of it, to a tenth; the
// percentage is 0 where wholesale is nothing.
func EarnedUnit(retail, wholesale Decimal) (kept, percent Decimal, err error) {
	negative, err := NewDecimal(-wholesale.units, int(wholesale.scale))
	if err != nil {
		return kept, percent, err
	}
	if kept, err = retail.Add(negative); err != nil || wholesale.Sign() <= 0 {
		return kept, percent, err
	}
	tenths, err := rounded(new(big.Rat).Mul(new(big.Rat).Quo(kept.rat(), wholesale.rat()), big.NewRat(1000, 1)), "")
	if err != nil {
		return kept, percent, err
	}
	percent, err = NewDecimal(tenths.Minor, 1)
	return kept, percent, err
}
