package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"allotment/app"
	"allotment/static"
)

// public marks a route that needs nobody to be signed in.
const public app.Permission = ""

// route is one line of the table: who may call what.
type route struct {
	method     string
	path       string
	permission app.Permission
	handle     func(*call) error
}

// routes is everything that people can reach.
func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	table := []route{
		{get, "/", public, s.root},
		{post, "/theme", public, s.chooseTheme},
		{post, "/language", public, s.chooseLanguage},

		{get, "/catalog", app.SeeCatalog, s.catalog},
		{get, "/catalog/:app", app.SeeCatalog, s.app},
		{get, "/catalog/:app/icon.svg", app.SeeCatalog, s.icon},
		{get, "/catalog/:app/order", app.OrderServices, s.orderForm},
		{post, "/catalog/:app/order", app.OrderServices, s.orderAgain},
		{post, "/catalog/:app/order/check", app.OrderServices, s.checkField},
		{post, "/catalog/:app/review", app.OrderServices, s.review},
		{post, "/orders", app.OrderServices, s.placeOrder},

		{get, "/services", app.SeeServices, s.services},
		{get, "/services/:id", app.SeeServices, s.service},
		{post, "/services/:id/secrets", app.SeeSecrets, s.revealSecrets},
		{post, "/services/:id/terminate", app.TerminateService, s.terminateService},

		{get, "/operations/:id", app.SeeServices, s.operation},
		{get, "/operations/:id/stream", app.SeeServices, s.streamOperation},
		{post, "/operations/:id/retry", app.ChangeServices, s.retryOperation},
		{post, "/operations/:id/cancel", app.ChangeServices, s.cancelOperation},

		{get, "/operator/operations", app.SeeOperations, s.operations},
		{get, "/operator/services", app.SeeOperations, s.allServices},

		{get, static.Prefix + "*", public, fixed(static.Handler())},
		{get, "/healthz", public, s.healthy},
		{get, "/readyz", public, s.ready},
	}
	table = append(table, keyRoutes(s)...)
	table = append(table, exportRoutes(s)...)
	table = append(table, accessRoutes(s)...)
	table = append(table, apiRoutes(s)...)
	table = append(table, brandRoutes(s)...)
	table = append(table, priceRoutes(s)...)
	table = append(table, usageRoutes(s)...)
	table = append(table, auditRoutes(s)...)
	table = append(table, accountRoutes(s)...)
	table = append(table, openidRoutes(s)...)
	table = append(table, memberRoutes(s)...)
	table = append(table, ownRoutes(s)...)
	table = append(table, operatorRoutes(s)...)
	table = append(table, hookRoutes(s)...)
	table = append(table, paymentRoutes(s)...)
	table = append(table, apartRoutes(s)...)
	table = append(table, customerRoutes(s)...)
	table = append(table, invoiceRoutes(s)...)
	table = append(table, organizationRoutes(s)...)
	table = append(table, providerSignInRoutes(s)...)
	table = append(table, identityRoutes(s)...)
	table = append(table, billingRoutes(s)...)
	table = append(table, termsRoutes(s)...)
	table = append(table, providerRoutes(s)...)
	table = append(table, salesRoutes(s)...)
	table = append(table, subscriptionRoutes(s)...)
	return append(table, enrolRoutes(s)...)
}

// guestRoutes is everything that guests can reach on a listener of their own.
func (s *Server) guestRoutes() []route {
	table := append([]route{{http.MethodGet, "/healthz", public, s.healthy}}, openidBackRoutes(s)...)
	return append(table, enrolRoutes(s)...)
}

func enrolRoutes(s *Server) []route {
	return []route{
		{http.MethodGet, "/enrol/:token", public, s.enrol},
		{http.MethodPost, "/enrol/report", public, s.report},
	}
}

// adminRoutes is what the operator's own machines watch.
func (s *Server) adminRoutes(registry *prometheus.Registry) []route {
	return []route{
		{http.MethodGet, "/healthz", public, s.healthy},
		{http.MethodGet, "/readyz", public, s.ready},
		{http.MethodGet, "/metrics", public, fixed(measures(registry))},
	}
}

// localRoutes are for this very machine, where there is no listener for the operator's machines.
func (s *Server) localRoutes(registry *prometheus.Registry) []route {
	return []route{{http.MethodGet, "/metrics", public, s.onlyHere(measures(registry))}}
}

func measures(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func fixed(h http.Handler) func(*call) error {
	return func(c *call) error {
		h.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}

// Route is a line of the route table as tests walk it.
type Route struct {
	Method, Path string
	Permission   app.Permission // "" for a public route
}

// Routes lists every route that people can reach.
func (s *Server) Routes() []Route {
	var all []Route
	for _, r := range s.routes() {
		all = append(all, Route{r.method, r.path, r.permission})
	}
	return all
}

// endpoint turns a line of the table into a handler: it finds out who asks and refuses those who may not.
func (s *Server) endpoint(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		call, err := s.newCall(c, r.permission != public)
		if err != nil {
			return err
		}
		if r.permission != public {
			if call.actor.Enrol && r.permission != app.SeeAccount && r.method == http.MethodGet {
				return call.to("/account/security")
			}
			if err := call.actor.May(r.permission); err != nil {
				return err
			}
		}
		return r.handle(call)
	}
}

// Mounted lists what the router itself knows, those of the API too, as "METHOD /path" with parameters in braces.
func (s *Server) Mounted() []string {
	var all []string
	for _, r := range s.main.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		all = append(all, r.Method+" "+strings.Join(parts, "/"))
	}
	return all
}
