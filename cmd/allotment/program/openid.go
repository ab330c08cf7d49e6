package program

import (
	"context"
	"errors"
	"strings"

	"allotment/app/driver/hydra"
	"allotment/app/driver/openid"
	provider "allotment/app/openid"
	"allotment/app/portal"
	"allotment/app/provision"
	"allotment/app/store"
)

// clients is the driver of the OpenID provider: the operator's Hydra where one is configured, else the portal itself.
func (p *Program) clients() (provision.Clients, error) {
	c := p.Config.OpenID
	if c.HydraURL == "" {
		return openid.New(store.Clients{Store: p.Store}, p.Config.issuer()), nil
	}
	ca, err := pem("openid.hydra_ca", c.HydraCA)
	if err != nil {
		return nil, err
	}
	return hydra.New(hydra.Config{AdminURL: c.HydraURL, Issuer: c.HydraIssuer, Token: c.HydraToken, CA: ca})
}

// provider is the portal itself as an OpenID provider; nil where a Hydra takes its place.
func (p *Program) provider() (*provider.Provider, error) {
	if p.Config.OpenID.HydraURL != "" {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	return provider.New(p.Store, p.Vault, provider.Config{Issuer: p.Config.issuer()}, p.Log)
}

// careForKeys replaces an old signing key, and forgets sign-ins at apps that are over.
func (p *Program) careForKeys(ctx context.Context) error {
	own, err := p.provider()
	if err != nil || own == nil {
		return err
	}
	return own.Care(ctx)
}

// RotateKeysCommand makes a fresh signing key.
type RotateKeysCommand struct{}

// Run makes it. What the key before it signed counts until it is over by itself: nobody has to sign in anew.
func (RotateKeysCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	own, err := p.provider()
	if err != nil {
		return err
	}
	if own == nil {
		return errors.New("openid.hydra_url: a Hydra signs people in to apps; rotate its keys there")
	}
	return own.Rotate(ctx)
}

// issuer is what the portal calls itself in tokens: the address that people type.
func (c Config) issuer() string { return strings.TrimSuffix(c.Web.URL, "/") }

// openID is the provider as apps reach it. Of a Hydra they find all by discovery.
func (c Config) openID() (portal.OpenIDSite, error) {
	if c.OpenID.HydraURL != "" {
		return portal.OpenIDSite{}, nil
	}
	ca, err := pem("openid.guest_ca", c.OpenID.GuestCA)
	guests := c.issuer()
	if c.OpenID.GuestURL != "" {
		guests = strings.TrimSuffix(c.OpenID.GuestURL, "/")
	}
	return portal.OpenIDSite{
		AuthorizeURL: c.issuer() + "/oauth/authorize", LogoutURL: c.issuer() + "/oauth/logout", TokenURL: guests + "/oauth/token",
		UserinfoURL: guests + "/oauth/userinfo", KeysURL: guests + "/oauth/keys", CA: ca,
	}, err
}
