package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// operatorRoutes are the operator's pages of mails and of people.
func operatorRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/operator/mails", app.SeeOperations, s.mails},
		{post, "/operator/mails/:id/retry", app.RunOperations, s.retryMail},
		{get, "/operator/people", app.ManageMembers, s.people},
		{post, "/operator/people/:id/disable", app.ManageMembers, s.ofPerson(s.portal.DisableUser)},
		{post, "/operator/people/:id/enable", app.ManageMembers, s.ofPerson(s.portal.EnableUser)},
	}
}

func (s *Server) mails(c *call) error {
	query := c.query()
	list := views.MailList{Filter: portal.OutboxFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}}
	if state := app.PostState(query.Get("state")); slices.Contains(views.PostStates(), state) {
		list.Filter.State = state
	}
	return s.showMails(c, http.StatusOK, list)
}

func (s *Server) showMails(c *call, status int, list views.MailList) (err error) {
	if list.Page, err = s.portal.Outbox(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(status, views.MailRows(c.page, list))
	}
	c.page.Path = "/operator/mails"
	return c.show(status, views.Mails(c.titled("Mails"), list))
}

func (s *Server) retryMail(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := s.portal.RetryMail(ctx, c.actor, id); app.CodeOf(err) == app.Conflict {
		return s.showMails(c, statusOf(err), views.MailList{Problem: words.Error(ctx, err)})
	} else if err != nil {
		return err
	}
	return c.to("/operator/mails")
}

func (s *Server) people(c *call) error {
	query := c.query()
	return s.showPeople(c, http.StatusOK, views.PersonList{Filter: portal.PersonFilter{
		Text: strings.TrimSpace(query.Get("q")), After: query.Get("after"), Disabled: query.Get("disabled") == "only",
	}})
}

func (s *Server) showPeople(c *call, status int, list views.PersonList) (err error) {
	if list.Page, err = s.portal.People(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(status, views.PersonRows(c.page, list))
	}
	c.page.Path = "/operator/people"
	return c.show(status, views.People(c.titled("People"), list))
}

// ofPerson does something with a person on the operator's page of people.
func (s *Server) ofPerson(do func(context.Context, app.Actor, app.ID) error) func(*call) error {
	return func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		if !c.actor.Staff() {
			return app.Errorf(app.Forbidden, "Your role does not allow this.")
		}
		if err := do(ctx, c.actor, id); app.CodeOf(err) == app.Conflict {
			return s.showPeople(c, statusOf(err), views.PersonList{Problem: words.Error(ctx, err)})
		} else if err != nil {
			return err
		}
		return c.to("/operator/people")
	}
}

// visits are those who act in the name of the reader's organization, for the notice on every page. A page without it would hide what must be
// seen, so this failing is an error for the log, and the next page shows it.
func (s *Server) visits(c *call) []app.Visit {
	if !c.actor.Visited || c.actor.Impersonation != nil {
		return nil
	}
	all, err := s.portal.Visits(c.Request().Context(), c.actor)
	if err != nil {
		s.log.Error("a page is shown without the notice of a visit", "reference", reference(c), "error", err)
	}
	return all
}

// own are other organizations for which the reader may act: for the menu of the account.
func (s *Server) own(c *call) []app.Membership {
	if !c.actor.Several || c.actor.Impersonation != nil {
		return nil
	}
	page, err := s.portal.OwnOrganizations(c.Request().Context(), c.actor, "", "", 6)
	if err != nil {
		s.log.Warn("a page is shown without the reader's other organizations", "reference", reference(c), "error", err)
	}
	others := slices.DeleteFunc(page.Memberships, func(m app.Membership) bool { return m.Organization.ID == c.actor.Organization })
	return others[:min(len(others), 5)]
}
