package tax

import (
	"cmp"
	"slices"

	"allotment/billing"
)

// Line is what a report counts: the net and the VAT of one group of one issued document. A credit note's are negative.
type Line struct {
	Decision Decision
	Buyer    string // country
	BuyerID  ID
	Net, VAT billing.Money
}

// Total is one row of a VAT report.
type Total struct {
	Scheme   Scheme          `json:"scheme"`
	Category Category        `json:"category"`
	Country  string          `json:"country"` // whose VAT; for reverse charge the buyer's country
	Rate     billing.Decimal `json:"rate"`
	Net      billing.Money   `json:"net"`
	VAT      billing.Money   `json:"vat"`
}

// Report adds lines up by scheme, country, rate and currency, in that order. The rows of OSS are its quarterly return; those of
// ReverseCharge, by country, check the recapitulative statement.
func Report(lines []Line) ([]Total, error) {
	at := map[Total]int{}
	var rows []Total
	for _, line := range lines {
		d := line.Decision
		row := Total{Scheme: d.Scheme, Category: d.Category, Country: d.Country, Rate: d.Rate,
			Net: billing.Zero(line.Net.Currency), VAT: billing.Zero(line.VAT.Currency)}
		if d.Country == "" {
			row.Country = line.Buyer
		}
		i, seen := at[row]
		if !seen {
			i = len(rows)
			at[row], rows = i, append(rows, row)
		}
		var err error
		if rows[i].Net, err = rows[i].Net.Add(line.Net); err != nil {
			return nil, err
		}
		if rows[i].VAT, err = rows[i].VAT.Add(line.VAT); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Country, b.Country), a.Rate.Cmp(b.Rate),
			cmp.Compare(a.Net.Currency, b.Net.Currency), cmp.Compare(a.Category, b.Category))
	})
	return rows, nil
}
