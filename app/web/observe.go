package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"allotment/app/web/api"
	"allotment/views/words"
)

// metrics are the counts of the web layer. Labels are route patterns, never paths, so that there are few of them and no token.
type metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry, h *hub) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "allotment_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"method", "route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "allotment_http_request_duration_seconds", Help: "Time to answer, by route; live streams are left out.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route"}),
	}
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "allotment_http_streams", Help: "Live streams that are open.",
	}, func() float64 { return float64(h.open()) })
	registry.MustRegister(m.requests, m.durations, streams)
	return m
}

const referenceKey = "reference"

// reference names a request in the log and on an error page.
func reference(c echo.Context) string {
	name, _ := c.Get(referenceKey).(string)
	return name
}

// observe gives the request its reference, catches a panic, and counts and logs the answer by the route's pattern. Paths and
// queries are never logged: an enrolment's token is in one.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var random [6]byte
		_, _ = rand.Read(random[:]) // never fails since Go 1.24
		c.Set(referenceKey, hex.EncodeToString(random[:]))
		c.Response().Header().Set("X-Request-Id", reference(c))
		request := c.Request()
		c.SetRequest(request.WithContext(words.With(request.Context(), locale(request, ""))))
		start := time.Now()
		if err := s.protected(next, c); err != nil {
			c.Error(err)
		}
		s.record(c, time.Since(start))
		return nil
	}
}

func (s *Server) protected(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = recovered(value)
			s.log.Error("panic", "reference", reference(c), "route", c.Path(), "value", value, "stack", string(debug.Stack()))
		}
	}()
	return next(c)
}

func (s *Server) record(c echo.Context, took time.Duration) {
	method, route, status := knownMethod(c.Request().Method), c.Path(), c.Response().Status
	if route == "" {
		route = "none"
	}
	s.metrics.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if !strings.HasSuffix(route, "/stream") {
		s.metrics.durations.WithLabelValues(method, route).Observe(took.Seconds())
	}
	attributes := []slog.Attr{
		slog.String("method", method), slog.String("route", route), slog.Int("status", status), slog.Duration("took", took),
		slog.String("client", s.clientAddress(c.Request()).String()), slog.String("reference", reference(c)),
	}
	if one, ok := c.Get(callKey).(*call); ok && one.page.SignedIn() {
		attributes = append(attributes, slog.String("organization", one.actor.Organization.String()), slog.String("user", one.actor.User.String()))
	}
	if caller, ok := api.Caller(c); ok {
		attributes = append(attributes, slog.String("organization", caller.Organization.String()), slog.String("key", caller.Key.String()))
	}
	s.log.LogAttrs(c.Request().Context(), level(route, status), "request", attributes...)
}

// level keeps what nobody asks about out of the ordinary log.
func level(route string, status int) slog.Level {
	quiet := route == "/healthz" || route == "/readyz" || route == "/metrics" || route == "/static/*"
	if quiet && status < http.StatusInternalServerError {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// knownMethod keeps made-up methods from becoming labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

var errNotReady = errors.New("not ready")

func (s *Server) healthy(c *call) error { return c.String(http.StatusOK, "ok\n") }

// ready answers 200 when the database can be used and the server is not stopping.
func (s *Server) ready(c *call) error {
	err := error(nil)
	if s.hub.closed() {
		err = errNotReady
	} else if s.cfg.Ready != nil {
		err = s.cfg.Ready(c.Request().Context())
	}
	if err != nil {
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
