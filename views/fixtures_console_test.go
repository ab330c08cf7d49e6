package views_test

import (
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/views"
)

// consolePages are the seller's console, an organization's own page and its moves, and other ways to sign in.
func consolePages() map[string]templ.Component {
	at := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	console := func(title, path string) views.Page {
		p := at(title, path, reseller())
		p.Brand = demoBrand()
		return p
	}
	suspended := organization(7, "Demo Library", "library", app.OrganizationSuspended)
	suspended.Reason = "An invoice is open since January."
	services := []app.Service{service(0, app.ServiceActive), service(1, app.ServiceCreating)}
	quota := app.Quota{Services: most(10, 4), Guests: most(4, 4), MemoryMiB: most(65536, 14336), DiskGiB: app.Limit{Used: 120}, VCPU: app.Limit{Used: 9}}
	owners := []store.Owner{{Email: "gardener@demo.example", Name: "Demo Gardener"}}
	move := app.Transfer{ID: id(871), CustomerName: "Demo Garden Club", GiverName: "Demo Reselling", ReceiverName: "Demo Hosting", StartedBy: app.TransferGiver, Message: "We stop selling.",
		State: app.TransferOpen, Agreed: map[app.TransferSide]time.Time{app.TransferGiver: now.Add(-time.Hour)}, CreatedAt: now.Add(-time.Hour), ExpiresAt: now.Add(13 * 24 * time.Hour)}
	detail := portal.OrganizationDetail{Organization: organization(7, "Demo Garden Club", "garden", app.OrganizationActive), Seller: organization(6, "Demo Reselling", "reselling", app.OrganizationActive),
		Owners: owners, Quota: quota, Services: services, Remains: store.Remains{Services: 4}, Transfer: &move}
	closing := portal.OrganizationDetail{Organization: suspended, Seller: detail.Seller, Owners: owners}
	ownerless := portal.OrganizationDetail{Organization: detail.Organization, Seller: detail.Seller, Invited: &app.Invitation{Email: "gardener-with-a-long-address@demo.example", Role: app.RoleCustomerOwner,
		State: app.InvitationOpen, Mails: 1, InvitedBy: "Demo Reselling", SentAt: now.Add(-24 * time.Hour), ExpiresAt: now.Add(6 * 24 * time.Hour)}}
	tooOld := ownerless
	tooOld.Invited = &app.Invitation{Email: "gardener@demo.example", Role: app.RoleCustomerOwner, State: app.InvitationOpen, SentAt: now.Add(-8 * 24 * time.Hour), ExpiresAt: now.Add(-24 * time.Hour)}
	takenBack := ownerless
	takenBack.Invited = &app.Invitation{Email: "gardener@demo.example", Role: app.RoleCustomerOwner, State: app.InvitationRevoked, SentAt: now.Add(-24 * time.Hour), ExpiresAt: now.Add(6 * 24 * time.Hour)}
	directory := app.Provider{ID: id(880), Kind: app.ProviderLDAP, Name: "Demo directory", OrganizationName: "Demo Organization", Enabled: true}
	login := app.Provider{ID: id(881), Kind: app.ProviderOpenID, Name: "Demo login", OrganizationName: "Demo Organization", Enabled: true, Problem: "The provider does not answer.", CheckedAt: now.Add(-time.Hour)}
	stranger := views.Page{Title: "Sign in", Path: "/signin", Now: now}
	linked := app.Identity{ID: id(890), OrganizationName: "Demo Organization", ProviderName: "Demo login", Kind: app.ProviderOpenID, Enabled: true, Email: "gardener@demo.example", LinkedAt: now.Add(-time.Hour), UsedAt: now}
	return map[string]templ.Component{
		"customers":           views.Customers(console("Customers", "/customers"), customerList()),
		"customers-none":      views.Customers(console("Customers", "/customers"), views.CustomerList{}),
		"customers-unfit":     views.Customers(console("Customers", "/customers"), views.CustomerList{Filter: portal.CustomerFilter{Text: "zzz"}}),
		"customer":            views.Customer(console("Demo Garden Club", "/customers/1"), detail, views.ActionForm{}),
		"customer-act":        views.Customer(console("Demo Garden Club", "/customers/1"), detail, views.ActionForm{Action: "act", Values: map[string]string{"reason": "x"}, Errors: map[string]string{"reason": "Please give a reason of 5 to 500 characters. Those concerned read it."}}),
		"customer-suspended":  views.Customer(console("Demo Library", "/customers/1"), closing, views.ActionForm{Action: "close", Errors: map[string]string{"confirm": "Please type the short name exactly as it stands above."}}),
		"customer-invited":    views.Customer(console("Demo Garden Club", "/customers/1"), ownerless, views.ActionForm{}),
		"customer-uninvited":  views.Customer(console("Demo Garden Club", "/customers/1"), takenBack, views.ActionForm{Action: "invite", Values: map[string]string{"email": "x"}, Errors: map[string]string{"email": "This is not an e-mail address."}}),
		"customer-waits":      views.Customer(console("Demo Garden Club", "/customers/1"), tooOld, views.ActionForm{Action: "invite", Values: map[string]string{"email": "x"}, Errors: map[string]string{"email": "This is not an e-mail address."}}),
		"customer-new":        views.NewCustomer(console("Add a customer", "/customers/new"), views.NewCustomerForm{Language: "en", Errors: map[string]string{"slug": "This short name is taken."}}),
		"organization":        views.Organization(at("Demo Organization", "/organization", tenant()), detail, views.ActionForm{}),
		"organization-wrong":  views.Organization(at("Demo Organization", "/organization", tenant()), closing, views.ActionForm{Action: "idle", Values: map[string]string{"idle": "1"}, Errors: map[string]string{"idle": "Please give a number of minutes from 5 to 1440, or leave it empty."}}),
		"moves":               views.Transfers(at("Moves", "/organization/transfers", tenant()), portal.TransferPage{Transfers: []app.Transfer{move}, Next: "next"}, "x"),
		"move":                views.Transfer(at("Move", "/organization/transfers", tenant()), move, ""),
		"identities":          views.Identities(at("Other ways to sign in", "/account/identities", tenant()), portal.IdentityPage{Linked: []app.Identity{linked}, Linkable: []app.Provider{directory}}, true),
		"providers":           views.Providers(at("Where people sign in", "/organization/providers", tenant()), []portal.ProviderDetail{{Provider: directory, People: 3}, {Provider: login, HasSecret: true}}, "https://portal.example.test/signin/callback"),
		"providers-none":      views.Providers(at("Where people sign in", "/organization/providers", tenant()), nil, "https://portal.example.test/signin/callback"),
		"signin-directory":    views.DirectorySignIn(stranger, views.DirectoryForm{Provider: directory, Login: "gardener", Problem: "The name or the password is not right."}),
		"signin-organization": views.OrganizationSignIn(stranger, views.OrganizationSignInPage{Name: "demo", Providers: []app.Provider{directory, login}}),
	}
}

