package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// Profile returns what stands on invoices of and to an organization; the zero Profile where nobody has filled it in.
func (t *Tx) Profile(ctx context.Context, organization app.ID) (Profile, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT party, business, outside_area, vat_check, vat_checked_at, evidence, language, reference FROM billing_profiles
		WHERE organization_id = $1`, organization)
	if err != nil {
		return Profile{}, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Profile, error) {
		var p Profile
		var party, evidence []byte
		var checked *time.Time
		if err := row.Scan(&party, &p.Buyer.Business, &p.Buyer.OutsideArea, &p.Buyer.Check, &checked, &evidence, &p.Language, &p.Reference); err != nil {
			return p, err
		}
		if err := json.Unmarshal(party, &p.Party); err != nil {
			return p, fmt.Errorf("profile of %s: %w", organization, err)
		}
		if err := json.Unmarshal(evidence, &p.Evidence); err != nil {
			return p, fmt.Errorf("evidence of %s: %w", organization, err)
		}
		p.Party.ID, p.CheckedAt, p.Buyer.Country, p.Buyer.ID = organization.String(), value(checked), p.Party.Country, p.Party.VATID
		return p, nil
	})
	if err != nil || len(all) == 0 {
		return Profile{}, classify(err)
	}
	return all[0], nil
}

// SaveProfile keeps what stands on an organization's invoices. What was parked for want of it is tried again at the next run. A VAT ID that
// VIES was not asked about is asked about from next on; the zero time asks nobody.
func (t *Tx) SaveProfile(ctx context.Context, organization app.ID, p Profile, now time.Time) error {
	party, err := json.Marshal(p.Party)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	evidence, err := json.Marshal(p.Evidence)
	if err != nil || p.Evidence == nil {
		evidence = []byte("[]")
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO billing_profiles (organization_id, party, business, outside_area, vat_check, vat_checked_at, evidence, language, reference, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (organization_id) DO UPDATE SET party = $2, business = $3, outside_area = $4, vat_check = $5, vat_checked_at = $6, evidence = $7,
			language = $8, reference = $9, changed_at = $10`,
		organization, party, p.Buyer.Business, p.Buyer.OutsideArea, p.Buyer.Check, optionalTime(p.CheckedAt), evidence, p.Language, p.Reference, now)
	return classify(err)
}

// AddProof notes one more proof of where an organization is: of each kind the newest is kept. Without details there is nothing to prove.
func (t *Tx) AddProof(ctx context.Context, organization app.ID, proof tax.Evidence) error {
	one, err := json.Marshal([]tax.Evidence{proof})
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	_, err = t.tx.Exec(ctx, `
		UPDATE billing_profiles SET evidence = $3::jsonb || coalesce((SELECT jsonb_agg(e) FROM jsonb_array_elements(evidence) e WHERE e->>'kind' <> $2), '[]')
		WHERE organization_id = $1`, organization, proof.Kind, one)
	return classify(err)
}

// Billable is what tells whether an organization can be invoiced.
type Billable struct {
	Seller  app.ID        // the zero ID for the operator
	Sells   bool          // the seller has said who it is and how it sells
	Party   invoice.Party // the organization's own details; empty where there are none
	Stopped bool          // its services stand still, or have ended, for what it has not paid yet
}

// Billable returns that in one look: every order asks for it.
func (t *Tx) Billable(ctx context.Context, organization app.ID) (Billable, error) {
	var b Billable
	var party []byte
	err := t.tx.QueryRow(ctx, `
		SELECT coalesce(o.parent_id, '00000000-0000-0000-0000-000000000000'),
			EXISTS (SELECT FROM seller_terms s JOIN billing_profiles p ON p.organization_id = s.organization_id WHERE s.organization_id = o.parent_id),
			coalesce(p.party, '{}'),
			EXISTS (SELECT FROM billing_accounts a JOIN receivables r ON r.seller_id = a.seller_id AND r.buyer_id = a.organization_id AND r.currency = a.currency
				WHERE a.organization_id = o.id AND a.seller_id = o.parent_id AND a.stage IN ('held', 'grace', 'ended') AND r.open_minor > 0 AND r.due_on < a.since)
		FROM organizations o LEFT JOIN billing_profiles p ON p.organization_id = o.id WHERE o.id = $1`, organization).
		Scan(&b.Seller, &b.Sells, &party, &b.Stopped)
	if errors.Is(err, pgx.ErrNoRows) {
		return Billable{}, nil
	}
	if err != nil {
		return Billable{}, classify(err)
	}
	if err := json.Unmarshal(party, &b.Party); err != nil {
		return Billable{}, fmt.Errorf("profile of %s: %w", organization, err)
	}
	return b, nil
}

// SellerOf returns from whom an organization buys; the zero ID for the operator.
func (t *Tx) SellerOf(ctx context.Context, organization app.ID) (app.ID, error) {
	var parent app.ID
	err := t.tx.QueryRow(ctx, `
		SELECT coalesce((SELECT parent_id FROM organizations WHERE id = $1), '00000000-0000-0000-0000-000000000000')`,
		organization).Scan(&parent)
	return parent, classify(err)
}
