// Package bank reads what a bank says and writes what it is told: structured payment references, CAMT.053 statements and SEPA direct
// debits. It is pure: readers and dates are passed in.
package bank

import (
	"fmt"
	"strconv"
	"strings"
)

// CreditorReference returns the structured reference of ISO 11649 for text, of at most 21 letters and digits: RF, two check digits, text.
func CreditorReference(text string) (string, error) {
	text = compact(text)
	if text == "" || len(text) > 21 || !alphanumeric(text) {
		return "", fmt.Errorf("%q is not fit for a payment reference: 1 to 21 letters and digits", text)
	}
	return fmt.Sprintf("RF%02d%s", 98-mod97(text+"RF00"), text), nil
}

// ParseCreditorReference reads a reference of ISO 11649, with or without spaces, and checks its digits.
func ParseCreditorReference(s string) (string, error) {
	s = compact(s)
	if len(s) < 5 || len(s) > 25 || !strings.HasPrefix(s, "RF") || !alphanumeric(s) || mod97(s[4:]+s[:4]) != 1 {
		return "", fmt.Errorf("%q is not a reference that starts with RF, or it was mistyped", s)
	}
	return s, nil
}

// BelgianReference returns the structured communication (OGM) for a number of at most ten digits: +++123/4567/89012+++. The last two
// digits are the rest of the first ten by 97, or 97 for none.
func BelgianReference(number int64) (string, error) {
	if number <= 0 || number > 9_999_999_999 {
		return "", fmt.Errorf("%d does not fit in the ten digits of a structured communication", number)
	}
	check := number % 97
	if check == 0 {
		check = 97
	}
	digits := fmt.Sprintf("%010d%02d", number, check)
	return "+++" + digits[:3] + "/" + digits[3:7] + "/" + digits[7:] + "+++", nil
}

// ParseBelgianReference reads a structured communication, with or without its signs, and returns its number.
func ParseBelgianReference(s string) (int64, error) {
	digits := strings.NewReplacer("+", "", "*", "", "/", "", " ", "").Replace(s)
	if len(digits) != 12 || strings.Trim(digits, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a structured communication of twelve digits", s)
	}
	number, err := strconv.ParseInt(digits[:10], 10, 64)
	if err != nil {
		return 0, err
	}
	if again, err := BelgianReference(number); err != nil || strings.NewReplacer("+", "", "/", "").Replace(again) != digits {
		return 0, fmt.Errorf("%q was mistyped: its check digits are wrong", s)
	}
	return number, nil
}

// ParseIBAN reads an account number of ISO 13616, with or without spaces, and checks its digits.
func ParseIBAN(s string) (string, error) {
	s = compact(s)
	if len(s) < 15 || len(s) > 34 || !alphanumeric(s) || strings.Trim(s[:2], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || mod97(s[4:]+s[:4]) != 1 {
		return "", fmt.Errorf("%q is not an IBAN, or it was mistyped", s)
	}
	return s, nil
}

// ParseCreditorID reads a SEPA creditor identifier (EPC262-08), with or without spaces, and checks its digits; the three letters of its
// business are no part of the check.
func ParseCreditorID(s string) (string, error) {
	s = compact(s)
	if len(s) < 9 || len(s) > 35 || !alphanumeric(s) || strings.Trim(s[:2], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || mod97(s[7:]+s[:4]) != 1 {
		return "", fmt.Errorf("%q is not a creditor identifier, or it was mistyped", s)
	}
	return s, nil
}

// ParseMandate reads the reference of a SEPA mandate: up to 35 letters, digits and signs that every bank takes.
func ParseMandate(s string) (string, error) {
	if s = strings.TrimSpace(s); !identifier(s) {
		return "", fmt.Errorf("%q is not the reference of a mandate: 1 to 35 letters, digits and signs", s)
	}
	return s, nil
}

func compact(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "").Replace(s))
}

func alphanumeric(s string) bool {
	return strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// mod97 is the rest by 97 of a text in which A is 10 and Z is 35 (ISO 7064).
func mod97(s string) int {
	rest := 0
	for _, c := range []byte(s) {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

// BIC reports whether s is the code of a bank (ISO 9362), in capital letters.
func BIC(s string) bool {
	return (len(s) == 8 || len(s) == 11) && alphanumeric(s) && strings.Trim(s[4:6], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
