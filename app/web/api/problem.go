package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/views/words"
)

const problemJSON = "application/problem+json"

// Problem is the answer to a request that failed (RFC 9457).
type Problem struct {
	Type      string  `json:"type" format:"uri-reference" doc:"Where this kind of problem is described." example:"/api/docs#problem-not_found"`
	Title     string  `json:"title" doc:"The kind of problem in words: the same each time." example:"Not Found"`
	Status    int     `json:"status" doc:"The HTTP status." example:"404"`
	Detail    string  `json:"detail" doc:"What went wrong this time, for people." example:"There is nothing at this address."`
	Code      string  `json:"code" doc:"The kind of problem, for programs." enum:"invalid,unauthenticated,forbidden,unconfirmed,not_found,method_not_allowed,conflict,gone,too_large,unsupported,too_many,unavailable,internal" example:"not_found"`
	Reference string  `json:"reference,omitempty" doc:"Names this request in the provider's log." example:"a1b2c3d4e5f6"`
	Errors    []Wrong `json:"errors,omitempty" nullable:"false" doc:"What is wrong with which part of the request."`
}

// Wrong is one part of a request that is wrong. Exactly one of the last three says which.
type Wrong struct {
	Detail    string `json:"detail" doc:"What is wrong with it." example:"This address already has a service."`
	Pointer   string `json:"pointer,omitempty" doc:"A JSON pointer into the body, as a fragment (RFC 6901)." example:"#/host"`
	Parameter string `json:"parameter,omitempty" doc:"A parameter of the path or the query." example:"limit"`
	Header    string `json:"header,omitempty" doc:"A header." example:"Idempotency-Key"`
}

var problemType = reflect.TypeFor[Problem]()

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemJSON }

// kinds is what each kind of error is in HTTP (RFC 9110 section 15). What is not here is 500.
var kinds = map[app.Code]int{
	app.Invalid: http.StatusUnprocessableEntity, app.Unauthenticated: http.StatusUnauthorized, app.Forbidden: http.StatusForbidden,
	app.Unconfirmed: http.StatusForbidden, app.NotFound: http.StatusNotFound, app.Conflict: http.StatusConflict, app.Gone: http.StatusGone,
	app.TooMany: http.StatusTooManyRequests, app.Retryable: http.StatusServiceUnavailable, app.Full: http.StatusServiceUnavailable,
}

// codes name a status that no code of ours stands behind.
var codes = map[int]string{
	http.StatusBadRequest: string(app.Invalid), http.StatusUnprocessableEntity: string(app.Invalid), http.StatusUnauthorized: string(app.Unauthenticated),
	http.StatusForbidden: string(app.Forbidden), http.StatusNotFound: string(app.NotFound), http.StatusMethodNotAllowed: "method_not_allowed",
	http.StatusRequestTimeout: string(app.Invalid), http.StatusConflict: string(app.Conflict), http.StatusGone: string(app.Gone),
	http.StatusRequestEntityTooLarge: "too_large", http.StatusUnsupportedMediaType: "unsupported", http.StatusNotAcceptable: "unsupported",
	http.StatusTooManyRequests: string(app.TooMany), http.StatusServiceUnavailable: "unavailable",
}

// newProblem is a problem with the words of its status.
func newProblem(c echo.Context, status int, detail string) *Problem {
	code, ok := codes[status]
	if !ok {
		code = string(app.Internal)
	}
	title := http.StatusText(status)
	return &Problem{
		Type: "/api/docs#problem-" + code, Title: title, Status: status, Detail: detail, Code: code,
		Reference: c.Response().Header().Get("X-Request-Id"),
	}
}

// problem turns what a verb returned into what is told. What nobody classified is logged here, once.
func (a *API) problem(ctx context.Context, err error) *Problem {
	return a.problemAt(ctx, contextOf(ctx), err)
}

func (a *API) problemAt(ctx context.Context, c echo.Context, err error) *Problem {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	status, ok := kinds[app.CodeOf(err)]
	if !ok {
		status = http.StatusInternalServerError
	}
	p := newProblem(c, status, words.Error(ctx, err))
	switch app.CodeOf(err) {
	case app.Unconfirmed:
		p.Code = string(app.Unconfirmed)
	case app.Retryable, app.Full, "":
	default:
		if !ok && ctx.Err() == nil {
			a.log.Error("request failed", "reference", p.Reference, "route", c.Path(), "error", err)
		}
	}
	fields := words.Fields(ctx, err)
	var places placed
	if found := (*placed)(nil); errors.As(err, &found) {
		places = *found
	}
	for name, message := range fields {
		at, ok := places.at[name]
		if !ok {
			at = pointer(name)
		}
		p.Errors = append(p.Errors, Wrong{Detail: message, Pointer: at})
	}
	slices.SortFunc(p.Errors, func(x, y Wrong) int { return strings.Compare(x.Pointer, y.Pointer) })
	return p
}

// placed is an error of a verb whose form fields stand elsewhere in the body.
type placed struct {
	error
	at map[string]string // form field -> JSON pointer
}

// Unwrap returns the verb's error.
func (p *placed) Unwrap() error { return p.error }

// pointer is a form field as a place in a body: question.title is the answer called title.
func pointer(field string) string {
	if id, ok := strings.CutPrefix(field, "question."); ok {
		return "#/answers/" + escape(id)
	}
	return "#/" + escape(field)
}

func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// asProblem turns what the reading of requests says into a problem. Values that were sent are never sent back.
func (a *API) asProblem(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	detail := words.T(ctx.Context(), "Please look at the fields that are marked.")
	if len(model.Errors) == 0 {
		detail = sentence(model.Detail)
	}
	p := newProblem(contextOf(ctx.Context()), model.Status, detail)
	for _, wrong := range model.Errors {
		p.Errors = append(p.Errors, place(wrong))
	}
	return p, nil
}

// place says where something is wrong: "body.answers.title", "query.limit".
func place(e *huma.ErrorDetail) Wrong {
	wrong := Wrong{Detail: sentence(e.Message)}
	in, name, _ := strings.Cut(e.Location, ".")
	switch in {
	case "query", "path":
		wrong.Parameter = name
	case "header":
		wrong.Header = name
	default:
		wrong.Pointer = "#"
		for part := range strings.SplitSeq(strings.ReplaceAll(name, "[", "."), ".") {
			if part = strings.TrimSuffix(part, "]"); part != "" {
				wrong.Pointer += "/" + escape(part)
			}
		}
	}
	return wrong
}

// sentence makes words into a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// Fail answers a request that never came to an operation: an address or a method that is none, a form of another site, a panic.
func (a *API) Fail(c echo.Context, err error) error {
	ctx := c.Request().Context()
	var router *echo.HTTPError
	if errors.As(err, &router) {
		switch router.Code {
		case http.StatusNotFound:
			return write(c, newProblem(c, router.Code, words.T(ctx, "There is nothing at this address.")))
		case http.StatusMethodNotAllowed:
			return write(c, newProblem(c, router.Code, words.T(ctx, "This address does not take that method.")))
		}
	}
	return write(c, a.problemAt(ctx, c, err))
}

// write sends a problem.
func write(c echo.Context, p *Problem) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(c.Request()))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "60")
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	h.Set("Content-Length", strconv.Itoa(len(data)+1))
	return c.Blob(p.Status, problemJSON, append(data, '\n'))
}

// challenge says how to identify oneself, and whether it was tried (RFC 6750 section 3).
func challenge(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="Allotment"`
	}
	return `Bearer realm="Allotment", error="invalid_token"`
}
