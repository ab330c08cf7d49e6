package portal

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// MayAddPasskey reports whether the person may add a passkey now, before their device is asked to make one.
func (p *Portal) MayAddPasskey(_ context.Context, actor app.Actor) error {
	if err := p.allowed(actor, addPasskey); err != nil {
		return err
	}
	return p.havePasskeys()
}

// BeginNewPasskey begins to make a passkey on the person's device.
func (p *Portal) BeginNewPasskey(ctx context.Context, actor app.Actor) (Ceremony, error) {
	if err := p.allowed(actor, addPasskey); err != nil {
		return Ceremony{}, err
	}
	if err := p.havePasskeys(); err != nil {
		return Ceremony{}, err
	}
	user, err := p.store.User(ctx, actor.User)
	if err != nil {
		return Ceremony{}, err
	}
	h, err := p.holder(ctx, user)
	if err != nil {
		return Ceremony{}, err
	}
	options, data, err := p.passkeys.BeginRegistration(h, webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
	}), webauthn.WithExclusions(webauthn.Credentials(h.credentials).CredentialDescriptors()))
	return p.begin(ctx, options, data, err, store.Challenge{Kind: kindPasskeyNew, User: actor.User, Session: actor.Session})
}

// AddPasskey adds the passkey that the person's device made. It returns recovery codes when the person had none.
//
// Errors: Invalid at name; Gone when it took too long; Unauthenticated for an answer that is none.
func (p *Portal) AddPasskey(ctx context.Context, actor app.Actor, name, ceremony, passkey string) (codes []string, err error) {
	if err := p.allowed(actor, addPasskey); err != nil {
		return nil, err
	}
	if name, err = passkeyName(name); err != nil {
		return nil, err
	}
	credential, err := p.newCredential(ctx, actor, ceremony, passkey)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(credential)
	if err != nil {
		return nil, err
	}
	err = p.factorVerb(ctx, actor, addPasskey, "passkey.add", func(tx *store.Tx) error {
		key := app.Passkey{ID: app.NewID(), User: actor.User, Name: name, Credential: data, CreatedAt: p.now()}
		tx.Note("passkey "+key.ID.String(), nil, map[string]string{"name": name})
		if err := tx.InsertPasskey(ctx, key, credential.ID); err != nil {
			return err
		}
		codes, err = p.firstCodes(ctx, tx, actor.User)
		return err
	})
	return codes, err
}

func (p *Portal) newCredential(ctx context.Context, actor app.Actor, ceremony, passkey string) (*webauthn.Credential, error) {
	if err := p.havePasskeys(); err != nil {
		return nil, err
	}
	waiting, err := p.store.TakeChallenge(ctx, vault.Hash(ceremony), kindPasskeyNew, p.now())
	if err != nil || waiting.Session != actor.Session || waiting.User != actor.User {
		return nil, app.Because(app.Gone, err, "This took too long. Please try once more.")
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(waiting.Data, &session); err != nil {
		return nil, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(passkey))
	if err != nil {
		return nil, unusablePasskey(err)
	}
	user, err := p.store.User(ctx, actor.User)
	if err != nil {
		return nil, err
	}
	h, err := p.holder(ctx, user)
	if err != nil {
		return nil, err
	}
	credential, err := p.passkeys.CreateCredential(h, session, answer)
	if err != nil {
		return nil, unusablePasskey(err)
	}
	return credential, nil
}

func unusablePasskey(err error) error {
	return app.Because(app.Invalid, err, "This passkey cannot be used here. Please try another device.")
}

// RenamePasskey gives one of the person's passkeys another name.
//
// Errors: Invalid at name; NotFound.
func (p *Portal) RenamePasskey(ctx context.Context, actor app.Actor, id app.ID, name string) error {
	return p.do(ctx, actor, renamePasskey, func(tx *store.Tx) error {
		before, err := tx.PasskeyName(ctx, actor.User, id)
		if err != nil {
			return err
		}
		if name, err = passkeyName(name); err != nil {
			return err
		}
		tx.Note("passkey "+id.String(), map[string]string{"name": before}, map[string]string{"name": name})
		return tx.RenamePasskey(ctx, actor.User, id, name)
	})
}

// RemovePasskey removes one of the person's passkeys; with the last factor the recovery codes go too.
func (p *Portal) RemovePasskey(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.factorVerb(ctx, actor, removePasskey, "passkey.remove", func(tx *store.Tx) error {
		name, err := tx.DeletePasskey(ctx, actor.User, id)
		if err != nil {
			return err
		}
		tx.Note("passkey "+id.String(), map[string]string{"name": name}, nil)
		return p.dropCodes(ctx, tx, actor.User)
	})
}

func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 60 {
		return "", app.FieldError("name", "Please give it a name of at most 60 characters.")
	}
	return name, nil
}
