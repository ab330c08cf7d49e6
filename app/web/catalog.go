package web

import (
	"net/http"
	"slices"
	"strings"

	"allotment/app/portal"
	"allotment/catalog"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) catalog(c *call) error {
	offers, err := s.portal.Offers(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	query, locale := c.query(), words.Locale(c.Request().Context())
	filter := views.CatalogFilter{Text: strings.TrimSpace(query.Get("q")), Category: query.Get("category")}
	fitting := slices.DeleteFunc(slices.Clone(offers), func(o portal.Offer) bool { return !fits(o.App, filter, locale) })
	if c.partial("offers") {
		return c.show(http.StatusOK, views.Offers(fitting))
	}
	return c.show(http.StatusOK, views.Catalog(c.titled("Catalog"), filter, categoriesOf(offers), fitting))
}

// fits reports whether an app is what a search looks for: every word in its name, its summary or its category.
func fits(a *catalog.App, f views.CatalogFilter, locale string) bool {
	if f.Category != "" && string(a.Category) != f.Category {
		return false
	}
	text := strings.ToLower(a.Name + " " + a.Summary.In(locale) + " " + a.Category.Name(locale))
	for _, word := range strings.Fields(strings.ToLower(f.Text)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// categoriesOf returns the categories that some offer is in.
func categoriesOf(offers []portal.Offer) []catalog.Category {
	return slices.DeleteFunc(catalog.Categories(), func(category catalog.Category) bool {
		return !slices.ContainsFunc(offers, func(o portal.Offer) bool { return o.App.Category == category })
	})
}

func (s *Server) app(c *call) error {
	offer, err := s.portal.Offer(c.Request().Context(), c.actor, c.Param("app"))
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.App(c.titled("%s", offer.App.Name), offer))
}

// icon serves an app's picture. It comes from the catalog, not from us, so it may draw and do nothing else.
func (s *Server) icon(c *call) error {
	offer, err := s.portal.Offer(c.Request().Context(), c.actor, c.Param("app"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", "private, no-cache")
	if c.query().Get("v") == views.IconVersion(offer.App) {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	return c.Blob(http.StatusOK, "image/svg+xml", offer.App.IconSVG())
}
