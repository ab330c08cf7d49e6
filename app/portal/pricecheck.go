package portal

import (
	"strconv"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// PriceWay is how a seller says a price.
type PriceWay string

// The ways.
const (
	PriceAmount   PriceWay = "amount"   // its own amount
	PricePercent  PriceWay = "percent"  // what it pays, and a percentage of it
	PriceAdded    PriceWay = "added"    // what it pays, and an amount
	PriceWithdraw PriceWay = "withdraw" // none: what is asked above it counts
)

// PriceRequest is what the form of a price sends, as it was typed. An invalid one comes back as app.Invalid with the fields that are wrong:
// amount, margin, setup, trial, minimum, notice, from.
type PriceRequest struct {
	App, Plan string
	Interval  billing.Interval
	Currency  string // "" for the installation's own
	Audience  store.Audience
	Way       PriceWay
	Amount    string // net, for PriceAmount
	Margin    string // for PricePercent a percentage, for PriceAdded an amount
	Setup     string // net, once; "" for none
	Trial     string // days; "" for none
	Minimum   string // months; "" for none
	Notice    string // days; "" for none
	From      string // the first day, 2026-03-01; "" for today
}

// mostAsked is the largest amount that a price may be, in minor units: what is larger is a slip of the finger.
const mostAsked = 100_000_000_00

// typedAmount reads an amount as people type it, with a comma or a point. Its message is for them.
func typedAmount(typed, currency string) (billing.Money, string) {
	typed = typedNumber(typed)
	places, err := billing.Decimals(currency)
	if err != nil {
		return billing.Money{}, "We do not know this currency."
	}
	amount, err := billing.ParseMoney(typed, currency)
	if err == nil {
		return amount, outOfBounds(amount)
	}
	if _, err := billing.ParseDecimal(typed); err != nil {
		return billing.Money{}, askAmount(currency)
	}
	switch places {
	case 0:
		return billing.Money{}, "This currency has no decimals. Please type a whole amount."
	case 3:
		return billing.Money{}, "This currency has three decimals at most."
	}
	return billing.Money{}, "This currency has two decimals at most. The smallest amount is 0.01."
}

// askAmount asks for an amount as it is written in a currency.
func askAmount(currency string) string {
	switch places, _ := billing.Decimals(currency); places {
	case 0:
		return "Please type a whole amount, like 1250."
	case 3:
		return "Please type an amount, like 12.500."
	}
	return "Please type an amount, like 12.50."
}

func outOfBounds(amount billing.Money) string {
	switch {
	case amount.Minor < 0:
		return "An amount cannot be negative."
	case amount.Minor > mostAsked:
		return "This amount is too large."
	}
	return ""
}

// typedNumber is a number with a point, however it was typed: "1 234,50" and "12,50" are known, too.
func typedNumber(typed string) string {
	typed = strings.Join(strings.Fields(typed), "")
	if !strings.Contains(typed, ".") {
		typed = strings.Replace(typed, ",", ".", 1)
	}
	return typed
}

// typedCount reads a whole number from 0 to most; "" is 0.
func typedCount(typed string, most int) (int, string) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return 0, ""
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 || n > most {
		return 0, "Please type a whole number from 0 to " + strconv.Itoa(most) + "."
	}
	return n, ""
}

// typedMargin reads a margin.
func typedMargin(way PriceWay, typed, currency string) (billing.Margin, string) {
	if way == PriceAdded {
		amount, message := typedAmount(typed, currency)
		return billing.Margin{Amount: amount}, message
	}
	percent, err := billing.ParseDecimal(typedNumber(typed))
	m := billing.Margin{Percent: percent, Amount: billing.Zero(currency)}
	switch {
	case err != nil:
		return m, "Please type a percentage, like 20 or 12.5."
	case percent.Sign() < 0:
		return m, "A margin cannot be negative: you would pay more than you earn."
	case m.Check() != nil:
		return m, "A margin is at most 1000 percent."
	}
	return m, ""
}

// checkPrice reads a request. asked is what the seller pays itself; nil for the operator.
func checkPrice(r PriceRequest, seller app.ID, asked *wholesale, today billing.Date) (store.Price, error) {
	fields := map[string]string{}
	note := func(field, message string) {
		if message != "" {
			fields[field] = message
		}
	}
	price := store.Price{
		PriceKey: store.PriceKey{App: r.App, Plan: r.Plan, Currency: r.Currency, Interval: r.Interval, Audience: r.Audience},
		ID:       app.NewID(), Seller: seller, ValidFrom: today, Withdrawn: r.Way == PriceWithdraw,
		Amount: billing.Zero(r.Currency), Setup: billing.Zero(r.Currency),
	}
	var message string
	if r.From != "" {
		day, err := billing.ParseDate(strings.TrimSpace(r.From))
		switch {
		case err != nil:
			note("from", "Please type a day, like 2026-03-01.")
		case day.Before(today):
			note("from", "A price cannot begin in the past. Today is the earliest.")
		case today.AddMonths(24).Before(day):
			note("from", "Please choose a day within two years.")
		}
		price.ValidFrom = day
	}
	if !price.Withdrawn {
		message = checkAmount(r, asked, &price)
		note(map[bool]string{true: "amount", false: "margin"}[r.Way == PriceAmount], message)
		if strings.TrimSpace(r.Setup) != "" {
			price.Setup, message = typedAmount(r.Setup, r.Currency)
			note("setup", message)
		}
		price.Trial, message = typedCount(r.Trial, 366)
		note("trial", message)
		price.Term.Minimum, message = typedCount(r.Minimum, 60)
		note("minimum", message)
		price.Term.Notice, message = typedCount(r.Notice, 366)
		note("notice", message)
	}
	return price, invalidFields(fields)
}

// checkAmount reads what is asked and holds it to the operator's floor.
func checkAmount(r PriceRequest, asked *wholesale, price *store.Price) (message string) {
	switch {
	case r.Way == PriceAmount:
		if price.Amount, message = typedAmount(r.Amount, r.Currency); message != "" {
			return message
		}
	case asked == nil || r.Way != PricePercent && r.Way != PriceAdded:
		return "You pay nobody for this, so there is nothing to put a margin on. Please type an amount."
	default:
		margin, message := typedMargin(r.Way, r.Margin, r.Currency)
		if message != "" {
			return message
		}
		amount, err := margin.Retail(asked.Price.Amount)
		if err != nil || outOfBounds(amount) != "" {
			return "This amount is too large."
		}
		price.Amount, price.Margin = amount, &margin
	}
	if asked != nil && asked.Floor != nil && price.Amount.Minor < asked.Floor.Minor {
		return "This is below the least that the operator allows."
	}
	return ""
}
