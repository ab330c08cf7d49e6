package billing

import (
	"strconv"
	"strings"
)

// nbsp keeps an amount on one line: U+00A0, as CLDR writes it.
const nbsp = "\u00a0"

// Amount returns the number alone, with a point and all decimals, as ParseMoney reads it: "12.50".
func (m Money) Amount() string {
	sign, whole, fraction := m.parts()
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// String is the amount with its currency's code, for logs: "12.50 EUR".
func (m Money) String() string { return m.Amount() + " " + m.Currency }

// Format writes the amount as readers of locale ("en", "nl" or "de", with or without a region) expect it, after CLDR's patterns:
// "€1,234.50", "€ 1.234,50", "1.234,50 €". Any other locale gets the English form.
func (m Money) Format(locale string) string {
	sign, whole, fraction := m.parts()
	language, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	thousands, point := ",", "."
	if language == "nl" || language == "de" {
		thousands, point = ".", ","
	}
	number := grouped(whole, thousands)
	if fraction != "" {
		number += point + fraction
	}
	symbol, known := symbols[m.Currency]
	if !known {
		symbol = m.Currency
	}
	switch {
	case language == "de":
		return sign + number + nbsp + symbol
	case language == "nl":
		return symbol + nbsp + sign + number
	case known:
		return sign + symbol + number
	default:
		return sign + symbol + nbsp + number
	}
}

// parts splits the amount into its sign, the digits before and those after the decimal point.
func (m Money) parts() (sign, whole, fraction string) {
	places := decimals[m.Currency]
	text := strconv.FormatInt(m.Minor, 10)
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	if missing := places + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	cut := len(text) - places
	return sign, text[:cut], text[cut:]
}

// grouped puts a separator between every three digits, counted from the right.
func grouped(digits, separator string) string {
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(digit)
	}
	return b.String()
}
