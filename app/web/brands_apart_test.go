package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// seller is a reseller with a brand, and one of its customers.
type seller struct {
	owner, customer app.Actor
	host            string
	marks           []string // what nobody but its own people may ever read
}

// sell makes a reseller with everything that a brand can have.
func (s *site) sell(t *testing.T, slug, light, dark string) seller {
	t.Helper()
	ctx := t.Context()
	one := seller{owner: s.Below(t, s.Operator, app.Reseller, slug), host: "portal." + slug + ".example"}
	one.customer = s.Below(t, one.owner, app.Customer, "of-"+slug)
	request := portal.BrandRequest{
		Name: "Hosting " + slug, Light: light, Dark: dark, SupportEmail: "help@" + slug + ".example", SupportURL: "https://" + slug + ".example/help",
		ImprintURL: "https://" + slug + ".example/imprint", PrivacyURL: "https://" + slug + ".example/privacy", Host: one.host, SenderAddress: "mail@" + slug + ".example",
	}
	if err := s.Portal.SaveBrand(ctx, one.owner, request); err != nil {
		t.Fatal(err)
	}
	if err := s.Portal.ConfirmBrand(ctx, s.Operator, one.owner.Organization, one.host, request.SenderAddress); err != nil {
		t.Fatal(err)
	}
	if err := s.Portal.SaveLogo(ctx, one.owner, dot(t, light)); err != nil {
		t.Fatal(err)
	}
	brand, err := s.Portal.Brand(ctx, one.customer)
	if err != nil || brand.Logo == "" {
		t.Fatalf("brand %+v (%v)", brand, err)
	}
	one.marks = []string{request.Name, request.SupportEmail, "https://" + slug + ".example", strings.TrimPrefix(light, "#"), strings.TrimPrefix(dark, "#"), brand.Logo, one.host}
	return one
}

