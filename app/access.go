package app

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// AccessLevel is what a person may do in a service: it names the group of the directory.
type AccessLevel string

// The levels.
const (
	AccessUser  AccessLevel = "user"
	AccessAdmin AccessLevel = "admin"
	AccessNone  AccessLevel = "none" // it was taken away, or never given
)

// Groups are the names of the groups that a person of this level is in, as apps see them.
func (l AccessLevel) Groups() []string {
	switch l {
	case AccessUser:
		return []string{"users"}
	case AccessAdmin:
		return []string{"users", "admins"}
	}
	return nil
}

// Access is one member of an organization with what they may do in one of its services.
type Access struct {
	Service   ID
	User      ID
	Name      string
	Email     string
	Role      Role
	Disabled  bool
	UID       string // their name in apps; "" before their first access in this organization
	Mailbox   string // the part before the @ in the service's mail domain; "" where they have none
	Level     AccessLevel
	GrantedBy string
	At        time.Time
	Pending   bool // the directory does not know it yet
}

// MyApp is one service that a person may use.
type MyApp struct {
	Service Service
	UID     string
	Level   AccessLevel
	Mailbox string // the part before the @ in the service's mail domain
	Pending bool   // a change of the person has not reached it yet
}

// AppAccount is how the apps of the acting organization know a person.
type AppAccount struct {
	UID           string    // "" before their first access
	HasPassword   bool      // the portal's own password, which apps and mail take too
	AppPasswordAt time.Time // since when a password for apps alone takes its place; zero where there is none
}

// longestUID leaves room for a number behind it.
const longestUID = 32

var notInUID = regexp.MustCompile(`[^a-z0-9._-]+`)

// reservedUIDs are accounts that apps bring along, and addresses that the net expects to be somebody's (RFC 2142).
var reservedUIDs = []string{
	"abuse", "admin", "administrator", "app", "guest", "hostmaster", "mail", "mailer-daemon", "nobody", "noreply", "no-reply", "postmaster",
	"root", "security", "support", "system", "test", "user", "webmaster", "www", "www-data",
}

// UIDOf proposes a user name for apps: what stands before the @ of an e-mail address, in small letters, digits, hyphens and at most one dot.
// Names with two dots are those of a mail service's first mailbox. nth is 1 for the first proposal, and grows with each that was taken.
func UIDOf(email string, nth int) string {
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	local, _, _ = strings.Cut(local, "+")
	uid := notInUID.ReplaceAllString(local, "-")
	first, rest, dotted := strings.Cut(uid, ".")
	if dotted {
		uid = first + "." + strings.ReplaceAll(rest, ".", "-")
	}
	uid = strings.Trim(uid[:min(len(uid), longestUID)], "._-")
	if uid == "" {
		uid = "person"
	}
	if slices.Contains(reservedUIDs, uid) {
		nth++
	}
	if nth > 1 {
		uid = fmt.Sprintf("%s%d", uid, nth)
	}
	return uid
}
