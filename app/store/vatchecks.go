package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/tax"
)

// VATDue is an organization whose VAT ID VIES is to be asked about.
type VATDue struct {
	Organization app.ID
	ID           tax.ID
	Tries        int // questions without an answer since the last one
}

// VATIDsDue returns up to limit organizations behind after whose VAT ID is to be asked about by now.
func (t *Tx) VATIDsDue(ctx context.Context, now time.Time, after app.ID, limit int) ([]VATDue, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT organization_id, party->>'vat_id', vat_tries FROM billing_profiles
		WHERE vat_next <= $1 AND organization_id > $2 ORDER BY organization_id LIMIT $3`, now, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[VATDue])
}

// VATNext returns when VIES is asked next about an organization's VAT ID, and how many questions stayed without an answer since the last one.
func (t *Tx) VATNext(ctx context.Context, organization app.ID) (next time.Time, tries int, err error) {
	rows, err := t.tx.Query(ctx, `SELECT vat_next, vat_tries FROM billing_profiles WHERE organization_id = $1`, organization)
	if err != nil {
		return next, 0, classify(err)
	}
	var at *time.Time
	_, err = pgx.ForEachRow(rows, []any{&at, &tries}, func() error { return nil })
	return value(at), tries, classify(err)
}

// ScheduleVATCheck says when VIES is asked next; the zero time for never.
func (t *Tx) ScheduleVATCheck(ctx context.Context, organization app.ID, next time.Time, tries int) error {
	_, err := t.tx.Exec(ctx, `UPDATE billing_profiles SET vat_next = $2, vat_tries = $3 WHERE organization_id = $1`, organization, optionalTime(next), tries)
	return classify(err)
}

// InsertVATCheck keeps a question to VIES and its answer for good.
func (t *Tx) InsertVATCheck(ctx context.Context, organization app.ID, c app.VATCheck) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO vat_checks (organization_id, id, vat_id, requester, result, fault, name, address, consultation, answered_on, request, answer, asked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		organization, app.NewID(), c.ID, c.Requester, c.Result, c.Fault, c.Name, c.Address, c.Consultation, dateOrNull(c.AnsweredOn), c.Request, c.Answer,
		c.AskedAt)
	return classify(err)
}

// VATAnswered keeps what VIES says of an organization's VAT ID, and where the proof of it stands, and returns what was known before. It does
// nothing, and reports so, when the organization has another VAT ID by now.
func (t *Tx) VATAnswered(ctx context.Context, organization app.ID, c app.VATCheck) (before tax.Check, current bool, err error) {
	proof, err := json.Marshal(map[string]string{"consultation": c.Consultation, "requester": c.Requester, "name": c.Name})
	if err != nil {
		return "", false, fmt.Errorf("VAT check: %w", err)
	}
	err = t.tx.QueryRow(ctx, `
		UPDATE billing_profiles p SET vat_check = $3, vat_checked_at = $4, vat_proof = $5
		FROM (SELECT organization_id, vat_check FROM billing_profiles WHERE organization_id = $1 AND party->>'vat_id' = $2 FOR UPDATE) known
		WHERE p.organization_id = known.organization_id RETURNING known.vat_check`,
		organization, c.ID, string(c.Result), c.AskedAt, proof).Scan(&before)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return before, err == nil, classify(err)
}

// VATChecks returns the newest questions about an organization's VAT IDs.
func (t *Tx) VATChecks(ctx context.Context, organization app.ID, limit int) ([]app.VATCheck, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT vat_id, requester, result, fault, name, address, consultation, answered_on, asked_at FROM vat_checks
		WHERE organization_id = $1 ORDER BY id DESC LIMIT $2`, organization, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.VATCheck, error) {
		var c app.VATCheck
		var on *time.Time
		err := row.Scan(&c.ID, &c.Requester, &c.Result, &c.Fault, &c.Name, &c.Address, &c.Consultation, &on, &c.AskedAt)
		c.AnsweredOn = dateOf(on)
		return c, err
	})
}
