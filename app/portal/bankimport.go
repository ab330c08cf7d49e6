package portal

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/bank"
)

var (
	importStatement = verb{action: "bank.import", permission: app.ManageBilling}
	bookLines       = verb{action: "bank.book", permission: app.ManageBilling}
	setLineAside    = verb{action: "bank.aside", permission: app.ManageBilling}
)

// MaxStatement is the most that a bank's file may be, in bytes.
const MaxStatement = 4 << 20

// Imported is what a bank's file brought.
type Imported struct {
	Statements int
	New        int // lines that were not known
	Known      int // lines that were read before: they changed nothing
	Out        int // new lines by which money left: they are set aside
}

// ImportStatement reads a bank's file of CAMT.053. Its lines are kept, each once, and nothing is booked yet: see BankLines.
//
// Errors: Forbidden for those who do not sell; Invalid at file, with what is wrong with it.
func (p *Portal) ImportStatement(ctx context.Context, actor app.Actor, file []byte) (done Imported, err error) {
	err = p.do(ctx, actor, importStatement, func(tx *store.Tx) error {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		if len(bytes.TrimSpace(file)) == 0 {
			return app.FieldError("file", "Please choose the file of your bank.")
		}
		if len(file) > MaxStatement {
			return app.FieldError("file", "This file is too large. Please ask your bank for shorter periods.")
		}
		statements, err := bank.ParseStatements(bytes.NewReader(file))
		if err != nil {
			return atField("file", statementProblem(err))
		}
		done.Statements = len(statements)
		for _, s := range statements {
			if err := p.keepLines(ctx, tx, actor, s, &done); err != nil {
				return err
			}
		}
		tx.Note("organization "+actor.Organization.String(), nil, done)
		return nil
	})
	return done, err
}

// statementProblem says in words what is wrong with a bank's file.
func statementProblem(err error) error {
	why := &bank.Problem{Reason: bank.NotStatement}
	errors.As(err, &why)
	switch why.Reason {
	case bank.NoBalance:
		return app.Because(app.Invalid, err, "The statement has no opening or no closing balance, so that nothing proves it is complete. Nothing was read.")
	case bank.DoesNotAddUp:
		return app.Because(app.Invalid, err, "The bookings of the statement %s do not lead from its first to its last balance: a part may be missing. Nothing was read.", why.Where)
	case bank.PartsApart:
		return app.Because(app.Invalid, err, "The parts of the booking %s do not add up to its amount. Nothing was read.", why.Where)
	case bank.WrongAmount:
		return app.Because(app.Invalid, err, "The file has an amount that cannot be read: %s. Nothing was read.", why.Where)
	case bank.WrongCurrency:
		return app.Because(app.Invalid, err, "The file has a currency that is not known here, or several in one statement: %s. Nothing was read.", why.Where)
	case bank.WrongDirection:
		return app.Because(app.Invalid, err, "A booking does not say whether money came or left. Nothing was read.")
	case bank.WrongDay:
		return app.Because(app.Invalid, err, "The day of the booking %s cannot be read. Nothing was read.", why.Where)
	}
	return app.Because(app.Invalid, err, "This is no complete file of the format CAMT.053. Banks offer several formats: please choose that one.")
}

func (p *Portal) keepLines(ctx context.Context, tx *store.Tx, actor app.Actor, s bank.Statement, done *Imported) error {
	for _, t := range s.Transactions {
		if t.Amount.IsZero() {
			continue
		}
		line := store.BankLine{
			ID: app.NewID(), Seller: actor.Organization, IBAN: s.IBAN, Reference: t.ID, Statement: s.ID, Booked: t.Booked, Amount: t.Amount, Party: t.Party,
			PartyIBAN: t.IBAN, Remittance: strings.TrimSpace(t.Reference + " " + t.Text), State: store.BankLineOpen,
		}
		if t.Amount.Minor < 0 {
			line.State = store.BankLineAside
		}
		fresh, err := tx.InsertBankLine(ctx, line, p.now())
		switch {
		case err != nil:
			return err
		case !fresh:
			done.Known++
		case line.State == store.BankLineAside:
			done.Out++
		default:
			done.New++
		}
	}
	return nil
}
