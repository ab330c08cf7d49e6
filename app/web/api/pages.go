package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"allotment/app"
)

// Paging is how every list is asked for a page.
type Paging struct {
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many rows at most."`
	After string `query:"after" maxLength:"100" doc:"The next of the page before."`
}

// list is a page of rows. Its Link header leads to the next one (RFC 8288).
type list[T any] struct {
	Link string `header:"Link" doc:"The next page: <…>; rel=\"next\"."`
	Body struct {
		Items []T    `json:"items" nullable:"false" doc:"The rows."`
		Next  string `json:"next,omitempty" doc:"What to ask for as after to get the next page; absent on the last one."`
	}
}

// listOf makes a page of what verb returned. next is "" on the last page.
func listOf[From, To any](ctx context.Context, rows []From, next string, turn func(From) To) *list[To] {
	out := &list[To]{}
	out.Body.Items = make([]To, 0, len(rows))
	for _, row := range rows {
		out.Body.Items = append(out.Body.Items, turn(row))
	}
	if next == "" {
		return out
	}
	out.Body.Next = next
	u := contextOf(ctx).Request().URL
	query := u.Query()
	query.Set("after", next)
	out.Link = "<" + u.Path + "?" + query.Encode() + `>; rel="next"`
	return out
}

// one is a single thing.
type one[T any] struct {
	Body T
}

// made is a thing that came to be, or was begun, with its address.
type made[T any] struct {
	Location string `header:"Location" doc:"Where it is."`
	Body     T
}

func at(parts ...string) string {
	path := Prefix
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// ByID is the ID in a path. What is no ID does not exist.
type ByID struct {
	ID string `path:"id" maxLength:"100" doc:"Its ID." example:"0190b6f0-6b1e-7c3a-9d52-0f6c5a3b2e11"`
}

func (b ByID) id() (app.ID, error) { return app.ParseID(b.ID) }

// nothing is an empty body: it may be left out.
type nothing struct{}

// moment is a time that may be missing.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = stamp(at)
	return &at
}

// stamp is a time as it is stored, whether it was read or was just made.
func stamp(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)
