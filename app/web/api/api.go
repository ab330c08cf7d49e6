// Package api is the REST interface for programs: the same verbs as the pages, reached with an API key. Its OpenAPI 3.1 document is made
// from the Go types of its requests and answers, so that the two cannot differ.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/app/portal"
)

// Prefix is where the API is.
const Prefix = "/api/v1"

// maxBody is the most that a request may send, in bytes.
const maxBody = 64 << 10

// Config is what the API needs of the server that it is part of.
type Config struct {
	Address   func(*http.Request) string // where a request comes from
	Follow    Follow
	PerMinute int // calls that a key may make in a minute; 0 means 600
}

// Follow tells of changes of an operation to one of many who follow it. news receives when there may be something new, over is closed when
// the server stops, leave ends it.
type Follow func(operation, who app.ID) (news, over <-chan struct{}, leave func(), err error)

// API is the REST interface.
type API struct {
	portal *portal.Portal
	follow Follow
	cfg    Config
	limits *limiter
	log    *slog.Logger
	now    func() time.Time
	huma   huma.API
}

// New makes the API and adds its routes to e.
func New(e *echo.Echo, p *portal.Portal, cfg Config, log *slog.Logger) *API {
	if cfg.PerMinute == 0 {
		cfg.PerMinute = 600
	}
	a := &API{portal: p, follow: cfg.Follow, cfg: cfg, limits: newLimiter(cfg.PerMinute), log: log, now: time.Now}
	strictNames()
	c := config()
	c.Transformers = []huma.Transformer{a.asProblem}
	a.huma = humaecho.NewWithGroup(e, e.Group(Prefix), c)
	a.huma.UseMiddleware(a.guard)
	a.addKey()
	a.addCatalog()
	a.addOrders()
	a.addServices()
	a.addSubscriptions()
	a.addOperations()
	a.addStream()
	a.addOrganizations()
	a.addBilling()
	a.addReports()
	a.addMembers()
	a.addExports()
	a.addInvoices()
	a.addUsage()
	a.addSelling()
	schemas := a.Document().Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own; Problem stands in its place
	delete(schemas, "ErrorDetail")
	return a
}

// Document is the OpenAPI document of all that there is.
func (a *API) Document() *huma.OpenAPI { return a.huma.OpenAPI() }

// line is one operation of the API: who may call it, and how it is described.
type line struct {
	id          string
	method      string
	path        string
	tag         string
	permission  app.Permission
	status      int // of success; 0 means 200
	summary     string
	description string
	files       []string // media types, where success is a file
}

const permissionKey = "permission"

// add registers one operation. Its permission is asked for before anything of the request is looked at; what fn answers with an error
// becomes a problem.
func add[I, O any](a *API, l line, fn func(context.Context, app.Actor, *I) (*O, error)) {
	op := a.operation(l)
	huma.Register(a.huma, op, func(ctx context.Context, input *I) (*O, error) {
		output, err := fn(ctx, actorOf(ctx), input)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return output, nil
	})
}

func (a *API) operation(l line) huma.Operation {
	if l.status == 0 {
		l.status = http.StatusOK
	}
	op := huma.Operation{
		OperationID: l.id, Method: l.method, Path: l.path, Tags: []string{l.tag}, Summary: l.summary, DefaultStatus: l.status,
		Description:  description(l),
		MaxBodyBytes: maxBody + 1, BodyReadTimeout: 20 * time.Second, RejectUnknownQueryParameters: true,
		Metadata:   map[string]any{permissionKey: l.permission},
		Extensions: map[string]any{"x-permission": string(l.permission)},
		Security:   []map[string][]string{{scheme: {}}},
		Responses:  responses(l),
	}
	if l.method == http.MethodPost {
		op.Parameters = append(op.Parameters, idempotencyParam())
	}
	return op
}
