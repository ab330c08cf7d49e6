package views_test

import (
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// accountPages are the ways in and the person's own pages.
func accountPages() map[string]templ.Component {
	at := func(title, path string) views.Page {
		return views.Page{Title: title, Path: path, Actor: tenant(), Now: now}
	}
	stranger := views.Page{Title: "Sign in", Path: "/signin", Now: now}
	user := app.User{Email: "gardener@example.test", Name: "Demo Gardener", Language: "en"}
	moving := user
	moving.VerifiedAt, moving.NewEmail = now.Add(-time.Hour), "moved@example.test"
	everything := portal.Account{User: moving, Password: true, Factors: app.Factors{TOTP: true, Passkeys: 2, Codes: 2}, Passkeys: []app.Passkey{
		{ID: id(601), Name: "My laptop", CreatedAt: now.Add(-60 * 24 * time.Hour), UsedAt: now.Add(-3 * time.Minute)},
		{ID: id(602), Name: "Security key of the office", CreatedAt: now.Add(-9 * 24 * time.Hour), WarnedAt: now.Add(-24 * time.Hour)},
	}}
	session := func(n int, agent, method string, ago time.Duration) app.Session {
		return app.Session{ID: id(n), Address: "192.0.2.14", Agent: agent, Method: method, CreatedAt: now.Add(-ago - time.Hour), SeenAt: now.Add(-ago)}
	}
	own := at("Where you are signed in", "/account/sessions")
	own.Actor.Session = id(610)
	device := portal.Authenticator{Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", QR: "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="}
	codes := []string{"abcd-efgh-ijkl-mnop", "qrst-uvwx-yz23-4567", "aaaa-bbbb-cccc-dddd", "eeee-ffff-gggg-hhhh"}
	host := "portal.example.test"
	ways := portal.Ways{Password: true, Factors: everything.Factors}
	return map[string]templ.Component{
		"second":            views.Second(stranger, views.SecondForm{Factors: everything.Factors, PasskeyHost: host}),
		"second-wrong":      views.Second(stranger, views.SecondForm{Factors: app.Factors{TOTP: true}, Problem: "This code is not right."}),
		"forgot":            views.Forgot(stranger, views.ForgotForm{}),
		"forgot-sent":       views.Forgot(stranger, views.ForgotForm{Sent: true}),
		"reset":             views.Reset(stranger, views.ResetForm{Token: "x"}),
		"reset-wrong":       views.Reset(stranger, views.ResetForm{Token: "x", Problem: "Please choose a password of at least 12 characters."}),
		"link":              views.Link(stranger, views.LinkPage{Title: "Is this your address?", Text: "moved@example.test becomes the address that you sign in with.", Button: "Yes, this is my address", Action: "/verify/x"}),
		"completed":         views.Completed(stranger, views.Done{Title: "Your password has been changed", Text: "All your sessions have ended. Please sign in with the new password."}),
		"confirm":           views.Confirm(at("Is it you?", "/confirm"), views.ConfirmForm{Back: "/services", Form: "x", Ways: ways, PasskeyHost: host}),
		"confirm-elsewhere": views.Confirm(at("Is it you?", "/confirm"), views.ConfirmForm{Back: "/services"}),
		"account":           views.Account(at("About you", "/account"), views.AccountForm{Account: everything, Saved: "email"}),
		"account-wrong":     views.Account(at("About you", "/account"), views.AccountForm{Account: portal.Account{User: user}, Named: true, Email: "x", Errors: map[string]string{"name": "Please give a name of at most 120 characters.", "email": "Please give a valid e-mail address."}}),
		"security":          views.Security(at("Sign-in and security", "/account/security"), views.SecurityForm{Account: everything, PasskeyHost: host, Saved: "passkey"}),
		"security-new":      views.Security(at("Sign-in and security", "/account/security"), views.SecurityForm{Account: portal.Account{User: user, Password: true}, PasskeyHost: host}),
		"security-codes":    views.RecoveryCodes(at("Your recovery codes", "/account/security"), codes),
		"security-app":      views.AuthenticatorPage(at("Set up an authenticator app", "/account/security/totp"), device, "This code is not right."),
		"security-passkey":  views.NewPasskey(at("Add a passkey", "/account/security/passkey"), views.PasskeyForm{Host: host}),
		"sessions": views.Sessions(own, []app.Session{
			session(610, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "passkey", time.Minute),
			session(611, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "password+totp", 26*time.Hour),
			session(612, "", "oidc", 300*time.Hour),
		}),
	}
}
