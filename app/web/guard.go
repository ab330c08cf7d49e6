package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"allotment/app"
)

// contentPolicy lets pages use what this server itself serves and nothing else; not even a script or style inside a page.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// harden sets the headers that every answer carries.
func (s *Server) harden(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), "+
			"publickey-credentials-get=(self), publickey-credentials-create=(self)")
		if s.tls {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// guardOrigin refuses forms that another site sent with our reader's cookie, by Sec-Fetch-Site or Origin. Together with the
// cookie's SameSite=Lax this needs no token. A guest sends neither header and no cookie.
func (s *Server) guardOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.origin.Check(c.Request()); err != nil {
			return app.Because(app.Forbidden, err, "This form came from another site. Please open the page here and try again.")
		}
		return next(c)
	}
}

// clientAddress is where a request comes from: the connection's other end, or what trusted proxies say of it. The list is read
// from its end, since a client can write anything at its beginning.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	address = address.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap()
	}
	return address
}

func (s *Server) trusted(address netip.Addr) bool {
	for _, prefix := range s.cfg.TrustedProxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// onlyHere serves h to this machine and says "nothing here" to all others. A request that came through a proxy is never from here.
func (s *Server) onlyHere(h http.Handler) func(*call) error {
	return func(c *call) error {
		r := c.Request()
		forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != ""
		if forwarded || !s.clientAddress(r).IsLoopback() {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		return fixed(h)(c)
	}
}
