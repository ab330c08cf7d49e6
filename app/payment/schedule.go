package payment

import (
	"time"

	"allotment/app"
	"allotment/billing"
)

// retries are the days from a charge that failed to the next one.
var retries = []int{3, 5, 7}

// Due reports whether an invoice is to be collected today by a saved way to pay: on its due day, and again after each failure by the schedule.
// Charges are those before, the newest first. What failed hard is not tried again by the same way to pay; what waits for the person, or was
// paid once and taken back, is theirs to pay.
func Due(due billing.Date, charges []app.Attempt, method app.ID, today billing.Date, zone string) bool {
	if due.IsZero() || today.Before(due) {
		return false
	}
	failed := 0
	for _, c := range charges {
		switch c.State {
		case app.AttemptFailed:
			failed++
		case app.AttemptCanceled:
		default:
			return false
		}
	}
	if len(charges) == 0 {
		return true
	}
	last := charges[0]
	switch {
	case last.State == app.AttemptCanceled:
		return failed <= len(retries) && !sameDay(last.ChangedAt, today, zone)
	case last.Hard:
		return last.Method != method
	case failed > len(retries):
		return false
	}
	return !today.Before(dayIn(zone, last.ChangedAt).AddDays(retries[failed-1]))
}

func sameDay(at time.Time, today billing.Date, zone string) bool { return dayIn(zone, at) == today }
