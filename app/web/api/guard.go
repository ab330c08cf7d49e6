package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/views/words"
)

type actorKey struct{}

type contextKey struct{}

// actorOf returns who calls: guard has put it there.
func actorOf(ctx context.Context) app.Actor {
	actor, _ := ctx.Value(actorKey{}).(app.Actor)
	return actor
}

func contextOf(ctx context.Context) echo.Context {
	c, _ := ctx.Value(contextKey{}).(echo.Context)
	return c
}

const callerKey = "api caller"

// Caller returns the key that makes a request, for the log; false where nobody knows.
func Caller(c echo.Context) (app.Actor, bool) {
	actor, ok := c.Get(callerKey).(app.Actor)
	return actor, ok
}

// guard stands in front of every operation: the key first, then its limit, then its permission. Only then is the request read.
func (a *API) guard(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	ctx = huma.WithValue(ctx, contextKey{}, c)
	actor, err := a.admit(ctx, c)
	if err != nil {
		_ = write(c, a.problemAt(ctx.Context(), c, err)) // the reader is gone
		return
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	ctx = huma.WithValue(ctx, actorKey{}, actor)
	if c.Request().Method != http.MethodPost {
		next(ctx)
		return
	}
	a.once(ctx, c, actor, next)
}

func (a *API) admit(ctx huma.Context, c echo.Context) (app.Actor, error) {
	r := c.Request()
	token, ok := bearer(r)
	if !ok {
		return app.Actor{}, app.Errorf(app.Unauthenticated, "Please send the token of an API key.")
	}
	actor, err := a.portal.KeyActor(r.Context(), token, a.cfg.Address(r))
	if err != nil {
		return app.Actor{}, err
	}
	actor.Language = words.Locale(r.Context())
	c.Set(callerKey, actor)
	if err := a.limits.count(c.Response().Header(), actor.Key, a.now()); err != nil {
		return app.Actor{}, err
	}
	permission, _ := ctx.Operation().Metadata[permissionKey].(app.Permission)
	if err := actor.May(permission); err != nil {
		return app.Actor{}, err
	}
	if !readable(r.URL) {
		return app.Actor{}, app.Errorf(app.Invalid, "The address contains characters that are no text.")
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody+1)
	return actor, nil
}

// bearer returns the token of a request (RFC 6750 section 2.1).
func bearer(r *http.Request) (string, bool) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, strings.EqualFold(kind, "Bearer") && token != ""
}

// readable reports whether an address holds text that the database can take.
func readable(u *url.URL) bool {
	query, err := url.QueryUnescape(u.RawQuery)
	return err == nil && utf8.ValidString(query) && utf8.ValidString(u.Path) && !strings.Contains(query+u.Path, "\x00")
}
