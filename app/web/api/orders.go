package api

import (
	"context"
	"net/http"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// orderBody is what an order asks for.
type orderBody struct {
	App      string            `json:"app" maxLength:"60" doc:"The app's ID." example:"redmine"`
	Plan     string            `json:"plan" maxLength:"60" doc:"One of its sizes." example:"small"`
	Name     string            `json:"name" maxLength:"240" doc:"What you call it; at most 60 characters." example:"Our projects"`
	Host     string            `json:"host" maxLength:"300" doc:"The full name under the provider's zone." example:"team.apps.example.org"`
	Interval string            `json:"interval,omitempty" enum:"month,quarter,year" doc:"How often it is paid; the shortest that is offered without it."`
	Coupon   string            `json:"coupon,omitempty" maxLength:"60" doc:"A code of your seller's."`
	For      string            `json:"for,omitempty" maxLength:"100" doc:"The customer for whom a seller orders; otherwise it is for the key's own organization."`
	Answers  map[string]string `json:"answers,omitempty" maxProperties:"100" doc:"The answers to the app's questions, by their IDs."`
}

type orderInput struct {
	Body orderBody
}

type order struct {
	ID           app.ID           `json:"id" format:"uuid"`
	Organization app.ID           `json:"organization" format:"uuid" doc:"Who ordered it."`
	App          string           `json:"app"`
	Plan         string           `json:"plan"`
	Service      app.ID           `json:"service" format:"uuid" doc:"The service that it became."`
	Operation    app.ID           `json:"operation" format:"uuid" doc:"The operation that makes it."`
	Price        billing.Money    `json:"price" doc:"As it was shown."`
	Setup        billing.Money    `json:"setup"`
	Interval     billing.Interval `json:"interval" enum:"month,quarter,year"`
	CreatedAt    time.Time        `json:"created_at"`
}

type preview struct {
	App       string            `json:"app"`
	Plan      plan              `json:"plan"`
	Name      string            `json:"name"`
	Host      string            `json:"host"`
	URL       string            `json:"url" doc:"Where it will be."`
	Answers   map[string]string `json:"answers" doc:"As they will be stored."`
	First     firstInvoice      `json:"first_invoice" doc:"The exact invoice that comes first if the service is ready today."`
	Records   []app.Record      `json:"records" nullable:"false" doc:"DNS records; an address that is not chosen yet reads {address4}."`
	Resources []previewResource `json:"resources" nullable:"false" doc:"What will be made, in this order."`
}

type previewResource struct {
	Kind app.Kind `json:"kind" enum:"secret,address,guest,records,mail,directory"`
	Name string   `json:"name"`
}

func (a *API) addOrders() {
	add(a, line{id: "previewOrder", method: post, path: "/orders/preview", tag: "Orders", permission: app.OrderServices,
		summary: "What an order would make and cost", description: "Nothing is reserved."}, a.preview)
	add(a, line{id: "placeOrder", method: post, path: "/orders", tag: "Orders", permission: app.OrderServices, status: http.StatusCreated,
		summary: "Order an app", description: "It is made in the background: follow its operation."}, a.place)
	add(a, line{id: "getOrder", method: get, path: "/orders/{id}", tag: "Orders", permission: app.SeeServices, summary: "One order"}, a.order)
}

func (a *API) preview(ctx context.Context, actor app.Actor, in *orderInput) (*one[preview], error) {
	r, err := in.Body.request(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.portal.Preview(ctx, actor, r)
	if err != nil {
		return nil, err
	}
	out := preview{
		App: p.Offer.App.ID, Plan: planOf(p.Plan, words.Locale(ctx)), Name: p.Request.Name, Host: p.Request.Host, URL: p.URL, Answers: p.Request.Answers,
		Records: p.Records, Resources: []previewResource{}, First: firstOf(p),
	}
	if out.Records == nil {
		out.Records = []app.Record{}
	}
	for _, r := range p.Resources {
		out.Resources = append(out.Resources, previewResource{r.Kind, r.Name})
	}
	return &one[preview]{out}, nil
}

func (a *API) place(ctx context.Context, actor app.Actor, in *orderInput) (*made[order], error) {
	r, err := in.Body.request(ctx)
	if err != nil {
		return nil, err
	}
	o, err := a.portal.PlaceOrder(ctx, actor, r)
	if err != nil {
		return nil, err
	}
	return &made[order]{at("orders", o.ID.String()), orderOf(o)}, nil
}

func (a *API) order(ctx context.Context, actor app.Actor, in *ByID) (*one[order], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	o, err := a.portal.Order(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[order]{orderOf(o)}, nil
}

// request is the order that a body asks for, with a key of the request's own.
func (b orderBody) request(ctx context.Context) (portal.OrderRequest, error) {
	r := portal.OrderRequest{App: b.App, Plan: b.Plan, Name: b.Name, Host: b.Host, Answers: b.Answers, Key: orderKey(ctx),
		Interval: billing.Interval(b.Interval), Coupon: b.Coupon}
	if b.For == "" {
		return r, nil
	}
	var err error
	r.For, err = app.ParseID(b.For)
	return r, err
}

func orderOf(o app.Order) order {
	return order{o.ID, o.Organization, o.App, o.Plan, o.Service, o.Operation, o.Price, o.Setup, o.Interval, stamp(o.CreatedAt)}
}
