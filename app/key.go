package app

import (
	"slices"
	"time"
)

// Key is an API key: a service account of an organization, with a role of its own. It belongs to the organization and not to the person
// who made it, so it stays when they leave or lose their role, until it expires or is revoked.
type Key struct {
	ID            ID
	Organization  ID
	Name          string
	Prefix        string // the part of the token that is shown
	Role          Role
	CreatedBy     ID
	CreatedByName string
	CreatedAt     time.Time
	ExpiresAt     time.Time // zero: it does not expire
	LastUsedAt    time.Time // to the minute; zero: never
	RevokedAt     time.Time // zero while it can be used
}

// Usable reports whether the key opens anything at a moment.
func (k Key) Usable(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// KeyRoles lists the roles that the actor may give to a key, the most powerful first: never an owner's, and none that may do what the
// actor may not.
func KeyRoles(actor Actor) []Role {
	owner := OwnerOf(actor.Kind)
	return slices.DeleteFunc(slices.Clone(RolesOf(actor.Kind)), func(r Role) bool { return r == owner || !actor.Role.Covers(r) })
}

// Covers reports whether the role may do all that another may.
func (r Role) Covers(other Role) bool {
	return !slices.ContainsFunc(rolePermissions[other], func(p Permission) bool { return !r.Allows(p) })
}
