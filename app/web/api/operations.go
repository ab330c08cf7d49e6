package api

import (
	"context"
	"net/http"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views/words"
)

type operation struct {
	ID           app.ID             `json:"id" format:"uuid"`
	Organization app.ID             `json:"organization" format:"uuid" doc:"Whose service it is about."`
	Service      app.ID             `json:"service" format:"uuid"`
	Kind         app.OperationKind  `json:"kind" example:"create"`
	State        app.OperationState `json:"state" enum:"running,failed,undoing,done,cancelled,rolled_back"`
	Steps        []step             `json:"steps" nullable:"false" doc:"In their order."`
	CreatedAt    time.Time          `json:"created_at"`
	EndedAt      *time.Time         `json:"ended_at,omitempty"`
}

type step struct {
	Position  int           `json:"position" doc:"The first is 1."`
	Action    app.Action    `json:"action" enum:"ensure,remove,configure,seal,check"`
	Kind      app.Kind      `json:"kind" doc:"Of the resource that it works on."`
	State     app.StepState `json:"state" enum:"pending,queued,running,waiting,done,failed,cancelled"`
	Attempts  int           `json:"attempts"`
	Message   string        `json:"message,omitempty" doc:"What it does, waits for, or why it failed."`
	RawError  string        `json:"raw_error,omitempty" doc:"For the operator's staff only."`
	Progress  []string      `json:"progress,omitempty" nullable:"false" doc:"What the server says of its own set-up."`
	StartedAt *time.Time    `json:"started_at,omitempty"`
	EndedAt   *time.Time    `json:"ended_at,omitempty"`
	NextAt    *time.Time    `json:"next_at,omitempty" doc:"When a waiting step tries again."`
}

type operationsInput struct {
	Paging
	Query   string `query:"q" maxLength:"100" doc:"A part of the service's name, its address or the organization."`
	Service string `query:"service" maxLength:"100" doc:"Only those of this service."`
	State   string `query:"state" enum:"running,failed,undoing,done,cancelled,rolled_back"`
	Kind    string `query:"kind" maxLength:"40" doc:"Only those of this kind." example:"create"`
}

func (a *API) addOperations() {
	add(a, line{id: "listOperations", method: get, path: "/operations", tag: "Operations", permission: app.SeeServices, summary: "Operations",
		description: "What was done with services, and is being done."}, a.operations)
	add(a, line{id: "getOperation", method: get, path: "/operations/{id}", tag: "Operations", permission: app.SeeServices, summary: "One operation with its steps"}, a.oneOperation)
	add(a, line{id: "retryOperation", method: post, path: "/operations/{id}/retry", tag: "Operations", permission: app.ChangeServices, status: http.StatusAccepted,
		summary: "Take a failed operation up again", description: "The answer is the operation that works from now on: the same, or a new one."}, a.retry)
	add(a, line{id: "cancelOperation", method: post, path: "/operations/{id}/cancel", tag: "Operations", permission: app.ChangeServices, status: http.StatusAccepted,
		summary: "Cancel the making of a service", description: "What was made is removed by the operation that is answered."}, a.cancel)
}

func (a *API) operations(ctx context.Context, actor app.Actor, in *operationsInput) (*list[operation], error) {
	filter := portal.OperationFilter{
		Text: in.Query, State: app.OperationState(in.State), Kind: app.OperationKind(in.Kind), After: in.After, Limit: in.Limit,
	}
	if in.Service != "" {
		id, err := app.ParseID(in.Service)
		if err != nil {
			return nil, err
		}
		filter.Only = id
	}
	page, err := a.portal.History(ctx, actor, filter)
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Operations, page.Next, func(o app.Operation) operation { return operationOf(ctx, o) }), nil
}

func (a *API) oneOperation(ctx context.Context, actor app.Actor, in *ByID) (*one[operation], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	o, err := a.portal.Operation(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[operation]{operationOf(ctx, o)}, nil
}

func (a *API) retry(ctx context.Context, actor app.Actor, in *actInput) (*made[operation], error) {
	return a.act(ctx, actor, in, a.portal.RetryOperation)
}

func (a *API) cancel(ctx context.Context, actor app.Actor, in *actInput) (*made[operation], error) {
	return a.act(ctx, actor, in, a.portal.CancelOperation)
}

func (a *API) act(ctx context.Context, actor app.Actor, in *actInput, verb func(context.Context, app.Actor, app.ID) (app.Operation, error)) (*made[operation], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	o, err := verb(ctx, actor, id)
	return begun(ctx, o, err)
}

// begun answers with an operation that goes on in the background.
func begun(ctx context.Context, o app.Operation, err error) (*made[operation], error) {
	if err != nil {
		return nil, err
	}
	return &made[operation]{at("operations", o.ID.String()), operationOf(ctx, o)}, nil
}

func operationOf(ctx context.Context, o app.Operation) operation {
	out := operation{
		ID: o.ID, Organization: o.Organization, Service: o.Service, Kind: o.Kind, State: o.State, Steps: []step{}, CreatedAt: stamp(o.CreatedAt),
		EndedAt: moment(o.EndedAt),
	}
	for _, s := range o.Steps {
		out.Steps = append(out.Steps, step{
			Position: s.Position, Action: s.Action, Kind: s.Kind, State: s.Shown(), Attempts: s.Attempts, Message: said(ctx, s.Message), RawError: s.RawError,
			Progress: s.Progress, StartedAt: moment(s.StartedAt), EndedAt: moment(s.EndedAt), NextAt: moment(s.NextAt),
		})
	}
	return out
}

// said is a sentence of the program in the reader's language.
func said(ctx context.Context, sentence string) string { return words.Say(ctx, sentence) }
