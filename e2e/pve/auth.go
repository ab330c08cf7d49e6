package pve

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ticketLife is how long a ticket is good for.
const ticketLife = 2 * time.Hour

// identity is who sent a request, and how they proved it.
type identity struct{ token bool }

// authenticate finds out who asks: an API token or a ticket. POST /access/ticket needs neither.
func (s *Server) authenticate(c *call, rel string) (identity, error) {
	if rel == "/access/ticket" && c.method == http.MethodPost {
		return identity{}, nil
	}
	if header, ok := strings.CutPrefix(c.request.Header.Get("Authorization"), "PVEAPIToken="); ok {
		id, value, _ := strings.Cut(header, "=")
		if err := s.verifyToken(id, value); err != nil {
			return identity{}, err
		}
		c.user = id
		return identity{token: true}, nil
	}
	user, err := s.verifyTicket(ticketOf(c.request))
	if err != nil {
		return identity{}, err
	}
	c.user = user
	if c.method != http.MethodGet && !s.csrfOK(user, c.request.Header.Get("CSRFPreventionToken")) {
		return identity{}, unauthorized("Permission denied - invalid csrf token")
	}
	return identity{}, nil
}

// verifyToken checks an API token; whatever is wrong with it, the answer is the same.
func (s *Server) verifyToken(id, value string) error {
	ok := false
	s.readAccess(func(a *access) {
		owner, _, _ := strings.Cut(id, "!")
		u, t := a.Users[owner], a.token(id)
		ok = t != nil && u.active() && (t.Expire == 0 || t.Expire > time.Now().Unix()) &&
			subtle.ConstantTimeCompare([]byte(t.Value), []byte(value)) == 1
	})
	if !ok {
		return unauthorized("Authentication failed!")
	}
	return nil
}

func (u *user) active() bool {
	return u != nil && u.Enable && (u.Expire == 0 || u.Expire > time.Now().Unix())
}

// ticketOf reads the cookie, which clients send escaped or not.
func ticketOf(r *http.Request) string {
	cookie, err := r.Cookie("PVEAuthCookie")
	if err != nil {
		return ""
	}
	if plain, err := url.QueryUnescape(strings.ReplaceAll(cookie.Value, "+", "%2B")); err == nil {
		return plain
	}
	return cookie.Value
}

// verifyTicket returns the user of a ticket: PVE:user:hextime::signature.
func (s *Server) verifyTicket(ticket string) (string, error) {
	if ticket == "" {
		return "", unauthorized("No ticket")
	}
	plain, signature, _ := strings.Cut(ticket, "::")
	parts := strings.Split(plain, ":")
	if len(parts) != 3 || !hmac.Equal([]byte(signature), []byte(s.sign(plain))) {
		return "", unauthorized("Authentication failed!")
	}
	made, err := strconv.ParseInt(parts[2], 16, 64)
	if err != nil || time.Since(time.Unix(made, 0)) > ticketLife {
		return "", unauthorized("Authentication failed!")
	}
	active := false
	s.readAccess(func(a *access) { active = a.Users[parts[1]].active() })
	if !active {
		return "", unauthorized("Authentication failed!")
	}
	return parts[1], nil
}

func (s *Server) sign(text string) string {
	var secret string
	s.readAccess(func(a *access) { secret = a.Secret })
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// csrf makes the token that every change by ticket must carry.
func (s *Server) csrf(user string) string {
	stamp := fmt.Sprintf("%08X", time.Now().Unix())
	return stamp + ":" + s.sign(stamp+":"+user)
}

func (s *Server) csrfOK(user, given string) bool {
	stamp, signature, _ := strings.Cut(given, ":")
	made, err := strconv.ParseInt(stamp, 16, 64)
	return err == nil && time.Since(time.Unix(made, 0)) < 5*time.Hour && hmac.Equal([]byte(signature), []byte(s.sign(stamp+":"+user)))
}

// createTicket: POST /access/ticket. A valid ticket is good as a password, too, and is renewed so.
func createTicket(s *Server, c *call) (any, error) {
	name, password := c.params.str("username"), c.params.str("password")
	if !strings.Contains(name, "@") {
		name += "@" + c.params.or("realm", "pam")
	}
	renewed, err := s.verifyTicket(password)
	ok := err == nil && renewed == name
	s.readAccess(func(a *access) {
		u := a.Users[name]
		want := ""
		if u != nil {
			want = u.Password
		}
		if name == "root@pam" {
			want = a.Password
		}
		ok = ok || u.active() && want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(password)) == 1
	})
	if !ok {
		return nil, &failure{status: http.StatusUnauthorized, message: "authentication failure\n"}
	}
	plain := fmt.Sprintf("PVE:%s:%08X", name, time.Now().Unix())
	return map[string]any{"username": name, "ticket": plain + "::" + s.sign(plain), "CSRFPreventionToken": s.csrf(name),
		"cap": map[string]any{}}, nil
}
