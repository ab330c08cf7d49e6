package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// ceremonyFor is how long a browser may take to answer with a passkey.
const ceremonyFor = 5 * time.Minute

// The kinds of ceremonies: what one was begun for, it cannot be used for anything else.
const (
	kindPasskeySignIn = "passkey"
	kindPasskeyAnswer = "passkey answer" // of a person who is known: the second factor, a confirmation
	kindPasskeyNew    = "passkey new"
)

// Ceremony is what a browser needs to use a passkey or make one (W3C WebAuthn level 3).
type Ceremony struct {
	Token   string // names the ceremony when the answer comes
	Options []byte // JSON: the argument of navigator.credentials.get or create
}

// relyingParty makes the portal's side of passkeys: they belong to the host of its address. An address without a name (an IP address) cannot
// have passkeys, and there it is nil.
func relyingParty(address string) *webauthn.WebAuthn {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return nil
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Allotment", RPOrigins: []string{u.Scheme + "://" + u.Host}, AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil
	}
	return party
}

// PasskeyHost is the host whose passkeys are used, "" where there are none.
func (p *Portal) PasskeyHost() string {
	if p.passkeys == nil {
		return ""
	}
	return p.passkeys.Config.RPID
}

// holder is a person with their passkeys as the library wants them.
type holder struct {
	user        app.User
	credentials []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.user.ID[:] }
func (h holder) WebAuthnName() string                       { return h.user.Email }
func (h holder) WebAuthnDisplayName() string                { return h.user.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

func (p *Portal) holder(ctx context.Context, user app.User) (holder, error) {
	keys, err := p.store.Passkeys(ctx, user.ID)
	h := holder{user: user}
	for _, key := range keys {
		var c webauthn.Credential
		if err := json.Unmarshal(key.Credential, &c); err != nil {
			return holder{}, err
		}
		h.credentials = append(h.credentials, c)
	}
	return h, err
}

// BeginPasskey begins a sign-in with nothing but a passkey. It needs no permission: it is a door.
func (p *Portal) BeginPasskey(ctx context.Context, address string) (Ceremony, error) {
	if err := p.havePasskeys(); err != nil {
		return Ceremony{}, err
	}
	if err := p.knock(ctx, doorPasskey, knocker{Address: address}); err != nil {
		return Ceremony{}, err
	}
	options, session, err := p.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	return p.begin(ctx, options, session, err, store.Challenge{Kind: kindPasskeySignIn})
}

// BeginSecondPasskey begins the use of a passkey as the second factor of a sign-in that waits.
func (p *Portal) BeginSecondPasskey(ctx context.Context, challenge, address string) (Ceremony, error) {
	waiting, err := p.store.Challenge(ctx, vault.Hash(challenge), kindSignIn, p.now())
	if err != nil {
		return Ceremony{}, startAnew(err)
	}
	if err := p.knock(ctx, doorPasskey, knocker{Account: waiting.User.String(), Address: address, Person: waiting.User}); err != nil {
		return Ceremony{}, err
	}
	return p.askPasskey(ctx, waiting.User, app.ID{})
}

// BeginConfirmPasskey begins the use of a passkey to confirm who acts.
func (p *Portal) BeginConfirmPasskey(ctx context.Context, actor app.Actor) (Ceremony, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return Ceremony{}, err
	}
	return p.askPasskey(ctx, actor.User, actor.Session)
}

// askPasskey asks for one of a known person's passkeys.
func (p *Portal) askPasskey(ctx context.Context, id, session app.ID) (Ceremony, error) {
	if err := p.havePasskeys(); err != nil {
		return Ceremony{}, err
	}
	user, err := p.store.User(ctx, id)
	if err != nil {
		return Ceremony{}, err
	}
	h, err := p.holder(ctx, user)
	if err != nil {
		return Ceremony{}, err
	}
	if len(h.credentials) == 0 {
		return Ceremony{}, app.Errorf(app.Conflict, "This account has no passkey.")
	}
	options, data, err := p.passkeys.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationPreferred))
	return p.begin(ctx, options, data, err, store.Challenge{Kind: kindPasskeyAnswer, User: id, Session: session})
}

// begin keeps what the answer is checked against, and returns what the browser needs.
func (p *Portal) begin(ctx context.Context, options any, session *webauthn.SessionData, err error, c store.Challenge) (Ceremony, error) {
	if err != nil {
		return Ceremony{}, err
	}
	one := Ceremony{Token: secretToken()}
	if one.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, err
	}
	if c.Data, err = json.Marshal(session); err != nil {
		return Ceremony{}, err
	}
	c.ExpiresAt = p.now().Add(ceremonyFor)
	return one, p.store.InsertChallenge(ctx, vault.Hash(one.Token), c)
}

