package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views/words"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotent-Replayed"
	maxName           = 128
)

var nameShape = regexp.MustCompile(`^[!-~]{1,128}$`)

// keptHeaders are those of an answer that belong to it, and not to the call.
var keptHeaders = []string{"Content-Type", "Location"}

// once does a POST once, however often it is sent (draft-ietf-httpapi-idempotency-key-header): the same again gets the same answer. What broke
// off, or broke on our side, may be sent again.
func (a *API) once(ctx huma.Context, c echo.Context, actor app.Actor, next func(huma.Context)) {
	name := c.Request().Header.Get(idempotencyHeader)
	if !nameShape.MatchString(name) {
		p := newProblem(c, http.StatusBadRequest, words.T(ctx.Context(), "A POST needs an Idempotency-Key of 1 to 128 visible ASCII characters."))
		p.Errors = []Wrong{{Detail: p.Detail, Header: idempotencyHeader}}
		_ = write(c, p)
		return
	}
	body, err := io.ReadAll(c.Request().Body)
	if err != nil || len(body) > maxBody {
		_ = write(c, unread(ctx.Context(), c, err))
		return
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(body))
	kept, err := a.portal.BeginAnswer(ctx.Context(), actor, name, requestHash(c.Request(), body))
	if err != nil {
		p := a.problemAt(ctx.Context(), c, err)
		if p.Status == http.StatusConflict {
			c.Response().Header().Set("Retry-After", "2")
		}
		_ = write(c, p)
		return
	}
	if kept == nil {
		kept = a.work(ctx, c, actor, name, next)
	} else {
		c.Response().Header().Set(replayedHeader, "true")
	}
	for header, value := range kept.Header {
		c.Response().Header().Set(header, value)
	}
	c.Response().WriteHeader(kept.Status)
	_, _ = c.Response().Write(kept.Body) // the reader may be gone; the answer is kept
}

// work does what is asked and keeps the answer. Its own context outlives a reader who goes away, so that what is done is known.
func (a *API) work(ctx huma.Context, c echo.Context, actor app.Actor, name string, next func(huma.Context)) *portal.Answer {
	after := context.WithoutCancel(ctx.Context())
	ended := false
	defer func() {
		if ended {
			return
		}
		if err := a.portal.ForgetAnswer(after, actor, name); err != nil {
			a.log.Warn("a request that broke off cannot be sent again for two minutes", "error", err)
		}
	}()
	outer, taken := c.Response(), &taker{header: http.Header{}}
	c.SetResponse(echo.NewResponse(taken, c.Echo()))
	c.Response().Header().Set("X-Request-Id", outer.Header().Get("X-Request-Id"))
	defer c.SetResponse(outer) // also when it panics
	next(huma.WithValue(ctx, nameKey{}, name))
	answer := &portal.Answer{Status: taken.status, Header: map[string]string{}, Body: taken.body.Bytes()}
	for _, header := range keptHeaders {
		if value := taken.header.Get(header); value != "" {
			answer.Header[header] = value
		}
	}
	if retry := taken.header.Get("Retry-After"); retry != "" {
		outer.Header().Set("Retry-After", retry)
	}
	if answer.Status >= http.StatusInternalServerError {
		return answer
	}
	if err := a.portal.EndAnswer(after, actor, name, *answer); err != nil {
		a.log.Warn("the answer of a request is not kept", "error", err)
		return answer
	}
	ended = true
	return answer
}

// unread says why a body could not be read.
func unread(ctx context.Context, c echo.Context, err error) *Problem {
	if tooMuch := (*http.MaxBytesError)(nil); err == nil || errors.As(err, &tooMuch) {
		return newProblem(c, http.StatusRequestEntityTooLarge, words.T(ctx, "What was sent is too large."))
	}
	return newProblem(c, http.StatusBadRequest, words.T(ctx, "What was sent could not be read."))
}

type nameKey struct{}

// orderKey makes an order's own key of a request's: one order, even when the note of the request is lost.
func orderKey(ctx context.Context) string {
	name, _ := ctx.Value(nameKey{}).(string)
	actor := actorOf(ctx)
	sum := sha256.Sum256(append(actor.Key[:], name...))
	return "api-" + hex.EncodeToString(sum[:])
}

// requestHash is over all that makes a request what it is.
func requestHash(r *http.Request, body []byte) []byte {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(r.Method), []byte(r.URL.RequestURI()), body} {
		inner := sha256.Sum256(part)
		sum.Write(inner[:])
	}
	return sum.Sum(nil)
}

// taker takes an answer instead of sending it.
type taker struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (t *taker) Header() http.Header { return t.header }

func (t *taker) WriteHeader(status int) { t.status = status }

func (t *taker) Write(data []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	return t.body.Write(data)
}
