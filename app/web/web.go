// Package web is the browser's and the guests' way in: routes, forms, sessions and live updates. A handler reads its form, calls
// one verb of the portal, and answers; what is allowed is decided by the verb.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"allotment/app/openid"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/app/web/api"
	"allotment/views"
)

// Config is what the web layer needs to know of the installation.
type Config struct {
	BaseURL        string                      // the address that people type: "https://portal.example.org". With https, cookies are Secure and HSTS is sent
	TrustedProxies []netip.Prefix              // whose X-Forwarded-For is believed; empty: nobody's
	Demo           *views.Demo                 // the account that the sign-in page shows; nil outside a demonstration
	AdminSeparate  bool                        // metrics are served by AdminHandler alone, not also to this machine by Handler
	CallsPerMinute int                         // that an API key may make; 0 means 600
	MaxStreams     int                         // live streams at once; 0 means 2000
	OpenID         *openid.Provider            // signs people in to their apps; nil where another provider does
	Ready          func(context.Context) error // whether the database can be used; nil means it always can
}

// Listener brings the notices of committed changes: *store.Store.
type Listener interface {
	// Listen calls fn for each notice until ctx ends or the connection breaks.
	Listen(ctx context.Context, fn func(store.Notice)) error
}

// Server is the web layer.
type Server struct {
	cfg     Config
	portal  *portal.Portal
	log     *slog.Logger
	hub     *hub
	metrics *metrics
	origin  *http.CrossOriginProtection
	tls     bool
	now     func() time.Time
	main    *echo.Echo
	guests  *echo.Echo
	admin   *echo.Echo
	api     *api.API
}

// New makes the server and starts to listen for notices; Shutdown ends that. It fails for a BaseURL that is no address.
func New(cfg Config, p *portal.Portal, listener Listener, log *slog.Logger, registry *prometheus.Registry) (*Server, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 2000
	}
	s := &Server{cfg: cfg, portal: p, log: log, origin: http.NewCrossOriginProtection(), tls: base.Scheme == "https", now: time.Now}
	if err := s.origin.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, err
	}
	for _, pattern := range crossOrigin {
		s.origin.AddInsecureBypassPattern(pattern)
	}
	s.hub = newHub(cfg.MaxStreams)
	s.metrics = newMetrics(registry, s.hub)
	s.main, s.guests, s.admin = s.serve(s.routes()), s.serve(s.guestRoutes()), s.serve(s.adminRoutes(registry))
	s.api = api.New(s.main, p, api.Config{Address: s.addressOf, Follow: s.followOperation, PerMinute: cfg.CallsPerMinute}, log)
	s.addDAV()
	if !cfg.AdminSeparate {
		s.add(s.main, s.localRoutes(registry))
	}
	go s.hub.listen(listener, log)
	return s, nil
}

// Handler serves people: every page, and the guests' endpoints too.
func (s *Server) Handler() http.Handler { return s.main }

// EnrolHandler serves guests alone, for a listener that only they reach.
func (s *Server) EnrolHandler() http.Handler { return s.guests }

// AdminHandler serves health and metrics, for a listener that only the operator's machines reach.
func (s *Server) AdminHandler() http.Handler { return s.admin }

// Shutdown says "not ready" from now on and ends the live streams, so that http.Server.Shutdown, which is to be called next, does
// not wait for them. Browsers connect again by themselves.
func (s *Server) Shutdown() { s.hub.close() }

// Streams returns how many live streams are open.
func (s *Server) Streams() int { return s.hub.open() }

// HTTPServer returns a server for a handler with limits on time and size. Live streams set their own deadlines.
func HTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve makes the machine behind one handler: the same guards in front of whichever routes.
func (s *Server) serve(routes []route) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.answerError
	e.Use(s.observe, s.harden, s.guardOrigin)
	s.add(e, routes)
	return e
}

func (s *Server) add(e *echo.Echo, routes []route) {
	for _, r := range routes {
		e.Add(r.method, r.path, s.endpoint(r))
	}
}
