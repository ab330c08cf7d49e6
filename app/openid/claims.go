package openid

import (
	"context"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"allotment/app"
	"allotment/app/store"
)

// claims lists what tokens and userinfo may say.
func claims() []string {
	return []string{
		"sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "amr", "c_hash", "at_hash", "azp", "client_id", "sid", "preferred_username", "name",
		"locale", "email", "email_verified", "groups",
	}
}

// SetUserinfoFromRequest implements op.CanSetUserinfoFromRequest: what an ID token says of its person. sid names the sign-in, so that signing
// out of the app ends this one and no other.
func (s storage) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, asked op.IDTokenRequest, scopes []string) error {
	tokenRequest, ok := asked.(op.TokenRequest)
	if !ok {
		return errNotOffered
	}
	session, err := sessionOf(tokenRequest)
	if err != nil {
		return err
	}
	info.AppendClaims("sid", session.ID.String())
	return s.p.hidden(s.p.describe(ctx, info, session, scopes))
}

// describe says of a person what the scopes ask for. The name is that which the directory has too; the groups are those of this one service.
func (p *Provider) describe(ctx context.Context, info *oidc.UserInfo, session app.AppSession, scopes []string) error {
	var user app.User
	var uid string
	err := p.in(ctx, session.Organization, func(tx *store.Tx) (err error) {
		if user, err = tx.PersonByID(ctx, session.User); err != nil {
			return err
		}
		uid, err = tx.NameInApps(ctx, session.Organization, session.User, p.now())
		return err
	})
	if err != nil {
		return err
	}
	info.Subject = user.ID.String()
	if slices.Contains(scopes, app.ScopeProfile) {
		info.Name, info.PreferredUsername = user.Name, uid
		if tag, err := language.Parse(user.Language); err == nil {
			info.Locale = oidc.NewLocale(tag)
		}
	}
	if slices.Contains(scopes, app.ScopeEmail) {
		info.Email = user.Email
		info.AppendClaims("email_verified", !user.VerifiedAt.IsZero()) // said also where it is false, which the library leaves out
	}
	if slices.Contains(scopes, app.ScopeGroups) {
		level, _, err := p.access(ctx, session.Client, session.User)
		if err != nil {
			return err
		}
		info.AppendClaims("groups", groups(level))
	}
	return nil
}

// groups is never nil: an app is told that there are none.
func groups(level app.AccessLevel) []string { return append([]string{}, level.Groups()...) }
