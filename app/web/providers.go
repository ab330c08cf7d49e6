package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// providerRoutes are where an organization says how its people sign in.
func providerRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/organization/providers", app.ManageProviders, s.providers},
		{get, "/organization/providers/new", app.ManageProviders, s.newProvider},
		{post, "/organization/providers", app.ManageProviders, s.addProvider},
		{get, "/organization/providers/:id", app.ManageProviders, s.provider},
		{post, "/organization/providers/:id", app.ManageProviders, s.changeProvider},
		{post, "/organization/providers/:id/test", app.ManageProviders, s.testProvider},
		{post, "/organization/providers/:id/switch", app.ManageProviders, s.switchProvider},
		{post, "/organization/providers/:id/remove", app.ManageProviders, s.removeProvider},
	}
}

func (s *Server) providers(c *call) error {
	all, err := s.portal.Providers(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Providers(c.titled("Where people sign in"), all, s.organizationAddress(c)))
}

// organizationAddress is the sign-in page for the organization's own people.
func (s *Server) organizationAddress(c *call) string {
	return strings.TrimSuffix(c.page.Brand.URL(s.cfg.BaseURL), "/") + "/signin/organization?name=" + url.QueryEscape(c.actor.OrganizationSlug)
}

func (s *Server) newProvider(c *call) error {
	form := views.NewProviderForm(app.ProviderKind(c.query().Get("kind")), c.actor.Kind)
	return s.showProviderForm(c, http.StatusOK, form)
}

func (s *Server) showProviderForm(c *call, status int, form views.ProviderForm) error {
	form.Callback = strings.TrimSuffix(c.page.Brand.URL(s.cfg.BaseURL), "/") + callbackPath
	if form.ID == (app.ID{}) {
		return c.show(status, views.Provider(c.titled("Add a provider"), form))
	}
	return c.show(status, views.Provider(c.titled("%s", form.Detail.Name), form))
}

func (s *Server) addProvider(c *call) error {
	form, err := c.providerForm()
	if err != nil {
		return err
	}
	made, err := s.portal.AddProvider(c.Request().Context(), c.actor, form.Request)
	if form.Problems = words.Fields(c.Request().Context(), err); len(form.Problems) > 0 {
		return s.showProviderForm(c, statusOf(err), form)
	}
	if err != nil {
		return err
	}
	return c.to(string(views.ProviderPath(made.ID)))
}

func (s *Server) provider(c *call) error {
	detail, err := s.providerDetail(c)
	if err != nil {
		return err
	}
	return s.showProviderForm(c, http.StatusOK, views.FilledProviderForm(detail))
}

func (s *Server) providerDetail(c *call) (portal.ProviderDetail, error) {
	id, err := c.id()
	if err != nil {
		return portal.ProviderDetail{}, err
	}
	return s.portal.Provider(c.Request().Context(), c.actor, id)
}

func (s *Server) changeProvider(c *call) error {
	detail, err := s.providerDetail(c)
	if err != nil {
		return err
	}
	form, err := c.providerForm()
	if err != nil {
		return err
	}
	form.ID, form.Detail, form.Request.Kind = detail.ID, detail, detail.Kind
	err = s.portal.ChangeProvider(c.Request().Context(), c.actor, detail.ID, form.Request)
	if form.Problems = words.Fields(c.Request().Context(), err); len(form.Problems) > 0 {
		return s.showProviderForm(c, statusOf(err), form)
	}
	if err != nil {
		return err
	}
	return c.to(string(views.ProviderPath(detail.ID)))
}

// testProvider tries the connection; the page says what came of it.
func (s *Server) testProvider(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if _, err := s.portal.TestProvider(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to(string(views.ProviderPath(id)))
}

func (s *Server) switchProvider(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	if err := s.portal.SwitchProvider(c.Request().Context(), c.actor, id, values.Get("on") == "true"); err != nil {
		return err
	}
	return c.to(string(views.ProviderPath(id)))
}

func (s *Server) removeProvider(c *call) error {
	detail, err := s.providerDetail(c)
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = s.portal.RemoveProvider(ctx, c.actor, detail.ID, values.Get("confirm"))
	if problem := words.Fields(ctx, err)["confirm"]; problem != "" {
		form := views.FilledProviderForm(detail)
		form.Confirm, form.Problems = values.Get("confirm"), map[string]string{"confirm": problem}
		return s.showProviderForm(c, statusOf(err), form)
	}
	if err != nil {
		return err
	}
	return c.to("/organization/providers")
}

// providerForm reads the form of a provider.
func (c *call) providerForm() (views.ProviderForm, error) {
	v, err := c.form()
	if err != nil {
		return views.ProviderForm{}, err
	}
	r := portal.ProviderRequest{Kind: app.ProviderKind(v.Get("kind")), Name: v.Get("name"), Secret: v.Get("secret")}
	r.Settings.OpenID = app.OpenIDSettings{
		Issuer: v.Get("issuer"), ClientID: v.Get("client_id"), Scopes: strings.Fields(v.Get("scopes")), GroupsClaim: v.Get("groups_claim"),
		StrongACR: v.Get("strong_acr"),
	}
	r.Settings.LDAP = app.LDAPSettings{
		URI: v.Get("uri"), CA: v.Get("ca"), UserDN: v.Get("user_dn"), BindDN: v.Get("bind_dn"), BaseDN: v.Get("base_dn"), Filter: v.Get("filter"),
		IDAttribute: v.Get("id_attribute"), Name: v.Get("name_attribute"), Mail: v.Get("mail_attribute"), MemberOf: v.Get("member_of"),
		GroupBase: v.Get("group_base"), GroupFilter: v.Get("group_filter"),
	}
	r.Rules = app.ProviderRules{
		Creates: v.Get("creates") == "true", DefaultRole: app.Role(v.Get("default_role")), Domains: strings.Fields(v.Get("domains")),
		TrustSecond: v.Get("trust_second") == "true",
	}
	for i := range views.GroupRowsAtMost {
		if group := v.Get(fmt.Sprintf("group.%d", i)); strings.TrimSpace(group) != "" {
			r.Rules.Groups = append(r.Rules.Groups, app.GroupRole{Group: group, Role: app.Role(v.Get(fmt.Sprintf("role.%d", i)))})
		}
	}
	return views.ProviderForm{Kind: c.actor.Kind, Request: r}, nil
}
