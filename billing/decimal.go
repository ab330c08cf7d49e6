package billing

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxScale bounds the digits after the point: enough for a price per second, and no number grows without end.
const maxScale = 12

// Decimal is an exact decimal number: units / 10^scale. It is kept without trailing zeros, so equal numbers are ==.
// It is a unit price, a quantity or a percentage; an amount that somebody owes is Money.
type Decimal struct {
	units int64
	scale uint8
}

// Int returns the whole number n.
func Int(n int64) Decimal { return Decimal{units: n} }

// NewDecimal returns units / 10^scale. A scale over 12 is an error.
func NewDecimal(units int64, scale int) (Decimal, error) {
	if scale < 0 || scale > maxScale {
		return Decimal{}, fmt.Errorf("a number has at most %d decimals", maxScale)
	}
	for ; scale > 0 && units%10 == 0; scale-- {
		units /= 10
	}
	return Decimal{units, uint8(scale)}, nil
}

// ParseDecimal reads a number such as "0.0125", "-3" or "25.50".
func ParseDecimal(s string) (Decimal, error) {
	whole, fraction, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !digits(whole) || (dotted && !digits(fraction)) {
		return Decimal{}, fmt.Errorf("%q is not a number; write it like 0.0125", s)
	}
	fraction = strings.TrimRight(fraction, "0")
	text := whole + fraction
	if strings.HasPrefix(s, "-") {
		text = "-" + text
	}
	units, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q has more digits than we can compute with", s)
	}
	return NewDecimal(units, len(fraction))
}

// MustDecimal reads a number that stands in the source; it panics on any other.
func MustDecimal(s string) Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.units == 0 }

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int { return big.NewInt(d.units).Sign() }

// Cmp returns -1, 0 or 1 as d is less than, equal to or more than other.
func (d Decimal) Cmp(other Decimal) int { return d.rat().Cmp(other.rat()) }

// String writes the number with a point and without trailing zeros: "0.0125".
func (d Decimal) String() string {
	text := strconv.FormatInt(d.units, 10)
	sign := ""
	if d.units < 0 {
		sign, text = "-", text[1:]
	}
	if d.scale == 0 {
		return sign + text
	}
	if missing := int(d.scale) + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	cut := len(text) - int(d.scale)
	return sign + text[:cut] + "." + text[cut:]
}

// Format writes the number as readers of locale do: with a comma in "nl" and "de", with a point elsewhere.
func (d Decimal) Format(locale string) string {
	if strings.HasPrefix(locale, "nl") || strings.HasPrefix(locale, "de") {
		return strings.Replace(d.String(), ".", ",", 1)
	}
	return d.String()
}

// MarshalText writes the number as String does, so that JSON carries it as text and no reader makes a float of it.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Decimal) UnmarshalText(text []byte) error {
	read, err := ParseDecimal(string(text))
	*d = read
	return err
}

func (d Decimal) rat() *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(d.units), pow10(int(d.scale)))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// Decimal returns the amount as a number without its currency, to be a line's unit price.
func (m Money) Decimal() (Decimal, error) {
	places, err := Decimals(m.Currency)
	if err != nil {
		return Decimal{}, err
	}
	return NewDecimal(m.Minor, places)
}

// Add returns d + other, exactly.
func (d Decimal) Add(other Decimal) (Decimal, error) {
	scale := max(d.scale, other.scale)
	sum := new(big.Int).Mul(big.NewInt(d.units), pow10(int(scale-d.scale)))
	sum.Add(sum, new(big.Int).Mul(big.NewInt(other.units), pow10(int(scale-other.scale))))
	for ten, rest := big.NewInt(10), new(big.Int); scale > 0; scale-- {
		shorter, _ := new(big.Int).QuoRem(sum, ten, rest)
		if rest.Sign() != 0 {
			break
		}
		sum = shorter
	}
	if !sum.IsInt64() {
		return Decimal{}, ErrOverflow
	}
	return NewDecimal(sum.Int64(), int(scale))
}
