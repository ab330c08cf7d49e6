package browser

// accountWalk is walk for the ways in and for people's own account.
var accountWalk = map[string][]stop{
	"/forgot":           {{"nobody", "/forgot", "Forgotten password"}},
	"/confirm":          {{"tenant", "/confirm?back=/services", "Is it you?"}},
	"/account":          {{"tenant", "/account", "Not confirmed yet"}},
	"/account/security": {{"tenant", "/account/security", "Authenticator app"}},
	"/account/sessions": {{"tenant", "/account/sessions", "This one"}},
}

// doorPages are reached with a token alone, at an address with a name, or in the middle of something: stories of their own, and the previews of
// package views, open them.
var doorPages = []string{"/signin/second", "/account/security/passkey", "/invitation/:token", "/exports/:id", "/sales/runs/:id", "/services/:id/keep", "/services/:id/reactivate", "/reset/:token", "/verify/:token", "/undo/:token", "/account/security/totp", "/oauth/authorize", "/oauth/continue", "/oauth/logout"}