// dot is a picture that differs with the colour.
func dot(t *testing.T, colour string) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for n := range 64 {
		picture.Set(n, n, color.NRGBA{colour[1], colour[3], colour[5], 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestBrandsNeverMeet walks every page that can be opened without an ID as the people of two sellers and of the operator.
func TestBrandsNeverMeet(t *testing.T) {
	t.Parallel()
	s := open(t)
	red, blue := s.sell(t, "red", "#8b0000", "#ffb3b3"), s.sell(t, "blue", "#00318b", "#b3ccff")
	for _, c := range []struct {
		who, email string
		own        []string
		foreign    []string
	}{
		{"red's customer", red.customer.Email, red.marks[:3], blue.marks},
		{"blue's customer", blue.customer.Email, blue.marks[:3], red.marks},
		{"red itself", red.owner.Email, red.marks[:3], blue.marks},
		{"the operator's customer", s.Tenant.Email, []string{"Demo Operator"}, slices.Concat(red.marks, blue.marks)},
	} {
		v := s.as(t, c.email)
		looked := 0
		for _, r := range s.server.Routes() {
			if r.Method != http.MethodGet || strings.ContainsAny(r.Path, ":*") || strings.HasSuffix(r.Path, "/stream") {
				continue
			}
			got := v.get(r.Path)
			wantApart(t, c.who+" at "+r.Path, got, c.foreign)
			if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") && got.status < 300 && got.has("<footer") {
				looked++
				for _, mark := range c.own {
					if !got.has(mark) {
						t.Errorf("%s does not see %q at %s", c.who, mark, r.Path)
					}
				}
			}
		}
		if looked < 5 {
			t.Errorf("%s looked at %d pages only", c.who, looked)
		}
	}
}

func wantApart(t *testing.T, where string, got page, foreign []string) {
	t.Helper()
	for _, mark := range foreign {
		if got.has(mark) {
			t.Errorf("%s: %q of another seller is there", where, mark)
		}
	}
}

var assets = regexp.MustCompile(`(?:href|src)="(/brand/[^"]+)"`)

// TestSellersHost looks at a seller's own address: its sign-in page with all that it loads, its error page, and who gets in.
func TestSellersHost(t *testing.T) {
	t.Parallel()
	s := open(t)
	red, blue := s.sell(t, "red", "#8b0000", "#ffb3b3"), s.sell(t, "blue", "#00318b", "#b3ccff")
	v := s.visitor(t)
	for _, path := range []string{"/signin", "/nothing"} {
		got := v.get(path, "Host", red.host)
		if !got.has("· Hosting red</title>") || !got.has("Provided by Hosting red") || !got.has("help@red.example") {
			t.Errorf("%s at red's host: %.900s", path, got.body)
		}
		wantApart(t, path, got, blue.marks)
	}
	links := assets.FindAllStringSubmatch(v.get("/signin", "Host", red.host).body, -1)
	if len(links) != 3 {
		t.Errorf("the page loads %v of the brand, want the sheet, the logo and the icon", links)
	}
	for _, link := range links {
		got := v.get(link[1], "Host", red.host)
		if got.status != http.StatusOK || got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", link[1], got.status, got.header)
		}
	}
	for _, host := range []string{"portal.example.test", "unknown.example", "127.0.0.1:80", "[::1]:80", strings.Repeat("x.", 200) + "example"} {
		got := v.get("/signin", "Host", host)
		if !got.has("Provided by Demo Operator") {
			t.Errorf("at %s: %.300s", host, got.body)
		}
		wantApart(t, host, got, slices.Concat(red.marks, blue.marks))
	}
	credentials := func(email, password string) string { return form("email", email, "password", password).Encode() }
	if got := s.visitor(t).do(http.MethodPost, "/signin", credentials(red.customer.Email, portaltest.Password), "Host", red.host, "Origin", "http://"+red.host); got.status != http.StatusSeeOther {
		t.Errorf("red's customer at red's host: %d", got.status)
	}
	plain := regexp.MustCompile(`value="[^"]*"`)
	foreign := s.visitor(t).do(http.MethodPost, "/signin", credentials(blue.customer.Email, portaltest.Password), "Host", red.host)
	wrong := s.visitor(t).do(http.MethodPost, "/signin", credentials(blue.customer.Email, "wrong wrong wrong"), "Host", red.host)
	if foreign.status != http.StatusUnprocessableEntity || plain.ReplaceAllString(foreign.body, "") != plain.ReplaceAllString(wrong.body, "") || foreign.header.Get("Set-Cookie") != "" {
		t.Errorf("blue's customer at red's host: %d, and %d with a wrong password", foreign.status, wrong.status)
	}
	if got := s.visitor(t).do(http.MethodPost, "/theme", "theme=day", "Host", red.host, "Origin", "http://"+blue.host); got.status != http.StatusForbidden {
		t.Errorf("blue's page sends a form to red's host: %d", got.status)
	}
}

// TestBrandPage sets a brand through the form: what is wrong comes back with the typed values, a preview saves nothing.
func TestBrandPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.as(t, s.Reseller(t).Email)
	got := v.post("/organization/brand", "do", "save", "name", "Garden Host", "light", "#ffff00", "support_url", "javascript:alert(1)")
	if got.status != http.StatusUnprocessableEntity || !got.has("This colour is too faint to read on the light pages.") || !got.has(`value="#ffff00"`) || !got.has("The nearest that everybody can read is #") {
		t.Errorf("a faint colour: %d %s", got.status, got.body)
	}
	near := regexp.MustCompile(`value="light (#[0-9a-f]{6})"`).FindStringSubmatch(got.body)
	if near == nil {
		t.Fatal("there is no button with the nearest colour")
	}
	if got = v.post("/organization/brand", "do", "light "+near[1], "name", "Garden Host", "light", "#ffff00"); !got.has(`value="`+near[1]+`"`) || !got.has("Nothing is saved yet.") || !got.has("· Garden Host</title>") {
		t.Errorf("after the nearest was chosen: %d %.900s", got.status, got.body)
	}
	if got = v.get("/organization/brand"); got.has("Garden Host") {
		t.Error("a preview was saved")
	}
	if got = v.post("/organization/brand", "do", "save", "name", "Garden Host", "light", near[1]); got.status != http.StatusSeeOther {
		t.Errorf("save: %d %s", got.status, got.body)
	}
	if got = v.get("/services"); !got.has("· Garden Host</title>") || !got.has("/brand/colours/"+near[1][1:]+"-house.css") {
		t.Errorf("afterwards: %.900s", got.body)
	}
	if got = v.upload(t, "/organization/brand/logo", "logo", []byte("<svg onload=alert(1)>")); got.status != http.StatusUnprocessableEntity || !got.has("Please choose a picture in PNG, JPEG or WebP format.") {
		t.Errorf("an SVG: %d", got.status)
	}
	if got = v.upload(t, "/organization/brand/logo", "logo", make([]byte, portal.MaxLogoBytes+10)); got.status != http.StatusUnprocessableEntity || !got.has("at most 2 MB") {
		t.Errorf("a large file: %d", got.status)
	}
	if got = v.upload(t, "/organization/brand/logo", "logo", dot(t, "#102030")); got.status != http.StatusSeeOther || !v.get("/services").has("/brand/logo/") {
		t.Errorf("a logo: %d", got.status)
	}
	if got = v.post("/organization/brand/logo/remove"); got.status != http.StatusSeeOther || v.get("/services").has("/brand/logo/") {
		t.Errorf("the logo removed: %d", got.status)
	}
	if got = s.tenant(t).get("/organization/brand"); got.status != http.StatusForbidden {
		t.Errorf("a customer's brand page: %d", got.status)
	}
}

// upload sends a form with a file.
func (v *visitor) upload(t *testing.T, path, field string, file []byte) page {
	t.Helper()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	part, err := parts.CreateFormFile(field, "logo.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file) // into memory
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	return v.do(http.MethodPost, path, body.String(), "Content-Type", parts.FormDataContentType())
}
