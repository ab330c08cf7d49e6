package tax

import "strings"

// calling is the calling code of each member state (ITU-T E.164).
var calling = map[string]string{
	"30": "GR", "31": "NL", "32": "BE", "33": "FR", "34": "ES", "351": "PT", "352": "LU", "353": "IE", "356": "MT", "357": "CY", "358": "FI", "359": "BG",
	"36": "HU", "370": "LT", "371": "LV", "372": "EE", "385": "HR", "386": "SI", "39": "IT", "40": "RO", "420": "CZ", "421": "SK", "43": "AT", "45": "DK",
	"46": "SE", "48": "PL", "49": "DE",
}

// phoneSeparators are what people write between the digits of a telephone number.
var phoneSeparators = strings.NewReplacer(" ", "", "-", "", ".", "", "/", "", "(0)", "", "(", "", ")", "", " ", "")

// ParsePhone returns a telephone number as E.164 writes it, "+31201234567", or "" for what is none: it begins with + or 00 and the country's
// code.
func ParsePhone(s string) string {
	number := phoneSeparators.Replace(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		number = "+" + rest
	}
	digits, ok := strings.CutPrefix(number, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return number
}

// PhoneCountry returns the member state of a telephone number, or "" where its code is none of a member state's.
func PhoneCountry(s string) string {
	number := strings.TrimPrefix(ParsePhone(s), "+")
	for size := 3; size >= 2; size-- {
		if len(number) > size && calling[number[:size]] != "" {
			return calling[number[:size]]
		}
	}
	return ""
}
