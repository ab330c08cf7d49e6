package ledger_test

import (
	"testing"

	"allotment/billing/billingtest"
	"allotment/billing/ledger"
)

var policy = ledger.Policy{First: 3, Warn: 7, Hold: 7, Grace: 14, End: 30, Delete: true}

// TestTheTableIsStrict names every pair of stage and event, and that all others are refused.
func TestTheTableIsStrict(t *testing.T) {
	t.Parallel()
	want := map[ledger.Stage]map[ledger.Event]ledger.Move{
		"clear":    {"overdue": {To: "reminded", Do: ledger.Remind}},
		"reminded": {"overdue": {To: "warned", Do: ledger.Warn}, "settled": {To: "clear"}},
		"warned":   {"overdue": {To: "held", Do: ledger.Hold}, "settled": {To: "clear"}},
		"held":     {"overdue": {To: "grace", Do: ledger.LastCall}, "settled": {To: "clear", Do: ledger.Resume}},
		"grace":    {"terminate": {To: "ended", Do: ledger.End}, "settled": {To: "clear", Do: ledger.Resume}},
		"ended":    {"settled": {To: "clear"}},
	}
	day := billingtest.Day(t, "2026-01-01")
	for stage, moves := range want {
		for _, event := range []ledger.Event{"overdue", "settled", "terminate", "other"} {
			move, allowed := moves[event]
			got, do, err := ledger.Apply(ledger.State{Stage: stage}, event, day)
			if (err == nil) != allowed || (allowed && (got != ledger.State{Stage: move.To, Since: day} || do != move.Do)) || (!allowed && got.Stage != stage) {
				t.Errorf("%s, %s: %v, %q, %v", stage, event, got, do, err)
			}
		}
	}
}

// play runs the timer each day, as often as it likes within one day, and returns the days on which it did something.
func play(t *testing.T, p ledger.Policy, days int, facts func(day int) ledger.Facts) map[ledger.Action][]int {
	t.Helper()
	state, did := ledger.State{Stage: ledger.Clear}, map[ledger.Action][]int{}
	for i := range days {
		today := billingtest.Day(t, "2026-01-01").AddDays(i)
		for range 3 {
			event, due := p.Next(state, facts(i), today)
			if !due {
				break
			}
			next, action, err := ledger.Apply(state, event, today)
			if err != nil {
				t.Fatal(err)
			}
			state, did[action] = next, append(did[action], i)
		}
	}
	return did
}

func TestEachStepComesOnceAndInTime(t *testing.T) {
	t.Parallel()
	due := billingtest.Day(t, "2026-01-01")
	unpaid := func(int) ledger.Facts { return ledger.Facts{Oldest: due} }
	cases := []struct {
		name   string
		policy ledger.Policy
		facts  func(day int) ledger.Facts
		want   map[ledger.Action]int // the only day of each action
	}{
		{"never paid", policy, unpaid, map[ledger.Action]int{ledger.Remind: 3, ledger.Warn: 10, ledger.Hold: 17, ledger.LastCall: 31, ledger.End: 61}},
		{"deletion by hand", ledger.Policy{First: 3, Warn: 7, Hold: 7, Grace: 14, End: 30}, unpaid,
			map[ledger.Action]int{ledger.Remind: 3, ledger.Warn: 10, ledger.Hold: 17, ledger.LastCall: 31}},
		{"no days between", ledger.Policy{Delete: true}, unpaid, map[ledger.Action]int{ledger.Remind: 1, ledger.Warn: 2, ledger.Hold: 3, ledger.LastCall: 4, ledger.End: 5}},
		{"paid in time", policy, func(int) ledger.Facts { return ledger.Facts{} }, nil},
		{"not due", policy, func(day int) ledger.Facts { return ledger.Facts{Oldest: due.AddDays(day)} }, nil},
		{"paid while held", policy, func(day int) ledger.Facts {
			if day >= 20 {
				return ledger.Facts{}
			}
			return ledger.Facts{Oldest: due}
		}, map[ledger.Action]int{ledger.Remind: 3, ledger.Warn: 10, ledger.Hold: 17, ledger.Resume: 20}},
		{"a payment on its way from day 5 to 30", policy, func(day int) ledger.Facts {
			return ledger.Facts{Oldest: due, Processing: day >= 5 && day <= 30}
		}, map[ledger.Action]int{ledger.Remind: 3, ledger.Warn: 31, ledger.Hold: 38, ledger.LastCall: 52, ledger.End: 82}},
	}
	for _, c := range cases {
		did := play(t, c.policy, 100, c.facts)
		delete(did, ledger.Nothing)
		if len(did) != len(c.want) {
			t.Errorf("%s: did %v, want %v", c.name, did, c.want)
		}
		for action, day := range c.want {
			if len(did[action]) != 1 || did[action][0] != day {
				t.Errorf("%s: %q on days %v, want %d once", c.name, action, did[action], day)
			}
		}
	}
}

// TestNobodyIsRemindedWhileAPaymentIsProcessing: with any history of facts, only payment moves a customer then.
func TestNobodyIsRemindedWhileAPaymentIsProcessing(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for _, stage := range []ledger.Stage{ledger.Clear, ledger.Reminded, ledger.Warned, ledger.Held, ledger.Grace, ledger.Ended} {
		for range 300 {
			facts, state := ledger.Facts{Oldest: billingtest.Date(dice), Processing: true}, ledger.State{Stage: stage, Since: billingtest.Date(dice)}
			today := billingtest.Date(dice)
			if event, due := policy.Next(state, facts, today); due && (event != ledger.Settled || facts.Oldest.Before(today)) {
				t.Fatalf("%v on %s with %v: %s", state, today, facts, event)
			}
			if event, due := policy.Next(state, ledger.Facts{Oldest: today.AddDays(-1)}, today); due && stage == ledger.Ended {
				t.Fatalf("what has ended and is not paid was %s", event)
			}
		}
	}
}
