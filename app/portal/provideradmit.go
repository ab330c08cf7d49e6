package portal

import (
	"context"
	"encoding/json"
	"net/mail"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// enterByProvider is how the audit log calls what a provider's proof leads to. Nobody acts yet, so it asks for no permission.
var enterByProvider = verb{action: "provider.enter"}

// goOn does with a proof what its way was begun for. forgiven are the counts of the attempts that led here.
func (p *Portal) goOn(ctx context.Context, s store.StoredProvider, way store.SignIn, proven app.Proven, v Visitor, forgiven ...store.Limit) (Entered, error) {
	if err := acceptable(s, proven); err != nil {
		p.noteProvider(ctx, s, proven, v, err)
		return Entered{}, err
	}
	out := Entered{Purpose: way.Purpose, Back: way.Back}
	if way.Purpose == app.ToLink {
		out.Further = way.ID
		return out, p.keepProven(ctx, way, proven)
	}
	user, known, err := p.admitProven(ctx, s, proven, v)
	if err != nil {
		p.noteProvider(ctx, s, proven, v, err)
		return Entered{}, err
	}
	if !known {
		out.Further = way.ID
		return out, p.keepProven(ctx, way, proven)
	}
	if _, err := p.store.EndSignIn(ctx, way.ID); err != nil {
		return Entered{}, err
	}
	out.SignedIn, err = p.enter(ctx, user, proof{
		Method: string(s.Kind), Address: v.Address, Agent: v.Agent, Host: v.Host, Within: s.Organization, Strong: s.Rules.TrustSecond && proven.Strong,
		Weak: s.OrganizationKind != app.Operator,
	}, forgiven...)
	return out, err
}

// acceptable refuses a proof that cannot become a person here.
func acceptable(s store.StoredProvider, proven app.Proven) error {
	address, err := mail.ParseAddress(proven.Email)
	switch {
	case proven.Subject == "" || len(proven.Subject) > 255:
		return app.Errorf(app.Forbidden, "%s does not say by which name it knows you. Nothing was changed.", s.Name)
	case err != nil || address.Address != proven.Email || len(proven.Email) > 254:
		return app.Because(app.Forbidden, err, "%s does not say your e-mail address. Nothing was changed.", s.Name)
	case !s.Rules.AllowsEmail(proven.Email):
		return app.Errorf(app.Forbidden, "Your e-mail address is not of a domain that may enter by %s.", s.Name)
	}
	return nil
}

// admitProven finds or makes the person of a proof, and lets their role follow their groups. known is false when the e-mail address belongs
// to an account that is not linked: then both must be proved first. Nothing is changed in that case, nor with an error.
//
// Errors: Forbidden for those who may not enter.
func (p *Portal) admitProven(ctx context.Context, s store.StoredProvider, proven app.Proven, v Visitor) (user app.User, known bool, err error) {
	held, err := p.store.UserByEmail(ctx, proven.Email)
	if err != nil && app.CodeOf(err) != app.NotFound {
		return app.User{}, false, err
	}
	taken := err == nil
	stays, ask := true, false
	enter := func(tx *store.Tx) error {
		var identity app.ID
		identity, user, err = tx.IdentityOwner(ctx, s.ID, proven.Subject)
		switch {
		case err == nil && user.Disabled:
			return app.Errorf(app.Forbidden, "This account is closed. Please ask those who run %s.", s.OrganizationName)
		case err == nil:
			if err := tx.UseIdentity(ctx, identity, proven.Email, p.now()); err != nil {
				return err
			}
			before, after, err := p.followGroups(ctx, tx, s, user.ID, proven)
			stays = after != ""
			tx.Audit().Actor = user.ID
			tx.Note("member "+user.ID.String(), roleNote(s, before), roleNote(s, after))
			return err
		case app.CodeOf(err) != app.NotFound:
			return err
		case taken:
			ask = true
			tx.Note(providerTarget(s.ID), nil, map[string]string{"provider": s.Name, "asks": "proof of the account " + held.ID.String()})
			return nil
		}
		user, err = p.newcomer(ctx, tx, s, proven, v)
		return err
	}
	actor := app.System(s.Organization)
	actor.Name, actor.Address = proven.Email, v.Address
	if err := p.store.Write(ctx, actor, enterByProvider.action, p.now(), enter); err != nil {
		return app.User{}, false, err
	}
	if !stays {
		return app.User{}, false, app.Errorf(app.Forbidden, "You are in no group that may enter %s. Please ask those who run it.", s.OrganizationName)
	}
	return user, !ask, nil
}

// followGroups gives a known person the role of their groups, and returns it as it was before and is now; "" for no member. Owners are made
// and unmade by owners, so that no provider can leave an organization without one.
func (p *Portal) followGroups(ctx context.Context, tx *store.Tx, s store.StoredProvider, user app.ID, proven app.Proven) (before, after app.Role, err error) {
	if before, err = tx.MemberRole(ctx, user); err != nil {
		return "", "", err
	}
	after = before
	switch mapped := s.Rules.RoleFor(s.OrganizationKind, proven.Groups); {
	case before == app.OwnerOf(s.OrganizationKind):
	case len(s.Rules.Groups) > 0 && (before != "" || s.Rules.Creates):
		after = mapped
	case before == "" && s.Rules.Creates:
		after = mapped
	}
	if after != before {
		err = tx.FollowGroups(ctx, user, after, p.now())
	}
	return before, after, err
}

func roleNote(s store.StoredProvider, role app.Role) map[string]any {
	return map[string]any{"provider": s.Name, "role": role}
}

// newcomer makes a person whom nobody knew, where the rules want that.
func (p *Portal) newcomer(ctx context.Context, tx *store.Tx, s store.StoredProvider, proven app.Proven, v Visitor) (app.User, error) {
	role := s.Rules.RoleFor(s.OrganizationKind, proven.Groups)
	switch {
	case !s.Rules.Creates:
		return app.User{}, app.Errorf(app.Forbidden, "You have no account here yet. Please ask those who run %s to invite you.", s.OrganizationName)
	case role == "":
		return app.User{}, app.Errorf(app.Forbidden, "You are in no group that may enter %s. Please ask those who run it.", s.OrganizationName)
	case proven.EmailDenied:
		return app.User{}, app.Errorf(app.Forbidden, "%s has not confirmed your e-mail address yet. Please confirm it there first.", s.Name)
	}
	user := app.User{ID: app.NewID(), Email: proven.Email, Name: personName(proven), Language: "en"}
	if s.OrganizationKind == app.Operator && proven.EmailVerified { // others could say so of any address
		user.VerifiedAt = p.now()
	}
	if err := tx.InsertProvenUser(ctx, user, p.now()); err != nil {
		return app.User{}, err
	}
	if err := tx.FollowGroups(ctx, user.ID, role, p.now()); err != nil {
		return app.User{}, err
	}
	tx.Audit().Actor = user.ID
	tx.Note("member "+user.ID.String(), nil, map[string]any{"provider": s.Name, "user": user.ID, "email": user.Email, "role": role, "created": true})
	return user, tx.InsertIdentity(ctx, p.identity(s, user.ID, proven))
}

func (p *Portal) identity(s store.StoredProvider, user app.ID, proven app.Proven) app.Identity {
	return app.Identity{
		ID: app.NewID(), Organization: s.Organization, Provider: s.ID, Subject: proven.Subject, User: user, Email: proven.Email, LinkedAt: p.now(),
	}
}

// personName is what a person is called until they say otherwise.
func personName(proven app.Proven) string {
	name := plain(proven.Name)
	if name == "" {
		name, _, _ = strings.Cut(proven.Email, "@")
	}
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	return name
}

// keepProven seals what a provider said until the further proof has come.
func (p *Portal) keepProven(ctx context.Context, way store.SignIn, proven app.Proven) error {
	if len(proven.Groups) > 500 { // only those that decide are needed, and they are looked at first
		proven.Groups = slices.Clone(proven.Groups[:500])
	}
	data, err := json.Marshal(proven)
	if err != nil {
		return err
	}
	sealed, err := p.vault.Seal(string(data))
	if err != nil {
		return err
	}
	return p.store.KeepProven(ctx, way.ID, sealed, p.now().Add(wayFor))
}
