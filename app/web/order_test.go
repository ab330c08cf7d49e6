package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"allotment/app/portal/portaltest"
)

var marked = regexp.MustCompile(`id="message-[^"]*"[^>]*data-wrong`)

const script = `"><script>alert(1)</script>`

// change returns an order with one field changed.
func change(field, value string) []string {
	pairs := order("office")
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == field {
			pairs[i+1] = value
			return pairs
		}
	}
	return append(pairs, field, value)
}

// TestOrderRefusals gives each field of the form what it must not take, at each of the three places where it is checked.
func TestOrderRefusals(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.place(t, s.Other, "theirs")
	v := s.tenant(t)
	long := strings.Repeat("x", 3000)
	cases := []struct{ field, value string }{
		{"plan", ""}, {"plan", "huge"}, {"plan", long}, {"plan", script},
		{"name", ""}, {"name", "   "}, {"name", long}, {"name", "a\u202eb"},
		{"host", ""}, {"host", long}, {"host", script}, {"host", "-office"}, {"host", "two words"}, {"host", "www"}, {"host", "bücher"},
		{"host", "theirs"}, {"host", "theirs." + portaltest.Zone}, {"host", "office.example.org"}, {"host", "a\x00b"},
		{"question.title", long}, {"question.title", "two\nlines"}, {"question.title", "a\u0007b"},
		{"question.visibility", "nobody"}, {"question.visibility", script},
	}
	for _, c := range cases {
		id := "message-" + strings.ReplaceAll(c.field, ".", "-")
		wrong := regexp.MustCompile(`id="` + id + `"[^>]*data-wrong`)
		for path, pairs := range map[string][]string{
			"/catalog/redmine/review": change(c.field, c.value),
			"/orders":                 append(change(c.field, c.value), "key", "a key"),
		} {
			got := v.post(path, pairs...)
			if got.status != http.StatusUnprocessableEntity && got.status != http.StatusConflict {
				t.Errorf("%s with %s %.30q: %d", path, c.field, c.value, got.status)
			}
			if !wrong.MatchString(got.body) || strings.Count(got.body, "data-wrong") != 1 {
				t.Errorf("%s with %s %.30q: not a message at that field alone: %q", path, c.field, c.value, marked.FindAllString(got.body, -1))
			}
			if got.has("<script>alert") {
				t.Errorf("%s with %s: markup comes through", path, c.field)
			}
			if c.field != "name" && !got.has(`value="Project office"`) {
				t.Errorf("%s with %s %.30q: what was typed elsewhere is lost", path, c.field, c.value)
			}
		}
		if c.field != "plan" {
			got := v.post("/catalog/redmine/order/check?field="+c.field, change(c.field, c.value)...)
			if got.status != http.StatusOK || !wrong.MatchString(got.body) {
				t.Errorf("live check of %s %.30q: %d %s", c.field, c.value, got.status, got.body)
			}
		}
	}
	if page := v.get("/services"); !page.has("There is nothing here yet.") {
		t.Error("a refused order made a service")
	}
}

// TestOrderSaysAllAtOnce wants every wrong field marked in one answer, a taken host too.
func TestOrderSaysAllAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.place(t, s.Other, "theirs")
	got := s.tenant(t).post("/catalog/redmine/review", "plan", "", "name", "", "host", "theirs", "question.visibility", "x")
	if n := strings.Count(got.body, "data-wrong"); n != 4 {
		t.Errorf("%d fields are marked, want 4", n)
	}
	if !got.has("This address already has a service.") {
		t.Error("the taken address is not said")
	}
}

func TestLiveChecks(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	if got := v.post("/catalog/redmine/order/check?field=host", order("office")...); !got.has("This address is free.") {
		t.Errorf("a free host: %s", got.body)
	}
	got := v.post("/catalog/redmine/order/check?field=plan", change("plan", "medium")...)
	if !got.has("€16.50") || !got.has(`id="order-summary"`) {
		t.Errorf("another plan's price: %s", got.body)
	}
	for _, field := range []string{"", "key", "question.nothing", script} {
		if got := v.post("/catalog/redmine/order/check?field=" + form("", field).Encode()[1:]); got.status != http.StatusNotFound {
			t.Errorf("field %q: %d", field, got.status)
		}
	}
	if got := v.post("/catalog/nothing/order/check?field=host"); got.status != http.StatusNotFound {
		t.Errorf("an app that is none: %d", got.status)
	}
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// TestOrder goes from the form over the review to the progress, and sends the last form twice.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	if got := v.get("/catalog/redmine/order?plan=medium"); got.status != http.StatusOK || !got.has("Order Redmine") {
		t.Fatalf("form: %d", got.status)
	}
	host := "office." + portaltest.Zone
	review := v.post("/catalog/redmine/review", order("Office")...)
	if review.status != http.StatusOK || !review.has(host) || !review.has("€9.50") || !review.has("the address of your server") {
		t.Fatalf("review: %d %s", review.status, review.body)
	}
	if got := v.post("/catalog/redmine/order", order("office")...); got.status != http.StatusOK || !got.has(`value="office"`) {
		t.Errorf("change of mind: %d", got.status)
	}
	key := keyField.FindStringSubmatch(review.body)
	if key == nil {
		t.Fatal("the review has no key")
	}
	first := v.post("/orders", append(order(host), "key", key[1])...)
	again := v.post("/orders", append(order(host), "key", key[1])...)
	if first.status != http.StatusSeeOther || first.header.Get("Location") != again.header.Get("Location") {
		t.Fatalf("sent twice: %d %s, %d %s", first.status, first.header.Get("Location"), again.status, again.header.Get("Location"))
	}
	progress := v.get(first.header.Get("Location"))
	if progress.status != http.StatusOK || !progress.has("Build the server and start it") || !progress.has(`http-equiv="refresh"`) {
		t.Errorf("progress: %d", progress.status)
	}
	if list := v.get("/services"); strings.Count(list.body, `href="/services/`) != 1 || !list.has(host) {
		t.Error("the list has not exactly one service")
	}
	if rows := v.get("/services?q=office", "HX-Request", "true", "HX-Target", "list"); rows.has("<html") || !rows.has(host) {
		t.Error("the list's part is not a part")
	}
	if empty := v.get("/services?q=zzz"); !empty.has("No service fits") {
		t.Error("a search that finds nothing does not say so")
	}
}
