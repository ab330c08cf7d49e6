package portal_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// saveBrand saves a brand for a seller.
func saveBrand(t *testing.T, w *portaltest.World, seller app.Actor, r portal.BrandRequest) {
	t.Helper()
	if err := w.Portal.SaveBrand(t.Context(), seller, r); err != nil {
		t.Fatalf("brand of %s: %v", seller.OrganizationName, err)
	}
}

func brandName(t *testing.T, w *portaltest.World, actor app.Actor) string {
	t.Helper()
	brand, err := w.Portal.Brand(t.Context(), actor)
	if err != nil {
		t.Fatalf("brand for %s: %v", actor.Name, err)
	}
	return brand.Name
}

// TestEachSeesTheirSellersBrand makes two resellers and one below the first, and wants nobody to see a sibling's brand.
func TestEachSeesTheirSellersBrand(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	red := w.Below(t, w.Operator, app.Reseller, "red")
	blue := w.Below(t, w.Operator, app.Reseller, "blue")
	plain := w.Below(t, red, app.Reseller, "plain")
	people := map[string]app.Actor{
		"Red Hosting": red, "Blue Hosting": blue,
	}
	ofRed, ofPlain, ofBlue := w.Below(t, red, app.Customer, "of-red"), w.Below(t, plain, app.Customer, "of-plain"), w.Below(t, blue, app.Customer, "of-blue")
	if got := brandName(t, w, ofPlain); got != "Demo Operator" {
		t.Errorf("before anybody has a brand, a customer sees %q", got)
	}
	for name, actor := range people {
		saveBrand(t, w, actor, portal.BrandRequest{Name: name, Light: "#8b0000", Dark: "#ffb3b3", SupportEmail: "help@" + actor.OrganizationSlug + ".example"})
	}
	for _, c := range []struct {
		who   string
		actor app.Actor
		want  string
	}{
		{"red", red, "Red Hosting"}, {"red's customer", ofRed, "Red Hosting"}, {"a reseller below red", plain, "Red Hosting"},
		{"a customer of that one", ofPlain, "Red Hosting"}, {"blue's customer", ofBlue, "Blue Hosting"}, {"the operator's customer", w.Tenant, "Demo Operator"},
		{"the operator", w.Operator, "Demo Operator"},
	} {
		if got := brandName(t, w, c.actor); got != c.want {
			t.Errorf("%s sees %q, want %q", c.who, got, c.want)
		}
	}
	saveBrand(t, w, plain, portal.BrandRequest{Name: "Plain Hosting"})
	saveBrand(t, w, w.Operator, portal.BrandRequest{Name: "The Provider"})
	for want, actor := range map[string]app.Actor{"Plain Hosting": ofPlain, "Red Hosting": ofRed, "The Provider": w.Tenant} {
		if got := brandName(t, w, actor); got != want {
			t.Errorf("afterwards %s sees %q, want %q", actor.OrganizationName, got, want)
		}
	}
	if err := w.Portal.SaveBrand(t.Context(), w.Tenant, portal.BrandRequest{Name: "Mine"}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer makes a brand: %v", err)
	}
	if _, err := w.Portal.AskedBrands(t.Context(), red); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a reseller looks at what others ask for: %v", err)
	}
}

func TestBrandFields(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	seller := w.Reseller(t)
	for _, c := range []struct {
		field, value string
		fine         bool
	}{
		{"name", "", false}, {"name", strings.Repeat("x", 61), false}, {"name", "Zoë's Garten & Co", true}, {"light", "#ffff00", false}, {"light", "#8B0000", true},
		{"light", "8b0000", true}, {"light", "red", false}, {"light", "#8b0000;}body{display:none", false}, {"dark", "#101010", false}, {"dark", "#ffb3b3", true},
		{"support_email", "help", false}, {"support_email", "help@example.org", true}, {"support_email", "a@b.example\r\nBcc: x@y.example", false},
		{"support_url", "javascript:alert(1)", false}, {"support_url", "https://example.org/help?a=b", true}, {"support_url", "//example.org", false},
		{"imprint_url", "https://user:secret@example.org/", false}, {"privacy_url", "https://example.org/\"onclick", false},
		{"sender_address", "Somebody <a@b.example>", false}, {"sender_name", "A\x00B", false},
		{"host", "portal", false}, {"host", "https://portal.red.example", false}, {"host", "portal.red.example/x", false}, {"host", "192.0.2.7", false},
		{"host", "portal.example.test", false}, {"host", "x." + portaltest.Zone, false}, {"host", "Portal.Red.Example.", true}, {"host", "portäl.red.example", true},
		{"host", "portal.red.example:8080", false}, {"host", "-x.red.example", false}, {"host", "*.red.example", false},
	} {
		r := portal.BrandRequest{Name: "Red Hosting"}
		*map[string]*string{
			"name": &r.Name, "light": &r.Light, "dark": &r.Dark, "support_email": &r.SupportEmail, "support_url": &r.SupportURL, "imprint_url": &r.ImprintURL,
			"privacy_url": &r.PrivacyURL, "sender_address": &r.SenderAddress, "sender_name": &r.SenderName, "host": &r.Host,
		}[c.field] = c.value
		_, err := w.Portal.PreviewBrand(t.Context(), seller, r)
		if c.fine != (err == nil) || (!c.fine && app.FieldsOf(err)[c.field] == "") {
			t.Errorf("%s %q: %v", c.field, c.value, err)
		}
	}
}

