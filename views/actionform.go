package views

import (
	"context"
	"fmt"
	"strconv"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views/words"
)

// ActionForm is one of the forms of an organization's page as it was sent, with what was wrong with it. The zero value is none.
type ActionForm struct {
	Action  string // rename, currency, idle, suspend, quota, move, terminate, close, invite, resend, revoke
	Values  map[string]string
	Errors  map[string]string
	Problem string // what is wrong as a whole

	Currencies []string // in which may be sold, the installation's own first; of a customer's page
}

// value is what was typed into a form's field, or what stands there before anybody typed.
func (f ActionForm) value(action, field, before string) string {
	if typed, ok := f.Values[field]; ok && f.Action == action {
		return typed
	}
	return before
}

func (f ActionForm) wrong(action, field string) string {
	if f.Action == action {
		return f.Errors[field]
	}
	return ""
}

// open reports whether a form is unfolded: what is wrong with it must be seen.
func (f ActionForm) open(action string) bool { return f.Action == action }

// CustomersPath is the list of a seller's customers.
const CustomersPath = "/customers"

func customerPath(id app.ID) string { return CustomersPath + "/" + id.String() }

func transferPath(id app.ID) string { return "/organization/transfers/" + id.String() }

// OrganizationKinds lists what a seller can make below itself.
func OrganizationKinds() []app.OrganizationKind {
	return []app.OrganizationKind{app.Customer, app.Reseller}
}

// OrganizationStates lists the states that a list of customers can be narrowed to.
func OrganizationStates() []app.OrganizationState {
	return []app.OrganizationState{app.OrganizationActive, app.OrganizationSuspended, app.OrganizationClosed}
}

func organizationKind(ctx context.Context, kind app.OrganizationKind) string {
	switch kind {
	case app.Operator:
		return words.T(ctx, "Operator")
	case app.Reseller:
		return words.T(ctx, "Reseller")
	}
	return words.T(ctx, "Customer")
}

func organizationState(ctx context.Context, state app.OrganizationState) string {
	switch state {
	case app.OrganizationSuspended:
		return words.T(ctx, "Suspended")
	case app.OrganizationClosed:
		return words.T(ctx, "Closed")
	}
	return words.T(ctx, "Active")
}

func organizationTone(state app.OrganizationState) (tone, icon string) {
	switch state {
	case app.OrganizationSuspended:
		return "wait", "circle-pause"
	case app.OrganizationClosed:
		return "plain", "circle-x"
	}
	return "good", "circle-check"
}

func transferState(ctx context.Context, state app.TransferState) string {
	switch state {
	case app.TransferOpen:
		return words.T(ctx, "Waits for agreement")
	case app.TransferDone:
		return words.T(ctx, "Has moved")
	case app.TransferDeclined:
		return words.T(ctx, "Declined")
	case app.TransferWithdrawn:
		return words.T(ctx, "Taken back")
	}
	return words.T(ctx, "Expired")
}

func transferTone(state app.TransferState) (tone, icon string) {
	switch state {
	case app.TransferOpen:
		return "wait", "hourglass"
	case app.TransferDone:
		return "good", "circle-check"
	}
	return "plain", "circle-x"
}

// quotaLine is one limit as the pages show it.
type quotaLine struct {
	field string // of its form
	name  string
	unit  string // behind the number in the form
	limit app.Limit
	say   func(context.Context, int64) string
}

func quotaLines(ctx context.Context, q app.Quota) []quotaLine {
	plain := func(_ context.Context, n int64) string { return strconv.FormatInt(n, 10) }
	memory := func(ctx context.Context, n int64) string { return mebibytes(ctx, int(n)) }
	disk := func(ctx context.Context, n int64) string { return words.T(ctx, "%d GB", int(n)) }
	return []quotaLine{
		{"services", words.T(ctx, "Services"), "", q.Services, plain},
		{"guests", words.T(ctx, "Servers"), "", q.Guests, plain},
		{"vcpu", words.T(ctx, "Processors"), "", q.VCPU, plain},
		{"memory", words.T(ctx, "Memory"), "MB", q.MemoryMiB, memory},
		{"disk", words.T(ctx, "Disk"), "GB", q.DiskGiB, disk},
	}
}

// max is a limit as its form shows it.
func (l quotaLine) max() string {
	if l.limit.Max == nil {
		return ""
	}
	return strconv.FormatInt(*l.limit.Max, 10)
}

// CustomerList is a page of customers with how it was asked for.
type CustomerList struct {
	Filter portal.CustomerFilter
	Page   portal.CustomerPage
}

// below is the reseller whose customers are listed, "" for one's own.
func (l CustomerList) below(p Page) string {
	if l.Page.Top.ID == p.Actor.Organization || l.Page.Top.ID == (app.ID{}) {
		return ""
	}
	return l.Page.Top.ID.String()
}

func (l CustomerList) next(p Page) string {
	if l.Page.Next == "" {
		return ""
	}
	f := l.Filter
	return address(CustomersPath, "q", f.Text, "kind", string(f.Kind), "state", string(f.State), "below", l.below(p), "after", l.Page.Next)
}

func (l CustomerList) first(p Page) string {
	if l.Filter.After == "" {
		return ""
	}
	return address(CustomersPath, "q", l.Filter.Text, "kind", string(l.Filter.Kind), "state", string(l.Filter.State), "below", l.below(p))
}

// unused reports whether there is nobody at all, as opposed to nobody who fits.
func (l CustomerList) unused() bool {
	f := l.Filter
	return len(l.Page.Customers) == 0 && f.Text == "" && f.Kind == "" && f.State == "" && f.After == ""
}

func (l CustomerList) count(ctx context.Context) string {
	if l.Page.More {
		return words.T(ctx, "more than %d organizations", l.Page.Count)
	}
	return words.T(ctx, "%d organizations", l.Page.Count)
}

// owners says who owns an organization, in a line.
func owners(ctx context.Context, emails []string) string {
	switch len(emails) {
	case 0:
		return words.T(ctx, "nobody yet")
	case 1:
		return emails[0]
	}
	return fmt.Sprintf("%s +%d", emails[0], len(emails)-1)
}
