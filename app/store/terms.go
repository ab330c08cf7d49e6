package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/ledger"
)

// SellersTerms returns how each of the organizations sells, with the VAT rates of all states; those that never said are left out.
func (t *Tx) SellersTerms(ctx context.Context, sellers []app.ID) (map[app.ID]Terms, error) {
	var read readTerms
	batch := &pgx.Batch{}
	read.queue(batch, sellers)
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, classify(err)
	}
	return t.withRates(ctx, read)
}

// readTerms are terms as they come from the database: the rates are known by their mark.
type readTerms struct {
	all  []Terms
	mark int64
}

func (r *readTerms) queue(batch *pgx.Batch, sellers []app.ID) {
	batch.Queue(`
		SELECT s.organization_id, p.party, s.tax, s.policy, s.payment, s.zone, s.prefix, s.due_days, s.dunning, `+ratesMark+`
		FROM seller_terms s JOIN billing_profiles p ON p.organization_id = s.organization_id
		WHERE s.organization_id = ANY ($1)`, sellers).Query(func(rows pgx.Rows) (err error) {
		r.all, err = pgx.CollectRows(rows, r.scan)
		return err
	})
}

func (r *readTerms) scan(row pgx.CollectableRow) (Terms, error) {
	var s Terms
	var party, vat, policy, payment, dunning []byte
	if err := row.Scan(&s.Seller, &party, &vat, &policy, &payment, &s.Zone, &s.Prefix, &s.DueDays, &dunning, &r.mark); err != nil {
		return s, err
	}
	for _, part := range []struct {
		from []byte
		to   any
	}{{party, &s.Party}, {vat, &s.Tax}, {policy, &s.Policy}, {payment, &s.Payment}, {dunning, &s.Dunning}} {
		if err := json.Unmarshal(part.from, part.to); err != nil {
			return s, fmt.Errorf("terms of %s: %w", s.Seller, err)
		}
	}
	s.Party.ID, s.Tax.Country = s.Seller.String(), s.Party.Country
	return s, nil
}

func (t *Tx) withRates(ctx context.Context, read readTerms) (map[app.ID]Terms, error) {
	all := make(map[app.ID]Terms, len(read.all))
	if len(read.all) == 0 {
		return all, nil
	}
	rates, err := t.ratesMarked(ctx, read.mark)
	for _, one := range read.all {
		one.Rates = rates
		all[one.Seller] = one
	}
	return all, err
}

// SaveTerms keeps how an organization sells.
func (t *Tx) SaveTerms(ctx context.Context, s Terms, now time.Time) error {
	var parts [3][]byte
	for i, part := range []any{s.Tax, s.Policy, s.Payment} {
		var err error
		if parts[i], err = json.Marshal(part); err != nil {
			return fmt.Errorf("terms: %w", err)
		}
	}
	var dunning []byte
	if s.Dunning != (ledger.Policy{}) {
		var err error
		if dunning, err = json.Marshal(s.Dunning); err != nil {
			return fmt.Errorf("terms: %w", err)
		}
	}
	_, err := t.tx.Exec(ctx, `
		INSERT INTO seller_terms (organization_id, tax, policy, payment, zone, prefix, due_days, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (organization_id) DO UPDATE SET tax = $2, policy = $3, payment = $4, zone = $5, prefix = $6, due_days = $7, changed_at = $8`,
		s.Seller, parts[0], parts[1], parts[2], s.Zone, s.Prefix, s.DueDays, now)
	if err != nil || dunning == nil {
		return classify(err)
	}
	_, err = t.tx.Exec(ctx, `UPDATE seller_terms SET dunning = $2 WHERE organization_id = $1`, s.Seller, dunning)
	return classify(err)
}
