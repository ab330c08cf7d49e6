package views

import (
	"fmt"
	"net/url"

	"allotment/app"
)

// unused reports whether there is no service at all, as opposed to none that fits the filter.
func (l ServiceList) unused() bool {
	for _, n := range l.Page.Counts {
		if n > 0 {
			return false
		}
	}
	return l.Filter.Text == "" && l.Filter.State == "" && len(l.Page.Services) == 0
}

func (l ServiceList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(l.Base, "q", l.Filter.Text, "state", string(l.Filter.State), "of", l.of(), "after", l.Page.Next)
}

func (l ServiceList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(l.Base, "q", l.Filter.Text, "state", string(l.Filter.State), "of", l.of())
}

// of is the customer whose services are listed, "" for no particular one.
func (l ServiceList) of() string {
	if l.Of.Name == "" {
		return ""
	}
	return l.Of.ID.String()
}

const operationsBase = "/operator/operations"

func (l OperationList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	f := l.Filter
	return address(operationsBase, "q", f.Text, "state", string(f.State), "kind", string(f.Kind), "after", l.Page.Next)
}

func (l OperationList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(operationsBase, "q", l.Filter.Text, "state", string(l.Filter.State), "kind", string(l.Filter.Kind))
}

// address is a path with those of the pairs that have a value.
func address(path string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// counted puts a number behind a name, where there is something to count.
func counted(name string, n int) string {
	if n == 0 {
		return name
	}
	return fmt.Sprintf("%s (%d)", name, n)
}

// OperationKinds lists the kinds that the queue can be narrowed to.
func OperationKinds() []app.OperationKind {
	return []app.OperationKind{app.OperationCreate, app.OperationChange, app.OperationTerminate, app.OperationSuspend, app.OperationResume, app.OperationRepair,
		app.OperationAccess}
}
