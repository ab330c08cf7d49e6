package views

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/catalog"
	"allotment/views/words"
)

// PlanForm is the choice of another size as it was sent, with what was wrong with it.
type PlanForm struct {
	Plan    string
	When    portal.When
	Errors  map[string]string
	Problem string // what is wrong as a whole
}

// CancelForm is the choice of an end as it was sent.
type CancelForm struct {
	When    portal.When
	Confirm string
	Errors  map[string]string
	Problem string
}

// HoldForm is the form that stops a customer's service.
type HoldForm struct {
	Kind   app.HoldKind
	Reason string
	Errors map[string]string
}

func planPath(id app.ID) templ.SafeURL { return ServicePath(id) + "/plan" }

func cancelPath(id app.ID) templ.SafeURL { return ServicePath(id) + "/cancel" }

func today(p Page) billing.Date { return billing.DateIn(p.Now, time.UTC) }

// minimumEnd is until when a subscription lasts at least, where that is still to come.
func minimumEnd(ctx context.Context, p Page, a app.Agreement) (string, bool) {
	if a.Term.Minimum == 0 || !a.Begun() {
		return "", false
	}
	end := a.Anchor.AddMonths(a.Term.Minimum)
	return day(ctx, end), today(p).Before(end)
}

func holdTitle(ctx context.Context, kind app.HoldKind) string {
	switch kind {
	case app.HoldBilling:
		return words.T(ctx, "Stopped because of an unpaid invoice")
	case app.HoldAbuse:
		return words.T(ctx, "Stopped because of abuse")
	case app.HoldEnded:
		return words.T(ctx, "The subscription has ended")
	}
	return words.T(ctx, "Stopped by your provider")
}

// hasEnded reports whether a service is stopped because its subscription is over: then no payment lets it run again.
func hasEnded(holds []app.Hold) bool {
	return slices.ContainsFunc(holds, func(h app.Hold) bool { return h.Kind == app.HoldEnded })
}

func planSize(ctx context.Context, plan catalog.Plan) string {
	return strings.Join([]string{words.T(ctx, "%d processors", plan.VCPU), words.T(ctx, "%s of memory", mebibytes(ctx, plan.MemoryMiB)),
		words.T(ctx, "%d GB of disk", plan.DiskGiB)}, ", ")
}

// priceDifference says how much more or less a size costs than that of now.
func priceDifference(ctx context.Context, c portal.PlanChoice) string {
	off := c.Difference
	switch {
	case off.Minor > 0:
		return words.T(ctx, "%s more than now", money(ctx, off))
	case off.Minor < 0:
		off.Minor = -off.Minor
		return words.T(ctx, "%s less than now", money(ctx, off))
	}
	return words.T(ctx, "It costs the same as now.")
}
