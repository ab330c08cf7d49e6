package views

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views/words"
)

// AccountForm is the page about the person, with what was wrong with what they typed.
type AccountForm struct {
	Account portal.Account
	Name    string // as it was typed, with Named
	Named   bool
	Email   string // as it was typed
	Errors  map[string]string
	Saved   string // what was saved just now: name, email, cancel
}

func (f AccountForm) name() string {
	if f.Named {
		return f.Name
	}
	return f.Account.User.Name
}

// SecurityForm is the page of the person's password and second factors.
type SecurityForm struct {
	Account     portal.Account
	Errors      map[string]string
	Saved       string // what was changed just now: password, totp, passkey, removed
	PasskeyHost string
}

// PasskeyForm is the form of a new passkey.
type PasskeyForm struct {
	Name    string
	Problem string
	Host    string
}

// ConfirmForm is the page on which a person proves once more who they are.
type ConfirmForm struct {
	Back        string // where to go afterwards
	Form        string // names the form that waits meanwhile
	Again       bool   // the form could not be kept and must be sent again
	Problem     string
	Ways        portal.Ways
	PasskeyHost string
}

// ForgotForm is the form of somebody who has forgotten their password.
type ForgotForm struct {
	Email   string
	Sent    bool
	Problem string
}

// ResetForm is the form of a new password.
type ResetForm struct {
	Token   string
	Problem string
}

// LinkPage asks whether a link from a mail is to be used.
type LinkPage struct {
	Title, Text, Button, Action string
}

// Done says that something is done.
type Done struct {
	Title, Text string
}

// savedWords says what was saved.
func savedWords(ctx context.Context, what string) string {
	switch what {
	case "name":
		return words.T(ctx, "Saved.")
	case "email":
		return words.T(ctx, "We have sent a mail with a link. The address counts once the link was used.")
	case "cancel":
		return words.T(ctx, "Your address stays as it is.")
	case "password":
		return words.T(ctx, "Your password has been changed. Your other sessions have ended.")
	case "totp":
		return words.T(ctx, "Your authenticator app is set up.")
	case "passkey":
		return words.T(ctx, "Your passkey is saved.")
	case "removed":
		return words.T(ctx, "It has been removed.")
	}
	return ""
}

// browserName is what people call a browser that says it is agent: "Firefox on Linux".
func browserName(ctx context.Context, agent string) string {
	name := first(agent, "Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first(agent, "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS", "macOS", "Linux", "Linux")
	switch {
	case name != "" && system != "":
		return words.T(ctx, "%s on %s", name, system)
	case name != "":
		return name
	case agent == "":
		return words.T(ctx, "A browser that does not say what it is")
	}
	return agent
}

// first returns the name after the first mark that is in text; marks and names take turns.
func first(text string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(text, pairs[i]) {
			return pairs[i+1]
		}
	}
	return ""
}

// methodName says how a session's person proved themselves.
func methodName(ctx context.Context, method string) string {
	var parts []string
	for _, part := range strings.Split(method, "+") {
		switch part {
		case "password":
			parts = append(parts, words.T(ctx, "password"))
		case "totp":
			parts = append(parts, words.T(ctx, "one-time code"))
		case "recovery":
			parts = append(parts, words.T(ctx, "recovery code"))
		case "passkey":
			parts = append(parts, words.T(ctx, "passkey"))
		case "oidc":
			parts = append(parts, words.T(ctx, "your organization's sign-in"))
		case "ldap":
			parts = append(parts, words.T(ctx, "your organization's directory"))
		default:
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " + ")
}

// revokable reports whether a session is another one than the page's own.
func revokable(p Page, s app.Session) bool { return s.ID != p.Actor.Session }

func orHome(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
