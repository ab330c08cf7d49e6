package recipe

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/catalog"
)

var headToken = regexp.MustCompile(`data-requesttoken="([^"]+)"`)

// TestNextcloud boots a Nextcloud as ordered, where its release can be downloaded.
func TestNextcloud(t *testing.T) {
	t.Parallel()
	reachable(t, "nextcloud")
	s := newStage(t, "nextcloud")
	v := newServers(t, s, "cloud.example.org")
	order := catalog.Order{
		App: "nextcloud", Version: s.app.Upstream.Version, Plan: "small", Host: "cloud.example.org", URL: "http://cloud.example.org",
		Title: "Cloud", Language: "nl", Admin: catalog.OrderAdmin{Login: "admin", Name: "Demo Admin", Email: "admin@cloud.example.org"},
		Answers: map[string]string{"domain": "cloud.example.org", "title": `Wolk <b> "$(id)"`, "quota": "5 GB"},
		Secrets: map[string]string{"admin_password": "first-Password-1!", "mail_password": "relay", "bind_password": "bind-secret"}, TLS: "edge",
	}
	order.Directory = v.directory([]string{"cara"},
		app.Person{UID: "cara", Name: "Cara Demo", Mail: "cara@cloud.example.org", Password: "cara-Password-1"},
		app.Person{UID: "otto", Name: "Otto Demo", Mail: "otto@cloud.example.org", Password: "otto-Password-1"})
	order.Mail = v.mailDomain("relay")
	s.run(order)
	signInCloud(t, s, "admin", "first-Password-1!", true)
	signInCloud(t, s, "cara", "cara-Password-1", true)
	signInCloud(t, s, "otto", "otto-Password-1", false)
	s.again()
	signInCloud(t, s, "admin", "first-Password-1!", true)
	reboot(t, s)
}

// reachable skips the test where what the app's bake script downloads cannot be had.
func reachable(t *testing.T, id string) {
	t.Helper()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	entry, _ := entries.App(id)
	browser := http.Client{Timeout: 5 * time.Second}
	for _, address := range entry.Guest.Downloads {
		answer, err := browser.Head(address)
		if err != nil {
			t.Skipf("%s cannot be baked here: %v", id, err)
		}
		_ = answer.Body.Close()
	}
}

// signInCloud tries to sign in with a fresh browser.
func signInCloud(t *testing.T, s *stage, login, password string, want bool) {
	t.Helper()
	s.freshBrowser()
	_, page := s.get("/login")
	token := headToken.FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("the sign-in page has no token:\n%.600s", page)
	}
	s.post("/login", url.Values{"user": {login}, "password": {password}, "requesttoken": {token[1]}})
	if _, body := s.get("/settings/user"); strings.Contains(body, `data-user="`+login+`"`) != want {
		t.Errorf("%s signed in is not %v:\n%.600s", login, want, body)
	}
}
