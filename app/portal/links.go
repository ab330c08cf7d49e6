package portal

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// How long the links in mails work.
const (
	verifyFor = 24 * time.Hour
	resetFor  = 30 * time.Minute
	undoFor   = 7 * 24 * time.Hour
)

// evenTime is how long an answer takes at least that must not tell whether an account exists.
const evenTime = 250 * time.Millisecond

// postLink puts a mail with a fresh link into the outbox. Only the link's hash is stored, and the mail's own text is encrypted until it is sent.
func (p *Portal) postLink(ctx context.Context, tx *store.Tx, m app.Mail, l app.Link, lasts time.Duration) error {
	token := secretToken()
	l.CreatedAt = p.now()
	l.ExpiresAt = l.CreatedAt.Add(lasts)
	if err := tx.InsertLink(ctx, vault.Hash(token), l); err != nil {
		return err
	}
	if m.Data == nil {
		m.Data = map[string]string{}
	}
	m.Data["path"] = "/" + string(l.Purpose) + "/" + token
	m.Key, m.Until = string(l.Purpose)+" "+hex.EncodeToString(vault.Hash(token)[:12]), l.ExpiresAt
	return p.post(ctx, tx, m)
}

func (p *Portal) postVerify(ctx context.Context, tx *store.Tx, organization app.ID, user app.User, email string) error {
	if email != user.Email {
		if taken, err := tx.EmailTaken(ctx, email); err != nil || taken {
			return err // its owner gets no mail for what somebody else does, and the one who asked learns nothing
		}
	}
	mail := app.Mail{Organization: organization, To: email, ToName: user.Name, Language: user.Language, Kind: app.MailVerify}
	return p.postLink(ctx, tx, mail, app.Link{Purpose: app.LinkVerify, User: user.ID, Email: email}, verifyFor)
}

// postAddressChange writes to both addresses of a person.
func (p *Portal) postAddressChange(ctx context.Context, tx *store.Tx, organization app.ID, user app.User, email string) error {
	if err := p.postVerify(ctx, tx, organization, user, email); err != nil {
		return err
	}
	mail := app.Mail{
		Organization: organization, To: user.Email, ToName: user.Name, Language: user.Language, Kind: app.MailAddress, Data: map[string]string{"email": email},
	}
	return p.postLink(ctx, tx, mail, app.Link{Purpose: app.LinkUndo, User: user.ID, Email: user.Email}, undoFor)
}

// Forgot sends a link by which a person sets a new password. The answer and its time are the same whether or not there is such an account.
// It needs no permission: it is a door.
//
// Errors: TooMany.
func (p *Portal) Forgot(ctx context.Context, email, address string) error {
	defer p.evenly(ctx, time.Now())
	email = strings.ToLower(strings.TrimSpace(email))
	counted, user, err := p.store.AtDoor(ctx, doorMail.limits(knocker{Account: clip(email), Address: address}), email, p.now(), attemptWindow)
	if err != nil {
		return err
	}
	if err := p.judge(ctx, doorMail, knocker{Person: user.ID, Address: address}, counted); err != nil {
		return err
	}
	if user.ID == (app.ID{}) || user.Disabled || user.PasswordHash == "" {
		return nil // nobody, or somebody who signs in elsewhere
	}
	memberships, err := p.store.Memberships(ctx, user.ID)
	if err != nil || len(memberships) == 0 {
		return err
	}
	return p.atDoor(ctx, user, memberships[0].Organization.ID, "account.forgot", address, func(tx *store.Tx) error {
		return p.postReset(ctx, tx, memberships[0].Organization.ID, user)
	})
}

func (p *Portal) postReset(ctx context.Context, tx *store.Tx, organization app.ID, user app.User) error {
	mail := app.Mail{Organization: organization, To: user.Email, ToName: user.Name, Language: user.Language, Kind: app.MailReset}
	return p.postLink(ctx, tx, mail, app.Link{Purpose: app.LinkReset, User: user.ID, Email: user.Email}, resetFor)
}

// evenly waits until an answer has taken as long as it always does.
func (p *Portal) evenly(ctx context.Context, since time.Time) {
	select {
	case <-ctx.Done():
	case <-time.After(evenTime - time.Since(since)):
	}
}

// CheckLink reports whether a link can still be used, without using it: those who scan mails for harmful links open them too.
//
// Errors: Gone when it cannot.
func (p *Portal) CheckLink(ctx context.Context, purpose app.LinkPurpose, token, address string) (app.Link, error) {
	if err := p.knock(ctx, doorLink, knocker{Address: address}); err != nil {
		return app.Link{}, err
	}
	link, err := p.store.Link(ctx, vault.Hash(token), purpose, p.now())
	if app.CodeOf(err) == app.NotFound {
		return link, app.Errorf(app.Gone, "This link has been used, or is too old. You can ask for another one.")
	}
	return link, err
}

