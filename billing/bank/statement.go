package bank

import (
	"fmt"
	"strings"

	"allotment/billing"
)

// Statement is a bank's statement of an account.
type Statement struct {
	ID           string
	IBAN         string
	Currency     string
	Opening      billing.Money
	Closing      billing.Money
	Transactions []Transaction
}

// Transaction is one booked movement; money that came in is positive. A collective booking is taken apart when the bank says into what.
type Transaction struct {
	// ID is unique within the account for as long as the bank's own references are: it keeps a file that is read twice from counting twice.
	ID        string
	Booked    billing.Date
	Amount    billing.Money
	Party     string // who paid, or was paid
	IBAN      string
	Text      string // unstructured remittance
	Reference string // structured remittance
	EndToEnd  string // what the initiator called it; of a direct debit, our own ID
	Mandate   string
	Return    string // code of the reason when a direct debit or transfer was returned, such as MD06
}

// transactions returns what an entry holds: one, or those of a collective booking when their amounts add up to it.
func (e entryXML) transactions(statement string, index int) ([]Transaction, error) {
	total, err := e.Amount.money(e.Direction)
	if err != nil {
		return nil, err
	}
	key := first(e.ServicerRef, e.Ref, fmt.Sprintf("%s-%d", statement, index+1))
	booked, err := e.Booked.date()
	if err != nil {
		return nil, &Problem{Reason: WrongDay, Where: key, Err: err}
	}
	single := Transaction{ID: key, Booked: booked, Amount: total, Text: e.Info}
	if len(e.Details) == 0 {
		return []Transaction{single}, nil
	}
	if len(e.Details) == 1 {
		e.Details[0].describe(&single, total.Minor > 0)
		return []Transaction{single}, nil
	}
	parts, sum := make([]Transaction, len(e.Details)), billing.Zero(total.Currency)
	for i, details := range e.Details {
		part := Transaction{ID: fmt.Sprintf("%s/%d", key, i+1), Booked: booked, Text: e.Info}
		if part.Amount, err = details.money(e.Direction); err != nil {
			return []Transaction{single}, nil // the bank gives no amounts: the booking stays in one piece
		}
		details.describe(&part, part.Amount.Minor > 0)
		if sum, err = sum.Add(part.Amount); err != nil {
			return nil, &Problem{Reason: WrongCurrency, Where: key, Err: err}
		}
		parts[i] = part
	}
	if sum != total {
		return nil, &Problem{Reason: PartsApart, Where: key, Err: fmt.Errorf("they are %s, not %s", sum, total)}
	}
	return parts, nil
}

// check proves that the opening balance and the bookings make the closing balance.
func (s Statement) check() error {
	amounts := []billing.Money{s.Opening}
	for _, t := range s.Transactions {
		amounts = append(amounts, t.Amount)
	}
	sum, err := billing.Sum(s.Currency, amounts...)
	if err != nil {
		return &Problem{Reason: WrongCurrency, Where: s.ID, Err: err}
	}
	if sum != s.Closing {
		return &Problem{Reason: DoesNotAddUp, Where: s.ID, Err: fmt.Errorf("it closes with %s, but its bookings lead to %s", s.Closing, sum)}
	}
	return nil
}

func (s statementXML) statement() (Statement, error) {
	out := Statement{ID: s.ID, IBAN: s.IBAN, Currency: s.Currency}
	var err error
	for _, balance := range s.Balances {
		switch balance.Code {
		case "OPBD", "PRCD":
			out.Opening, err = balance.Amount.money(balance.Direction)
		case "CLBD":
			out.Closing, err = balance.Amount.money(balance.Direction)
		}
		if err != nil {
			return Statement{}, err
		}
	}
	if out.Opening.Currency == "" || out.Closing.Currency == "" {
		return Statement{}, &Problem{Reason: NoBalance, Where: s.ID}
	}
	out.Currency = out.Opening.Currency
	seen := map[string]int{}
	for i, entry := range s.Entries {
		if status := strings.TrimSpace(entry.Status.Code + entry.Status.Text); status != "BOOK" {
			continue
		}
		list, err := entry.transactions(s.ID, i)
		if err != nil {
			return Statement{}, err
		}
		for _, t := range list {
			if seen[t.ID]++; seen[t.ID] > 1 { // some banks give several bookings of a day one reference
				t.ID = fmt.Sprintf("%s-%d", t.ID, seen[t.ID])
			}
			out.Transactions = append(out.Transactions, t)
		}
	}
	return out, out.check()
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" && text != "NOTPROVIDED" && text != "NONREF" {
			return text
		}
	}
	return ""
}
