package api

import (
	"context"
	"net/http"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// Service is a delivered thing.
type Service struct {
	ID               app.ID           `json:"id" format:"uuid"`
	Organization     app.ID           `json:"organization" format:"uuid" doc:"Whose it is."`
	OrganizationName string           `json:"organization_name"`
	App              string           `json:"app"`
	Plan             string           `json:"plan"`
	Name             string           `json:"name"`
	Host             string           `json:"host"`
	URL              string           `json:"url" doc:"Where it can be opened."`
	State            app.ServiceState `json:"state" enum:"creating,active,changing,suspending,suspended,resuming,failed,terminating,terminated"`
	Failure          string           `json:"failure,omitempty" doc:"Why it could not be made."`
	CreatedAt        time.Time        `json:"created_at"`
	ActiveAt         *time.Time       `json:"active_at,omitempty" doc:"When it first answered; it costs money from then on."`
	TerminatedAt     *time.Time       `json:"terminated_at,omitempty"`
}

type serviceDetail struct {
	Service
	Answers      map[string]string `json:"answers"`
	Subscription subscription      `json:"subscription"`
	Resources    []resource        `json:"resources" nullable:"false"`
	Operation    *operation        `json:"operation,omitempty" doc:"The newest."`
	Events       []event           `json:"events" nullable:"false" doc:"The newest fifty things that happened."`
	Secrets      []secretName      `json:"secrets" nullable:"false" doc:"The access data that there is, without values."`
}

type subscription struct {
	Price    billing.Money    `json:"price"`
	Setup    billing.Money    `json:"setup"`
	Interval billing.Interval `json:"interval" enum:"month,quarter,year"`
	StartsAt *time.Time       `json:"starts_at,omitempty"`
	EndsAt   *time.Time       `json:"ends_at,omitempty"`
}

type resource struct {
	Kind  app.Kind          `json:"kind"`
	Role  string            `json:"role" doc:"What it is for in the service."`
	Name  string            `json:"name"`
	State app.ResourceState `json:"state" enum:"wanted,making,present,removing,removed"`
}

type event struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Kind    string    `json:"kind"`
	Message string    `json:"message"`
}

type secretName struct {
	Name       string     `json:"name"`
	Label      string     `json:"label"`
	RevealedAt *time.Time `json:"revealed_at,omitempty" doc:"When it was shown; that happens once."`
}

type secret struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value" doc:"In the clear: this is the only time that it is shown."`
}

type servicesInput struct {
	Paging
	Query string `query:"q" maxLength:"100" doc:"A part of the name, the address or the organization."`
	State string `query:"state" enum:"creating,active,changing,suspending,suspended,resuming,failed,terminating,terminated" doc:"Only those in this state; otherwise all but terminated ones."`
	App   string `query:"app" maxLength:"60" doc:"Only those of this app."`
}

type terminateInput struct {
	ByID
	Body struct {
		Confirm string `json:"confirm" maxLength:"300" doc:"The service's host, to be sure that it is this one."`
	}
}

type actInput struct {
	ByID
	Body *nothing
}

func (a *API) addServices() {
	add(a, line{id: "listServices", method: get, path: "/services", tag: "Services", permission: app.SeeServices, summary: "Services",
		description: "A seller's list spans its customers."}, a.services)
	add(a, line{id: "getService", method: get, path: "/services/{id}", tag: "Services", permission: app.SeeServices, summary: "One service, with all that belongs to it"}, a.service)
	add(a, line{id: "revealSecrets", method: post, path: "/services/{id}/secrets", tag: "Services", permission: app.SeeSecrets,
		summary: "The access data, once", description: "The second time it is gone (410). Before the service is active it is a conflict (409)."}, a.secrets)
	add(a, line{id: "terminateService", method: post, path: "/services/{id}/terminate", tag: "Services", permission: app.TerminateService,
		status: http.StatusAccepted, summary: "Remove a service with everything that belongs to it", description: "It cannot be undone."}, a.terminate)
}

func (a *API) services(ctx context.Context, actor app.Actor, in *servicesInput) (*list[Service], error) {
	page, err := a.portal.Services(ctx, actor, portal.ServiceFilter{Text: in.Query, State: app.ServiceState(in.State), App: in.App, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Services, page.Next, serviceOf), nil
}

func (a *API) service(ctx context.Context, actor app.Actor, in *ByID) (*one[serviceDetail], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	d, err := a.portal.Service(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[serviceDetail]{detailOf(ctx, d)}, nil
}

func (a *API) secrets(ctx context.Context, actor app.Actor, in *actInput) (*list[secret], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	secrets, err := a.portal.RevealSecrets(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return listOf(ctx, secrets, "", func(s app.Secret) secret { return secret{s.Name, s.Label, s.Value} }), nil
}

func (a *API) terminate(ctx context.Context, actor app.Actor, in *terminateInput) (*made[operation], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	o, err := a.portal.TerminateService(ctx, actor, id, in.Body.Confirm)
	return begun(ctx, o, err)
}

func serviceOf(s app.Service) Service {
	return Service{
		ID: s.ID, Organization: s.Organization, OrganizationName: s.OrganizationName, App: s.App, Plan: s.Plan, Name: s.Name, Host: s.Host, URL: s.URL,
		State: s.State, Failure: s.Failure, CreatedAt: stamp(s.CreatedAt), ActiveAt: moment(s.ActiveAt), TerminatedAt: moment(s.TerminatedAt),
	}
}

func detailOf(ctx context.Context, d portal.ServiceDetail) serviceDetail {
	sub := d.Subscription
	out := serviceDetail{
		Service: serviceOf(d.Service), Answers: d.Service.Answers, Resources: []resource{}, Events: []event{}, Secrets: []secretName{},
		Subscription: subscription{sub.Price, sub.Setup, sub.Interval, moment(sub.StartsAt), moment(sub.EndsAt)},
	}
	if out.Answers == nil {
		out.Answers = map[string]string{}
	}
	if d.Operation != nil {
		o := operationOf(ctx, *d.Operation)
		out.Operation = &o
	}
	for _, r := range d.Resources {
		out.Resources = append(out.Resources, resource{r.Kind, r.Role, r.Name, r.State})
	}
	for _, e := range d.Events {
		out.Events = append(out.Events, event{stamp(e.At), e.Actor, e.Kind, said(ctx, e.Message)})
	}
	for _, s := range d.Secrets {
		out.Secrets = append(out.Secrets, secretName{s.Name, s.Label, moment(s.RevealedAt)})
	}
	return out
}
