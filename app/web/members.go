package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

const membersPath = "/organization/members"

// memberRoutes are the pages of the people of the acting organization, and the page of an invitation's link.
func memberRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, membersPath, app.SeeMembers, s.members},
		{post, membersPath, app.ManageMembers, s.invite},
		{post, membersPath + "/:member/role", app.ManageMembers, s.changeRole},
		{post, membersPath + "/:member/remove", app.ManageMembers, s.removeMember},
		{post, membersPath + "/:member/disable", app.ManageMembers, s.disableMember},
		{post, membersPath + "/:member/enable", app.ManageMembers, s.enableMember},
		{get, "/organization/roles", app.SeeOrganization, s.roles},
		{get, "/organization/invitations", app.SeeMembers, s.invitations},
		{post, "/organization/invitations/:id/resend", app.ManageMembers, s.resendInvitation},
		{post, "/organization/invitations/:id/revoke", app.ManageMembers, s.revokeInvitation},
		{get, "/invitation/:token", public, s.invitationPage},
		{post, "/invitation/:token", public, s.acceptInvitation},
	}
}

func (s *Server) members(c *call) error {
	query := c.query()
	list := views.MemberList{
		Filter: portal.MemberFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}, Saved: query.Get("saved"),
	}
	if role := app.Role(query.Get("role")); slices.Contains(app.RolesOf(c.actor.Kind), role) {
		list.Filter.Role = role
	}
	return s.showMembers(c, http.StatusOK, list)
}

// showMembers draws the page of members: with what was wrong where a form of it was sent.
func (s *Server) showMembers(c *call, status int, list views.MemberList) (err error) {
	ctx := c.Request().Context()
	if list.Page, err = s.portal.Members(ctx, c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(status, views.MemberRows(c.page, list))
	}
	if list.Open, err = s.portal.Invitations(ctx, c.actor, false, "", 20); err != nil {
		return err
	}
	if list.Form.Language == "" {
		list.Form.Language = c.actor.Language
	}
	if list.Form.Role == "" { // the least, until somebody chooses more
		if roles := app.MemberRoles(c.actor); len(roles) > 0 {
			list.Form.Role = roles[len(roles)-1]
		}
	}
	c.page.Path = membersPath
	return c.show(status, views.Members(c.titled("Members"), list))
}

func (s *Server) invite(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.InviteForm{Email: values.Get("email"), Role: app.Role(values.Get("role")), Language: values.Get("language")}
	ctx := c.Request().Context()
	_, err = s.portal.InviteMember(ctx, c.actor, portal.Invitee{Email: form.Email, Role: form.Role, Language: form.Language})
	if fields := words.Fields(ctx, err); len(fields) > 0 {
		form.Errors = fields
		return s.showMembers(c, statusOf(err), views.MemberList{Form: form})
	}
	return s.afterMember(c, err, app.ID{}, "invited")
}

// ofMember does something with the member that the path names.
func (s *Server) ofMember(c *call, saved string, do func(member app.ID, values url.Values) error) error {
	member, err := app.ParseID(c.Param("member"))
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	return s.afterMember(c, do(member, values), member, saved)
}

// afterMember goes back to the page of members: with what was wrong, where something was.
func (s *Server) afterMember(c *call, err error, member app.ID, saved string) error {
	ctx := c.Request().Context()
	switch app.CodeOf(err) {
	case "":
		return c.to(membersPath + "?saved=" + saved)
	case app.Invalid, app.Conflict, app.TooMany:
	default:
		return err
	}
	list := views.MemberList{Member: member, Wrong: words.Fields(ctx, err)["role"]}
	if list.Wrong == "" {
		list.Problem = words.Error(ctx, err)
	}
	return s.showMembers(c, statusOf(err), list)
}

func (s *Server) changeRole(c *call) error {
	return s.ofMember(c, "role", func(member app.ID, values url.Values) error {
		return s.portal.ChangeRole(c.Request().Context(), c.actor, member, app.Role(values.Get("role")))
	})
}

