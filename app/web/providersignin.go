package web

import (
	"crypto/rand"
	"net"
	"net/http"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// wayCookie tells the browser that began a way to a provider from others.
const wayCookie = "-way"

const callbackPath = "/signin/callback"

// providerSignInRoutes are the ways in by a provider.
func providerSignInRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/signin/with/:id", public, s.signInWith},
		{post, "/signin/with/:id", public, s.signInWithDirectory},
		{get, callbackPath, public, s.signInCallback},
		{get, "/signin/link/:id", public, s.proveAccountPage},
		{post, "/signin/link/:id", public, s.proveAccount},
		{get, "/signin/organization", public, s.signInOrganization},
	}
}

// signInProviders are the providers that the sign-in page of this host shows. Without them a page is still a page.
func (s *Server) signInProviders(c *call) []app.Provider {
	all, err := s.portal.SignInProviders(c.Request().Context(), c.page.Brand.Organization)
	if err != nil {
		s.log.Warn("the providers are not known", "reference", reference(c), "error", err)
	}
	return all
}

// signInWith leads to an OpenID provider's own page, or shows a directory's form.
func (s *Server) signInWith(c *call) error {
	if c.page.SignedIn() {
		return c.to("/")
	}
	return s.beginWay(c, app.ToEnter, localPath(c.query().Get("back")))
}

