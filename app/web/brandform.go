package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) brandPage(c *call) error {
	settings, err := s.portal.BrandSettings(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.showBrand(c, http.StatusOK, views.BrandForm{Request: views.BrandRequestOf(settings), Saved: c.query().Has("saved")}, settings)
}

// showBrand draws the page of the brand: the form, the logo, and what waits for staff.
func (s *Server) showBrand(c *call, status int, form views.BrandForm, settings app.BrandSettings) (err error) {
	form.Settings = settings
	form.Reach = s.cfg.BaseURL
	if c.actor.Staff() && c.page.May(app.ManageCustomers) {
		if form.Asked, err = s.portal.AskedBrands(c.Request().Context(), c.actor); err != nil {
			return err
		}
	}
	page := c.titled("Brand")
	if form.Preview != nil {
		page.Brand = *form.Preview
	}
	page.Path = "/organization/brand"
	return c.show(status, views.Brand(page, form))
}

// saveBrand takes the form: to save it, to show how it would look, or to put in a colour that was suggested.
func (s *Server) saveBrand(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx, request := c.Request().Context(), brandRequest(values)
	settings, err := s.portal.BrandSettings(ctx, c.actor)
	if err != nil {
		return err
	}
	form := views.BrandForm{Request: request}
	if values.Get("do") == "save" {
		err = s.portal.SaveBrand(ctx, c.actor, request)
		if err == nil {
			return c.to("/organization/brand?saved=1")
		}
	} else {
		var brand app.Brand
		if brand, err = s.portal.PreviewBrand(ctx, c.actor, request); err == nil {
			form.Preview = &brand
			return s.showBrand(c, http.StatusOK, form, settings)
		}
	}
	if form.Errors = words.Fields(ctx, err); len(form.Errors) == 0 {
		return err
	}
	return s.showBrand(c, statusOf(err), form, settings)
}

func brandRequest(values url.Values) portal.BrandRequest {
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	r := portal.BrandRequest{
		Name: get("name"), Light: get("light"), Dark: get("dark"), SupportEmail: get("support_email"), SupportURL: get("support_url"),
		ImprintURL: get("imprint_url"), PrivacyURL: get("privacy_url"), SenderName: get("sender_name"), SenderAddress: get("sender_address"), Host: get("host"),
	}
	if suggested, ok := strings.CutPrefix(get("do"), "light "); ok {
		r.Light = suggested
	}
	if suggested, ok := strings.CutPrefix(get("do"), "dark "); ok {
		r.Dark = suggested
	}
	return r
}

// saveLogo takes a picture, or removes the one that is there.
func (s *Server) saveLogo(c *call) error {
	picture, err := c.picture("logo")
	if err != nil {
		return err
	}
	return s.afterLogo(c, s.portal.SaveLogo(c.Request().Context(), c.actor, picture))
}

func (s *Server) removeLogo(c *call) error {
	return s.afterLogo(c, s.portal.SaveLogo(c.Request().Context(), c.actor, nil))
}

func (s *Server) afterLogo(c *call, err error) error {
	if err == nil {
		return c.to("/organization/brand?saved=1")
	}
	ctx := c.Request().Context()
	form := views.BrandForm{Errors: words.Fields(ctx, err)}
	if form.Errors["logo"] == "" {
		return err
	}
	settings, again := s.portal.BrandSettings(ctx, c.actor)
	if again != nil {
		return again
	}
	form.Request = views.BrandRequestOf(settings)
	return s.showBrand(c, statusOf(err), form, settings)
}

// picture reads a file that a form sent; one that is too large is cut off a little beyond what is allowed, so that the verb says so.
func (c *call) picture(field string) ([]byte, error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, 4*portal.MaxLogoBytes)
	file, _, err := r.FormFile(field)
	switch tooMuch := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooMuch):
		return make([]byte, portal.MaxLogoBytes+1), nil
	case errors.Is(err, http.ErrMissingFile):
		return []byte{}, nil // no picture of any kind: the verb says what is wanted
	case err != nil:
		return nil, app.Because(app.Invalid, err, "What was sent is no form.")
	}
	defer r.MultipartForm.RemoveAll() //nolint:errcheck // files of its own, in the folder for temporary ones
	defer file.Close()
	picture, err := io.ReadAll(io.LimitReader(file, portal.MaxLogoBytes+1))
	if err != nil {
		return nil, app.Because(app.Invalid, err, "The picture did not arrive in full. Please send it again.")
	}
	return picture, nil
}

// answerBrand is staff's answer to what a reseller asked for.
func (s *Server) answerBrand(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	organization, err := app.ParseID(values.Get("organization"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if values.Get("do") == "confirm" {
		err = s.portal.ConfirmBrand(ctx, c.actor, organization, values.Get("host"), values.Get("sender"))
	} else {
		err = s.portal.DeclineBrand(ctx, c.actor, organization, values.Get("reason"))
	}
	if err == nil {
		return c.to("/organization/brand")
	}
	form := views.BrandForm{AnswerTo: organization, Errors: words.Fields(ctx, err)}
	if len(form.Errors) == 0 {
		return err
	}
	settings, again := s.portal.BrandSettings(ctx, c.actor)
	if again != nil {
		return again
	}
	form.Request = views.BrandRequestOf(settings)
	return s.showBrand(c, statusOf(err), form, settings)
}
