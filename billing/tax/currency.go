package tax

// nonEuro are the member states that have not the euro, and their currencies (https://european-union.europa.eu/institutions-law-budget/euro/countries-using-euro_en).
// Bulgaria has had the euro since 1 January 2026 (Council Regulation (EU) 2025/1408).
var nonEuro = map[string]string{"CZ": "CZK", "DK": "DKK", "HU": "HUF", "PL": "PLN", "RO": "RON", "SE": "SEK"}

// NationalCurrency returns the currency of a member state, in which VAT is stated and declared there, and "" for what is no member state.
func NationalCurrency(country string) string {
	if currency, ok := nonEuro[country]; ok || !Member(country) {
		return currency
	}
	return "EUR"
}
