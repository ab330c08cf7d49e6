package portal

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// reportUsage: a seller's program tells what its customers have used.
var reportUsage = verb{action: "usage.report", permission: app.ReportUsage}

const (
	// reportedAtOnce is how many uses one call may report.
	reportedAtOnce = 500
	// reportedBack is how long after it was used something may be reported.
	reportedBack = 366 * 24 * time.Hour
	// mostUsed is the largest quantity of one use: what is larger is a mistake.
	mostUsed = 1_000_000_000
)

// UseReport is one use as a program reports it. ID is its own, unique among all uses of the customer.
type UseReport struct {
	ID       string
	Meter    billing.Meter
	At       time.Time
	Quantity string // a decimal number, more than nothing
}

// UsageReported is what became of a report.
type UsageReported struct {
	New   int
	Known int // that were reported before, and changed nothing
}

// reportID is what a program may call a use. What the portal measures itself has spaces in its IDs, so that neither takes the other's.
var reportID = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,90}$`)

// ReportUsage takes in what a customer's service has used, of meters that the portal does not measure itself. All of it is kept or nothing is. The
// same ID with the same words changes nothing, whenever it comes; what comes after its month was invoiced is on the next invoice.
//
// Errors: NotFound; Conflict for one's own service; Invalid at events[n].id, .meter, .at and .quantity; Conflict where an ID was reported before with
// other words, and where the service has not begun.
func (p *Portal) ReportUsage(ctx context.Context, actor app.Actor, service app.ID, reports []UseReport) (done UsageReported, err error) {
	err = p.do(ctx, actor, reportUsage, func(tx *store.Tx) error {
		s, err := tx.Service(ctx, service)
		if err != nil {
			return err
		}
		if s.Organization == actor.Organization {
			return app.Errorf(app.Conflict, "Only a seller reports what its customers use.")
		}
		tx.NoteIn(s.Organization, "service "+service.String(), nil, map[string]int{"events": len(reports)})
		a, err := tx.UsageAgreement(ctx, service)
		if err != nil {
			return err
		}
		if a.Seller == (app.ID{}) || a.Anchor.IsZero() {
			return app.Errorf(app.Conflict, "Nothing is charged for this service yet, so nothing is counted.")
		}
		uses, err := p.checkReports(a, reports)
		if err != nil {
			return err
		}
		if uses, err = unknownUses(ctx, tx, a.Customer, uses, &done); err != nil {
			return err
		}
		added, err := tx.InsertUses(ctx, uses, p.now())
		done.New, done.Known = len(added), done.Known+len(uses)-len(added)
		return err
	})
	return done, err
}

// checkReports reads reports; all that is wrong is said at once.
func (p *Portal) checkReports(a store.UsageAgreement, reports []UseReport) ([]store.NewUse, error) {
	zone, err := time.LoadLocation(a.Zone)
	if err != nil {
		return nil, fmt.Errorf("the time zone %q: %w", a.Zone, err)
	}
	if len(reports) == 0 || len(reports) > reportedAtOnce {
		return nil, app.FieldError("events", "Please report from 1 to 500 events at once.")
	}
	fields, seen := map[string]string{}, map[string]bool{}
	var uses []store.NewUse
	for i, r := range reports {
		use := store.NewUse{Customer: a.Customer, ID: r.ID, Subscription: a.SubscriptionID, Meter: r.Meter, At: r.At.UTC().Truncate(time.Microsecond),
			Day: billing.DateIn(r.At, zone)}
		use.Due = a.UsageDueOn(use.Day)
		for field, message := range p.checkReport(a, r, &use) {
			fields[fmt.Sprintf("events[%d].%s", i, field)] = message
		}
		if seen[r.ID] {
			fields[fmt.Sprintf("events[%d].id", i)] = "This ID is there twice."
		}
		seen[r.ID] = true
		uses = append(uses, use)
	}
	return uses, invalidFields(fields)
}

// checkReport says what is wrong with one, by field.
func (p *Portal) checkReport(a store.UsageAgreement, r UseReport, use *store.NewUse) map[string]string {
	wrong := map[string]string{}
	if !reportID.MatchString(r.ID) {
		wrong["id"] = "Please use 1 to 90 letters, digits and . _ : / - only."
	}
	_, priced := a.UsagePriceOn(r.Meter, use.Day)
	switch {
	case r.Meter.Measured():
		wrong["meter"] = "This is measured by the portal itself."
	case !r.Meter.Known() || !priced:
		wrong["meter"] = "This service is not charged for that on this day."
	}
	switch {
	case r.At.After(p.now().Add(5 * time.Minute)):
		wrong["at"] = "This is in the future."
	case r.At.Before(p.now().Add(-reportedBack)):
		wrong["at"] = "This is too long ago."
	case use.Day.Before(a.Anchor) || !a.End.IsZero() && a.End.Before(use.Day):
		wrong["at"] = "The service was not charged on this day."
	}
	var err error
	use.Quantity, err = billing.UnitQuantity(r.Quantity)
	if err != nil || use.Quantity.Sign() <= 0 || use.Quantity.Cmp(billing.Int(mostUsed)) > 0 {
		wrong["quantity"] = "Please write a number above 0 with at most six decimals, like 12.5."
	}
	return wrong
}

// unknownUses leaves out what was reported before with the same words, and counts it. With other words it is a Conflict.
func unknownUses(ctx context.Context, tx *store.Tx, customer app.ID, uses []store.NewUse, done *UsageReported) (fresh []store.NewUse, err error) {
	ids := make([]string, len(uses))
	for i, u := range uses {
		ids[i] = u.ID
	}
	known, err := tx.KnownUses(ctx, customer, ids)
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		before, ok := known[u.ID]
		switch {
		case !ok:
			fresh = append(fresh, u)
		case before.Subscription != u.Subscription || before.Meter != u.Meter || !before.At.Equal(u.At) || before.Quantity != u.Quantity:
			return nil, app.Errorf(app.Conflict, "The ID %s was reported before, and differently.", u.ID)
		default:
			done.Known++
		}
	}
	return fresh, nil
}
