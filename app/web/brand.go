package web

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"allotment/app"
	"allotment/app/colour"
)

// brandRoutes are the seller's look. What it is made of is public, since the sign-in page shows it too: each address says its content, so it
// never changes.
func brandRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/brand/colours/:name", public, s.brandSheet},
		{get, "/brand/logo/:name", public, s.brandLogo},
		{get, "/brand/icon/:name", public, s.brandIcon},

		{get, "/organization/brand", app.ManageOrganization, s.brandPage},
		{post, "/organization/brand", app.ManageOrganization, s.saveBrand},
		{post, "/organization/brand/logo", app.ManageOrganization, s.saveLogo},
		{post, "/organization/brand/logo/remove", app.ManageOrganization, s.removeLogo},
		{post, "/operator/brands", app.ManageCustomers, s.answerBrand},
	}
}

// brand returns what the page shows of its seller: the reader's own, or that of the host where nobody is signed in. Without an answer from
// the database a page is still a page: it shows the program's own name.
func (s *Server) brand(c *call) app.Brand {
	if s.portal == nil {
		return app.Brand{}
	}
	ctx := c.Request().Context()
	if c.page.SignedIn() {
		if brand, err := s.portal.Brand(ctx, c.actor); err == nil {
			return brand
		}
	}
	brand, err := s.portal.BrandAt(ctx, c.Request().Host)
	if err != nil {
		s.log.Warn("the brand is not known", "reference", reference(c), "error", err)
	}
	return brand
}

var sheetName = regexp.MustCompile(`^([0-9a-f]{6}|house)-([0-9a-f]{6}|house)\.css$`)

// brandSheet writes the colours that its address names as variables of the two themes.
func (s *Server) brandSheet(c *call) error {
	parts := sheetName.FindStringSubmatch(c.Param("name"))
	if parts == nil {
		return app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	var sheet strings.Builder
	for _, theme := range []struct{ hex, name, media string }{{parts[1], "day", "not (prefers-color-scheme:dark)"}, {parts[2], "night", "(prefers-color-scheme:dark)"}} {
		if theme.hex == "house" {
			continue
		}
		set := fmt.Sprintf("{--color-primary:#%s;--color-primary-content:%s}", theme.hex, colour.On("#"+theme.hex))
		fmt.Fprintf(&sheet, "@media %s{:root:not([data-theme])%s}\n[data-theme=%s]%s\n", theme.media, set, theme.name, set)
	}
	forever(c)
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", []byte(sheet.String()))
}

// brandLogo serves a logo: a picture that this program drew itself, so it can be nothing else.
func (s *Server) brandLogo(c *call) error { return s.picture(c, s.portal.Logo) }

// brandIcon serves the small square picture for a browser's tab.
func (s *Server) brandIcon(c *call) error { return s.picture(c, s.portal.LogoIcon) }

func (s *Server) picture(c *call, find func(context.Context, string) ([]byte, error)) error {
	name, ok := strings.CutSuffix(c.Param("name"), ".png")
	if !ok {
		return app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	data, err := find(c.Request().Context(), name)
	if err != nil {
		return err
	}
	forever(c)
	return c.Blob(http.StatusOK, "image/png", data)
}

// forever lets browsers and proxies keep an answer: its address names its content.
func forever(c *call) {
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
}
