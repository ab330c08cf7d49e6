package web_test

import (
	"io"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/folder"
	"allotment/app/web/dav"
)

// export gives a party an export with its file, and a mandate of one of its customers; what can be read of them holds its mark.
func (e *estate) export(t *testing.T, p *party) {
	t.Helper()
	export, mandate := app.NewID(), app.NewID()
	e.exec(t, `INSERT INTO exports (organization_id, id, side, kind, first_day, last_day, language, state, started_by_name, created_at, started_at, ended_at, expires_at, size)
		VALUES ($1, $2, 'bought', 'invoices', '2026-01-01', '2026-01-31', 'en', 'done', $3, now(), now(), now(), now() + interval '1 day', $4)`,
		p.id, export, "Person "+p.mark, len(p.mark))
	file, err := folder.Open(e.Exports).Create(t.Context(), export)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, p.mark); err != nil {
		t.Fatal(err)
	}
	if err := file.Commit(); err != nil {
		t.Fatal(err)
	}
	e.exec(t, `INSERT INTO mandates (organization_id, id, customer_id, reference, holder, iban, signed_on, sequence, created_at, revoked_at)
		VALUES ($1, $2, $1, $3, $3, 'NL02ABNA0123456789', '2026-01-01', 'RCUR', now(), now())`, p.id, mandate, p.mark)
	p.things["export"], p.things["mandate"] = export.String(), mandate.String()
}

// walkedElsewhere reports whether a route's door is not the pages' or the API's: TestDAVIsForTheKeysOwner walks the folders of documents.
func walkedElsewhere(route string) bool {
	_, path, _ := strings.Cut(route, " ")
	return path == dav.Prefix || strings.HasPrefix(path, dav.Prefix+"/")
}
