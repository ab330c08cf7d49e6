package openid

import (
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// How often the token endpoint may be asked in vain: by one address, and for one client from there. A success gives back what it took.
const (
	limitWindow  = 15 * time.Minute
	perAddress   = 300
	perClient    = 60
	largestInput = 64 << 10 // bytes
)

// limited prepares a call of an app's server for the library: a form in the body, and nothing that counts in the address; and counts what fails.
func (p *Provider) limited(w http.ResponseWriter, r *http.Request, from netip.Addr, next http.HandlerFunc) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	r.URL.RawQuery = "" // a secret in an address ends in logs
	r.Body = http.MaxBytesReader(w, r.Body, largestInput)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": "a form is expected"})
		return
	}
	client, ok := clientOf(r)
	if !ok {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	limits := []store.Limit{
		{Key: "token address " + network(from), Most: perAddress}, {Key: "token client " + client + " " + network(from), Most: perClient},
	}
	counted, err := p.store.CountAttempts(r.Context(), limits, p.now(), limitWindow)
	switch {
	case err != nil:
		p.log.Error("token", "error", err)
		answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	case !counted.Allowed:
		w.Header().Set("Retry-After", "900")
		answer(w, http.StatusTooManyRequests, map[string]string{"error": "temporarily_unavailable", "error_description": "too many failures"})
		return
	}
	if id, err := app.ParseID(client); err == nil {
		p.letRead(w, r, id)
	}
	said := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	next(said, p.withIssuer(r))
	if said.status < http.StatusBadRequest {
		if err := p.store.ForgiveAttempts(r.Context(), limits); err != nil {
			p.log.Warn("token: a success was counted as a failure", "error", err)
		}
	}
}

// clientOf is which client an app says it is: in the header, or in the form. False where the header cannot be read.
func clientOf(r *http.Request) (string, bool) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id = r.PostForm.Get("client_id")
	} else if _, err := url.QueryUnescape(secret); err != nil { // RFC 6749 section 2.3.1 has both encoded as in a form
		return "", false
	}
	id, err := url.QueryUnescape(id)
	if err != nil || len(id) > 100 {
		return "", false
	}
	return id, true
}

// network is the part of an address that one subscriber has: all of an IPv4 address, the first 64 bits of an IPv6 address (RFC 6177).
func network(from netip.Addr) string {
	if from = from.Unmap().WithZone(""); from.Is6() {
		return netip.PrefixFrom(from, 64).Masked().String()
	}
	return from.String()
}

// statusWriter remembers how the answer was.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