// TestBrandHostIsConfirmed holds that a host and a sender's address count once staff has looked, and that the database itself insists.
func TestBrandHostIsConfirmed(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx, seller, other := t.Context(), w.Reseller(t), w.Below(t, w.Operator, app.Reseller, "other-seller")
	wish := portal.BrandRequest{Name: "Red Hosting", Host: "Portal.Red.Example", SenderAddress: "hello@red.example"}
	saveBrand(t, w, seller, wish)
	if got, err := w.Portal.BrandAt(ctx, "portal.red.example"); err != nil || got.Name != "Demo Operator" {
		t.Errorf("before staff has looked, the host shows %+v (%v)", got, err)
	}
	asked, err := w.Portal.AskedBrands(ctx, w.Operator)
	if err != nil || len(asked) != 1 || asked[0].AskedHost != "portal.red.example" || asked[0].AskedSender != "hello@red.example" {
		t.Fatalf("staff is asked %+v (%v)", asked, err)
	}
	id := seller.Organization
	if err := w.Portal.ConfirmBrand(ctx, seller, id, "portal.red.example", "hello@red.example"); app.CodeOf(err) != app.Forbidden {
		t.Errorf("the reseller confirms itself: %v", err)
	}
	if err := w.Portal.ConfirmBrand(ctx, w.Operator, id, "portal.blue.example", "hello@red.example"); app.CodeOf(err) != app.Conflict {
		t.Errorf("staff confirms something else than is asked: %v", err)
	}
	if err := w.Portal.DeclineBrand(ctx, w.Operator, id, " "); app.FieldsOf(err)["reason"] == "" {
		t.Errorf("declined without a reason: %v", err)
	}
	if err := w.Portal.DeclineBrand(ctx, w.Operator, id, "It does not lead here yet."); err != nil {
		t.Fatal(err)
	}
	if settings, err := w.Portal.BrandSettings(ctx, seller); err != nil || settings.Answer != "It does not lead here yet." || !settings.AskedAt.IsZero() {
		t.Errorf("after it was declined: %+v (%v)", settings, err)
	}
	saveBrand(t, w, seller, wish)
	if err := w.Portal.ConfirmBrand(ctx, w.Operator, id, "portal.red.example", "hello@red.example"); err != nil {
		t.Fatal(err)
	}
	got, err := w.Portal.BrandAt(ctx, "PORTAL.red.example.:8443")
	if err != nil || got.Name != "Red Hosting" || got.SenderAddress != "hello@red.example" || got.URL("https://portal.example.test") != "https://portal.red.example" {
		t.Errorf("after staff has confirmed: %+v (%v)", got, err)
	}
	saveBrand(t, w, seller, portal.BrandRequest{Name: "Red Cloud", Host: "portal.red.example", SenderAddress: "hello@red.example"})
	if got, _ := w.Portal.BrandAt(ctx, "portal.red.example"); got.Name != "Red Cloud" {
		t.Errorf("another name, and the host shows %+v", got)
	}
	saveBrand(t, w, other, portal.BrandRequest{Name: "Thief", Host: "portal.red.example"})
	if err := w.Portal.ConfirmBrand(ctx, w.Operator, other.Organization, "portal.red.example", ""); app.FieldsOf(err)["host"] == "" {
		t.Errorf("two sellers have one host: %v", err)
	}
	tryPastStaff(t, w, seller)
	saveBrand(t, w, seller, portal.BrandRequest{Name: "Red Cloud"})
	if got, _ := w.Portal.BrandAt(ctx, "portal.red.example"); got.Name != "Demo Operator" {
		t.Errorf("the host was given up, and shows %+v", got)
	}
}

