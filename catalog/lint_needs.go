package catalog

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

func (l *linter) checkNeeds() {
	for i, port := range l.app.Ports {
		if port.Port < 1 || port.Port > 65535 || (port.To != 0 && (port.To <= port.Port || port.To > 65535)) {
			l.report("a port is 1 to 65535, and a range rises", "ports", i)
		}
		l.oneOf(port.Protocol, []string{"tcp", "udp"}, "ports", i, "protocol")
	}
	l.oneOf(l.app.SSO.Protocol, []string{"none", "ldap", "oidc"}, "sso", "protocol")
	if l.app.SSO.Protocol == "ldap" && l.app.Directory == nil {
		l.reportf("sso", "an app that signs people in by LDAP needs the field \"directory\"")
	}
	l.checkLogin()
	if l.app.Directory != nil {
		for i, group := range l.app.Directory.Groups {
			l.oneOf(group, []string{"users", "admins"}, "directory", "groups", i)
		}
	}
	if l.app.Mail.Receive != (l.app.Mail.Mailbox != "") {
		l.report("an app that receives mail names the question of its first mailbox in \"mailbox\"; no other does", "mail")
	} else if l.app.Mail.Receive && l.app.Question(l.app.Mail.Mailbox) == nil {
		l.report(fmt.Sprintf("there is no question %q", l.app.Mail.Mailbox), "mail", "mailbox")
	}
}

// checkLogin checks what an app says of OpenID Connect.
func (l *linter) checkLogin() {
	sso := l.app.SSO
	if oidc := sso.Protocol == "oidc"; oidc != (len(sso.RedirectPaths) > 0) {
		l.reportf("sso", "an app that signs people in by OpenID Connect names its redirect_paths; no other does")
	} else if !oidc && (len(sso.PostLogoutPaths) > 0 || sso.LogoutPath != "" || sso.Public) {
		l.reportf("sso", "post_logout_paths, logout_path and public are for OpenID Connect alone")
	}
	for name, paths := range map[string][]string{"redirect_paths": sso.RedirectPaths, "post_logout_paths": sso.PostLogoutPaths} {
		for i, path := range paths {
			l.addressPath(path, "sso", name, i)
		}
	}
	if sso.LogoutPath != "" {
		l.addressPath(sso.LogoutPath, "sso", "logout_path")
	}
}

// addressPath reports a path that is not a plain one: it becomes part of an address that is compared letter by letter.
func (l *linter) addressPath(path string, at ...any) {
	if u, err := url.Parse(path); err != nil || u.String() != path || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || u.Fragment != "" {
		l.report(fmt.Sprintf("%q must be a path that begins with /, without a fragment", path), at...)
	}
}

func (l *linter) checkSecrets() {
	seen := map[string]bool{}
	for i := range l.app.Secrets {
		secret := &l.app.Secrets[i]
		if !nameInForms.MatchString(secret.Name) || seen[secret.Name] {
			l.report(fmt.Sprintf("%q must be lower-case letters, digits and underscores, and there once", secret.Name), "secrets", i, "name")
		}
		seen[secret.Name] = true
		l.oneOf(secret.Generator, []string{"password", "hex", "token", "uuid"}, "secrets", i, "generator")
		l.oneOf(secret.Show, []string{"once", "never"}, "secrets", i, "show")
		if secret.Generator != "uuid" && (secret.Length < 16 || secret.Length > 512) {
			l.report("a secret has 16 to 512 characters; say its length", "secrets", i)
		}
	}
	wanted := map[string]bool{
		"mail_password": l.app.Mail.Send, "mailbox_password": l.app.Mail.Receive, "bind_password": l.app.Directory != nil,
		"client_secret": l.app.SSO.Protocol == "oidc" && !l.app.SSO.Public,
	}
	for _, name := range []string{"mail_password", "mailbox_password", "bind_password", "client_secret"} {
		if wanted[name] && !seen[name] {
			l.reportf("secrets", "what the app needs of mail, directory or sign-in makes the secret %q necessary", name)
		}
	}
}

// checkCare checks how the app is watched, opened, kept and renewed.
func (l *linter) checkCare() {
	l.path(l.app.Health.Path, "health", "path")
	l.path(l.app.Access.Path, "access", "path")
	if l.app.Health.Status < 200 || l.app.Health.Status > 499 {
		l.report("the status is one of HTTP, 200 to 499", "health", "status")
	}
	if l.app.Health.Interval < time.Second || l.app.Health.StartPeriod < l.app.Health.Interval {
		l.report("the interval is at least 1s, and start_period at least one interval", "health")
	}
	if len(l.app.Backup.Paths)+len(l.app.Backup.Databases) == 0 {
		l.report("say what to keep", "backup")
	}
	for i, path := range l.app.Backup.Paths {
		l.path(path, "backup", "paths", i)
	}
	l.oneOf(l.app.Backup.Quiesce, []string{"none", "stop", "maintenance"}, "backup", "quiesce")
	l.oneOf(l.app.Upgrade.Route, []string{"debian", "release"}, "upgrade", "route")
	l.oneOf(l.app.Upgrade.Rollback, []string{"snapshot", "forward_only"}, "upgrade", "rollback")
	l.day(l.app.Upgrade.EndOfLife, "upgrade", "end_of_life")
}

func (l *linter) path(path string, at ...any) {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \\") {
		l.report(fmt.Sprintf("%q must be a path that begins with /", path), at...)
	}
}

// checkUserData renders the entry for a sample order and puts it to our own check.
func (l *linter) checkUserData() {
	if _, err := UserData(l.app, sampleOrder(l.app)); err != nil {
		l.report(err.Error(), "guest")
	}
}

// sampleOrder is an order that fills every field, for checks.
func sampleOrder(app *App) Order {
	return Order{
		App: app.ID, Version: app.Upstream.Version, Plan: app.Plans[0].ID, Host: app.Host("example.org"),
		URL: "https://" + app.Host("example.org"), Title: "Example", Language: "en",
		Admin:   OrderAdmin{Login: "admin", Name: "Admin", Email: "admin@example.org"},
		Answers: map[string]string{"domain": "example.org"}, Secrets: map[string]string{"admin_password": "example"},
		Mail: &OrderMail{Host: "mail.example.org", Port: 587}, Directory: &OrderDirectory{URI: "ldap://ldap.example.org"},
		TLS: "edge",
	}
}
