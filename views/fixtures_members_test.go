package views_test

import (
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// memberPages are the pages of people: members, roles, invitations, one's own organizations, acting in a customer's name, the operator's lists.
func memberPages() map[string]templ.Component {
	at := func(title, path string) views.Page {
		return views.Page{Title: title, Path: path, Actor: tenant(), Now: now}
	}
	staff := func(title, path string) views.Page {
		return views.Page{Title: title, Path: path, Actor: operator(), Now: now}
	}
	wrong := memberList()
	wrong.Member, wrong.Wrong = id(802), "This role may do more than your own, so somebody else must give it."
	wrong.Form = views.InviteForm{Email: "no address", Role: app.RoleCustomerViewer, Errors: map[string]string{"email": "Please give a valid e-mail address."}}
	last := memberList()
	last.Problem = "An organization keeps at least one owner. Please make somebody else an owner first."
	invited := app.Invited{
		Invitation:   app.Invitation{Email: "gardener@demo.example", Role: app.RoleCustomerDeveloper, InvitedBy: "Demo Tenant", Language: "en"},
		Organization: app.Organization{Name: "Demo Organization"},
	}
	known := invited
	known.Known = true
	stranger := views.Page{Title: "Invitation", Path: "/invitation", Now: now}
	reader := at("Invitation", "/invitation")
	theirs := invited
	theirs.Email = reader.Actor.Email
	several := at("Your organizations", "/account/organizations")
	several.Own = []app.Membership{{Organization: app.Organization{ID: id(811), Name: "Demo Garden Club of the Riverside and its Surroundings"}}, {Organization: app.Organization{ID: id(812), Name: "Demo Library"}}}
	own := portal.OwnOrganizations{Next: "next", Memberships: []app.Membership{
		{Organization: app.Organization{ID: id(2), Name: "Demo Organization", Slug: "demo", Kind: app.Customer}, Role: app.RoleCustomerOwner},
		{Organization: app.Organization{ID: id(811), Name: "Demo Garden Club of the Riverside and its Surroundings", Slug: "garden", Kind: app.Customer}, Role: app.RoleCustomerViewer},
	}}
	acting, visited := at("My services", "/services"), at("My services", "/services")
	acting.Actor.Role, acting.Actor.Impersonation = app.RoleCustomerAdmin, &app.Impersonation{ID: id(820), SellerName: "Demo Hosting", Reason: "Asked for help with the mailboxes on the phone", EndsAt: now.Add(25 * time.Minute)}
	visited.Visits = []app.Visit{{ID: id(820), Person: "Demo Operator", SellerName: "Demo Hosting", Reason: "Asked for help with the mailboxes on the phone", StartedAt: now, EndsAt: now.Add(25 * time.Minute)}}
	services := serviceList(false, app.ServiceActive, app.ServiceCreating)
	return map[string]templ.Component{
		"members":           views.Members(at("Members", "/organization/members"), memberList()),
		"members-wrong":     views.Members(at("Members", "/organization/members"), wrong),
		"members-last":      views.Members(at("Members", "/organization/members"), last),
		"members-none":      views.Members(at("Members", "/organization/members"), views.MemberList{Filter: portal.MemberFilter{Text: "zzz"}}),
		"invitations":       views.Invitations(at("All invitations", "/organization/members"), views.InvitationList{Page: portal.InvitationPage{Invitations: invitations(), Next: "next"}}),
		"invitations-none":  views.Invitations(at("All invitations", "/organization/members"), views.InvitationList{}),
		"roles":             views.Roles(at("Roles", "/organization/roles")),
		"roles-staff":       views.Roles(staff("Roles", "/organization/roles")),
		"invitation":        views.Join(stranger, views.JoinForm{Token: "x", Invited: invited, Name: "x", Errors: map[string]string{"password": "Please choose a password of at least 12 characters."}}),
		"invitation-known":  views.Join(stranger, views.JoinForm{Token: "x", Invited: known}),
		"invitation-other":  views.Join(reader, views.JoinForm{Token: "x", Invited: known}),
		"invitation-reader": views.Join(reader, views.JoinForm{Token: "x", Invited: theirs}),
		"own":               views.OwnOrganizations(several, views.OwnList{Page: own, Joined: true, Form: views.ActionForm{Action: "leave", Errors: map[string]string{"confirm": "Please type the short name exactly as it stands above."}}}),
		"own-none":          views.OwnOrganizations(at("Your organizations", "/account/organizations"), views.OwnList{Text: "zzz"}),
		"acting":            views.Services(acting, services),
		"visited":           views.Services(visited, services),
		"mails":             views.Mails(staff("Mails", "/operator/mails"), mailList()),
		"mails-none":        views.Mails(staff("Mails", "/operator/mails"), views.MailList{Filter: portal.OutboxFilter{Text: "zzz"}, Problem: "This mail cannot be sent again."}),
		"people":            views.People(staff("People", "/operator/people"), personList()),
		"people-none":       views.People(staff("People", "/operator/people"), views.PersonList{Filter: portal.PersonFilter{Text: "zzz"}, Problem: "You cannot disable yourself."}),
	}
}

func memberList() views.MemberList {
	member := func(n int, name, email string, role app.Role, ago time.Duration, two bool) app.Member {
		return app.Member{User: id(800 + n), Name: name, Email: email, Role: role, SignedInAt: now.Add(-ago), TwoFactor: two, Since: now.Add(-400 * 24 * time.Hour)}
	}
	away := member(5, "Former Gardener", "former@demo.example", app.RoleCustomerViewer, 0, false)
	away.Disabled, away.SignedInAt = true, time.Time{}
	me := member(0, "Demo Tenant", "tenant@demo.example", app.RoleCustomerOwner, time.Minute, true)
	me.User = id(1)
	return views.MemberList{
		Saved: "invited", Form: views.InviteForm{Role: app.RoleCustomerViewer, Language: "en"},
		Page: portal.MemberPage{Next: "next", Counts: map[app.Role]int{app.RoleCustomerOwner: 1, app.RoleCustomerAdmin: 1, app.RoleCustomerDeveloper: 1, app.RoleCustomerViewer: 2},
			Members: []app.Member{
				member(1, "Demo Administrator", "administrator@demo.example", app.RoleCustomerAdmin, 3*time.Hour, true),
				member(2, "Demo Developer", "developer-with-a-long-address@demo.example", app.RoleCustomerDeveloper, 26*time.Hour, false), me,
				member(3, "", "newcomer@demo.example", app.RoleCustomerViewer, 50*24*time.Hour, false), away,
			}},
		Open: portal.InvitationPage{Invitations: invitations()[:2]},
	}
}

func invitations() []app.Invitation {
	one := func(n int, email string, role app.Role, state app.InvitationState, left time.Duration) app.Invitation {
		return app.Invitation{ID: id(830 + n), Email: email, Role: role, State: state, InvitedBy: "Demo Tenant", CreatedAt: now.Add(left - 7*24*time.Hour), SentAt: now.Add(left - 7*24*time.Hour),
			ExpiresAt: now.Add(left), Mails: 1}
	}
	return []app.Invitation{
		one(1, "bookkeeper@demo.example", app.RoleCustomerBilling, app.InvitationOpen, 6*24*time.Hour), one(2, "helper@demo.example", app.RoleCustomerViewer, app.InvitationOpen, -time.Hour),
		one(3, "developer@demo.example", app.RoleCustomerDeveloper, app.InvitationAccepted, -30*24*time.Hour), one(4, "mistake@demo.example", app.RoleCustomerAdmin, app.InvitationRevoked, -31*24*time.Hour),
	}
}

func mailList() views.MailList {
	mail := func(n int, kind app.MailKind, state app.PostState, problem string) app.Posted {
		return app.Posted{ID: id(840 + n), OrganizationName: "Demo Organization", To: "developer-with-a-long-address@demo.example", Kind: kind, State: state, Attempts: n, Problem: problem,
			CreatedAt: now.Add(-time.Duration(n) * time.Hour), NextAt: now.Add(7 * time.Minute), Until: now.Add(72 * time.Hour)}
	}
	return views.MailList{Page: portal.OutboxPage{Next: "next", Mails: []app.Posted{
		mail(1, app.MailInvitation, app.PostWaiting, ""), mail(2, app.MailVerify, app.PostWaiting, "451 4.3.0 mail server temporarily rejected message"),
		mail(3, app.MailVisit, app.PostSent, ""), mail(4, app.MailDunning, app.PostFailed, "550 5.1.1 <developer-with-a-long-address@demo.example>: Recipient address rejected: User unknown"),
	}}}
}

func personList() views.PersonList {
	person := func(n int, name, email string, disabled bool, more int, organizations ...string) app.UserLine {
		return app.UserLine{User: app.User{ID: id(850 + n), Name: name, Email: email, Disabled: disabled}, TwoFactor: n%2 == 0, SignedInAt: now.Add(-time.Duration(n) * time.Hour), Organizations: organizations, More: more}
	}
	return views.PersonList{Page: portal.PersonPage{Next: "next", People: []app.UserLine{
		person(1, "Demo Gardener", "gardener@demo.example", false, 0, "Demo Organization"), person(2, "Demo Bookkeeper", "bookkeeper@demo.example", false, 4, "Demo Organization", "Demo Library", "Demo Garden Club"),
		person(3, "Former Member", "former@demo.example", true, 0),
	}}}
}
