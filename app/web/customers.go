package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// customerRoutes are the seller's console.
func customerRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/customers", app.SeeCustomers, s.customers},
		{post, "/customers", app.ManageCustomers, s.createCustomer},
		{get, "/customers/new", app.ManageCustomers, s.newCustomer},
		{get, "/customers/:id", app.SeeCustomers, s.customer},
		{get, "/customers/:id/order", app.ManageCustomers, s.orderForCustomer},
		{post, "/customers/:id/invite", app.ManageCustomers, s.ofCustomer(s.inviteOwner)},
		{post, "/customers/:id/resend", app.ManageCustomers, s.ofCustomer(s.resendOwner)},
		{post, "/customers/:id/revoke", app.ManageCustomers, s.ofCustomer(s.revokeOwner)},
		{post, "/customers/:id/rename", app.ManageCustomers, s.ofCustomer(s.renameOrganization)},
		{post, "/customers/:id/currency", app.ManageCustomers, s.ofCustomer(s.setCurrency)},
		{post, "/customers/:id/quota", app.ManageCustomers, s.ofCustomer(s.setQuota)},
		{post, "/customers/:id/suspend", app.ManageCustomers, s.ofCustomer(s.suspendOrganization)},
		{post, "/customers/:id/resume", app.ManageCustomers, s.ofCustomer(s.resumeOrganization)},
		{post, "/customers/:id/move", app.ManageCustomers, s.ofCustomer(s.startTransfer)},
		{post, "/customers/:id/terminate", app.ManageCustomers, s.ofCustomer(s.terminateServices)},
		{post, "/customers/:id/close", app.ManageCustomers, s.ofCustomer(s.closeOrganization)},
		{post, "/customers/:id/export", app.ManageCustomers, s.exportCustomer},
		{post, "/customers/moves/:id/agree", app.ManageCustomers, s.answerTransfer(s.portal.AgreeTransfer)},
		{post, "/customers/moves/:id/decline", app.ManageCustomers, s.answerTransfer(s.portal.DeclineTransfer)},
		{post, "/customers/moves/:id/withdraw", app.ManageCustomers, s.answerTransfer(s.portal.WithdrawTransfer)},
	}
}

func (s *Server) customers(c *call) (err error) {
	query := c.query()
	list := views.CustomerList{Filter: portal.CustomerFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}}
	if kind := app.OrganizationKind(query.Get("kind")); slices.Contains(views.OrganizationKinds(), kind) {
		list.Filter.Kind = kind
	}
	if state := app.OrganizationState(query.Get("state")); slices.Contains(views.OrganizationStates(), state) {
		list.Filter.State = state
	}
	if below := query.Get("below"); below != "" {
		if list.Filter.Top, err = app.ParseID(below); err != nil {
			return err
		}
	}
	if list.Page, err = s.portal.Customers(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.CustomerRows(c.page, list))
	}
	return c.show(http.StatusOK, views.Customers(c.titled("Customers"), list))
}

func (s *Server) newCustomer(c *call) error {
	return c.show(http.StatusOK, views.NewCustomer(c.titled("Add a customer"), views.NewCustomerForm{Language: c.actor.Language, Currencies: s.portal.Currencies()}))
}

func (s *Server) createCustomer(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.NewCustomerForm{
		Kind: app.OrganizationKind(values.Get("kind")), Name: values.Get("name"), Slug: values.Get("slug"),
		Email: values.Get("email"), Language: values.Get("language"), Currency: values.Get("currency"), Currencies: s.portal.Currencies(),
	}
	ctx := c.Request().Context()
	made, err := s.portal.CreateOrganization(ctx, c.actor, portal.NewOrganization{
		Kind: form.Kind, Name: form.Name, Slug: form.Slug, Currency: form.Currency,
		Owner: portal.NewMember{Email: form.Email, Language: form.Language},
	})
	if err == nil {
		return c.to(views.CustomersPath + "/" + made.ID.String())
	}
	var ok bool
	if form.Errors, form.Problem, ok = mendable(ctx, err); !ok {
		return err
	}
	return c.show(statusOf(err), views.NewCustomer(c.titled("Add a customer"), form))
}

func (s *Server) customer(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return s.showCustomer(c, http.StatusOK, id, views.ActionForm{})
}

func (s *Server) showCustomer(c *call, status int, id app.ID, form views.ActionForm) error {
	detail, err := s.portal.Customer(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	form.Currencies = s.portal.Currencies()
	c.page.Path = views.CustomersPath + "/" + id.String()
	return c.show(status, views.Customer(c.titled("%s", detail.Organization.Name), detail, form))
}

func (s *Server) inviteOwner(c *call, id app.ID, values url.Values) (string, error) {
	_, err := s.portal.InviteOwner(c.Request().Context(), c.actor, id, values.Get("email"), values.Get("language"))
	return "", err
}

func (s *Server) setCurrency(c *call, id app.ID, values url.Values) (string, error) {
	return "", s.portal.SetCurrency(c.Request().Context(), c.actor, id, values.Get("currency"))
}

func (s *Server) resendOwner(c *call, id app.ID, _ url.Values) (string, error) {
	_, err := s.portal.ResendOwner(c.Request().Context(), c.actor, id)
	return "", err
}

func (s *Server) revokeOwner(c *call, id app.ID, _ url.Values) (string, error) {
	return "", s.portal.RevokeOwner(c.Request().Context(), c.actor, id)
}

// orderForCustomer lets a seller choose what to order for a customer.
func (s *Server) orderForCustomer(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	buyer, err := s.portal.Buyer(ctx, c.actor, id)
	if err != nil {
		return err
	}
	offers, err := s.portal.OffersFor(ctx, c.actor, id)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.OrderFor(c.titled("Order for %s", buyer.Name), buyer, offers))
}

func (s *Server) exportCustomer(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return s.export(c, id)
}