func (s *Server) removeMember(c *call) error {
	return s.ofMember(c, "removed", func(member app.ID, _ url.Values) error {
		return s.portal.RemoveMember(c.Request().Context(), c.actor, member)
	})
}

func (s *Server) disableMember(c *call) error {
	return s.ofMember(c, "disabled", func(member app.ID, _ url.Values) error {
		return s.portal.DisableUser(c.Request().Context(), c.actor, member)
	})
}

func (s *Server) enableMember(c *call) error {
	return s.ofMember(c, "enabled", func(member app.ID, _ url.Values) error {
		return s.portal.EnableUser(c.Request().Context(), c.actor, member)
	})
}

func (s *Server) roles(c *call) error {
	return c.show(http.StatusOK, views.Roles(c.titled("Roles")))
}

func (s *Server) invitations(c *call) (err error) {
	list := views.InvitationList{After: c.query().Get("after")}
	if list.Page, err = s.portal.Invitations(c.Request().Context(), c.actor, true, list.After, 0); err != nil {
		return err
	}
	c.page.Path = membersPath
	return c.show(http.StatusOK, views.Invitations(c.titled("All invitations"), list))
}

func (s *Server) resendInvitation(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	_, err = s.portal.ResendInvitation(c.Request().Context(), c.actor, id)
	return s.afterMember(c, err, app.ID{}, "sent")
}

func (s *Server) revokeInvitation(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return s.afterMember(c, s.portal.RevokeInvitation(c.Request().Context(), c.actor, id), app.ID{}, "revoked")
}

// invitationPage shows an invitation without using it: those who scan mails open links too.
func (s *Server) invitationPage(c *call) error {
	return s.showInvitation(c, http.StatusOK, views.JoinForm{})
}

// invitationBehind is the token of the invitation that a sign-in leads back to, "" for none.
func invitationBehind(back string) string {
	token, is := strings.CutPrefix(back, "/invitation/")
	if !is {
		return ""
	}
	return token
}

func (s *Server) showInvitation(c *call, status int, form views.JoinForm) (err error) {
	unlinked(c)
	form.Token = c.Param("token")
	if form.Invited, err = s.portal.Invited(c.Request().Context(), form.Token, c.actor.Address); err != nil {
		return err
	}
	if form.Language == "" {
		form.Language = form.Invited.Language
	}
	c.page.Path = "/invitation"
	return c.show(status, views.Join(c.titled("Invitation"), form))
}

// acceptInvitation makes whoever is signed in a member, and others a new account.
func (s *Server) acceptInvitation(c *call) error {
	unlinked(c)
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if c.page.SignedIn() {
		return s.joinAsReader(c)
	}
	form := views.JoinForm{Name: values.Get("name"), Language: values.Get("language")}
	in, err := s.portal.JoinAsNewcomer(ctx, c.Param("token"), portal.Newcomer{
		Name: form.Name, Password: values.Get("password"), Language: form.Language, Address: c.actor.Address, Agent: c.Request().UserAgent(), Host: c.Request().Host,
	})
	switch {
	case err == nil:
		return s.welcome(c, in, "")
	case app.CodeOf(err) == app.Conflict: // the address has an account by now: the page says so
		return s.showInvitation(c, statusOf(err), form)
	case app.CodeOf(err) == app.Invalid:
		form.Errors = words.Fields(ctx, err)
		return s.showInvitation(c, statusOf(err), form)
	}
	return err
}

// joinAsReader makes the reader a member, and has them act for the new organization where their session may.
func (s *Server) joinAsReader(c *call) error {
	o, err := s.portal.AcceptInvitation(c.Request().Context(), c.actor, c.Param("token"))
	if err != nil {
		return err
	}
	switched, err := s.switchTo(c, o.ID)
	if err != nil {
		return err
	}
	if !switched {
		return c.to("/account/organizations?saved=joined")
	}
	return c.to("/")
}
