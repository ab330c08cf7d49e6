package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Basis is what accounts are billed by, beside what stands on them.
type Basis struct {
	Terms  map[app.ID]Terms // of their sellers; those that never said are left out
	Credit []Account        // those whose seller owes the customer something
}

// Basis fills in the subscriptions of locked accounts that are charged again some day, with what was used and not charged, and returns what else
// their bills are made from. It is one round trip to the database, however many accounts there are, and one more where use counts.
func (t *Tx) Basis(ctx context.Context, accounts []Account) (Basis, error) {
	var basis Basis
	var terms readTerms
	var measured []app.ID
	batch := &pgx.Batch{}
	t.queueSubscribed(batch, accounts, &measured)
	terms.queue(batch, sellersOf(accounts))
	queueCredit(batch, accounts, &basis.Credit)
	err := t.tx.SendBatch(ctx, batch).Close()
	if err != nil {
		return basis, classify(err)
	}
	if basis.Terms, err = t.withRates(ctx, terms); err != nil {
		return basis, err
	}
	return basis, t.uncharged(ctx, accounts, measured)
}

func queueCredit(batch *pgx.Batch, accounts []Account, rich *[]Account) {
	var c columns
	at := make(map[app.ID]int, len(accounts))
	for i, a := range accounts {
		at[a.ID] = i
		c.add(a.ID, a.Seller, a.Customer.String(), a.Currency)
	}
	c.queue(batch, `
		SELECT a.id FROM rows(uuid, uuid, text, text) a(id, seller, customer, currency)
		WHERE (SELECT sum(p.amount_minor) FROM ledger_postings p
			WHERE p.account = 'credit' AND p.party = a.customer AND p.organization_id = a.seller AND p.currency = a.currency) < 0 ORDER BY a.id`).Query(func(rows pgx.Rows) error {
		var id app.ID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			*rich = append(*rich, accounts[at[id]])
			return nil
		})
		return err
	})
}

func sellersOf(accounts []Account) []app.ID {
	var all []app.ID
	seen := map[app.ID]bool{}
	for _, a := range accounts {
		if !seen[a.Seller] {
			seen[a.Seller] = true
			all = append(all, a.Seller)
		}
	}
	return all
}
