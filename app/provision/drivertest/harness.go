// Package drivertest is the one suite of promises that every driver of a kind keeps, against its real server and as a fake:
// Records, Mail, Directory, Clients and Guests. It also brings the fakes for tests of the engine, and a TCP proxy that breaks a connection.
package drivertest

import (
	"slices"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/provision"
)

// Harness is one driver with its remote system. A suite opens one for each of its tests, and these run in parallel: start the
// server once outside, and give each harness a driver, links and a Place of its own.
type Harness[S, O any] struct {
	// Driver is what is tested. It reaches its remote system through Links only.
	Driver provision.Driver[S, O]

	// Place keeps this harness's names apart from those of every other: for Records the zone that tenants share, for Mail a
	// domain above all mail domains, for Directory the start of a tenant's name, for Clients a domain above all apps.
	Place string

	// Links are the driver's connections, most have one. Each is broken by itself while the others hold.
	Links []Link

	// Objects lists everything of this Place on the remote side, seen by other eyes than the driver's.
	Objects func(t testing.TB) []Object

	// Version changes with each write of this Place, also with one that leaves everything as it was. Nil where the remote side
	// shows no such thing.
	Version func(t testing.TB) string

	// Foreign puts an object of someone else where ref and spec would have theirs.
	Foreign func(t testing.TB, ref app.Ref, spec S)

	// Hidden are words that no message may hold: hosts, ports, credentials.
	Hidden []string
}

// Object is one object on the remote side.
type Object struct {
	Name    string
	Mark    string // the resource's ID in the object's mark; "" where it has none
	Content string // all else that makes two of them different, without times
}

// Link is the way to a remote system, which a suite breaks and mends. Proxy is one for TCP, a Fake has its own.
type Link interface {
	Mend()             // everything goes through; links start so
	Refuse()           // connections are refused, those that are open are closed: nothing happens on the remote side
	Hang()             // connections are taken and nobody answers
	CutReply(nth int)  // the nth reply from now (the first is 1) is lost with its connection, its effect stays; then all goes through
	WasReplyCut() bool // whether that reply has come
}

// wishes are a kind's wanted things for its suite.
type wishes[S, O any] struct {
	// want is the nth wish, with no remote name in common with any other.
	want func(place string, nth int) (app.Ref, S)
	// change is the same wish made different, in the same place.
	change func(S) S
	// rival is someone else's wish for the same remote object.
	rival func(app.Ref, S) (app.Ref, S)
	// misfit is "" where observed is what spec wants, otherwise what differs.
	misfit func(app.Ref, S, O) string
	// refused are wishes that no remote side may carry out: a name for the test, and the wish.
	refused map[string]func(place string) (app.Ref, S)
}

// marked are the objects that carry ref's mark.
func marked(objects []Object, ref app.Ref) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool { return o.Mark != ref.Resource.String() })
}

// objects lists the remote side in a fixed order.
func (h Harness[S, O]) objects(t testing.TB) []Object {
	t.Helper()
	list := h.Objects(t)
	slices.SortFunc(list, func(a, b Object) int {
		return strings.Compare(a.Name+"\x00"+a.Mark+"\x00"+a.Content, b.Name+"\x00"+b.Mark+"\x00"+b.Content)
	})
	return list
}

// version is Version, or a constant where there is none.
func (h Harness[S, O]) version(t testing.TB) string {
	t.Helper()
	if h.Version == nil {
		return ""
	}
	return h.Version(t)
}

// newRef is a ref of a new organization, service and resource.
func newRef(name string) app.Ref {
	return app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID(), Name: name}
}
