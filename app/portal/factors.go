package portal

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of second factors: all of them are for the person alone, who has just proved that it is them.
var (
	beginTOTP     = verb{action: "totp.begin", permission: app.SeeAccount, confirmed: true, personal: true}
	confirmTOTP   = verb{action: "totp.add", permission: app.SeeAccount, confirmed: true, personal: true}
	removeTOTP    = verb{action: "totp.remove", permission: app.SeeAccount, confirmed: true, personal: true}
	renewCodes    = verb{action: "recovery.renew", permission: app.SeeAccount, confirmed: true, personal: true}
	addPasskey    = verb{action: "passkey.add", permission: app.SeeAccount, confirmed: true, personal: true}
	renamePasskey = verb{action: "passkey.rename", permission: app.SeeAccount, personal: true}
	removePasskey = verb{action: "passkey.remove", permission: app.SeeAccount, confirmed: true, personal: true}
)

// factorVerb runs a verb of the person's own security: its row goes into the log of each of their organizations, and they are told by mail.
// what names it in the mail.
func (p *Portal) factorVerb(ctx context.Context, actor app.Actor, v verb, what string, fn func(*store.Tx) error) error {
	err := p.do(ctx, actor, v, func(tx *store.Tx) error {
		tx.Note("person "+actor.User.String(), nil, nil)
		if err := fn(tx); err != nil {
			return err
		}
		return p.post(ctx, tx, app.Mail{
			Organization: actor.Organization, To: actor.Email, ToName: actor.Name, Language: actor.Language, Kind: app.MailSecurity,
			Data: map[string]string{"what": what, "address": actor.Address, "path": "/account/security"}, Key: "security " + app.NewID().String(),
		})
	})
	if err == nil {
		p.notePerson(ctx, store.PersonEntry{
			Person: actor.User, But: actor.Organization, Action: v.action, Outcome: app.AuditDone, Target: "person " + actor.User.String(), Address: actor.Address,
		})
	}
	return err
}

// Authenticator is what a person needs to set up their authenticator app.
type Authenticator struct {
	Secret string // base 32, in groups of four
	QR     string // a picture of it, as a data: address
}

// BeginTOTP makes a secret for one-time codes, which counts once its first code was typed.
//
// Errors: Conflict when there is one in use.
func (p *Portal) BeginTOTP(ctx context.Context, actor app.Actor) error {
	if err := p.allowed(actor, beginTOTP); err != nil {
		return err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Allotment", AccountName: actor.Email, Period: uint(codePeriod.Seconds()), SecretSize: 20})
	if err != nil {
		return err
	}
	sealed, err := p.vault.Seal(key.Secret())
	if err != nil {
		return err
	}
	return p.do(ctx, actor, beginTOTP, func(tx *store.Tx) error {
		tx.Note("person "+actor.User.String(), nil, nil)
		return tx.BeginTOTP(ctx, actor.User, sealed, p.now())
	})
}

// Authenticator returns the secret that BeginTOTP made, while it does not count yet.
//
// Errors: NotFound when there is none.
func (p *Portal) Authenticator(ctx context.Context, actor app.Actor) (Authenticator, error) {
	if err := p.allowed(actor, beginTOTP); err != nil {
		return Authenticator{}, err
	}
	secret, err := p.pendingSecret(ctx, actor.User)
	if err != nil {
		return Authenticator{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: "Allotment", AccountName: actor.Email, Period: uint(codePeriod.Seconds()), Secret: decodeSecret(secret),
	})
	if err != nil {
		return Authenticator{}, err
	}
	picture, err := qr(key)
	return Authenticator{Secret: grouped(secret), QR: picture}, err
}

func (p *Portal) pendingSecret(ctx context.Context, user app.ID) (string, error) {
	stored, err := p.store.TOTP(ctx, user)
	if err != nil {
		return "", err
	}
	if !stored.ConfirmedAt.IsZero() {
		return "", app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return p.vault.Unseal(stored.Ciphertext)
}

// ConfirmTOTP makes the secret count after a code of it was typed. It returns recovery codes when the person had none.
//
// Errors: Invalid at code; NotFound when nothing was begun.
func (p *Portal) ConfirmTOTP(ctx context.Context, actor app.Actor, code string) (codes []string, err error) {
	if err := p.allowed(actor, confirmTOTP); err != nil {
		return nil, err
	}
	secret, err := p.pendingSecret(ctx, actor.User)
	if err != nil {
		return nil, err
	}
	k := knocker{Account: actor.User.String(), Address: actor.Address, Person: actor.User}
	if err := p.knock(ctx, doorConfirm, k); err != nil {
		return nil, err
	}
	step, err := stepOf(secret, plainCode(code), p.now())
	if err != nil {
		return nil, err
	}
	err = p.factorVerb(ctx, actor, confirmTOTP, "totp.add", func(tx *store.Tx) error {
		if err := tx.ConfirmTOTP(ctx, actor.User, step, p.now()); err != nil {
			return err
		}
		codes, err = p.firstCodes(ctx, tx, actor.User)
		return err
	})
	if err != nil {
		return nil, err
	}
	return codes, p.forgive(ctx, doorConfirm, k)
}

// firstCodes gives a person recovery codes with their first factor.
func (p *Portal) firstCodes(ctx context.Context, tx *store.Tx, user app.ID) ([]string, error) {
	factors, err := tx.FactorsOf(ctx, user)
	if err != nil || factors.Codes > 0 {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	return codes, tx.ReplaceRecoveryCodes(ctx, user, hashes)
}

// RemoveTOTP ends the use of one-time codes; with the last factor the recovery codes go too.
func (p *Portal) RemoveTOTP(ctx context.Context, actor app.Actor) error {
	return p.factorVerb(ctx, actor, removeTOTP, "totp.remove", func(tx *store.Tx) error {
		if err := tx.DeleteTOTP(ctx, actor.User); err != nil {
			return err
		}
		return p.dropCodes(ctx, tx, actor.User)
	})
}

func (p *Portal) dropCodes(ctx context.Context, tx *store.Tx, user app.ID) error {
	factors, err := tx.FactorsOf(ctx, user)
	if err != nil || factors.Any() {
		return err
	}
	return tx.ReplaceRecoveryCodes(ctx, user, nil)
}

// RenewRecoveryCodes makes a new set of recovery codes; the old ones work no more. They are shown this once.
//
// Errors: Conflict for a person without a second factor.
func (p *Portal) RenewRecoveryCodes(ctx context.Context, actor app.Actor) ([]string, error) {
	codes, hashes := newRecoveryCodes()
	err := p.factorVerb(ctx, actor, renewCodes, "recovery.renew", func(tx *store.Tx) error {
		factors, err := tx.FactorsOf(ctx, actor.User)
		if err != nil {
			return err
		}
		if !factors.Any() {
			return app.Errorf(app.Conflict, "Recovery codes stand in for a second factor. Please set one up first.")
		}
		return tx.ReplaceRecoveryCodes(ctx, actor.User, hashes)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// qr draws a key as a QR code, in a picture that stands in the page itself.
func qr(key *otp.Key) (string, error) {
	picture, err := key.Image(240, 240)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes()), nil
}
