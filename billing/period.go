package billing

import "fmt"

// Period is a run of days: Start is the first, End the first that no longer belongs to it. Neighbours share a bound and no day.
type Period struct {
	Start Date `json:"start"`
	End   Date `json:"end"`
}

// NewPeriod returns the days from start until, but without, end. There must be one at least.
func NewPeriod(start, end Date) (Period, error) {
	if start.IsZero() || !start.Before(end) {
		return Period{}, fmt.Errorf("a period cannot start on %s and end before %s", start, end)
	}
	return Period{start, end}, nil
}

// PeriodAt returns the n-th period of a subscription that is anchored on a date; the first is 0. Both bounds are the anchor plus
// whole intervals, clamped to the month's end, so that 31 January is followed by 28 February and by 31 March.
func PeriodAt(anchor Date, every Interval, n int) Period {
	months := every.Months()
	return Period{anchor.AddMonths(n * months), anchor.AddMonths((n + 1) * months)}
}

// PeriodOn returns the period that day falls into, and its number, which is negative before the anchor.
func PeriodOn(anchor Date, every Interval, day Date) (Period, int, error) {
	months := every.Months()
	if months == 0 {
		return Period{}, 0, fmt.Errorf("%q is not an interval", every)
	}
	n := floorDiv((day.Year-anchor.Year)*12+int(day.Month-anchor.Month), months)
	period := PeriodAt(anchor, every, n)
	if day.Before(period.Start) {
		n--
		period = PeriodAt(anchor, every, n)
	}
	return period, n, nil
}

// Days returns the period's length.
func (p Period) Days() int { return p.Start.DaysUntil(p.End) }

// IsZero reports whether p is no period.
func (p Period) IsZero() bool { return p == Period{} }

// Last returns the last day that belongs to the period, as people and invoices write it.
func (p Period) Last() Date { return p.End.AddDays(-1) }

// Contains reports whether day belongs to the period.
func (p Period) Contains(day Date) bool { return !day.Before(p.Start) && day.Before(p.End) }

// From returns the part of the period from day on; all of it when day is earlier, and nothing (a zero Period) when it is over.
func (p Period) From(day Date) Period {
	if !day.Before(p.End) {
		return Period{}
	}
	if day.Before(p.Start) {
		return p
	}
	return Period{day, p.End}
}

// Cut divides the period at those of the days that fall inside it, which must ascend.
func (p Period) Cut(days ...Date) []Period {
	var parts []Period
	for _, day := range days {
		if p.Start.Before(day) && day.Before(p.End) {
			parts = append(parts, Period{p.Start, day})
			p.Start = day
		}
	}
	return append(parts, p)
}

// String writes both bounds, the end being excluded: "2026-01-31/2026-02-28".
func (p Period) String() string { return p.Start.String() + "/" + p.End.String() }

// floorDiv is a/b rounded down, for a positive b.
func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