func most(n, used int64) app.Limit { return app.Limit{Max: &n, Used: used} }

func organization(n int, name, slug string, state app.OrganizationState) app.Organization {
	return app.Organization{ID: id(n), Kind: app.Customer, Name: name, Slug: slug, State: state, CreatedAt: now.Add(-300 * 24 * time.Hour)}
}

// customerList is a page of a seller with many customers.
func customerList() views.CustomerList {
	one := func(n int, name, slug string, state app.OrganizationState, services int, owner string) portal.Customer {
		return portal.Customer{Organization: organization(860+n, name, slug, state), SellerName: "Demo Reselling", Owners: []string{owner}, Services: services}
	}
	below := one(5, "Demo Village Hosting", "village", app.OrganizationActive, 0, "village@demo.example")
	below.Kind = app.Reseller
	return views.CustomerList{Page: portal.CustomerPage{Top: app.Organization{ID: id(6), Name: "Demo Reselling"}, Count: 1000, More: true, Next: "next", Customers: []portal.Customer{
		one(1, "Demo Choir", "choir", app.OrganizationActive, 2, "choir@demo.example"), one(2, "Demo Garden Club", "garden", app.OrganizationActive, 4, "gardener@demo.example"),
		one(3, "Demo Library", "library", app.OrganizationSuspended, 1, "library-with-a-long-address@demo.example"), one(4, "Demo School", "school", app.OrganizationActive, 7, "school@demo.example"), below,
	}}}
}
