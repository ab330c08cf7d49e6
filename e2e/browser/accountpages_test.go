package browser

import "maps"

// accountWalk is walk for the ways in and for people's own account.
var accountWalk = map[string][]stop{
	"/forgot":                   {{"nobody", "/forgot", "Forgotten password"}},
	"/confirm":                  {{"tenant", "/confirm?back=/services", "Is it you?"}},
	"/account":                  {{"tenant", "/account", "Not confirmed yet"}},
	"/account/security":         {{"tenant", "/account/security", "Authenticator app"}},
	"/account/security/passkey": {{"tenant", "/account/security/passkey", "Add a passkey"}},
	"/account/sessions":         {{"tenant", "/account/sessions", "This one"}},
}

// doorPages are reached with a token alone, or in the middle of something: stories of their own open them.
var doorPages = []string{"/signin/second", "/reset/:token", "/verify/:token", "/undo/:token", "/account/security/totp", "/oauth/authorize", "/oauth/continue", "/oauth/logout"}

// wholeWalk is every page.
func wholeWalk() map[string][]stop {
	all := maps.Clone(walk)
	maps.Copy(all, accountWalk)
	return all
}
