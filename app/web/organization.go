package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"allotment/app"
	"allotment/views"
)

// organizationRoutes are the page of the acting organization, and the moves that concern it.
func organizationRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/organization", app.SeeOrganization, s.organization},
		{post, "/organization/rename", app.ManageOrganization, s.ofOwn(s.renameOrganization)},
		{post, "/organization/idle", app.ManageOrganization, s.ofOwn(s.setIdle)},
		{post, "/organization/move", app.ManageOrganization, s.ofOwn(s.startTransfer)},
		{post, "/organization/terminate", app.ManageOrganization, s.ofOwn(s.terminateServices)},
		{post, "/organization/close", app.ManageOrganization, s.ofOwn(s.closeOrganization)},
		{post, "/organization/export", app.ManageOrganization, func(c *call) error { return s.export(c, c.actor.Organization) }},
		{get, "/organization/transfers", app.SeeOrganization, s.transfers},
		{get, "/organization/transfers/:id", app.SeeOrganization, s.transfer},
		{post, "/organization/transfers/:id/agree", app.ManageOrganization, s.answerTransfer(s.portal.AgreeTransfer)},
		{post, "/organization/transfers/:id/decline", app.ManageOrganization, s.answerTransfer(s.portal.DeclineTransfer)},
		{post, "/organization/transfers/:id/withdraw", app.ManageOrganization, s.answerTransfer(s.portal.WithdrawTransfer)},
	}
}

func (s *Server) organization(c *call) error {
	return s.showOrganization(c, http.StatusOK, views.ActionForm{})
}

func (s *Server) showOrganization(c *call, status int, form views.ActionForm) error {
	detail, err := s.portal.Organization(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	c.page.Path = "/organization"
	return c.show(status, views.Organization(c.titled("%s", detail.Organization.Name), detail, form))
}

// suspended is why the reader's organization is suspended, for the banner on every page. A page without it is better than none.
func (s *Server) suspended(c *call) string {
	if c.actor.State != app.OrganizationSuspended {
		return ""
	}
	reason, err := s.portal.Suspension(c.Request().Context(), c.actor)
	if err != nil {
		s.log.Warn("a page is shown without the reason of a suspension", "reference", reference(c), "error", err)
	}
	return reason
}

// act does one thing with an organization, and returns where to go afterwards: "" for the organization's page.
type act func(c *call, id app.ID, values url.Values) (next string, err error)

// ofCustomer is an act with a customer, by a form of its page; ofOwn one with the reader's own organization.
func (s *Server) ofCustomer(do act) func(*call) error {
	return func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		return s.submit(c, id, do, views.CustomersPath+"/"+id.String(), func(status int, form views.ActionForm) error {
			return s.showCustomer(c, status, id, form)
		})
	}
}

func (s *Server) ofOwn(do act) func(*call) error {
	return func(c *call) error {
		return s.submit(c, c.actor.Organization, do, "/organization", func(status int, form views.ActionForm) error {
			return s.showOrganization(c, status, form)
		})
	}
}

// submit takes a form of an organization's page. One that is not right comes back on the page as it was typed, with what is wrong.
func (s *Server) submit(c *call, id app.ID, do act, base string, show func(int, views.ActionForm) error) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	next, err := do(c, id, values)
	if err == nil {
		if next == "" {
			next = base
		}
		return c.to(next)
	}
	fields, problem, ok := mendable(c.Request().Context(), err)
	if !ok {
		return err
	}
	path := c.Request().URL.Path
	form := views.ActionForm{Action: path[strings.LastIndex(path, "/")+1:], Values: map[string]string{}, Errors: fields, Problem: problem}
	for field := range values {
		form.Values[field] = values.Get(field)
	}
	return show(statusOf(err), form)
}

func (s *Server) renameOrganization(c *call, id app.ID, values url.Values) (string, error) {
	return "", s.portal.RenameOrganization(c.Request().Context(), c.actor, id, values.Get("name"))
}

func (s *Server) setIdle(c *call, _ app.ID, values url.Values) (string, error) {
	minutes, err := strconv.Atoi(strings.TrimSpace(values.Get("idle")))
	switch {
	case strings.TrimSpace(values.Get("idle")) == "":
		minutes = 0
	case err != nil || minutes == 0:
		minutes = -1 // which is refused with what is wrong beside it
	}
	return "", s.portal.SetIdle(c.Request().Context(), c.actor, minutes)
}

func (s *Server) suspendOrganization(c *call, id app.ID, values url.Values) (string, error) {
	return "", s.portal.SuspendOrganization(c.Request().Context(), c.actor, id, values.Get("reason"))
}

func (s *Server) resumeOrganization(c *call, id app.ID, _ url.Values) (string, error) {
	return "", s.portal.ResumeOrganization(c.Request().Context(), c.actor, id)
}

func (s *Server) setQuota(c *call, id app.ID, values url.Values) (string, error) {
	var q app.Quota
	for field, limit := range map[string]*app.Limit{
		"services": &q.Services, "guests": &q.Guests, "vcpu": &q.VCPU, "memory": &q.MemoryMiB, "disk": &q.DiskGiB,
	} {
		typed := strings.TrimSpace(values.Get(field))
		if typed == "" {
			continue
		}
		n, err := strconv.ParseInt(typed, 10, 64)
		if err != nil {
			n = -1 // which is refused with what is wrong beside it
		}
		limit.Max = &n
	}
	return "", s.portal.SetQuota(c.Request().Context(), c.actor, id, q)
}

func (s *Server) terminateServices(c *call, id app.ID, values url.Values) (string, error) {
	_, err := s.portal.TerminateServices(c.Request().Context(), c.actor, id, strings.TrimSpace(values.Get("confirm")))
	return "", err
}

// closeOrganization closes a customer, or the reader's own organization: then nobody is signed in any more.
func (s *Server) closeOrganization(c *call, id app.ID, values url.Values) (string, error) {
	err := s.portal.CloseOrganization(c.Request().Context(), c.actor, id, strings.TrimSpace(values.Get("confirm")))
	if err == nil && id == c.actor.Organization {
		return "/", nil
	}
	return "", err
}

func (s *Server) startTransfer(c *call, id app.ID, values url.Values) (string, error) {
	m, err := s.portal.StartTransfer(c.Request().Context(), c.actor, id, values.Get("receiver"), values.Get("message"))
	if err != nil {
		return "", err
	}
	return "/organization/transfers/" + m.ID.String(), nil
}

// export answers with the archive. It is made in full first, so that a failure becomes an error page and not half of one.
func (s *Server) export(c *call, id app.ID) error {
	var out bytes.Buffer
	if err := s.portal.ExportOrganization(c.Request().Context(), c.actor, id, &out); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="organization-%s.zip"`, id))
	return c.Blob(http.StatusOK, "application/zip", out.Bytes())
}
