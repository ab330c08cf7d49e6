package portaltest

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Mails returns what waits in the outbox for an address, oldest first, with all that it will say.
func (w *World) Mails(t testing.TB, to string) []app.Mail {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	rows, err := conn.Query(t.Context(), `
		SELECT organization_id, key, kind, recipient, language, until, sealed FROM mails WHERE recipient = $1 AND sealed IS NOT NULL ORDER BY id`, to)
	if err != nil {
		t.Fatal(err)
	}
	mails, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Mail, error) {
		var m app.Mail
		var sealed []byte
		if err := row.Scan(&m.Organization, &m.Key, &m.Kind, &m.To, &m.Language, &m.Until, &sealed); err != nil {
			return m, err
		}
		said, err := w.Vault.Unseal(sealed)
		if err != nil {
			return m, err
		}
		var open app.Mail
		err = json.Unmarshal([]byte(said), &open)
		m.ToName, m.Data = open.ToName, open.Data
		return m, err
	})
	if err != nil {
		t.Fatalf("mails for %s: %v", to, err)
	}
	return mails
}
