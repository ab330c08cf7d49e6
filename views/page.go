// Package views draws the pages. A page is the layout plus parts; a part that is swapped into a living page is a component of its
// own, takes domain values, and looks the same whichever way it comes.
package views

import (
	"time"

	"github.com/a-h/templ"

	"allotment/app"
)

// Page is what the layout needs to know of the request.
type Page struct {
	Title string
	Path  string    // of the request; marks the menu and is where a change of theme returns to
	Actor app.Actor // the zero Actor when nobody is signed in
	Theme string    // "day", "night", or "" for what the browser prefers
	Now   time.Time
	Brand app.Brand // of the reader's seller; the zero Brand is the program's own name
	// Onward is where the browser goes on to by itself, at once; "" for a page that stays.
	Onward string
	// Suspended is why the reader's organization is suspended; "" where it is not.
	Suspended string
	// Visits are those who act in the name of the reader's organization at this moment; the reader is none of them.
	Visits []app.Visit
	// Own are other organizations for which the reader may act, at most five.
	Own []app.Membership
	// Refresh makes a browser without scripts ask again after so many seconds; 0 for a page that stands still.
	Refresh int
}

// SignedIn reports whether somebody is signed in.
func (p Page) SignedIn() bool { return p.Actor.User != app.ID{} }

// May reports whether the page's reader has the permission, so that nobody is offered what would be refused.
func (p Page) May(permission app.Permission) bool { return p.Actor.May(permission) == nil }

// The addresses that pages point at.

// CatalogPath is an app's page.
func CatalogPath(appID string) templ.SafeURL { return templ.URL("/catalog/" + appID) }

// OrderPath is an app's order form.
func OrderPath(appID string) templ.SafeURL { return CatalogPath(appID) + "/order" }

// ServicePath is a service's page.
func ServicePath(id app.ID) templ.SafeURL { return templ.URL("/services/" + id.String()) }

// OperationPath is an operation's progress.
func OperationPath(id app.ID) templ.SafeURL { return templ.URL("/operations/" + id.String()) }
