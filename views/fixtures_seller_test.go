package views_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

func reseller() app.Actor {
	return app.Actor{User: id(5), Name: "Demo Reseller", Email: "reseller@demo.example", Language: "en", Organization: id(6),
		OrganizationName: "Demo Reselling", OrganizationSlug: "reselling", Kind: app.Reseller, Role: app.RoleResellerOwner}
}

// demoBrand is a brand with everything.
func demoBrand() app.Brand {
	return app.Brand{Organization: id(6), Name: "Riverside Demo", Logo: strings.Repeat("ab", 32), LogoWide: false, Light: "#7a1f5c", Dark: "#f0a6d4",
		SupportEmail: "help@riverside.example", SupportURL: "https://riverside.example/help", ImprintURL: "https://riverside.example/imprint",
		PrivacyURL: "https://riverside.example/privacy", SenderName: "Riverside", Host: "portal.riverside.example"}
}

// pages are all the pages that tests look at.
func pages(t testing.TB) map[string]templ.Component {
	fixtures.Do(func() { fixtures.pages = everyPage(t) })
	return fixtures.pages
}

// fixtures are made once: they are only read.
var fixtures struct {
	sync.Once
	pages map[string]templ.Component
}

func everyPage(t testing.TB) map[string]templ.Component {
	all := withApart(withExports(withReports(withSellers(housePages(t)))))
	for _, some := range []map[string]templ.Component{accountPages(), billingPages(t), pricePages(t), usagePages(t), planPages(t), memberPages(), exchangePages(t),
		consolePages(), invoicePages(t), paymentPages(t), dunnedPages(t), currencyPages(t)} {
		for name, page := range some {
			if _, twice := all[name]; twice {
				t.Fatalf("two pages are called %q: one of them would be looked at by no test", name)
			}
			all[name] = page
		}
	}
	return all
}

// withSellers adds the pages that show a brand or the audit log.
func withSellers(all map[string]templ.Component) map[string]templ.Component {
	branded := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now, Brand: demoBrand()}
	}
	settings := app.BrandSettings{Brand: demoBrand(), OrganizationName: "Demo Reselling", AskedHost: "portal.riverside.example", AskedSender: "hello@riverside.example", AskedAt: now.Add(-3 * time.Hour)}
	settings.Host = ""
	faint := views.BrandRequestOf(settings)
	faint.Light, faint.Dark = "#f0c040", "#303030"
	errors := map[string]string{"light": "This colour is too faint to read on the light pages. Please choose a darker one.", "dark": "This colour is too dim to read on the dark pages. Please choose a lighter one."}
	tried := demoBrand()
	maps.Copy(all, map[string]templ.Component{
		"signin-branded": views.SignIn(branded("Sign in", "/signin", app.Actor{}), views.SignInForm{}, nil),
		"error-branded":  views.Error(branded("Error", "/x", app.Actor{}), views.Problem{Status: 404, Message: "There is nothing at this address.", Reference: "a1b2c3d4e5"}),
		"brand":          views.Brand(branded("Brand", "/organization/brand", reseller()), views.BrandForm{Request: views.BrandRequestOf(settings), Settings: settings, Reach: "https://portal.example.org"}),
		"brand-wrong":    views.Brand(branded("Brand", "/organization/brand", reseller()), views.BrandForm{Request: faint, Settings: app.BrandSettings{Brand: demoBrand(), Answer: "The name does not lead here yet."}, Errors: errors, Reach: "https://portal.example.org"}),
		"brand-new":      views.Brand(views.Page{Title: "Brand", Path: "/organization/brand", Actor: reseller(), Now: now}, views.BrandForm{Request: portal.BrandRequest{Name: "Demo Reselling"}, Saved: true, Reach: "https://portal.example.org"}),
		"brand-preview":  views.Brand(branded("Brand", "/organization/brand", reseller()), views.BrandForm{Request: views.BrandRequestOf(settings), Preview: &tried, Reach: "https://portal.example.org"}),
		"brand-operator": views.Brand(views.Page{Title: "Brand", Path: "/organization/brand", Actor: operator(), Now: now}, views.BrandForm{Request: portal.BrandRequest{Name: "Demo Hosting"}, Asked: []app.BrandSettings{settings}, AnswerTo: settings.Organization, Errors: map[string]string{"reason": "Please say why, in at most 500 characters."}, Reach: "https://portal.example.org"}),
		"audit":          views.Audit(views.Page{Title: "Audit log", Path: "/organization/audit", Actor: tenant(), Now: now}, auditList("")),
		"audit-seller":   views.Audit(branded("Audit log", "/organization/audit", reseller()), auditList("next")),
		"audit-none":     views.Audit(views.Page{Title: "Audit log", Path: "/organization/audit", Actor: tenant(), Now: now}, views.AuditList{FromDay: "2026-03-01"}),
	})
	return all
}

func auditList(next string) views.AuditList {
	entry := func(n int64, action, target, before, after string) app.AuditLine {
		return app.AuditLine{AuditEntry: app.AuditEntry{Organization: id(2), Seq: n, At: now.Add(-time.Duration(60-n) * time.Hour), Actor: id(1), ActorName: "Demo Tenant", Action: action,
			Outcome: app.AuditDone, Target: target, Before: before, After: after, Address: "192.0.2.17", Hash: []byte{0xa1, 0xb2, 0xc3, 0xd4, 0xe5}}, OrganizationName: "Demo Organization"}
	}
	visit := entry(42, "service.reveal", "service 0190a1b2-0000-7000-8000-000000000001", "", "")
	visit.ActorName, visit.Impersonation, visit.Seller, visit.Reason = "Demo Reseller", id(9), "Demo Reselling", "The customer asked for help on the phone"
	refused := entry(41, "service.terminate", "", "", `{"code":"forbidden","message":"Your role does not allow this."}`)
	refused.Outcome = app.AuditRefused
	return views.AuditList{Page: portal.AuditPage{Next: next, Lines: []app.AuditLine{
		entry(44, "brand.save", "brand 0190a1b2", `{"name":"Riverside","light":"#7a1f5c","dark":"#f0a6d4"}`, `{"name":"Riverside Demo","light":"#7a1f5c","host":"portal.riverside.example"}`),
		entry(43, "service.order", "service 0190a1b2-0000-7000-8000-000000000001", "", `{"app":"redmine","host":"office.apps.example","plan":"small"}`),
		visit, refused, entry(40, "session.open", "session 0190", "", `{"method":"password+totp"}`),
	}}}
}

// serveBrand answers for the demo brand's colours and logo.
func serveBrand(mux *http.ServeMux) {
	mux.HandleFunc("/brand/colours/{name}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write([]byte("@media not (prefers-color-scheme:dark){:root:not([data-theme]){--color-primary:#7a1f5c;--color-primary-content:#ffffff}}\n" +
			"@media (prefers-color-scheme:dark){:root:not([data-theme]){--color-primary:#f0a6d4;--color-primary-content:#0b0f0c}}"))
	})
	for _, path := range []string{"/brand/logo/{name}", "/brand/icon/{name}"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(demoLogo())
		})
	}
}

// demoLogo draws a wave in a square.
func demoLogo() []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, 96, 96))
	for x := range 96 {
		for y := range 96 {
			if (y/12+(x/24)%2)%2 == 0 && (x-48)*(x-48)+(y-48)*(y-48) < 47*47 {
				picture.Set(x, y, color.NRGBA{122, 31, 92, 255})
			}
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, picture) // into memory
	return out.Bytes()
}
