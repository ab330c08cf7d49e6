package recipe

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/catalog"
)

var (
	requestToken = regexp.MustCompile(`"request_token":"([^"]+)"`)
	composeID    = regexp.MustCompile(`name="_id" value="([^"]+)"`)
	identity     = regexp.MustCompile(`<option value="(\d+)"[^>]*>[^<]*anna@`)
)

// TestRoundcube boots a Roundcube as ordered; the owner of the first mailbox signs in, writes to herself and reads it.
func TestRoundcube(t *testing.T) {
	t.Parallel()
	const domain, password, title = "post.example.org", "anna-Password-1", `Post <?php exit; ?> '$(id)' "x"`
	s := newStage(t, "roundcube")
	v := newServers(t, s, domain)
	anna := "anna@" + domain
	order := catalog.Order{
		App: "roundcube", Version: s.app.Upstream.Version, Plan: "small", Host: domain, URL: "http://" + domain, Title: "Post", Language: "nl",
		Admin:   catalog.OrderAdmin{Login: "anna", Name: "Anna", Email: anna},
		Answers: map[string]string{"domain": domain, "mailbox": "anna", "title": title},
		Secrets: map[string]string{"mailbox_password": password, "session_key": "0123456789abcdefghij'\"\\$", "bind_password": "bind-secret"},
		TLS:     "edge",
	}
	order.Directory = v.directory([]string{"anna"}, app.Person{UID: "anna", Name: "Anna", Mail: anna, Mailbox: "anna", Password: password})
	order.Mail = v.mailDomain("", app.Mailbox{Name: "anna", QuotaMiB: 100})
	s.run(order)

	if _, body := s.get("/"); !strings.Contains(html.UnescapeString(body), title) || strings.Contains(body, "<?php") || !strings.Contains(body, `lang="nl"`) {
		t.Errorf("the sign-in page has not the ordered title and language:\n%.900s", body)
	}
	signInWebmail(t, s, anna, "wrong", false)
	signInWebmail(t, s, anna, password, true)
	sendToSelf(t, s, anna, "first mail")

	s.again()
	signInWebmail(t, s, "anna", password, true) // the part before the @ suffices
	if list := awaitSubject(t, s, "first mail"); list == "" {
		t.Error("the mail is gone after a second run of setup.sh")
	}
	for path, want := range map[string]int{
		"/.well-known/autoconfig/mail/config-v1.1.xml": 200, "/config/config.inc.php": 404, "/db/roundcube.db": 404, "/installer/": 404,
		"/bin/update.sh": 404, "/skins/elastic/styles/styles.min.css": 200, "/allotment.json": 404, "/SQL/sqlite.initial.sql": 404,
	} {
		if status, _ := s.get(path); status != want {
			t.Errorf("%s answers %d, want %d", path, status, want)
		}
	}
	reboot(t, s)
	signInWebmail(t, s, anna, password, true)
}

// signInWebmail tries to sign in with a fresh browser.
func signInWebmail(t *testing.T, s *stage, login, password string, want bool) {
	t.Helper()
	s.freshBrowser()
	form := url.Values{
		"_token": {webmailToken(t, s, "/")}, "_task": {"login"}, "_action": {"login"}, "_timezone": {"Europe/Amsterdam"}, "_url": {""},
		"_user": {login}, "_pass": {password},
	}
	s.post("/?_task=login", form)
	_, body := s.get("/?_task=mail")
	if in := strings.Contains(body, `"task":"mail"`) && !strings.Contains(body, "rcmloginuser"); in != want {
		t.Errorf("%s signed in: %v, want %v\n%s", login, in, want, s.inside("journalctl", "-b", "--no-pager", "-n", "30", "-t", "roundcube"))
	}
}

func webmailToken(t *testing.T, s *stage, path string) string {
	t.Helper()
	_, page := s.get(path)
	token := requestToken.FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("%s has no request token:\n%.900s", path, page)
	}
	return token[1]
}

// sendToSelf writes a mail in the browser and waits until it is in the inbox.
func sendToSelf(t *testing.T, s *stage, address, subject string) {
	t.Helper()
	_, page := s.get("/?_task=mail&_action=compose")
	token, id, from := requestToken.FindStringSubmatch(page), composeID.FindStringSubmatch(page), identity.FindStringSubmatch(page)
	if token == nil || id == nil || from == nil {
		t.Fatalf("the compose page is not as expected (token %v, id %v, from %v):\n%.3000s", token, id, from, page)
	}
	status, body := s.post("/?_task=mail&_action=send&_framed=1", url.Values{
		"_token": {token[1]}, "_task": {"mail"}, "_action": {"send"}, "_id": {id[1]}, "_from": {from[1]}, "_to": {address},
		"_subject": {subject}, "_message": {"Hello."}, "_is_html": {"0"}, "_store_target": {"Sent"}, "_framed": {"1"},
	})
	if status != http.StatusOK || !strings.Contains(body, "sent_successfully") {
		t.Fatalf("sending answers %d:\n%.1500s\n%s", status, body, s.inside("journalctl", "-b", "--no-pager", "-n", "30", "-t", "roundcube"))
	}
	if awaitSubject(t, s, subject) == "" {
		t.Errorf("the mail %q did not arrive", subject)
	}
}

// awaitSubject returns the inbox's list once it has a mail with that subject, "" after ten seconds.
func awaitSubject(t *testing.T, s *stage, subject string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if _, body := s.get("/?_task=mail&_action=list&_mbox=INBOX&_refresh=1&_remote=1"); strings.Contains(body, subject) {
			return body
		}
	}
	return ""
}