// useLink uses a link: what it does is fn's, in the same transaction.
func (p *Portal) useLink(ctx context.Context, purpose app.LinkPurpose, token, action, address string, fn func(*store.Tx, app.Link, app.User, app.ID) error) error {
	link, err := p.CheckLink(ctx, purpose, token, address)
	if err != nil {
		return err
	}
	user, err := p.store.User(ctx, link.User)
	if err != nil {
		return err
	}
	memberships, err := p.store.Memberships(ctx, user.ID)
	if err != nil {
		return err
	}
	if len(memberships) == 0 || user.Disabled {
		return app.Errorf(app.Gone, "This link has been used, or is too old. You can ask for another one.")
	}
	organization := memberships[0].Organization.ID
	err = p.atDoor(ctx, user, organization, action, address, func(tx *store.Tx) error {
		if err := tx.SpendLink(ctx, vault.Hash(token), p.now()); err != nil {
			return app.Because(app.Gone, err, "This link has been used, or is too old. You can ask for another one.")
		}
		return fn(tx, link, user, organization)
	})
	if err != nil {
		return err
	}
	return p.forgive(ctx, doorLink, knocker{Address: address})
}

// ResetPassword sets a new password with a link, and ends all of the person's sessions. It signs nobody in: the second factor is asked for as
// ever.
//
// Errors: Invalid at password; Gone for a link that cannot be used.
func (p *Portal) ResetPassword(ctx context.Context, token, password, address string) error {
	link, err := p.CheckLink(ctx, app.LinkReset, token, address)
	if err != nil {
		return err
	}
	person, err := p.store.User(ctx, link.User)
	if err != nil {
		return err
	}
	if err := checkPassword("password", password, person.Email, person.Name); err != nil {
		return err
	}
	hash, err := p.hash(ctx, password)
	if err != nil {
		return err
	}
	return p.useLink(ctx, app.LinkReset, token, "account.reset", address, func(tx *store.Tx, link app.Link, user app.User, organization app.ID) error {
		if link.Email != user.Email {
			return app.Errorf(app.Gone, "This link has been used, or is too old. You can ask for another one.")
		}
		if err := tx.SetPassword(ctx, user.ID, hash, p.now()); err != nil {
			return err
		}
		if _, err := tx.EndSessionsOf(ctx, user.ID, app.ID{}, "reset", p.now()); err != nil {
			return err
		}
		return p.post(ctx, tx, app.Mail{
			Organization: organization, To: user.Email, ToName: user.Name, Language: user.Language, Kind: app.MailSecurity,
			Data: map[string]string{"what": "password", "address": address, "path": "/account/security"}, Key: "security " + app.NewID().String(),
		})
	})
}

// VerifyEmail confirms an address with a link that was sent to it. A new address takes the old one's place.
//
// Errors: Gone for a link that cannot be used; Conflict when the address has another account by now.
func (p *Portal) VerifyEmail(ctx context.Context, token, address string) error {
	return p.useLink(ctx, app.LinkVerify, token, "account.verify", address, func(tx *store.Tx, link app.Link, user app.User, _ app.ID) error {
		if link.Email != user.Email && link.Email != user.NewEmail {
			return app.Errorf(app.Gone, "This link has been used, or is too old. You can ask for another one.")
		}
		return tx.VerifyEmail(ctx, user.ID, link.Email, p.now())
	})
}

// UndoEmail takes back a change of address, with the link that the old address got. Whoever made it is out: all sessions end, the password
// works no more, and the old address gets a link to set another one.
//
// Errors: Gone for a link that cannot be used.
func (p *Portal) UndoEmail(ctx context.Context, token, address string) error {
	unknown, err := p.hash(ctx, secretToken())
	if err != nil {
		return err
	}
	return p.useLink(ctx, app.LinkUndo, token, "account.email_undo", address, func(tx *store.Tx, link app.Link, user app.User, organization app.ID) error {
		if err := tx.VerifyEmail(ctx, user.ID, link.Email, p.now()); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, user.ID, unknown, p.now()); err != nil {
			return err
		}
		if _, err := tx.EndSessionsOf(ctx, user.ID, app.ID{}, "reset", p.now()); err != nil {
			return err
		}
		if err := tx.DropLinks(ctx, user.ID, app.LinkVerify); err != nil {
			return err
		}
		user.Email = link.Email
		return p.postReset(ctx, tx, organization, user)
	})
}

// atDoor runs a transaction for a person who acts for no organization yet, and writes its row into the audit log of each of theirs.
func (p *Portal) atDoor(ctx context.Context, user app.User, organization app.ID, action, address string, fn func(*store.Tx) error) error {
	return p.store.InTenant(ctx, app.System(organization), func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.AuditPerson(ctx, store.PersonEntry{
			Person: user.ID, At: p.now(), Action: action, Outcome: app.AuditDone, Target: "person " + user.ID.String(), Address: address,
		})
	})
}
