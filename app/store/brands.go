package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// The looks at a brand come before anybody is known, and a buyer may not read its seller's rows: functions tell what is shown anyway.

const shownBrand = `organization_id, name, logo_version, logo_wide, light, dark, support_email, support_url, imprint_url, privacy_url, sender_name, sender_address, host`

// BrandOf returns the brand that an organization's people see; for the zero ID, the operator's. Without any, it is the operator's name.
func (s *Store) BrandOf(ctx context.Context, organization app.ID) (app.Brand, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+shownBrand+` FROM brand_of($1)`, optional(organization))
	if err != nil {
		return app.Brand{}, classify(err)
	}
	brand, err := pgx.CollectOneRow(rows, scanBrand)
	if err == pgx.ErrNoRows {
		err = s.pool.QueryRow(ctx, `SELECT operator_name()`).Scan(&brand.Name)
	}
	return brand, classify(err)
}

// BrandAt returns the brand whose people sign in at the host, or NotFound.
func (s *Store) BrandAt(ctx context.Context, host string) (app.Brand, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+shownBrand+` FROM brand_at($1)`, host)
	if err != nil {
		return app.Brand{}, classify(err)
	}
	brand, err := pgx.CollectOneRow(rows, scanBrand)
	return brand, classify(err)
}

func scanBrand(row pgx.CollectableRow) (app.Brand, error) {
	var b app.Brand
	err := row.Scan(&b.Organization, &b.Name, &b.Logo, &b.LogoWide, &b.Light, &b.Dark, &b.SupportEmail, &b.SupportURL, &b.ImprintURL, &b.PrivacyURL,
		&b.SenderName, &b.SenderAddress, &b.Host)
	return b, err
}

// Logo returns a logo by its version, or NotFound.
func (s *Store) Logo(ctx context.Context, version string) ([]byte, error) {
	var logo []byte
	if err := s.pool.QueryRow(ctx, `SELECT brand_logo($1)`, version).Scan(&logo); err != nil {
		return nil, classify(err)
	}
	if logo == nil {
		return nil, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return logo, nil
}

// BelongsTo reports whether an organization is the seller itself or one of its buyers, however deep.
func (s *Store) BelongsTo(ctx context.Context, seller, organization app.ID) (bool, error) {
	var belongs bool
	err := s.pool.QueryRow(ctx, `SELECT belongs_to_seller($1, $2)`, seller, organization).Scan(&belongs)
	return belongs, classify(err)
}

const brandSettings = `
	SELECT b.organization_id, b.name, b.logo_version, b.logo_wide, b.light, b.dark, b.support_email, b.support_url, b.imprint_url, b.privacy_url,
	       b.sender_name, b.sender_address, coalesce(b.host, ''), o.name, b.asked_host, b.asked_sender, b.asked_at, b.answer
	FROM brands b JOIN organizations o ON o.id = b.organization_id `

// BrandSettings returns an organization's own brand, or NotFound where it has none.
func (t *Tx) BrandSettings(ctx context.Context, organization app.ID) (app.BrandSettings, error) {
	rows, err := t.tx.Query(ctx, brandSettings+`WHERE b.organization_id = $1`, organization)
	if err != nil {
		return app.BrandSettings{}, classify(err)
	}
	settings, err := pgx.CollectOneRow(rows, scanBrandSettings)
	return settings, classify(err)
}

// AskedBrands returns the brands that wait for staff's answer, the longest-waiting first.
func (t *Tx) AskedBrands(ctx context.Context, limit int) ([]app.BrandSettings, error) {
	rows, err := t.tx.Query(ctx, brandSettings+`WHERE b.asked_at IS NOT NULL ORDER BY b.asked_at, b.organization_id LIMIT $1`, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanBrandSettings)
	return all, classify(err)
}

func scanBrandSettings(row pgx.CollectableRow) (app.BrandSettings, error) {
	var b app.BrandSettings
	var asked *time.Time
	err := row.Scan(&b.Organization, &b.Name, &b.Logo, &b.LogoWide, &b.Light, &b.Dark, &b.SupportEmail, &b.SupportURL, &b.ImprintURL, &b.PrivacyURL,
		&b.SenderName, &b.SenderAddress, &b.Host, &b.OrganizationName, &b.AskedHost, &b.AskedSender, &asked, &b.Answer)
	b.AskedAt = value(asked)
	return b, err
}

// SaveBrand writes an organization's brand, without its logo.
//
// Errors: Conflict at the field host when another seller has it.
func (t *Tx) SaveBrand(ctx context.Context, b app.BrandSettings, now time.Time) error {
	args := []any{
		b.Organization, b.Name, b.Light, b.Dark, b.SupportEmail, b.SupportURL, b.ImprintURL, b.PrivacyURL, b.SenderName, b.SenderAddress, b.Host,
		b.AskedHost, b.AskedSender, moment(b.AskedAt), b.Answer, now,
	}
	done, err := t.tx.Exec(ctx, `
		UPDATE brands SET
			name = $2, light = $3, dark = $4, support_email = $5, support_url = $6, imprint_url = $7, privacy_url = $8, sender_name = $9, sender_address = $10,
			host = nullif($11, ''), asked_host = $12, asked_sender = $13, asked_at = $14, answer = $15, changed_at = $16
		WHERE organization_id = $1`, args...)
	if err != nil || done.RowsAffected() > 0 {
		return classify(err)
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO brands (organization_id, name, light, dark, support_email, support_url, imprint_url, privacy_url, sender_name, sender_address, host,
		                    asked_host, asked_sender, asked_at, answer, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nullif($11, ''), $12, $13, $14, $15, $16)`, args...)
	return classify(err)
}

// SaveLogo replaces a brand's logo; nil removes it.
func (t *Tx) SaveLogo(ctx context.Context, organization app.ID, logo []byte, version string, wide bool, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE brands SET logo = $2, logo_version = $3, logo_wide = $4, changed_at = $5 WHERE organization_id = $1`,
		organization, logo, version, wide, now)
	return classify(err)
}
