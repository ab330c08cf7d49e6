package program

import (
	"strings"

	"allotment/app/driver/hydra"
	"allotment/app/driver/openid"
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
