package views_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"allotment/app"
	"allotment/static"
	"allotment/views"
	"allotment/views/words"
)

// render draws a page in a language.
func render(t testing.TB, name, locale string) string {
	t.Helper()
	component, ok := pages(t)[name]
	if !ok {
		t.Fatalf("there is no page called %q", name)
	}
	var out bytes.Buffer
	if err := component.Render(words.With(context.Background(), locale), &out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out.String()
}

// policy is as strict as the server's own, so that a page that needs more shows it here.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'"

// serve answers /<page>, /<locale>/<page> and the assets.
func serve(t testing.TB) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	serveBrand(mux)
	mux.HandleFunc("/catalog/{app}/icon.svg", func(w http.ResponseWriter, r *http.Request) {
		for _, offer := range offers(t) {
			if offer.App.ID == r.PathValue("app") {
				w.Header().Set("Content-Type", "image/svg+xml")
				_, _ = w.Write(offer.App.IconSVG())
			}
		}
	})
	mux.HandleFunc("/page/{locale}/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = w.Write([]byte(render(t, r.PathValue("name"), r.PathValue("locale"))))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestPages renders every page in every language and holds what is true of all of them.
func TestPages(t *testing.T) {
	t.Parallel()
	for name := range pages(t) {
		for _, locale := range words.Languages() {
			html := render(t, name, locale)
			for _, wanted := range []string{`<html lang="` + locale + `"`, `<main id="main"`, `href="#main"`, "</html>"} {
				if !strings.Contains(html, wanted) {
					t.Errorf("%s in %s lacks %s", name, locale, wanted)
				}
			}
			for _, refused := range []string{"style=\"", "<style", "onclick=", "javascript:", "%!", "<nil>"} {
				if strings.Contains(html, refused) {
					t.Errorf("%s in %s contains %s", name, locale, refused)
				}
			}
			if n := strings.Count(html, "<h1"); n != 1 {
				t.Errorf("%s has %d first headings", name, n)
			}
		}
	}
}

// TestScriptIsText puts markup into every value that a person can type and wants it back as text.
func TestScriptIsText(t *testing.T) {
	t.Parallel()
	const script = `"><script>alert(1)</script>`
	form := orderForm(t, map[string]string{"name": script})
	form.Name, form.Host, form.Problem = script, script, script
	for id := range form.Answers {
		form.Answers[id] = script
	}
	html := renderOrder(t, form)
	if strings.Contains(html, "<script>alert") {
		t.Error("the order form lets markup through")
	}
	if n := strings.Count(html, "&lt;script&gt;alert(1)"); n < 4 {
		t.Errorf("the order form shows %d of the typed values", n)
	}
}

// TestPreview writes every page to the folder named by PREVIEW, for a look at them in a browser.
func TestPreview(t *testing.T) {
	folder := os.Getenv("PREVIEW")
	if folder == "" {
		t.Skip("PREVIEW names no folder to write the pages to")
	}
	for name := range pages(t) {
		if err := os.WriteFile(filepath.Join(folder, name+".html"), []byte(render(t, name, "en")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func renderOrder(t testing.TB, form views.OrderForm) string {
	t.Helper()
	var out bytes.Buffer
	if err := views.Order(views.Page{Title: "Order", Actor: tenant(), Now: now}, form).Render(words.With(t.Context(), "en"), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// BenchmarkServices draws the list of 50 services.
func BenchmarkServices(b *testing.B) {
	states := slices.Repeat([]app.ServiceState{app.ServiceActive}, 50)
	page, list := views.Page{Title: "My services", Path: "/services", Actor: tenant(), Now: now}, serviceList(false, states...)
	for _, locale := range []string{"en", "de"} {
		ctx := words.With(b.Context(), locale)
		b.Run(locale, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := views.Services(page, list).Render(ctx, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
