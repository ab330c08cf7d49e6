package billing

// Term is what binds a subscription: it lasts Minimum months from its anchor at least, and is given up Notice days ahead.
type Term struct {
	Minimum int `json:"minimum"`
	Notice  int `json:"notice"`
}

// EarliestEnd returns the first bound of a period on which a subscription may end when it is given up on day: not before the
// minimum term is over, and with the full notice. The bound is the End of a half-open period: that day is no longer served. Without a minimum
// term, one that is given up during its trial ends with the trial.
func (t Term) EarliestEnd(anchor Date, every Interval, day Date) (Date, error) {
	bound := anchor.AddMonths(t.Minimum)
	if noticed := day.AddDays(t.Notice); bound.Before(noticed) {
		bound = noticed
	}
	if day.Before(anchor) && bound == anchor {
		return anchor, nil
	}
	period, _, err := PeriodOn(anchor, every, bound)
	if err != nil {
		return Date{}, err
	}
	if bound == period.Start && anchor.Before(bound) {
		return bound, nil
	}
	return period.End, nil
}

// Trial returns the day from which a subscription is charged when its first days are free: its anchor.
func Trial(start Date, days int) Date { return start.AddDays(days) }
