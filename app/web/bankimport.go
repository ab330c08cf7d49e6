package web

import (
	"errors"
	"io"
	"net/http"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) bankImport(c *call) error {
	return s.showLines(c, http.StatusOK, views.BankLineList{})
}

func (s *Server) showLines(c *call, status int, list views.BankLineList) (err error) {
	if list.Page, err = s.portal.BankLines(c.Request().Context(), c.actor, c.query().Get("after")); err != nil {
		return err
	}
	return c.show(status, views.BankImport(c.titled("Read a bank statement"), list))
}

func (s *Server) importStatement(c *call) error {
	file, err := c.statement()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	done, err := s.portal.ImportStatement(ctx, c.actor, file)
	if err == nil {
		return s.showLines(c, http.StatusOK, views.BankLineList{Done: &done})
	}
	return s.wrongLines(c, err, views.BankLineList{})
}

// wrongLines shows the page again with what was wrong.
func (s *Server) wrongLines(c *call, err error, list views.BankLineList) error {
	if list.Errors = words.Fields(c.Request().Context(), err); len(list.Errors) == 0 {
		return err
	}
	return s.showLines(c, statusOf(err), list)
}

// statement reads the file that was sent; one that is too large is cut off a little beyond what is allowed, so that the verb says so.
func (c *call) statement() ([]byte, error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, 2*portal.MaxStatement)
	file, _, err := r.FormFile("file")
	switch tooMuch := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooMuch):
		return make([]byte, portal.MaxStatement+1), nil
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil
	case err != nil:
		return nil, app.Because(app.Invalid, err, "What was sent is no form.")
	}
	defer r.MultipartForm.RemoveAll() //nolint:errcheck // files of its own, in the folder for temporary ones
	defer file.Close()
	return io.ReadAll(file)
}

func (s *Server) bookLine(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	line, err := app.ParseID(values.Get("line"))
	if err != nil {
		return err
	}
	if _, err := s.portal.BookLines(c.Request().Context(), c.actor, []portal.LineChoice{{Line: line, Invoice: values.Get("invoice")}}); err != nil {
		return s.wrongLines(c, err, views.BankLineList{Line: line, Typed: values.Get("invoice")})
	}
	return c.to(views.SalesPaymentsPath + "/import")
}

func (s *Server) lineAside(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.SetLineAside(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to(views.SalesPaymentsPath + "/import")
}
