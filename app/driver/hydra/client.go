package hydra

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"allotment/app"
)

// client is a client as Hydra's admin API has it (RFC 7591 section 2; the rest is Hydra's own). Fields that are not here stay at Hydra's defaults.
type client struct {
	ID             string   `json:"client_id"`
	Name           string   `json:"client_name"`
	Secret         string   `json:"client_secret,omitempty"`
	RedirectURIs   []string `json:"redirect_uris"`
	PostLogoutURIs []string `json:"post_logout_redirect_uris,omitempty"`
	LogoutURI      string   `json:"backchannel_logout_uri,omitempty"`
	LogoutSession  bool     `json:"backchannel_logout_session_required,omitempty"`
	GrantTypes     []string `json:"grant_types"`
	ResponseTypes  []string `json:"response_types"`
	Scope          string   `json:"scope"`
	AuthMethod     string   `json:"token_endpoint_auth_method"`
	SkipConsent    bool     `json:"skip_consent"`
	Metadata       metadata `json:"metadata"`
}

// metadata is what Hydra keeps for us.
type metadata struct {
	Allotment mark `json:"allotment"`
}

type mark struct {
	Resource string `json:"resource,omitempty"`
	Secret   string `json:"secret,omitempty"` // SHA-256 of a secret that a machine made: nobody guesses it back
}

// The ways in which a client proves itself (RFC 7591 section 2).
const (
	authNone  = "none"
	authBasic = "client_secret_basic"
)

// wish is the client that spec wants. It is the operator's own, so nobody is asked to consent.
func wish(ref app.Ref, spec app.ClientSpec) client {
	c := client{
		ID: ref.Service.String(), Name: spec.Name, Secret: spec.Secret, RedirectURIs: spec.RedirectURIs, PostLogoutURIs: spec.PostLogoutURIs,
		LogoutURI: spec.LogoutURI, LogoutSession: spec.LogoutURI != "", GrantTypes: []string{"authorization_code", "refresh_token"},
		ResponseTypes: []string{"code"}, Scope: strings.Join(spec.Scopes, " "), AuthMethod: authBasic, SkipConsent: true,
		Metadata: metadata{mark{Resource: ref.Resource.String()}},
	}
	if spec.Public {
		c.AuthMethod = authNone
	} else {
		sum := sha256.Sum256([]byte(spec.Secret))
		c.Metadata.Allotment.Secret = hex.EncodeToString(sum[:])
	}
	return c
}

// sorted is the same client in one order, with nil for nothing.
func (c client) sorted() client {
	for _, list := range []*[]string{&c.RedirectURIs, &c.PostLogoutURIs, &c.GrantTypes, &c.ResponseTypes} {
		*list = slices.Sorted(slices.Values(*list))
	}
	c.Scope = strings.Join(slices.Sorted(strings.FieldsSeq(c.Scope)), " ")
	return c
}