// beginWay begins a way to the provider that the path names.
func (s *Server) beginWay(c *call, purpose app.SignInPurpose, back string) error {
	provider, err := s.wayProvider(c, purpose)
	if err != nil {
		return err
	}
	if provider.Kind == app.ProviderLDAP {
		return s.showDirectory(c, http.StatusOK, views.DirectoryForm{Provider: provider, Purpose: purpose, Back: back})
	}
	address, err := s.portal.BeginSignIn(c.Request().Context(), portal.WayRequest{
		Visitor: s.visitor(c), Provider: provider.ID, Purpose: purpose, Redirect: s.callbackAddress(c), Back: back,
	})
	if err != nil {
		return s.refuseWay(c, purpose, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.to(address)
}

// wayProvider is the provider that the path names: any that is in use for those who enter, one of their own organizations' for those who link.
func (s *Server) wayProvider(c *call, purpose app.SignInPurpose) (app.Provider, error) {
	id, err := c.id()
	if err != nil {
		return app.Provider{}, err
	}
	if purpose == app.ToLink {
		return s.portal.LinkableProvider(c.Request().Context(), c.actor, id)
	}
	return s.portal.SignInProvider(c.Request().Context(), id)
}

// visitor is who asks, by a cookie of its own that lasts as long as a way may take.
func (s *Server) visitor(c *call) portal.Visitor {
	r := c.Request()
	browser := s.cookie(r, wayCookie)
	if len(browser) < 26 {
		browser = rand.Text()
	}
	s.setCookie(c, wayCookie, browser, s.now().Add(30*time.Minute))
	return portal.Visitor{Browser: browser, Address: c.actor.Address, Agent: r.UserAgent(), Host: r.Host, Session: c.actor.Session}
}

// callbackAddress is where a provider sends the browser back to: the seller's own host where that was asked, else the installation's.
func (s *Server) callbackAddress(c *call) string {
	host := c.Request().Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	base := s.cfg.BaseURL
	if b := c.page.Brand; b.Host != "" && strings.EqualFold(b.Host, host) {
		base = b.URL(base)
	}
	return strings.TrimSuffix(base, "/") + callbackPath
}

// signInCallback takes an OpenID provider's answer.
func (s *Server) signInCallback(c *call) error {
	query := c.query()
	entered, err := s.portal.FinishSignIn(c.Request().Context(), portal.WayAnswer{
		Visitor: s.visitor(c), State: clipped(query.Get("state")), Code: clipped(query.Get("code")), Issuer: clipped(query.Get("iss")),
		Error: clipped(query.Get("error")),
	})
	if err != nil {
		return s.refuseWay(c, app.ToEnter, err)
	}
	return s.entered(c, entered)
}

// clipped bounds what an address brings: no provider's code is longer.
func clipped(text string) string {
	if len(text) > 8000 {
		return ""
	}
	return text
}

// entered goes on to where a proof leads.
func (s *Server) entered(c *call, e portal.Entered) error {
	switch {
	case e.Further != (app.ID{}) && e.Purpose == app.ToLink:
		return c.to(string(views.LinkPath(e.Further)))
	case e.Further != (app.ID{}):
		return c.to(string(views.ProveAccountPath(e.Further)))
	}
	return s.welcome(c, e.SignedIn, e.Back)
}

// refuseWay says that nobody was signed in, and why, with a way back.
func (s *Server) refuseWay(c *call, purpose app.SignInPurpose, err error) error {
	status := statusOf(err)
	switch app.CodeOf(err) {
	case app.Forbidden, app.Conflict, app.Retryable, app.TooMany, app.NotFound, app.Unauthenticated:
	default:
		return err
	}
	if status == http.StatusUnauthorized {
		status = http.StatusForbidden
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		c.Response().Header().Set("Retry-After", "60")
	}
	if c.page.SignedIn() {
		purpose = app.ToLink
	}
	return c.show(status, views.NotSignedIn(c.titled("You are not signed in"), views.NotSignedInPage{
		Problem: words.Error(c.Request().Context(), err), Linking: purpose == app.ToLink,
	}))
}

func (s *Server) showDirectory(c *call, status int, form views.DirectoryForm) error {
	return c.show(status, views.DirectorySignIn(c.titled("Sign in with %s", form.Provider.Name), form))
}

// signInWithDirectory tries a name and a password at a directory.
func (s *Server) signInWithDirectory(c *call) error { return s.tryDirectory(c, app.ToEnter) }

func (s *Server) tryDirectory(c *call, purpose app.SignInPurpose) error {
	provider, err := s.wayProvider(c, purpose)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.DirectoryForm{Provider: provider, Purpose: purpose, Login: values.Get("login"), Back: localPath(values.Get("back"))}
	entered, err := s.portal.SignInByDirectory(ctx, portal.WayRequest{
		Visitor: s.visitor(c), Provider: provider.ID, Purpose: purpose, Back: form.Back, Login: form.Login, Password: values.Get("password"),
	})
	status := statusOf(err)
	switch app.CodeOf(err) {
	case "":
		return s.entered(c, entered)
	case app.Unauthenticated:
		status = http.StatusUnprocessableEntity
	case app.Forbidden, app.Conflict, app.Retryable, app.TooMany:
	default:
		return err
	}
	form.Problem = words.Error(ctx, err)
	return s.showDirectory(c, status, form)
}

// proveAccountPage asks somebody whom a provider has proved for the proof of the account that has the same e-mail address.
func (s *Server) proveAccountPage(c *call) error {
	return s.showProveAccount(c, http.StatusOK, "")
}

func (s *Server) showProveAccount(c *call, status int, problem string) error {
	waiting, err := s.waitingProof(c)
	if err != nil {
		return err
	}
	if c.page.SignedIn() {
		return c.to(string(views.LinkPath(waiting.ID)))
	}
	return c.show(status, views.ProveAccount(c.titled("You have an account already"), waiting, problem))
}

func (s *Server) waitingProof(c *call) (portal.Waiting, error) {
	id, err := c.id()
	if err != nil {
		return portal.Waiting{}, err
	}
	return s.portal.WaitingProof(c.Request().Context(), id, s.cookie(c.Request(), wayCookie))
}

// proveAccount signs in to the account itself, with every factor that it asks for, and goes on to the question whether to link both.
func (s *Server) proveAccount(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	waiting, err := s.waitingProof(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	in, err := s.portal.SignIn(ctx, portal.SignInRequest{
		Email: waiting.Email, Password: values.Get("password"), Address: c.actor.Address, Agent: c.Request().UserAgent(),
		Host: c.Request().Host, Device: s.cookie(c.Request(), deviceCookie),
	})
	switch app.CodeOf(err) {
	case "":
		return s.welcome(c, in, string(views.LinkPath(waiting.ID)))
	case app.Unauthenticated:
		return s.showProveAccount(c, http.StatusUnprocessableEntity, words.T(ctx, "This is not the password of your account here."))
	case app.Forbidden, app.TooMany:
		return s.showProveAccount(c, statusOf(err), words.Error(ctx, err))
	}
	return err
}

// signInOrganization leads the people of an organization to its own providers, by its short name.
func (s *Server) signInOrganization(c *call) error {
	page := views.OrganizationSignInPage{Name: c.query().Get("name"), Back: localPath(c.query().Get("back"))}
	if page.Name != "" {
		var err error
		if page.Providers, err = s.portal.SignInProvidersOf(c.Request().Context(), page.Name); err != nil {
			return err
		}
	}
	return c.show(http.StatusOK, views.OrganizationSignIn(c.titled("Sign in with your organization"), page))
}
