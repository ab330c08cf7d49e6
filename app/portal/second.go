package portal

import (
	"context"
	"encoding/json"

	"allotment/app"
	"allotment/app/vault"
)

// SecondFactorRequest is what the page of the second step sends: a code or a passkey's answer.
type SecondFactorRequest struct {
	Challenge string // of SignedIn
	Code      string // of an authenticator app, or a recovery code
	Ceremony  string // of BeginPasskey, with Passkey
	Passkey   string // the browser's answer, as JSON
	Address   string
	Device    string
}

// SecondFactors returns what the person of a sign-in that waits can answer with. It needs no permission: the challenge is one.
//
// Errors: Gone when the sign-in must begin anew.
func (p *Portal) SecondFactors(ctx context.Context, challenge string) (app.Factors, error) {
	waiting, err := p.store.Challenge(ctx, vault.Hash(challenge), kindSignIn, p.now())
	if err != nil {
		return app.Factors{}, startAnew(err)
	}
	return p.store.Factors(ctx, waiting.User)
}

// SecondFactor ends a sign-in that waits.
//
// Errors: Invalid at code; Gone when the sign-in must begin anew; TooMany.
func (p *Portal) SecondFactor(ctx context.Context, r SecondFactorRequest) (SignedIn, error) {
	waiting, err := p.store.TryChallenge(ctx, vault.Hash(r.Challenge), kindSignIn, p.now(), answersAtMost)
	if err != nil {
		return SignedIn{}, startAnew(err)
	}
	user, err := p.store.User(ctx, waiting.User)
	if err != nil {
		return SignedIn{}, err
	}
	var first proof
	if err := json.Unmarshal(waiting.Data, &first); err != nil {
		return SignedIn{}, err
	}
	k := knocker{Account: p.account(user.Email, r.Device), Address: r.Address, Person: user.ID}
	if err := p.knock(ctx, doorSecond, k); err != nil {
		return SignedIn{}, err
	}
	method, err := p.checkFactor(ctx, user, r.Code, r.Ceremony, r.Passkey)
	if err != nil {
		p.noteRefusedSignIn(ctx, user, first.Method+"+"+method, r.Address, err)
		return SignedIn{}, err
	}
	if _, err := p.store.TakeChallenge(ctx, vault.Hash(r.Challenge), kindSignIn, p.now()); err != nil {
		return SignedIn{}, startAnew(err)
	}
	both := proof{Method: first.Method + "+" + method, Address: r.Address, Agent: first.Agent, Host: first.Host, Within: first.Within, Invitation: first.Invitation}
	return p.admit(ctx, user, both, doorSecond.limits(k))
}

// checkFactor checks the one of the second factors that was given, and says which it was.
func (p *Portal) checkFactor(ctx context.Context, user app.User, code, ceremony, passkey string) (string, error) {
	if passkey != "" {
		return "passkey", p.checkPasskey(ctx, user, ceremony, passkey)
	}
	return p.checkCode(ctx, user.ID, code)
}

func startAnew(err error) error {
	if app.CodeOf(err) == app.NotFound {
		return app.Errorf(app.Gone, "This took too long, or was tried too often. Please sign in once more.")
	}
	return err
}
