package views_test

import (
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/catalog"
	"allotment/views"
)

// accessList is a page of members in every state that one can have.
func accessList(lags bool) views.AccessList {
	member := func(n int, name, uid, mailbox string, level app.AccessLevel, pending bool) app.Access {
		return app.Access{User: id(600 + n), Name: name, Email: uid + "@garden.example", Role: app.RoleCustomerViewer, UID: uid, Mailbox: mailbox, Level: level,
			At: now.Add(-time.Hour), Pending: pending && lags}
	}
	closed := member(4, "Former Member", "former", "", app.AccessUser, false)
	closed.Disabled = true
	newcomer := member(5, "", "newcomer", "", app.AccessNone, false)
	newcomer.UID = ""
	return views.AccessList{Page: portal.AccessPage{
		Service: app.Service{ID: id(1), Name: "Project office", Host: "office.apps.example", State: app.ServiceActive}, Next: "next", Lags: lags,
		Members: []app.Access{
			member(1, "Demo Administrator", "admin2", "admin2", app.AccessAdmin, false), member(2, "Demo Gardener", "gardener", "gardener", app.AccessUser, true),
			member(3, "Demo Visitor", "visitor", "", app.AccessNone, true), closed, newcomer,
		},
	}}
}

// myApps is what a member may use. account says how they sign in there.
func myApps(entry *catalog.App, account app.AppAccount) portal.AppsPage {
	service := func(n int, name string, state app.ServiceState) app.Service {
		return app.Service{ID: id(n), App: entry.ID, AppName: entry.Name, Name: name, Host: "office.apps.example", URL: "https://office.apps.example", State: state}
	}
	return portal.AppsPage{Account: account, Entries: map[string]*catalog.App{entry.ID: entry}, Apps: []app.MyApp{
		{Service: service(1, "Project office", app.ServiceActive), UID: account.UID, Level: app.AccessAdmin, Pending: true},
		{Service: service(2, "Post of the garden club", app.ServiceActive), UID: account.UID, Level: app.AccessUser, Mailbox: "gardener"},
		{Service: service(3, "Being made", app.ServiceCreating), UID: account.UID, Level: app.AccessUser},
	}}
}

// stuckAccess is a page whose last change the directory has refused.
func stuckAccess() views.AccessList {
	list := accessList(true)
	list.Page.Stuck = id(700)
	return list
}

// noAccess is a search that found nobody.
func noAccess() views.AccessList {
	list := accessList(false)
	list.Page.Members, list.Page.Next, list.Filter = nil, "", portal.AccessFilter{Text: "zzz"}
	return list
}
