package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"allotment/app"
)

// TestErrors sends each kind of error through the one place where errors become answers.
func TestErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("password of the database is hunter2")
	cases := []struct {
		name   string
		err    error
		status int
		words  string
		logged int
	}{
		{"invalid", app.FieldError("x", "That is too long."), 422, "That is too long.", 0},
		{"unauthenticated", app.Errorf(app.Unauthenticated, "Please sign in first."), 303, "", 0},
		{"forbidden", app.Errorf(app.Forbidden, "Your role does not allow this."), 403, "Your role does not allow this.", 0},
		{"not found", app.Because(app.NotFound, secret, "There is nothing at this address."), 404, "There is nothing at this address.", 0},
		{"conflict", fmt.Errorf("order: %w", app.Because(app.Conflict, secret, "Someone was first.")), 409, "Someone was first.", 0},
		{"gone", app.Errorf(app.Gone, "This was used already."), 410, "This was used already.", 0},
		{"too many", app.Errorf(app.TooMany, "Please wait."), 429, "Please wait.", 0},
		{"retryable", app.Errorf(app.Retryable, "Not at the moment."), 503, "Not at the moment.", 1},
		{"internal", app.Because(app.Internal, secret, "not for people"), 500, "Something broke on our side.", 1},
		{"unclassified", secret, 500, "Something broke on our side.", 1},
		{"router", echo.ErrMethodNotAllowed, 404, "There is nothing at this address.", 0},
		{"panic", nil, 500, "Something broke on our side.", 1},
	}
	for _, c := range cases {
		var log bytes.Buffer
		s, err := New(Config{BaseURL: "http://portal.example.test"}, nil, quiet{}, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		s.hub.close()
		e := s.serve([]route{{http.MethodGet, "/fail", public, func(*call) error {
			if c.err == nil {
				panic(secret)
			}
			return c.err
		}}})
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/fail", nil))
		body := w.Body.String()
		if w.Code != c.status || !strings.Contains(body, c.words) {
			t.Errorf("%s: %d %s", c.name, w.Code, body)
		}
		if strings.Contains(body, "hunter2") || strings.Contains(body, "not for people") {
			t.Errorf("%s: what is not for people is on the page", c.name)
		}
		reference := w.Header().Get("X-Request-Id")
		if n := strings.Count(log.String(), "msg=\"request failed\""); n != c.logged {
			t.Errorf("%s: logged %d times as failed, want %d", c.name, n, c.logged)
		}
		if c.status >= 400 && !strings.Contains(body, reference) {
			t.Errorf("%s: the page lacks the reference %s", c.name, reference)
		}
	}
}

// TestErrorInPart wants an error of a partial request to replace the page's main part.
func TestErrorInPart(t *testing.T) {
	t.Parallel()
	s, err := New(Config{BaseURL: "http://portal.example.test"}, nil, quiet{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	s.hub.close()
	r := httptest.NewRequest(http.MethodGet, "/nothing", nil)
	r.Header.Set("HX-Request", "true")
	r.Header.Set("Accept-Language", "de-AT, en;q=0.5")
	w := httptest.NewRecorder()
	s.main.ServeHTTP(w, r)
	if w.Code != http.StatusNotFound || w.Header().Get("HX-Retarget") != "#main" || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if strings.Contains(w.Body.String(), "There is nothing") {
		t.Error("the error is not in the reader's language")
	}
}
