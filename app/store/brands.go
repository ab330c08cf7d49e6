package store

import (
	"context"

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