// tryPastStaff writes as the program's role does, without its verbs.
func tryPastStaff(t *testing.T, w *portaltest.World, seller app.Actor) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test goes on
	if _, err := conn.Exec(t.Context(), `SELECT set_config('allotment.organization', $1, false)`, seller.Organization.String()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`UPDATE brands SET host = 'portal.bank.example'`, `UPDATE brands SET sender_address = 'ceo@bank.example'`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "not without staff") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	var n int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM brands`).Scan(&n); err != nil || n != 1 {
		t.Errorf("a seller sees %d brands (%v)", n, err)
	}
}

// TestSignInAtASellersHost lets in the seller's own people alone, and tells others nothing.
func TestSignInAtASellersHost(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	seller, inside, outside := w.Reseller(t), w.Resold(t), w.Below(t, w.Below(t, w.Operator, app.Reseller, "blue"), app.Customer, "of-blue")
	saveBrand(t, w, seller, portal.BrandRequest{Name: "Red Hosting", Host: "portal.red.example"})
	if err := w.Portal.ConfirmBrand(t.Context(), w.Operator, seller.Organization, "portal.red.example", ""); err != nil {
		t.Fatal(err)
	}
	signIn := func(email, password, host string) error {
		_, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: email, Password: password, Host: host, Address: "192.0.2.77"})
		return err
	}
	for _, c := range []struct {
		who, email, host string
		in               bool
	}{
		{"the seller", seller.Email, "portal.red.example", true}, {"its customer", inside.Email, "portal.red.example:8443", true},
		{"another seller's customer", outside.Email, "portal.red.example", false}, {"the operator's customer", w.Tenant.Email, "PORTAL.RED.EXAMPLE", false},
		{"the operator", w.Operator.Email, "portal.red.example", false},
		{"another seller's customer at the main address", outside.Email, "portal.example.test", true}, {"the seller there", seller.Email, "portal.example.test", true},
		{"its customer there", inside.Email, "", true},
	} {
		err := signIn(c.email, portaltest.Password, c.host)
		if c.in && err != nil {
			t.Errorf("%s: %v", c.who, err)
		}
		if wrong := signIn(c.email, "wrong wrong wrong", c.host); !c.in && (err == nil || err.Error() != wrong.Error()) {
			t.Errorf("%s learns something: %v, and with a wrong password %v", c.who, err, wrong)
		}
	}
}

func TestLogo(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx, seller := t.Context(), w.Reseller(t)
	if err := w.Portal.SaveLogo(ctx, seller, encoded(t, 1600, 200, "png")); err != nil {
		t.Fatal(err)
	}
	brand, err := w.Portal.Brand(ctx, w.Resold(t))
	if err != nil || brand.Logo == "" || !brand.LogoWide {
		t.Fatalf("the customer's brand: %+v (%v)", brand, err)
	}
	data, err := w.Portal.Logo(ctx, brand.Logo)
	if err != nil {
		t.Fatal(err)
	}
	if config, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || config.Width != 800 || config.Height != 100 {
		t.Errorf("it is drawn as %+v (%v)", config, err)
	}
	if icon, err := w.Portal.LogoIcon(ctx, brand.Logo); err != nil || !bytes.HasPrefix(icon, []byte("\x89PNG")) {
		t.Errorf("its icon: %v", err)
	}
	for name, bad := range map[string][]byte{
		"nothing": {}, "text": []byte("logo"), "SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
		"half a picture": encoded(t, 400, 100, "png")[:300], "a bomb": bomb(), "too many bytes": append(encoded(t, 100, 100, "png"), make([]byte, portal.MaxLogoBytes)...),
		"too small": encoded(t, 8, 8, "png"), "GIF": []byte("GIF89a\x10\x00\x10\x00\x00\x00\x00;"),
	} {
		if err := w.Portal.SaveLogo(ctx, seller, bad); app.FieldsOf(err)["logo"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	hidden := append(encoded(t, 64, 64, "jpeg"), []byte("<script>alert(1)</script>")...)
	if err := w.Portal.SaveLogo(ctx, seller, hidden); err != nil {
		t.Fatal(err)
	}
	brand, _ = w.Portal.Brand(ctx, seller)
	if data, err := w.Portal.Logo(ctx, brand.Logo); err != nil || bytes.Contains(data, []byte("script")) || brand.LogoWide {
		t.Errorf("what hides behind a picture is kept (%v)", err)
	}
	if err := w.Portal.SaveLogo(ctx, seller, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.Logo(ctx, brand.Logo); app.CodeOf(err) != app.NotFound {
		t.Errorf("a logo that was removed: %v", err)
	}
}

func encoded(t *testing.T, width, height int, format string) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		picture.Set(x, height/2, color.NRGBA{uint8(x), 120, 40, 255})
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	if format == "jpeg" {
		out.Reset()
		err = jpeg.Encode(&out, picture, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb is the head of a PNG that would unfold into 40 GB.
func bomb() []byte {
	head := []byte("IHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x06\x00\x00\x00")
	return binary.BigEndian.AppendUint32(append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\r"), head...), crc32.ChecksumIEEE(head))
}
