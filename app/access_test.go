package app_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"allotment/app"
)

func TestUIDOf(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9])?$`)
	for email, want := range map[string]string{
		"anna@example.test":              "anna",
		"Anna.Berg@example.test":         "anna.berg",
		"a.b.apps.example@example.test":  "a.b-apps-example",
		"anna+lists@example.test":        "anna",
		"jürgen@example.test":            "j-rgen",
		"admin@example.test":             "admin2",
		"postmaster@example.test":        "postmaster2",
		"...@example.test":               "person",
		"ünü@example.test":               "n",
		strings.Repeat("x", 80) + "@x.y": strings.Repeat("x", 32),
	} {
		if got := app.UIDOf(email, 1); got != want || !shape.MatchString(got) {
			t.Errorf("%s becomes %q, want %q", email, got, want)
		}
		if second := app.UIDOf(email, 2); second == want || !shape.MatchString(second) {
			t.Errorf("the second proposal for %s is %q", email, second)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	if got := app.AccessAdmin.Groups(); !slices.Equal(got, []string{"users", "admins"}) {
		t.Errorf("an administrator is in %v", got)
	}
	if got := app.AccessNone.Groups(); len(got) != 0 {
		t.Errorf("somebody without access is in %v", got)
	}
}
