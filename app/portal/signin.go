package portal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// SignInRequest is what the sign-in form sends.
type SignInRequest struct {
	Email    string
	Password string
	Address  string // the client's address, for the rate limit
	Agent    string // the browser's own name, shown in the list of sessions
	Host     string // where the form stood; "" for the installation's own address
	Device   string // what an earlier sign-in gave the browser; "" for one that is not known
	// Invitation is the token of the link that they come by, "" for none: whoever belongs nowhere any more accepts it with this sign-in.
	Invitation string
}

// SignedIn is what came of a proof: a session, or the question for a second factor.
type SignedIn struct {
	app.Session        // the zero Session while a second factor is needed
	Challenge   string // names the sign-in that waits for SecondFactor; "" when there is a session
	Joined      bool   // the invitation that they came by was accepted on the way
	Device      string // lets this browser in past a limit that strangers have reached; "" while a second factor is needed
}

// Pending reports whether a second factor is needed before there is a session.
func (s SignedIn) Pending() bool { return s.Challenge != "" }

// proof is how and from where somebody has just proved who they are.
type proof struct {
	Method     string // password, passkey, oidc, ldap; with the second factor: password+totp
	Address    string
	Agent      string // the browser's own name
	Host       string // at which host name: a seller's own lets in its own people alone
	Invitation string // the token of SignInRequest.Invitation
	Within     app.ID // the organization whose provider proved it: the session reaches no other but those below; the zero ID for a proof of our own
	Strong     bool   // two factors were asked for there, and that counts here
	Weak       bool   // of a person with a proof of our own it counts for a session, not for the verbs that want to know once more who they are
}

const (
	challengeFor  = 10 * time.Minute // how long a sign-in waits for its second factor
	answersAtMost = 5                // wrong ones, before it has to begin anew
	kindSignIn    = "signin"
)

// SignIn takes a password. It needs no permission: it is the door.
//
// Errors: Unauthenticated, the same whether the account or the password is wrong; Forbidden for a person of no organization; TooMany after
// too many attempts.
func (p *Portal) SignIn(ctx context.Context, r SignInRequest) (SignedIn, error) {
	email := strings.ToLower(strings.TrimSpace(r.Email))
	if len(email) > 254 {
		email = ""
	}
	k := knocker{Account: p.account(email, r.Device), Address: r.Address}
	limits := doorSignIn.limits(k)
	counted, user, err := p.store.AtDoor(ctx, limits, email, p.now(), attemptWindow)
	if err != nil {
		return SignedIn{}, err
	}
	k.Person = user.ID
	if err := p.judge(ctx, doorSignIn, k, counted); err != nil {
		return SignedIn{}, err
	}
	ok, err := p.matches(ctx, r.Password, user)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok {
		why := app.Errorf(app.Unauthenticated, "The e-mail address or the password is not right.")
		p.noteRefusedSignIn(ctx, user, "password", r.Address, why)
		return SignedIn{}, why
	}
	if err := p.renewHash(ctx, r.Password, user); err != nil {
		return SignedIn{}, err
	}
	return p.enter(ctx, user, proof{Method: "password", Address: r.Address, Agent: r.Agent, Host: r.Host, Invitation: r.Invitation}, limits...)
}

// noteRefusedSignIn writes a refusal into the audit log of the person whose account it was. For an account that does not exist it takes as
// long and writes nothing.
func (p *Portal) noteRefusedSignIn(ctx context.Context, user app.User, method, address string, why error) {
	who := user.ID
	if who == (app.ID{}) {
		who = app.NewID()
	}
	after := refusal(why)
	after["method"] = method
	p.notePerson(ctx, store.PersonEntry{Person: who, Action: "session.open", Outcome: app.AuditRefused, After: after, Address: address})
}

