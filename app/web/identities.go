package web

import (
	"net/http"

	"allotment/app"
	"allotment/views"
)

// identityRoutes are what a person does with their accounts at providers.
func identityRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/account/identities", app.SeeAccount, s.identities},
		{get, "/account/identities/with/:id", app.SeeAccount, s.linkWith},
		{post, "/account/identities/with/:id", app.SeeAccount, s.linkWithDirectory},
		{get, "/account/identities/link/:id", app.SeeAccount, s.identityLinkPage},
		{post, "/account/identities/link/:id", app.SeeAccount, s.linkIdentity},
		{post, "/account/identities/:id/unlink", app.SeeAccount, s.unlinkIdentity},
	}
}

func (s *Server) identities(c *call) error {
	page, err := s.portal.Identities(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Identities(c.titled("Other ways to sign in"), page, c.query().Get("done") == "linked"))
}

// linkWith begins to link: what the provider proves is asked about before anything is linked, so that another site cannot do it.
func (s *Server) linkWith(c *call) error { return s.beginWay(c, app.ToLink, "") }

func (s *Server) linkWithDirectory(c *call) error { return s.tryDirectory(c, app.ToLink) }

// identityLinkPage asks whether to link what a provider has proved to the person who is signed in.
func (s *Server) identityLinkPage(c *call) error {
	waiting, err := s.waitingProof(c)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.LinkIdentity(c.titled("Link %s to your account?", waiting.Provider.Name), waiting))
}

func (s *Server) linkIdentity(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.LinkIdentity(c.Request().Context(), c.actor, id, s.cookie(c.Request(), wayCookie)); err != nil {
		return err
	}
	return c.to("/account/identities?done=linked")
}

func (s *Server) unlinkIdentity(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.UnlinkIdentity(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to("/account/identities")
}
