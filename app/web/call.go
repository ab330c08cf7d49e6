package web

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/views"
	"allotment/views/words"
)

// call is one request with who makes it.
type call struct {
	echo.Context
	actor     app.Actor // the zero Actor where nobody is signed in
	page      views.Page
	brand     func() app.Brand // what the page shows of its seller
	suspended func() string    // why the reader\'s organization is suspended
	visits    func() []app.Visit
	own       func() []app.Membership
}

const callKey = "call"

// newCall finds out who asks and in which language they read. With required, an unknown visitor is an error.
func (s *Server) newCall(c echo.Context, required bool) (*call, error) {
	r := c.Request()
	one := &call{Context: c, page: views.Page{Path: r.URL.Path, Theme: theme(r), Now: s.now()}}
	one.brand = func() app.Brand { return s.brand(one) }
	one.suspended = func() string { return s.suspended(one) }
	one.visits = func() []app.Visit { return s.visits(one) }
	one.own = func() []app.Membership { return s.own(one) }
	c.Set(callKey, one)
	var err error
	if token := s.sessionToken(r); token != "" {
		if one.actor, err = s.portal.Actor(r.Context(), token); app.CodeOf(err) == app.Unauthenticated {
			if failed := s.portal.NoteStale(r.Context(), token, s.clientAddress(r).String()); failed != nil {
				return nil, failed
			}
		}
	} else if required {
		err = app.Errorf(app.Unauthenticated, "Please sign in first.")
	}
	one.actor.Address = s.clientAddress(r).String()
	one.actor.Language = locale(r, one.actor.Language)
	one.page.Actor = one.actor
	c.SetRequest(r.WithContext(words.With(r.Context(), one.actor.Language)))
	if err != nil && (required || app.CodeOf(err) != app.Unauthenticated) {
		return nil, err
	}
	return one, nil
}

// titled returns the page with its title.
func (c *call) titled(sentence string, args ...any) views.Page {
	c.page.Title = words.T(c.Request().Context(), sentence, args...)
	c.page.Brand, c.page.Suspended, c.page.Visits, c.page.Own = c.brand(), c.suspended(), c.visits(), c.own()
	return c.page
}

// partial reports whether htmx asks for the part of the page that has the given id.
func (c *call) partial(id string) bool {
	h := c.Request().Header
	return h.Get("HX-Request") == "true" && h.Get("HX-History-Restore-Request") != "true" && h.Get("HX-Target") == id
}

// show answers with a component. It is drawn in full first, so that a failure becomes an error page and not half of one.
func (c *call) show(status int, component templ.Component) error {
	var out bytes.Buffer
	if err := component.Render(c.Request().Context(), &out); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "HX-Request, HX-Target, Accept-Language, Cookie")
	return c.Blob(status, "text/html; charset=utf-8", out.Bytes())
}

// to sends the browser on to another page after a form was taken.
func (c *call) to(address string) error { return c.Redirect(http.StatusSeeOther, address) }

// id reads the path's ID.
func (c *call) id() (app.ID, error) { return app.ParseID(c.Param("id")) }

// maxForm is the most that a form may send, in bytes.
const maxForm = 64 << 10

// form reads what was sent. Bytes that are no text become the replacement character: PostgreSQL takes none of them.
func (c *call) form() (url.Values, error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if tooMuch := (*http.MaxBytesError)(nil); errors.As(err, &tooMuch) {
			return nil, echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		return nil, app.Because(app.Invalid, err, "What was sent is no form.")
	}
	return readable(r.PostForm), nil
}

// query reads the address's own values.
func (c *call) query() url.Values { return readable(c.Request().URL.Query()) }

func readable(values url.Values) url.Values {
	for _, list := range values {
		for i, value := range list {
			list[i] = strings.ReplaceAll(strings.ToValidUTF8(value, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return values
}

// localPath returns a path of this site that a form named, or "" for any other address (an open redirect).
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	if strings.ContainsAny(path, "\\\r\n\t") || strings.HasPrefix(path, "//") {
		return ""
	}
	return path
}
