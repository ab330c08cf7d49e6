package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestPlanPages: sizes are chosen, looked at and confirmed; an end is foreseen, done and taken back; wrong forms come back as they were.
func TestPlanPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Tenant, "team")
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) }) //nolint:errcheck // the test ends
	for _, sql := range []string{
		`UPDATE operations SET state = 'done', ended_at = now()`, `UPDATE services SET state = 'active', active_at = now()`, `UPDATE subscriptions SET starts_at = now()`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	v, base := s.tenant(t), "/services/"+placed.Service.String()
	for _, page := range []string{base, base + "/plan", base + "/plan/review?plan=medium&when=now", base + "/cancel", base + "/cancel/review?when=now",
		base + "/cancel/review?when=period_end"} {
		if got := v.get(page); got.status != http.StatusOK {
			t.Errorf("%s: %d", page, got.status)
		}
	}
	for page, status := range map[string]int{
		base + "/plan/review?plan=huge&when=now": http.StatusUnprocessableEntity, base + "/plan/review?plan=small&when=now": http.StatusUnprocessableEntity,
		base + "/plan/review?plan=medium": http.StatusUnprocessableEntity, base + "/cancel/review?when=never": http.StatusUnprocessableEntity,
	} {
		if got := v.get(page); got.status != status {
			t.Errorf("%s: %d, want %d", page, got.status, status)
		}
	}
	for _, step := range []struct {
		path  string
		pairs []string
		want  int
	}{
		{"/plan", []string{"plan", "medium", "when", "period_end"}, http.StatusSeeOther},
		{"GET /keep", nil, http.StatusOK},
		{"GET /reactivate", nil, http.StatusSeeOther},
		{"/keep", nil, http.StatusSeeOther},
		{"GET /keep", nil, http.StatusSeeOther},
		{"/keep", nil, http.StatusConflict},
		{"/cancel", []string{"when", "now", "confirm", "another"}, http.StatusUnprocessableEntity},
		{"/cancel", []string{"when", "period_end"}, http.StatusSeeOther},
		{"/cancel", []string{"when", "period_end"}, http.StatusConflict},
		{"GET /reactivate", nil, http.StatusOK},
		{"/reactivate", nil, http.StatusSeeOther},
		{"/hold", []string{"hold", "manual", "reason", "I would like to."}, http.StatusForbidden},
		{"/plan", []string{"plan", "large", "when", "now"}, http.StatusSeeOther},
	} {
		do := func() page { return v.post(base+step.path, step.pairs...) }
		if path, look := strings.CutPrefix(step.path, "GET "); look {
			do = func() page { return v.get(base + path) }
		}
		if got := do(); got.status != step.want {
			t.Errorf("%s %v: %d, want %d", step.path, step.pairs, got.status, step.want)
		}
	}
}
