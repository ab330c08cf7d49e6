package app_test

import (
	"testing"

	"allotment/app"
)

// TestAttemptMoves: money that arrived stays arrived; what was given up here may still have been paid there.
func TestAttemptMoves(t *testing.T) {
	t.Parallel()
	all := app.AttemptStates()
	if len(all) != 6 {
		t.Errorf("%d states of attempts, and the table below tells of 6", len(all))
	}
	machine(t, all, map[app.AttemptState][]app.AttemptState{
		"created":         {"processing", "requires_action", "succeeded", "failed", "canceled"},
		"processing":      {"requires_action", "succeeded", "failed", "canceled"},
		"requires_action": {"processing", "succeeded", "failed", "canceled"},
		"failed":          {"processing", "succeeded"},
		"canceled":        {"processing", "succeeded"},
		"succeeded":       {},
	})
	for _, s := range all {
		if want := s == "created" || s == "processing" || s == "requires_action"; s.Open() != want {
			t.Errorf("%s is open: %t, want %t", s, s.Open(), want)
		}
	}
}
