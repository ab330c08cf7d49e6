package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestBrandSheet(t *testing.T) {
	t.Parallel()
	v := open(t).visitor(t)
	got := v.get("/brand/colours/112244-aaccff.css")
	for _, wanted := range []string{
		"@media not (prefers-color-scheme:dark){:root:not([data-theme]){--color-primary:#112244;--color-primary-content:#ffffff}}",
		"[data-theme=night]{--color-primary:#aaccff;--color-primary-content:#0b0f0c}",
	} {
		if !got.has(wanted) {
			t.Errorf("the sheet lacks %s: %s", wanted, got.body)
		}
	}
	if got.header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Errorf("headers: %v", got.header)
	}
	if got := v.get("/brand/colours/house-aaccff.css"); got.has("day") || !got.has("night") {
		t.Errorf("a colour by night alone: %s", got.body)
	}
	for _, name := range []string{"112244.css", "112244-aaccff", "112244-aaccf;.css", "112244-AACCFF.css", "red-blue.css", "112244-aaccff.css.css", "%7d-112244.css"} {
		if got := v.get("/brand/colours/" + name); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	for _, path := range []string{"/brand/logo/0000.png", "/brand/icon/0000.png", "/brand/logo/.png", "/brand/logo/x"} {
		if got := v.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestPageShowsTheOperatorsName(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, got := range map[string]page{"a stranger": s.visitor(t).get("/signin"), "a tenant": s.tenant(t).get("/services"), "lost": s.visitor(t).get("/nothing")} {
		if !got.has("· Demo Operator</title>") || !got.has("Provided by Demo Operator") {
			t.Errorf("%s does not see who provides the pages: %.600s", name, got.body)
		}
	}
}
