package tax

import (
	"fmt"
	"regexp"
	"strings"
)

// syntax is the form of each state's VAT IDs behind the two letters, after the Commission's list
// (https://ec.europa.eu/taxation_customs/vies/#/faq, "What is the format of a VAT number?").
var syntax = map[string]string{
	"AT": `U\d{8}`,
	"BE": `[01]\d{9}`,
	"BG": `\d{9,10}`,
	"CY": `\d{8}[A-Z]`,
	"CZ": `\d{8,10}`,
	"DE": `\d{9}`,
	"DK": `\d{8}`,
	"EE": `\d{9}`,
	"EL": `\d{9}`,
	"ES": `[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]`,
	"FI": `\d{8}`,
	"FR": `[A-HJ-NP-Z0-9]{2}\d{9}`,
	"HR": `\d{11}`,
	"HU": `\d{8}`,
	"IE": `\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-Z]{2}`,
	"IT": `\d{11}`,
	"LT": `\d{9}|\d{12}`,
	"LU": `\d{8}`,
	"LV": `\d{11}`,
	"MT": `\d{8}`,
	"NL": `\d{9}B\d{2}`,
	"PL": `\d{10}`,
	"PT": `\d{9}`,
	"RO": `\d{2,10}`,
	"SE": `\d{12}`,
	"SI": `\d{8}`,
	"SK": `\d{10}`,
}

// ID is a VAT identification number as it is kept and sent: two letters and the rest, without spaces, dots or dashes.
type ID string

// separators are what people write between the digits.
var separators = strings.NewReplacer(" ", "", ".", "", "-", "", "\u00a0", "")

// ParseID reads a VAT ID of a member state. It checks the form alone: whether the ID was given out, only VIES knows.
func ParseID(s string) (ID, error) {
	id := strings.ToUpper(separators.Replace(s))
	if len(id) < 4 {
		return "", fmt.Errorf("%q is not a VAT ID; it starts with the two letters of its state, such as NL", s)
	}
	form, known := syntax[id[:2]]
	if !known {
		return "", fmt.Errorf("%q does not start with the two letters of a member state of the EU", s)
	}
	if !regexp.MustCompile(`^(?:` + form + `)$`).MatchString(id[2:]) {
		return "", fmt.Errorf("%q does not look like a VAT ID of %s", s, ID(id).Country())
	}
	return ID(id), nil
}

// Country returns the ISO 3166 code of the state that gave out the ID: GR for one that starts with EL.
func (id ID) Country() string {
	if len(id) < 2 {
		return ""
	}
	if id[:2] == "EL" {
		return "GR"
	}
	return string(id[:2])
}