func (p *Portal) havePasskeys() error {
	if p.passkeys == nil {
		return app.Errorf(app.Conflict, "Passkeys cannot be used at this address.")
	}
	return nil
}

// PasskeyRequest is a browser's answer to BeginPasskey.
type PasskeyRequest struct {
	Ceremony string
	Passkey  string // JSON
	Address  string
	Agent    string
	Host     string // where the form stood; "" for the installation's own address
	// Invitation is that of SignInRequest.
	Invitation string
}

// SignInWithPasskey signs a person in who has shown a passkey, which is both factors in one: something they have, and the finger or PIN
// that unlocked it.
//
// Errors: Unauthenticated for a passkey that nobody has; Gone when it took too long; TooMany.
func (p *Portal) SignInWithPasskey(ctx context.Context, r PasskeyRequest) (SignedIn, error) {
	k := knocker{Address: r.Address}
	if err := p.knock(ctx, doorPasskey, k); err != nil {
		return SignedIn{}, err
	}
	session, answer, err := p.answer(ctx, r.Ceremony, kindPasskeySignIn, app.ID{}, r.Passkey)
	if err != nil {
		return SignedIn{}, err
	}
	find := func(_, handle []byte) (webauthn.User, error) {
		id, err := idOf(handle)
		if err != nil {
			return nil, err
		}
		user, err := p.store.User(ctx, id)
		if err != nil {
			return nil, err
		}
		return p.holder(ctx, user)
	}
	who, credential, err := p.passkeys.ValidatePasskeyLogin(find, session, answer)
	if err != nil {
		return SignedIn{}, unknownPasskey(err)
	}
	user := who.(holder).user
	if err := p.used(ctx, user, credential, r.Address); err != nil {
		return SignedIn{}, err
	}
	return p.enter(ctx, user, proof{Method: "passkey", Address: r.Address, Agent: r.Agent, Host: r.Host, Invitation: r.Invitation}, doorPasskey.limits(k)...)
}

// checkPasskey checks a known person's answer to askPasskey.
func (p *Portal) checkPasskey(ctx context.Context, user app.User, ceremony, passkey string) error {
	if err := p.havePasskeys(); err != nil {
		return err
	}
	session, answer, err := p.answer(ctx, ceremony, kindPasskeyAnswer, user.ID, passkey)
	if err != nil {
		return err
	}
	h, err := p.holder(ctx, user)
	if err != nil {
		return err
	}
	credential, err := p.passkeys.ValidateLogin(h, session, answer)
	if err != nil {
		return unknownPasskey(err)
	}
	return p.used(ctx, user, credential, "")
}

// answer ends a ceremony and reads the browser's answer to it.
func (p *Portal) answer(ctx context.Context, token, kind string, user app.ID, text string) (webauthn.SessionData, *protocol.ParsedCredentialAssertionData, error) {
	var session webauthn.SessionData
	waiting, err := p.store.TakeChallenge(ctx, vault.Hash(token), kind, p.now())
	if err != nil || waiting.User != user {
		return session, nil, app.Because(app.Gone, err, "This took too long. Please try once more.")
	}
	if err := json.Unmarshal(waiting.Data, &session); err != nil {
		return session, nil, err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(text))
	if err != nil {
		return session, nil, unknownPasskey(err)
	}
	return session, answer, nil
}

func unknownPasskey(err error) error {
	return app.Because(app.Unauthenticated, err, "This passkey is not known here.")
}

// used stores what a passkey's use changed, and warns when its counter went backwards.
func (p *Portal) used(ctx context.Context, user app.User, c *webauthn.Credential, address string) error {
	warned := c.Authenticator.CloneWarning
	c.Authenticator.CloneWarning = false
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if warned {
		p.notePerson(ctx, store.PersonEntry{Person: user.ID, Action: "passkey.copied", Outcome: app.AuditDone, Address: address})
	}
	return p.store.UsePasskey(ctx, c.ID, data, warned, p.now())
}

func idOf(handle []byte) (app.ID, error) {
	var id app.ID
	if copy(id[:], handle) != len(id) || len(handle) != len(id) || bytes.Equal(id[:], make([]byte, len(id))) {
		return id, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return id, nil
}
