package exporter

import (
	"fmt"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/bank"
)

// debits writes a file that tells the bank to collect every open invoice of the days whose customer has a mandate, a batch for each sequence.
func (r *run) debits() ([]store.Debit, error) {
	terms, err := Terms(r.ctx, r.tx, r.e.Organization)
	if err != nil {
		return nil, err
	}
	collect, err := billing.ParseDate(r.e.Settings["collect"])
	if err != nil {
		return nil, err
	}
	open, err := r.tx.Collectables(r.ctx, r.e.Days())
	if err != nil {
		return nil, err
	}
	r.total = int64(len(open))
	holder := terms.Payment.Holder
	if holder == "" {
		holder = terms.Party.Name
	}
	id := strings.ReplaceAll(r.e.ID.String(), "-", "")
	batches, used := map[bank.Sequence]*bank.Batch{}, map[app.ID]bool{}
	var taken []store.Debit
	for _, c := range open {
		sequence := sequenceOf(c.Mandate, used[c.Mandate.ID])
		if err := r.step(); err != nil {
			return nil, err
		}
		if sequence == "" {
			continue
		}
		used[c.Mandate.ID] = true
		if batches[sequence] == nil {
			batches[sequence] = &bank.Batch{ID: id + string(sequence[:1]), Created: r.now(), Collect: collect, Sequence: sequence, Name: holder,
				IBAN: terms.Payment.IBAN, BIC: terms.Payment.BIC, Creditor: r.e.Settings["creditor"]}
		}
		batches[sequence].Debits = append(batches[sequence].Debits, debitOf(c))
		taken = append(taken, store.Debit{Invoice: c.Invoice, Mandate: c.Mandate.ID, Amount: c.Open, Collect: collect})
	}
	if len(taken) == 0 {
		return nil, app.Errorf(app.Permanent, "No open invoice of these days can be collected: none of its customers has a mandate, or all are in a file already.")
	}
	var files []bank.Batch
	for _, sequence := range []bank.Sequence{bank.First, bank.Recurring, bank.OneOff} {
		if batches[sequence] != nil {
			files = append(files, *batches[sequence])
		}
	}
	if err := bank.WriteDebits(r.w, files...); err != nil {
		return nil, fmt.Errorf("debits: %w", err)
	}
	return taken, nil
}

// sequenceOf is what a collection is to its mandate: the first, a later one, or the only one; "" where the only one was made already.
func sequenceOf(m app.Mandate, again bool) bank.Sequence {
	again = again || m.Used > 0
	switch sequence := bank.Sequence(m.Sequence); {
	case sequence == bank.OneOff && again:
		return ""
	case sequence == bank.First && again:
		return bank.Recurring
	default:
		return sequence
	}
}

func debitOf(c store.Collectable) bank.Debit {
	d := bank.Debit{ID: c.Number, Amount: c.Open, Mandate: c.Mandate.Reference, Signed: c.Mandate.Signed, Name: c.Mandate.Holder, IBAN: c.Mandate.IBAN, BIC: c.Mandate.BIC}
	if _, err := bank.ParseMandate(c.Number); err != nil { // the same rules hold for both
		d.ID = strings.ReplaceAll(c.Invoice.String(), "-", "")
	}
	d.Reference, d.Text = reference(c.Reference, c.Number)
	return d
}
