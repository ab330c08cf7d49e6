package web_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/studio-b12/gowebdav"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/portal"
	"allotment/app/web"
	"allotment/app/web/dav"
	"allotment/billing"
)

// library is a world with documents of a reseller, served over HTTP.
type library struct {
	*billertest.Books
	t    *testing.T
	base string
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{Books: billertest.New(t, 1, 6, 2), t: t}
	for _, day := range []string{"2026-01-31", "2026-02-28"} {
		l.Today, _ = time.Parse(time.DateOnly, day)
		if _, err := l.Biller.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(l.Today, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	server, err := web.New(web.Config{BaseURL: "http://portal.example.test"}, l.Portal, silent{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	http := httptest.NewServer(server.Handler())
	t.Cleanup(http.Close)
	l.base = http.URL
	return l
}

// key makes an API key of an organization with a role.
func (l *library) key(slug string, role app.Role) string {
	l.t.Helper()
	var actor app.Actor
	if err := l.Conn.QueryRow(l.t.Context(), `SELECT id, kind, name FROM organizations WHERE slug = $1`, slug).Scan(&actor.Organization, &actor.Kind, &actor.OrganizationName); err != nil {
		l.t.Fatal(err)
	}
	actor.User, actor.Role, actor.State, actor.ConfirmedAt, actor.Session = l.Operator.User, app.OwnerOf(actor.Kind), app.OrganizationActive, time.Now(), app.NewID()
	_, token, err := l.Portal.CreateKey(l.t.Context(), actor, portal.KeyRequest{Name: string(role) + " " + app.NewID().String()[30:], Role: role})
	if err != nil {
		l.t.Fatal(err)
	}
	return token
}

func (l *library) send(method, path, token string, headers ...string) (*http.Response, []byte) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.base+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if token != "" {
		r.SetBasicAuth("anybody", token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return answer, body
}

// TestDAVWithAClient walks the folders with a program for WebDAV, and reads every file of a month.
func TestDAVWithAClient(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	client := gowebdav.NewClient(l.base+dav.Prefix, "any name", l.key("reseller-1", app.RoleResellerBilling))
	if err := client.Connect(); err != nil {
		t.Fatal(err)
	}
	names := func(path string) (all []string) {
		t.Helper()
		list, err := client.ReadDir(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, f := range list {
			all = append(all, f.Name())
		}
		return all
	}
	for path, want := range map[string]string{"/": "[issued received]", "/issued": "[2026]", "/issued/2026": "[01 02]"} {
		if got := fmt.Sprint(names(path)); got != want {
			t.Errorf("%s holds %s, want %s", path, got, want)
		}
	}
	documents, sheets := 0, 0
	sizes := map[string]int64{}
	listed, err := client.ReadDir("/issued/2026/02")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range listed {
		sizes[f.Name()] = f.Size()
	}
	for _, name := range names("/issued/2026/02") {
		data, err := client.Read("/issued/2026/02/" + name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		one, err := client.Stat("/issued/2026/02/" + name)
		if err != nil || sizes[name] != int64(len(data)) || one.Size() != int64(len(data)) { // programs that copy compare it
			t.Errorf("%s is listed with %d bytes, has %d by itself, and holds %d (%v)", name, sizes[name], one.Size(), len(data), err)
		}
		switch {
		case strings.HasSuffix(name, ".pdf") && bytes.HasPrefix(data, []byte("%PDF-")), strings.HasSuffix(name, ".xml") && xml.Unmarshal(data, new(struct{})) == nil:
			documents++
		case strings.HasSuffix(name, "-2026-02.csv") && bytes.Contains(data, []byte("\r\n")):
			sheets++
		default:
			t.Errorf("%s holds %.40q", name, data)
		}
	}
	want := 2 * l.Count(t, `SELECT count(*) FROM invoices i JOIN organizations o ON o.id = i.seller_id WHERE o.slug = 'reseller-1' AND issued_on BETWEEN '2026-02-01' AND '2026-02-28'`)
	if documents != want || want == 0 || sheets != 5 {
		t.Errorf("%d files of documents, want %d; %d sheets", documents, want, sheets)
	}
	for what, err := range map[string]error{
		"write": client.Write("/issued/2026/02/new.pdf", []byte("x"), 0o600), "remove": client.Remove("/issued/2026/02/" + names("/issued/2026/02")[0]),
		"move": client.Rename("/issued/2026", "/issued/2028", true), "copy": client.Copy("/issued/2026", "/issued/2028", true),
	} {
		if err == nil {
			t.Errorf("%s is possible", what)
		}
	}
}

// TestDAVAnswers holds what RFC 4918 and RFC 9110 want: depths, methods, parts, ETags that stay.
func TestDAVAnswers(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	token := l.key("reseller-1", app.RoleResellerBilling)
	for _, method := range dav.Refused {
		if answer, _ := l.send(method, "/dav/issued/2026", token); answer.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(answer.Header.Get("Allow"), "PROPFIND") {
			t.Errorf("%s: %d, Allow %q", method, answer.StatusCode, answer.Header.Get("Allow"))
		}
	}
	for _, depth := range []string{"", "infinity"} {
		answer, body := l.send("PROPFIND", "/dav/", token, "Depth", depth)
		if answer.StatusCode != http.StatusForbidden || !bytes.Contains(body, []byte("propfind-finite-depth")) {
			t.Errorf("depth %q: %d", depth, answer.StatusCode)
		}
	}
	_, listing := l.send("PROPFIND", "/dav/issued/2026/02", token, "Depth", "1")
	if bytes.Contains(listing, []byte("<D:getcontentlength>0")) || !bytes.Contains(listing, []byte("<D:getetag>")) || !bytes.Contains(listing, []byte("application/pdf")) {
		t.Errorf("the listing: %.600s", listing)
	}
	if _, again := l.send("PROPFIND", "/dav/issued/2026/02", token, "Depth", "1"); davTags(again) != davTags(listing) || len(again) != len(listing) { // the order of properties is of no account
		t.Error("a listing differs from the one before")
	}
	if answer, body := l.send("PROPFIND", "/dav/issued/2026/02", token, "Depth", "0"); answer.StatusCode != http.StatusMultiStatus || bytes.Count(body, []byte("<D:response>")) != 1 {
		t.Errorf("depth 0: %d, %s", answer.StatusCode, body)
	}
	var number string
	if err := l.Conn.QueryRow(t.Context(), `SELECT number FROM invoices i JOIN organizations o ON o.id = i.seller_id WHERE o.slug = 'reseller-1' AND issued_on = '2026-02-28' LIMIT 1`).Scan(&number); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{number + ".pdf", number + ".xml", "lines-2026-02.csv"} {
		path := "/dav/issued/2026/02/" + name
		whole, data := l.send("GET", path, token)
		tag := whole.Header.Get("ETag")
		if whole.StatusCode != http.StatusOK || len(tag) < 10 || whole.ContentLength != int64(len(data)) || whole.Header.Get("Last-Modified") == "" {
			t.Fatalf("%s: %d, ETag %q, %d bytes", name, whole.StatusCode, tag, len(data))
		}
		part, some := l.send("GET", path, token, "Range", "bytes=10-29", "If-Range", tag)
		if part.StatusCode != http.StatusPartialContent || !bytes.Equal(some, data[10:30]) {
			t.Errorf("%s: a part: %d, %q", name, part.StatusCode, some)
		}
		if same, _ := l.send("GET", path, token, "If-None-Match", tag); same.StatusCode != http.StatusNotModified {
			t.Errorf("%s unchanged: %d", name, same.StatusCode)
		}
		head, _ := l.send("HEAD", path, token)
		if head.ContentLength != whole.ContentLength || head.Header.Get("ETag") != tag || head.Header.Get("Last-Modified") != whole.Header.Get("Last-Modified") {
			t.Errorf("%s: HEAD says %d and %q", name, head.ContentLength, head.Header.Get("ETag"))
		}
	}
	for _, path := range []string{"/dav/issued/1999", "/dav/issued/2026/13", "/dav/issued/2026/02/none.pdf", "/dav/none", "/dav/issued/2026/02/" + number + ".pdf/more", "/dav/issued/%2e%2e/%2e%2e", "/dav/issued/02026"} {
		if answer, _ := l.send("PROPFIND", path, token, "Depth", "0"); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
		if answer, _ := l.send("GET", path, token); answer.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, answer.StatusCode)
		}
	}
}

// davTags are the ETags and times of a listing.
func davTags(listing []byte) string {
	return fmt.Sprintf("%s", regexp.MustCompile(`<D:getetag>[^<]*`).FindAll(listing, -1)) +
		fmt.Sprintf("%s", regexp.MustCompile(`<D:getlastmodified>[^<]*`).FindAll(listing, -1))
}

// TestDAVIsForTheKeysOwner: every role's key comes as far as the table of roles says, and to the documents of its own organization only; wrong keys
// are limited.
func TestDAVIsForTheKeysOwner(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	for _, slug := range []string{"reseller-1", "customer-1", "customer-2"} {
		kind := app.Customer
		if slug == "reseller-1" {
			kind = app.Reseller
		}
		for _, role := range app.RolesOf(kind) {
			if role == app.OwnerOf(kind) {
				continue
			}
			want := http.StatusForbidden
			if role.Allows(app.SeeBilling) {
				want = http.StatusMultiStatus
			}
			answer, body := l.send("PROPFIND", "/dav/", l.key(slug, role), "Depth", "1")
			if answer.StatusCode != want {
				t.Errorf("%s of %s: %d, want %d", role, slug, answer.StatusCode, want)
			}
			if want == http.StatusMultiStatus && bytes.Contains(body, []byte("issued")) != (kind == app.Reseller) {
				t.Errorf("%s of %s sees %s", role, slug, body)
			}
		}
	}
	mine, theirs := l.key("customer-1", app.RoleCustomerBilling), l.key("customer-3", app.RoleCustomerBilling)
	_, listing := l.send("PROPFIND", "/dav/received/2026/01", mine, "Depth", "1")
	n := l.Count(t, `SELECT count(*) FROM invoices i JOIN organizations o ON o.id = i.buyer_id WHERE o.slug = 'customer-1' AND issued_on < '2026-02-01'`)
	if got := bytes.Count(listing, []byte(".pdf</D:href>")); got != n || n == 0 {
		t.Errorf("%d documents of %d are shown: %s", got, n, listing)
	}
	at := bytes.Index(listing, []byte(".pdf</D:href>"))
	from := bytes.LastIndex(listing[:at], []byte("<D:href>")) + len("<D:href>")
	path := string(listing[from : at+4])
	if answer, data := l.send("GET", path, mine); answer.StatusCode != http.StatusOK || !bytes.HasPrefix(data, []byte("%PDF-")) {
		t.Errorf("%s: %d", path, answer.StatusCode)
	}
	if answer, _ := l.send("GET", path, theirs); answer.StatusCode != http.StatusNotFound {
		t.Errorf("another customer's %s: %d", path, answer.StatusCode)
	}
	if answer, _ := l.send("GET", "/dav/issued/2026/01", mine); answer.StatusCode != http.StatusNotFound {
		t.Errorf("what a customer issued: %d", answer.StatusCode)
	}
	answer, _ := l.send("PROPFIND", "/dav/", "", "Depth", "1")
	if answer.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("nobody: %d, %q", answer.StatusCode, answer.Header.Get("WWW-Authenticate"))
	}
	status := 0
	for range 500 {
		answer, _ := l.send("PROPFIND", "/dav/", "allot_wrong", "Depth", "0")
		if status = answer.StatusCode; status != http.StatusUnauthorized {
			break
		}
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("wrong keys without end: %d", status)
	}
	if answer, _ := l.send("PROPFIND", "/dav/", mine, "Depth", "0"); answer.StatusCode != http.StatusMultiStatus {
		t.Errorf("a right key after that: %d", answer.StatusCode)
	}
}

// TestDAVListsManyDocuments: a month of 20,000 files is listed while a program still waits, although not all can be measured by then.
func TestDAVListsManyDocuments(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.Exec(t, `INSERT INTO invoices (id, seller_id, buyer_id, kind, series, sequence, number, currency, issued_on, due_on, net_minor, vat_minor, gross_minor, document, created_at)
		SELECT gen_random_uuid(), seller_id, buyer_id, 'invoice', 'many', n, 'MANY-' || n, 'EUR', '2026-03-15', '2026-03-30', 0, 0, 0, document, created_at
		FROM (SELECT i.* FROM invoices i JOIN organizations o ON o.id = i.seller_id WHERE o.slug = 'reseller-1' LIMIT 1) i, generate_series(1, 10000) n`)
	token := l.key("reseller-1", app.RoleResellerBilling)
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "PROPFIND", l.base+"/dav/issued/2026/03", nil)
	r.SetBasicAuth("x", token)
	r.Header.Set("Depth", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if n := bytes.Count(body, []byte("<D:response>")); err != nil || n != 20_006 {
		t.Errorf("%d entries, %v", n, err)
	}
	t.Logf("20,006 entries in %s", time.Since(start))
}