// enter goes on after a proof of who somebody is: to a session, or to the question for a second factor where the person has one. Every way
// in ends here. A passkey is both factors in one. forgiven are the counts of the attempts that led here.
//
// Errors: Unauthenticated for a disabled person, Forbidden for a person of no organization.
func (p *Portal) enter(ctx context.Context, user app.User, how proof, forgiven ...store.Limit) (SignedIn, error) {
	memberships, factors, err := p.store.Standing(ctx, user.ID)
	if err != nil {
		return SignedIn{}, err
	}
	if memberships, err = p.atHost(ctx, user, how, memberships); err != nil {
		return SignedIn{}, err
	}
	how.Weak = how.Weak && (user.PasswordHash != "" || factors.Any()) // whoever has nothing else proves themselves by it alone
	if factors.Any() && how.Method != "passkey" && !how.Strong && !user.Disabled {
		return p.askSecond(ctx, user, how, forgiven)
	}
	return p.openSession(ctx, user, memberships, how, forgiven)
}

// admit opens the session after every proof that was asked for.
func (p *Portal) admit(ctx context.Context, user app.User, how proof, forgiven []store.Limit) (SignedIn, error) {
	memberships, err := p.store.Memberships(ctx, user.ID)
	if err != nil {
		return SignedIn{}, err
	}
	if memberships, err = p.atHost(ctx, user, how, memberships); err != nil {
		return SignedIn{}, err
	}
	return p.openSession(ctx, user, memberships, how, forgiven)
}

// askSecond keeps the proof until the second factor comes.
func (p *Portal) askSecond(ctx context.Context, user app.User, how proof, forgiven []store.Limit) (SignedIn, error) {
	data, err := json.Marshal(how)
	if err != nil {
		return SignedIn{}, err
	}
	token := secretToken()
	err = p.store.InsertChallenge(ctx, vault.Hash(token), store.Challenge{
		Kind: kindSignIn, User: user.ID, Data: data, ExpiresAt: p.now().Add(challengeFor),
	}, forgiven...)
	return SignedIn{Challenge: token}, err
}

func (p *Portal) openSession(ctx context.Context, user app.User, memberships []app.Membership, how proof, forgiven []store.Limit) (SignedIn, error) {
	if user.Disabled {
		return SignedIn{}, app.Errorf(app.Unauthenticated, "The e-mail address or the password is not right.")
	}
	joined := len(memberships) == 0 && how.Invitation != "" && how.Within == (app.ID{})
	if joined {
		var err error
		if memberships, err = p.joinsAtTheDoor(ctx, user, how); err != nil {
			return SignedIn{}, err
		}
	}
	acting := slices.IndexFunc(memberships, func(m app.Membership) bool { return how.Within == (app.ID{}) || m.Organization.ID == how.Within })
	if acting < 0 {
		return SignedIn{}, app.Errorf(app.Forbidden, "This account belongs to no organization yet.")
	}
	now := p.now()
	session := app.Session{
		Within: how.Within,
		ID:     app.NewID(), Token: secretToken(), User: user.ID, Address: how.Address, Agent: clip(strings.ToValidUTF8(how.Agent, "")), Method: how.Method,
		CreatedAt: now, SeenAt: now, ConfirmedAt: now, ExpiresAt: now.Add(p.cfg.SessionFor),
	}
	if how.Weak {
		session.ConfirmedAt = now.Add(-2 * confirmedFor)
	}
	entry := store.PersonEntry{
		Person: user.ID, At: now, Action: "session.open", Outcome: app.AuditDone, Target: "session " + session.ID.String(),
		After: map[string]string{"method": how.Method}, Address: how.Address,
	}
	err := p.store.OpenSession(ctx, vault.Hash(session.Token), session, memberships[acting].Organization.ID, forgiven, entry)
	return SignedIn{Session: session, Joined: joined, Device: p.newDevice(user.Email)}, err
}

// secretToken makes a secret of 256 bits that is safe in a cookie and a URL.
func secretToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// newDevice is what a browser keeps of a sign-in: strangers who use up an account's attempts do not use up those of its own browsers
// (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It proves nothing else.
func (p *Portal) newDevice(email string) string {
	id := app.NewID()
	return id.String() + "." + p.vault.Token("device "+email, id)
}

// account is whose attempts are counted: the account's, or those of a browser that has been in it before.
func (p *Portal) account(email, device string) string {
	name, mark, _ := strings.Cut(device, ".")
	id, err := app.ParseID(name)
	if err != nil || !equal(mark, p.vault.Token("device "+email, id)) {
		return email
	}
	return "device " + name
}
