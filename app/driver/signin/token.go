package signin

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"allotment/app"
)

// leeway is how far the provider's clock and ours may be apart.
const leeway = time.Minute

// claims is what a provider says of a person, in an ID token and at its userinfo endpoint.
type claims map[string]any

// verify holds the ID token against everything that OpenID Connect Core 1.0 section 3.1.3.7 asks for.
func (o *OpenID) verify(ctx context.Context, at *description, s app.OpenIDSettings, r app.OpenIDRequest, token *oauth2.Token) (claims, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, app.Errorf(app.Forbidden, "The provider's answer does not say who you are. Nothing was changed.")
	}
	// The times are looked at below, with a leeway in both directions.
	id, err := at.Verifier(&oidc.Config{ClientID: s.ClientID, SkipExpiryCheck: true}).Verify(ctx, raw)
	if err != nil {
		return nil, app.Because(app.Forbidden, err, "The provider's answer cannot be trusted: its signature, its sender or its addressee is not right. Nothing was changed.")
	}
	if id.Nonce == "" || id.Nonce != r.Nonce {
		return nil, app.Errorf(app.Forbidden, "The provider's answer belongs to another sign-in. Nothing was changed.")
	}
	said := claims{}
	if err := id.Claims(&said); err != nil {
		return nil, app.Because(app.Forbidden, err, "The provider's answer cannot be read. Nothing was changed.")
	}
	if party, named := said["azp"]; (named || len(id.Audience) > 1) && party != s.ClientID {
		return nil, app.Errorf(app.Forbidden, "The provider's answer was made for another client. Nothing was changed.")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, app.Because(app.Forbidden, err, "The provider's answer does not fit together. Nothing was changed.")
		}
	}
	return said, o.timely(id, said)
}

// timely refuses a token of the past or the future.
func (o *OpenID) timely(id *oidc.IDToken, said claims) error {
	now := o.now()
	const apart = "The provider's clock and ours are more than a minute apart, so its answer is not valid now. Nothing was changed; please tell those who run the provider."
	if id.Expiry.IsZero() || !now.Before(id.Expiry.Add(leeway)) || id.IssuedAt.After(now.Add(leeway)) || said.moment("nbf").After(now.Add(leeway)) {
		return app.Errorf(app.Forbidden, apart)
	}
	return nil
}

// complete asks the userinfo endpoint for what the ID token does not say. It must speak of the same person.
func (o *OpenID) complete(ctx context.Context, at *description, s app.OpenIDSettings, token *oauth2.Token, said claims) error {
	if said.text("email") != "" && said.at(groupsPath(s)) != nil || at.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := at.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return classifyDiscovery(err)
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return app.Because(app.Forbidden, err, "The provider's answer cannot be read. Nothing was changed.")
	}
	if info.Subject == "" || info.Subject != said.text("sub") { // section 5.3.2
		return app.Errorf(app.Forbidden, "The provider's answers speak of two people. Nothing was changed.")
	}
	for name, value := range more {
		if _, known := said[name]; !known {
			said[name] = value
		}
	}
	return nil
}

func (c claims) proven(s app.OpenIDSettings) app.Proven {
	verified, said := c["email_verified"]
	yes := verified == true || verified == "true"
	name := c.text("name")
	if name == "" {
		name = strings.TrimSpace(c.text("given_name") + " " + c.text("family_name"))
	}
	return app.Proven{
		Subject: c.text("sub"), Email: strings.ToLower(strings.TrimSpace(c.text("email"))), EmailVerified: yes, EmailDenied: said && !yes,
		Name: name, Groups: list(c.at(groupsPath(s))), Strong: c.strong(s.StrongACR),
	}
}

// factors are the ways of proof of RFC 8176 that are something one has or is, as opposed to something one knows.
var factors = []string{"otp", "hwk", "swk", "sms", "tel", "sc", "fpt", "face", "iris", "retina", "vbm"}

// strong reports whether the provider says that it asked for two factors.
func (c claims) strong(wanted string) bool {
	if wanted != "" && c.text("acr") == wanted {
		return true
	}
	methods := list(c["amr"])
	knows := slices.Contains(methods, "pwd") || slices.Contains(methods, "pin")
	has := slices.ContainsFunc(methods, func(m string) bool { return slices.Contains(factors, m) })
	return slices.Contains(methods, "mfa") || (knows && has)
}

func (c claims) text(name string) string {
	text, _ := c[name].(string)
	return text
}

func (c claims) moment(name string) time.Time {
	switch seconds := c[name].(type) {
	case float64:
		return time.Unix(int64(seconds), 0)
	case json.Number:
		n, _ := seconds.Int64()
		return time.Unix(n, 0)
	}
	return time.Time{}
}

// at follows a path of names: "realm_access.roles". A claim that itself has dots in its name comes first.
func (c claims) at(path string) any {
	if value, ok := c[path]; ok {
		return value
	}
	first, rest, nested := strings.Cut(path, ".")
	inner, _ := c[first].(map[string]any)
	if !nested || inner == nil {
		return nil
	}
	return claims(inner).at(rest)
}

// list reads one text or many.
func list(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, each := range v {
			if text, ok := each.(string); ok && len(all) < 10_000 {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

func groupsPath(s app.OpenIDSettings) string {
	if s.GroupsClaim == "" {
		return "groups"
	}
	return s.GroupsClaim
}
