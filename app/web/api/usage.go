package api

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

type usageEvent struct {
	ID       string    `json:"id" maxLength:"90" doc:"Your own, unique among all events of the customer. The same one again changes nothing." example:"router-1:2026-11-03T10"`
	Meter    string    `json:"meter" enum:"traffic_gib" doc:"What was used. What the portal measures itself cannot be reported."`
	At       time.Time `json:"at" doc:"When it was used."`
	Quantity string    `json:"quantity" maxLength:"24" doc:"A decimal number above 0, with at most six decimals." example:"12.5"`
}

type usageInput struct {
	ByID
	Body struct {
		Events []usageEvent `json:"events" minItems:"1" maxItems:"500" nullable:"false"`
	}
}

type usageReported struct {
	New   int `json:"new" doc:"Events that were taken in."`
	Known int `json:"known" doc:"Events that were reported before, and changed nothing."`
}

type usageSoFar struct {
	Meters []usageMeter  `json:"meters" nullable:"false" doc:"Empty where nothing is measured."`
	Cost   billing.Money `json:"cost" doc:"Of all that is not charged yet, without tax."`
	Due    string        `json:"due" doc:"When it is charged; empty where nothing is open."`
}

type usageMeter struct {
	Meter    string        `json:"meter" enum:"guest_hours,disk_gib_hours,traffic_gib"`
	Price    string        `json:"price" doc:"Of one unit today, without tax." example:"0.012"`
	Quantity string        `json:"quantity" doc:"What was used and not charged yet."`
	Cost     billing.Money `json:"cost" doc:"Of that, without tax."`
	Days     []usageDay    `json:"days" nullable:"false" doc:"The last 31 days, those without use left out."`
}

type usageDay struct {
	Day      string `json:"day" format:"date"`
	Quantity string `json:"quantity"`
}

func (a *API) addUsage() {
	const tag, path = "Usage", "/services/{id}/usage"
	add(a, line{id: "getUsage", method: get, path: path, tag: tag, permission: app.SeeServices,
		summary: "What a service has used and was not charged for yet"}, a.usage)
	add(a, line{id: "reportUsage", method: post, path: path, tag: tag, permission: app.ReportUsage,
		summary: "Report what a customer's service has used", description: "All events are taken in or none is. What comes after its month was invoiced is on the next invoice; " +
			"what comes twice changes nothing. An ID that was reported with other words is a conflict (409)."}, a.reportUsage)
}

func (a *API) usage(ctx context.Context, actor app.Actor, in *ByID) (*one[usageSoFar], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	u, err := a.portal.Usage(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	out := usageSoFar{Meters: []usageMeter{}, Cost: u.Cost, Due: u.Due.String()}
	for _, m := range u.Meters {
		meter := usageMeter{Meter: string(m.Meter), Price: m.Price.String(), Quantity: m.Quantity.String(), Cost: m.Cost, Days: []usageDay{}}
		for n, quantity := range m.Days {
			if !quantity.IsZero() {
				meter.Days = append(meter.Days, usageDay{u.Days.Start.AddDays(n).String(), quantity.String()})
			}
		}
		out.Meters = append(out.Meters, meter)
	}
	return &one[usageSoFar]{out}, nil
}

func (a *API) reportUsage(ctx context.Context, actor app.Actor, in *usageInput) (*one[usageReported], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	reports := make([]portal.UseReport, len(in.Body.Events))
	for i, e := range in.Body.Events {
		reports[i] = portal.UseReport{ID: e.ID, Meter: billing.Meter(e.Meter), At: e.At, Quantity: e.Quantity}
	}
	done, err := a.portal.ReportUsage(ctx, actor, id, reports)
	if err != nil {
		return nil, err
	}
	return &one[usageReported]{usageReported(done)}, nil
}
