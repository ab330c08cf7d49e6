package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var shownToken = regexp.MustCompile(`allot_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}`)

func TestKeysPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	if got := v.get("/organization/keys"); got.status != http.StatusOK || !got.has("There are no keys yet") || got.has(`value="customer_owner"`) {
		t.Errorf("no keys yet: %d", got.status)
	}
	for field, sent := range map[string][]string{
		"name":    {"name", " ", "role", "customer_viewer", "days", "30"},
		"role":    {"name", "robot", "role", "customer_owner", "days", "30"},
		"expires": {"name", "robot", "role", "customer_viewer", "days", "-4"},
	} {
		got := v.post("/organization/keys", sent...)
		if got.status != http.StatusUnprocessableEntity || shownToken.MatchString(got.body) || !got.has(`aria-invalid="true"`) {
			t.Errorf("a wrong %s: %d", field, got.status)
		}
	}
	got := v.post("/organization/keys", "name", "robot <b>", "role", "customer_viewer", "days", "30")
	token := shownToken.FindString(got.body)
	if got.status != http.StatusOK || token == "" || got.has("robot <b>") || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("a new key: %d %s", got.status, got.body)
	}
	page := v.get("/organization/keys")
	if page.has(token) || !page.has(token[:17]) || !page.has("until ") {
		t.Error("the key is not listed by its prefix, or its token is shown again")
	}
	id := regexp.MustCompile(`/organization/keys/([0-9a-f-]{36})/rotate`).FindStringSubmatch(page.body)
	if id == nil {
		t.Fatal("the key cannot be replaced")
	}
	got = v.post("/organization/keys/" + id[1] + "/rotate")
	if fresh := shownToken.FindString(got.body); got.status != http.StatusOK || fresh == "" || fresh == token {
		t.Errorf("a replaced key: %d %q", got.status, fresh)
	}
	if got := v.post("/organization/keys/" + id[1] + "/revoke"); got.status != http.StatusSeeOther {
		t.Errorf("revoked: %d", got.status)
	}
	if page := v.get("/organization/keys"); !page.has("Revoked") || page.has("/rotate") {
		t.Error("a revoked key is not shown as such")
	}
	if strings.Contains(s.log.String(), token[18:]) {
		t.Error("the token is in the log")
	}
}
