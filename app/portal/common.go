package portal

import "strings"

// commonPassword reports whether a password is one of those that are tried first.
func commonPassword(password string) bool { return strings.Trim(password, password[:1]) == "" }
