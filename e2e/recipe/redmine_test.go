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

var tokenField = regexp.MustCompile(`name="authenticity_token" value="([^"]+)"`)

// TestRedmine boots a Redmine as ordered, signs in as its administrator and as people of the directory, and runs the setup twice.
func TestRedmine(t *testing.T) {
	t.Parallel()
	s := newStage(t, "redmine")
	v := newServers(t, s, "plan.example.org")
	// Hostile on purpose: a password that is YAML, ERB, shell and Ruby, and a title that is markup.
	const title, hostile = `<b>Plan & "Tat" $(id) <%= 1 %></b>`, `<%= 1 %> "$(id)" '#{exit}' \ : - &x` + "`id`"
	order := catalog.Order{
		App: "redmine", Version: s.app.Upstream.Version, Plan: "small", Host: "plan.example.org", URL: "http://plan.example.org",
		Title: "Plans", Language: "de", Admin: catalog.OrderAdmin{Login: "admin", Name: "Demo Admin", Email: "admin@plan.example.org"},
		Answers: map[string]string{"domain": "plan.example.org", "title": title, "visibility": "members"},
		Secrets: map[string]string{
			"admin_password": "first-Password-1", "session_key": strings.Repeat("0f", 64), "mail_password": hostile, "bind_password": "bind-secret",
		},
		TLS: "edge",
	}
	order.Directory = v.directory([]string{"cara"},
		app.Person{UID: "cara", Name: "Cara Demo", Mail: "cara@plan.example.org", Password: "cara-Password-1"},
		app.Person{UID: "otto", Name: "Otto Demo", Mail: "otto@plan.example.org", Password: "otto-Password-1"})
	order.Mail = v.mailDomain(hostile)
	s.run(order)
	signIn(t, s, "admin", "first-Password-1", true)
	if _, body := s.get("/my/account"); !strings.Contains(html.UnescapeString(body), title) {
		t.Errorf("the title is not what was ordered:\n%.400s", body)
	}
	if _, body := s.get("/settings?tab=general"); !strings.Contains(body, "app.example.org") {
		t.Error("the administrator cannot open the settings")
	}
	signIn(t, s, "admin", "admin", false)
	signIn(t, s, "cara", "cara-Password-1", true)
	signIn(t, s, "cara", "wrong", false)
	signIn(t, s, "otto", "otto-Password-1", false)

	// The tenant changes the password; a second run leaves it.
	rails(s, `u = User.find_by!(login: "admin"); u.password = u.password_confirmation = "second-Password-2"; u.save!`)
	s.again()
	signIn(t, s, "admin", "second-Password-2", true)
	if admin := rails(s, `print User.find_by!(login: "cara").admin?`); admin != "true" {
		t.Errorf("the directory's administrator is Redmine's: %s", admin)
	}
	rails(s, `User.find_by!(login: "cara").update_column(:admin, false)`)
	signIn(t, s, "cara", "cara-Password-1", true)
	if counts := rails(s, `print AuthSource.count, "|", User.where(admin: true).pluck(:login).sort.join(","), "|", Setting.host_name`); counts != "1|admin,cara|plan.example.org" {
		t.Errorf("sources, administrators and host name are %s", counts)
	}
	rails(s, `u = User.find_by!(login: "admin"); u.mail = "someone@example.com"; u.save!; Mailer.deliver_test_email(u)`)
	awaitSent(t, v, "someone@example.com")
	reboot(t, s)
	signIn(t, s, "admin", "second-Password-2", true)
}

// signIn tries to sign in with a fresh browser.
func signIn(t *testing.T, s *stage, login, password string, want bool) {
	t.Helper()
	s.freshBrowser()
	_, page := s.get("/login")
	token := tokenField.FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("the sign-in page has no token:\n%.600s", page)
	}
	form := url.Values{"authenticity_token": {html.UnescapeString(token[1])}, "username": {login}, "password": {password}}
	if status, body := s.post("/login", form); status != http.StatusOK {
		t.Fatalf("sign-in of %s: %d\n%.600s", login, status, body)
	}
	status, body := s.get("/my/page")
	in := status == http.StatusOK && strings.Contains(body, `class="logout"`)
	if in != want {
		t.Errorf("%s signed in: %v, want %v\n%s", login, in, want, s.inside("tail", "-n", "30", "/var/log/redmine/default/production.log"))
	}
}

// reboot restarts the guest and waits until it answers again, without a portal.
func reboot(t *testing.T, s *stage) {
	t.Helper()
	if err := s.runtime.Stop(t.Context(), s.guest, true); err != nil {
		t.Fatal(err)
	}
	s.guest.Env = nil
	began := time.Now()
	if err := s.runtime.Start(t.Context(), s.guest); err != nil {
		t.Fatal(err)
	}
	for {
		answer, err := s.browser.Get("http://app.example.org" + s.app.Health.Path)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == s.app.Health.Status {
				break
			}
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("no answer a minute after a restart: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("after a restart it answers in %.1f s", time.Since(began).Seconds())
}

// rails runs Ruby inside Redmine and returns what it prints.
func rails(s *stage, code string) string {
	s.t.Helper()
	return s.inside("bash", "-c", `cd /usr/share/redmine && setpriv --reuid=www-data --regid=www-data --init-groups env HOME=/var/cache/redmine `+
		`RAILS_ENV=production bundle exec rails runner "$1"`, "rails", code)
}

// awaitSent waits until the mail system has sent something to the address.
func awaitSent(t *testing.T, v *servers, address string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if sent, err := v.lab.Mail.Sent(address); err == nil && len(sent) > 0 {
			return
		}
	}
	t.Errorf("no mail to %s was sent", address)
}
