package views

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// settled reports whether the newest operation of a service left nothing to see or to decide.
func settled(op app.Operation, s app.ServiceState) bool {
	return op.State.Ended() && s != app.ServiceFailed
}

// removable reports whether a service in this state can be told to go.
func removable(s app.ServiceState) bool { return s.To(app.ServiceTerminating) == nil }

func hasValues(secrets []app.Secret) bool {
	for _, secret := range secrets {
		if secret.Value != "" {
			return true
		}
	}
	return false
}

// shownAt returns when the access data was shown.
func shownAt(secrets []app.Secret) (time.Time, bool) {
	for _, secret := range secrets {
		if !secret.RevealedAt.IsZero() {
			return secret.RevealedAt, true
		}
	}
	return time.Time{}, false
}

func appName(offer *portal.Offer, id string) string {
	if offer == nil {
		return id
	}
	return offer.App.Name
}

func planName(ctx context.Context, offer *portal.Offer, id string) string {
	if offer != nil {
		if plan := offer.App.Plan(id); plan != nil {
			return plan.Name.In(words.Locale(ctx))
		}
	}
	return id
}

func priceText(ctx context.Context, price billing.Money, interval billing.Interval) string {
	return money(ctx, price) + " " + perInterval(ctx, interval)
}

func resourceState(ctx context.Context, s app.ResourceState) string {
	switch s {
	case app.ResourceWanted:
		return words.T(ctx, "Not yet begun")
	case app.ResourceMaking:
		return words.T(ctx, "Being made")
	case app.ResourcePresent:
		return words.T(ctx, "In place")
	case app.ResourceRemoving:
		return words.T(ctx, "Being removed")
	case app.ResourceRemoved:
		return words.T(ctx, "Removed")
	}
	return string(s)
}

// previewText says in words what an order would make. A spec that is no JSON is described by its name alone.
func previewText(ctx context.Context, r portal.PreviewResource) string {
	spec, _ := json.Marshal(r.Spec)
	return resourceText(ctx, app.Resource{Ref: app.Ref{Name: r.Name}, Kind: r.Kind, Spec: spec})
}

// resourceText says what a resource is, in words. A spec that cannot be read is described by its name alone.
func resourceText(ctx context.Context, r app.Resource) string {
	switch r.Kind {
	case app.KindGuest:
		var spec app.GuestSpec
		if json.Unmarshal(r.Spec, &spec) == nil && spec.VCPU > 0 {
			return strings.Join([]string{words.T(ctx, "%d processors", spec.VCPU),
				words.T(ctx, "%s of memory", mebibytes(ctx, spec.MemoryMiB)), words.T(ctx, "%d GB of disk", spec.DiskGiB)}, ", ")
		}
	case app.KindRecords:
		var spec app.RecordsSpec
		if json.Unmarshal(r.Spec, &spec) == nil && len(spec.Records) > 0 {
			return recordNames(spec.Records)
		}
	case app.KindMail:
		return mailText(ctx, r)
	case app.KindSecret:
		return words.T(ctx, "Made for this service alone and kept encrypted")
	case app.KindDirectory:
		return words.T(ctx, "The groups of those who may use it")
	case app.KindClient:
		return words.T(ctx, "With the account of this portal, for those who have access")
	case app.KindAddress:
		if r.ExternalID == "" {
			return words.T(ctx, "One of its own, chosen when it is made")
		}
		return r.ExternalID
	}
	return r.Name
}

func mailText(ctx context.Context, r app.Resource) string {
	var spec app.MailSpec
	switch err := json.Unmarshal(r.Spec, &spec); {
	case err != nil || spec.Domain == "":
		return r.Name
	case spec.Receive:
		return words.T(ctx, "Sends and receives mail for %s", spec.Domain)
	}
	return words.T(ctx, "Sends mail as %s", spec.Domain)
}

// recordNames lists the records by name and type, each once.
func recordNames(records []app.Record) string {
	names := make([]string, 0, len(records))
	for _, record := range records {
		names = append(names, record.Name+" ("+record.Type+")")
	}
	return strings.Join(names, ", ")
}
