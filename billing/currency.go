package billing

import "fmt"

// decimals holds the currencies that amounts may be in, with the number of digits after the decimal point (ISO 4217).
var decimals = map[string]int{
	"AUD": 2, "BGN": 2, "BHD": 3, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HUF": 2, "ISK": 0, "JPY": 0,
	"KRW": 0, "KWD": 3, "NOK": 2, "NZD": 2, "PLN": 2, "RON": 2, "SEK": 2, "TND": 3, "TRY": 2, "UAH": 2, "USD": 2, "ZAR": 2,
}

// symbols are the signs that readers know at sight; every other currency is written by its code.
var symbols = map[string]string{"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}

// Decimals returns how many digits after the point an amount in currency has, or an error for an unknown currency.
func Decimals(currency string) (int, error) {
	n, ok := decimals[currency]
	if !ok {
		return 0, fmt.Errorf("%q is not a currency that we know; write a code of ISO 4217 such as EUR", currency)
	}
	return n, nil
}
