package api_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

func signIn(email string) portal.SignInRequest {
	return portal.SignInRequest{Email: email, Password: portaltest.Password, Address: "192.0.2.1"}
}

// exec changes the database past every rule, as nothing else can.
func (s *site) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // the test ends
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (s *site) suspend(t *testing.T, organization app.ID) {
	t.Helper()
	s.exec(t, `UPDATE organizations SET state = 'suspended', reason = 'An invoice is open.' WHERE id = $1`, organization)
}

// activate makes a service as if everything had been made, with a secret to show.
func (s *site) activate(t *testing.T, service app.ID) {
	t.Helper()
	s.exec(t, `UPDATE services SET state = 'active', active_at = now() WHERE id = $1`, service)
	s.exec(t, `UPDATE operations SET state = 'done', ended_at = now() WHERE service_id = $1`, service)
	sealed, err := s.Vault.Seal("very secret value")
	if err != nil {
		t.Fatal(err)
	}
	s.exec(t, `INSERT INTO secrets (organization_id, id, service_id, name, label, shown, ciphertext, created_at)
		SELECT organization_id, $2, id, 'admin_password', 'Password', 'once', $3, now() FROM services WHERE id = $1`, service, app.NewID(), sealed)
}
