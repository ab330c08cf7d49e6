package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// MemberQuery selects a page of the acting organization's members by name.
type MemberQuery struct {
	Text  string // part of the name or the e-mail address
	Role  app.Role
	After app.ID // the last person of the page before; the zero ID for the first page
	Limit int
}

// twoFactor is whether the user u has a second factor in use.
const twoFactor = `(EXISTS (SELECT FROM totps t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) OR EXISTS (SELECT FROM passkeys k WHERE k.user_id = u.id))`

const memberColumns = `u.id, u.name, u.email, u.language, m.role, m.created_at, u.signed_in_at, ` + twoFactor + `, u.disabled,
	EXISTS (SELECT FROM user_memberships(u.id) other WHERE other.organization_id <> m.organization_id)`

func scanMember(row pgx.CollectableRow) (app.Member, error) {
	var m app.Member
	var signedIn *time.Time
	err := row.Scan(&m.User, &m.Name, &m.Email, &m.Language, &m.Role, &m.Since, &signedIn, &m.TwoFactor, &m.Disabled, &m.Elsewhere)
	m.SignedInAt = value(signedIn)
	return m, err
}

// Members returns a page of the acting organization's members, in the order of their names.
func (t *Tx) Members(ctx context.Context, q MemberQuery) ([]app.Member, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+memberColumns+`
		FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.organization_id = $1
		  AND ($2 = '' OR u.name ILIKE '%' || $2 || '%' OR u.email ILIKE '%' || $2 || '%')
		  AND ($3 = '' OR m.role = $3)
		  AND ($4::uuid IS NULL OR (lower(u.name), u.id) > (SELECT lower(c.name), c.id FROM users c WHERE c.id = $4))
		ORDER BY lower(u.name), u.id LIMIT $5`, t.actor.Organization, likeText(q.Text), q.Role, optional(q.After), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanMember)
}

// CountMembers returns how many members the acting organization has with each role.
func (t *Tx) CountMembers(ctx context.Context) (map[app.Role]int, error) {
	rows, err := t.tx.Query(ctx, `SELECT role, count(*) FROM memberships WHERE organization_id = $1 GROUP BY role`, t.actor.Organization)
	if err != nil {
		return nil, classify(err)
	}
	counts := map[app.Role]int{}
	var role app.Role
	var n int
	_, err = pgx.ForEachRow(rows, []any{&role, &n}, func() error { counts[role] = n; return nil })
	return counts, classify(err)
}

// Member returns a member of the acting organization, or NotFound.
func (t *Tx) Member(ctx context.Context, user app.ID) (app.Member, error) {
	return t.member(ctx, user, "")
}

// LockMember is Member, and nobody else changes the membership until this transaction ends.
func (t *Tx) LockMember(ctx context.Context, user app.ID) (app.Member, error) {
	return t.member(ctx, user, "FOR UPDATE OF m")
}

func (t *Tx) member(ctx context.Context, user app.ID, lock string) (app.Member, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+memberColumns+`
		FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.organization_id = $1 AND m.user_id = $2 `+lock, t.actor.Organization, user)
	if err != nil {
		return app.Member{}, classify(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMember)
	return m, classify(err)
}

// ChangeRole gives a member another role. The last owner's is a Conflict.
func (t *Tx) ChangeRole(ctx context.Context, user app.ID, role app.Role) error {
	return t.changeOne(ctx, `UPDATE memberships SET role = $3 WHERE organization_id = $1 AND user_id = $2`, t.actor.Organization, user, role)
}

// RemoveMember ends a membership, the sessions in which the person acts for the organization, and their access to its services. The last
// owner's is a Conflict.
func (t *Tx) RemoveMember(ctx context.Context, user app.ID, now time.Time) error {
	if _, err := t.tx.Exec(ctx, endSessions(`user_id = $3 AND acting = $4`)+`SELECT count(*) FROM gone`, now, "removed", user, t.actor.Organization); err != nil {
		return classify(err)
	}
	return t.changeOne(ctx, `DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2`, t.actor.Organization, user)
}

// IsMember reports whether an address belongs to a member of the acting organization.
func (t *Tx) IsMember(ctx context.Context, email string) (is bool, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.organization_id = $1 AND u.email = $2)`,
		t.actor.Organization, email).Scan(&is)
	return is, classify(err)
}

// OwnOrganizations returns a page of the organizations that a person belongs to, in the order of their names.
func (s *Store) OwnOrganizations(ctx context.Context, user app.ID, text string, after app.ID, limit int) ([]app.Membership, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT organization_id, parent_id, kind, name, slug, state, role FROM own_organizations($1, $2, $3, $4)`, user, text, optional(after), limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanMembership)
}

// SwitchSession makes a session act for another organization of its person, and remembers the choice for their next sign-in.
func (t *Tx) SwitchSession(ctx context.Context, session, user, organization app.ID) error {
	if err := t.changeOne(ctx, `UPDATE sessions SET acting = $3 WHERE id = $1 AND user_id = $2`, session, user, organization); err != nil {
		return err
	}
	return t.changeOne(ctx, `UPDATE users SET acting = $2 WHERE id = $1`, user, organization)
}
