package portal

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/bank"
)

// MatchKind is by what a line was matched with an invoice.
type MatchKind string

// The kinds of match, the surest first.
const (
	MatchReference MatchKind = "reference" // the invoice's own reference or number stands on it
	MatchAccount   MatchKind = "account"   // the customer paid from this account before, and owes this amount
	MatchAmount    MatchKind = "amount"    // one customer alone owes this amount: a guess
)

// MatchedLine is a line of a statement with the invoice that it probably pays.
type MatchedLine struct {
	store.BankLine
	Match MatchKind // "" for none
	Claim store.Claim
}

// BankLinesPage is a page of lines that nobody has settled.
type BankLinesPage struct {
	Lines []MatchedLine
	Next  string
}

// BankLines returns lines of the actor's bank that wait to be settled, each with the invoice that it probably pays.
func (p *Portal) BankLines(ctx context.Context, actor app.Actor, after string) (page BankLinesPage, err error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return page, err
	}
	from, limit, err := pageOf(after, 0)
	if err != nil {
		return page, err
	}
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		lines, err := tx.OpenBankLines(ctx, actor.Organization, from, limit+1)
		if err != nil {
			return err
		}
		if len(lines) > limit {
			lines = lines[:limit]
			page.Next = lines[limit-1].ID.String()
		}
		page.Lines, err = matchLines(ctx, tx, actor.Organization, lines)
		return err
	})
	return page, err
}

// numberLike is what may be an invoice's number or a structured reference in a text.
var numberLike = regexp.MustCompile(`[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*`)

// candidates are the invoice numbers, without dashes, that a text may name.
func candidates(text string) (all []string) {
	for _, word := range numberLike.FindAllString(text, 40) {
		word = compactNumber(word)
		if reference, err := bank.ParseCreditorReference(word); err == nil {
			word = reference[4:]
		}
		if len(word) >= 4 && strings.ContainsAny(word, "0123456789") {
			all = append(all, word)
		}
	}
	if reference, err := bank.ParseCreditorReference(text); err == nil { // banks print it in groups of four
		all = append(all, reference[4:])
	}
	return all
}

// matchLines finds for each line the invoice that it pays: by reference, by account and amount, or by an amount that one alone owes.
func matchLines(ctx context.Context, tx *store.Tx, seller app.ID, lines []store.BankLine) ([]MatchedLine, error) {
	var numbers, ibans []string
	amounts := map[string][]int64{}
	for _, l := range lines {
		numbers = append(numbers, candidates(l.Remittance)...)
		ibans = append(ibans, l.PartyIBAN)
		amounts[l.Amount.Currency] = append(amounts[l.Amount.Currency], l.Amount.Minor)
	}
	numbered, err := tx.ClaimsNumbered(ctx, seller, numbers)
	if err != nil {
		return nil, err
	}
	known, err := tx.PartyAccounts(ctx, seller, ibans)
	if err != nil {
		return nil, err
	}
	var owed []store.Claim
	for currency, list := range amounts {
		claims, err := tx.ClaimsOpen(ctx, seller, currency, list)
		if err != nil {
			return nil, err
		}
		owed = append(owed, claims...)
	}
	matched := make([]MatchedLine, len(lines))
	for i, l := range lines {
		matched[i] = matchLine(l, numbered, owed, known)
	}
	return matched, nil
}

func matchLine(l store.BankLine, numbered, owed []store.Claim, known map[string]app.ID) MatchedLine {
	m := MatchedLine{BankLine: l}
	names := candidates(l.Remittance)
	for _, c := range numbered {
		if c.Open.Currency == l.Amount.Currency && slices.Contains(names, compactNumber(c.Number)) {
			m.Match, m.Claim = MatchReference, c
			return m
		}
	}
	var fits, theirs []store.Claim
	for _, c := range owed {
		if c.Open == l.Amount {
			fits = append(fits, c)
			if c.Customer == known[l.PartyIBAN] {
				theirs = append(theirs, c)
			}
		}
	}
	switch {
	case len(theirs) > 0:
		m.Match, m.Claim = MatchAccount, theirs[0]
	case len(fits) == 1:
		m.Match, m.Claim = MatchAmount, fits[0]
	}
	return m
}

// LineChoice is a line with the number of the invoice that a person chose for it.
type LineChoice struct {
	Line    app.ID
	Invoice string
}

// BookLines books lines of the bank for the customers of invoices. A line that was booked meanwhile is left out; it returns how many were booked.
//
// Errors: Forbidden for those who do not sell; Invalid at invoice for a number that is not known.
func (p *Portal) BookLines(ctx context.Context, actor app.Actor, choices []LineChoice) (booked int, err error) {
	var paid []store.Claim
	err = p.do(ctx, actor, bookLines, func(tx *store.Tx) error {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		if len(choices) == 0 || len(choices) > 200 {
			return app.Errorf(app.Invalid, "Please choose at least one line.")
		}
		slices.SortFunc(choices, func(a, b LineChoice) int { return strings.Compare(compactNumber(a.Invoice), compactNumber(b.Invoice)) }) // accounts are locked in one order
		for _, c := range choices {
			claim, done, err := p.bookLine(ctx, tx, actor, c)
			if err != nil {
				return err
			}
			if done {
				booked++
				paid = append(paid, claim)
			}
		}
		tx.Note("organization "+actor.Organization.String(), nil, map[string]int{"booked": booked})
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, claim := range paid {
		p.afterPayment(ctx, actor.Organization, claim.Customer, claim.Open)
	}
	return booked, nil
}

func (p *Portal) bookLine(ctx context.Context, tx *store.Tx, actor app.Actor, c LineChoice) (store.Claim, bool, error) {
	claim, err := p.claimNumbered(ctx, tx, actor, c.Invoice)
	if err != nil {
		return claim, false, err
	}
	line, err := tx.LockBankLine(ctx, actor.Organization, c.Line)
	if err != nil || line.State != store.BankLineOpen {
		return claim, false, err
	}
	if line.Amount.Currency != claim.Open.Currency {
		return claim, false, app.FieldError("invoice", "This invoice is in another currency.")
	}
	err = p.biller.Receive(ctx, tx, store.Payment{
		Customer: claim.Customer, Seller: actor.Organization, Through: "bank", Reference: strings.TrimSpace(line.IBAN + " " + line.Reference), Amount: line.Amount,
		PaidOn: line.Booked, Note: clip(strings.TrimSpace(line.Party + " " + line.Remittance)), For: claim.Invoice,
	})
	if err != nil {
		return claim, false, err
	}
	return claim, true, tx.SettleBankLine(ctx, line, store.BankLineBooked, claim.Customer, p.now())
}

// SetLineAside says that a line of the bank is no payment of a customer.
func (p *Portal) SetLineAside(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, setLineAside, func(tx *store.Tx) error {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		line, err := tx.LockBankLine(ctx, actor.Organization, id)
		if err != nil || line.State != store.BankLineOpen {
			return err
		}
		tx.Note("bank line "+id.String(), nil, map[string]string{"amount": line.Amount.String(), "reference": line.Reference})
		return tx.SettleBankLine(ctx, line, store.BankLineAside, app.ID{}, p.now())
	})
}
