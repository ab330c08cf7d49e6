package portal

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of a person's own account.
var (
	updateAccount  = verb{action: "account.change", permission: app.SeeAccount, personal: true}
	changeEmail    = verb{action: "account.email", permission: app.SeeAccount, confirmed: true, personal: true}
	cancelEmail    = verb{action: "account.email_cancel", permission: app.SeeAccount, personal: true}
	verifyAgain    = verb{action: "account.verify_again", permission: app.SeeAccount, personal: true}
	changePassword = verb{action: "account.password", permission: app.SeeAccount, confirmed: true, personal: true}
)

// Account is a person as they see themselves.
type Account struct {
	User     app.User // without the hash of the password
	Password bool     // whether they have one here
	Factors  app.Factors
	Passkeys []app.Passkey
}

// Account returns the actor's own account.
func (p *Portal) Account(ctx context.Context, actor app.Actor) (Account, error) {
	var a Account
	err := actor.May(app.SeeAccount)
	if err != nil {
		return a, err
	}
	if a.User, err = p.store.User(ctx, actor.User); err != nil {
		return a, err
	}
	a.Password, a.User.PasswordHash = a.User.PasswordHash != "", ""
	if a.Factors, err = p.store.Factors(ctx, actor.User); err != nil {
		return a, err
	}
	a.Passkeys, err = p.store.Passkeys(ctx, actor.User)
	return a, err
}

// UpdateAccount changes how a person is called and in which language they read.
//
// Errors: Invalid at name, language.
func (p *Portal) UpdateAccount(ctx context.Context, actor app.Actor, name, language string) error {
	if err := p.allowed(actor, updateAccount); err != nil {
		return err
	}
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 120 {
		return app.FieldError("name", "Please give a name of at most 120 characters.")
	}
	if !slices.Contains([]string{"en", "nl", "de"}, language) {
		return app.FieldError("language", "Please choose one of the languages.")
	}
	return p.do(ctx, actor, updateAccount, func(tx *store.Tx) error {
		tx.Note("person "+actor.User.String(), map[string]string{"name": actor.Name}, map[string]string{"name": name, "language": language})
		return tx.UpdateUser(ctx, actor.User, name, language)
	})
}

// ChangeEmail begins a change of address: the new one gets a link that confirms it, the old one is told and can take it back. Until then
// nothing changes. Whether the new address has an account already is not told.
//
// Errors: Invalid at email.
func (p *Portal) ChangeEmail(ctx context.Context, actor app.Actor, email string) error {
	if err := p.allowed(actor, changeEmail); err != nil {
		return err
	}
	email, err := plainEmail(email)
	if err != nil {
		return err
	}
	user, err := p.store.User(ctx, actor.User)
	if err != nil {
		return err
	}
	if email == user.Email {
		return app.FieldError("email", "This is your address already.")
	}
	if err := p.knock(ctx, doorMail, knocker{Account: user.ID.String(), Address: actor.Address, Person: user.ID}); err != nil {
		return err
	}
	return p.do(ctx, actor, changeEmail, func(tx *store.Tx) error {
		tx.Note("person "+user.ID.String(), map[string]string{"email": user.Email}, map[string]string{"new_email": email})
		if err := tx.SetNewEmail(ctx, user.ID, email); err != nil {
			return err
		}
		return p.postAddressChange(ctx, tx, actor.Organization, user, email)
	})
}

// CancelEmail takes back a change of address that has not been confirmed.
func (p *Portal) CancelEmail(ctx context.Context, actor app.Actor) error {
	return p.do(ctx, actor, cancelEmail, func(tx *store.Tx) error {
		tx.Note("person "+actor.User.String(), nil, nil)
		if err := tx.SetNewEmail(ctx, actor.User, ""); err != nil {
			return err
		}
		return tx.DropLinks(ctx, actor.User, app.LinkVerify)
	})
}

// VerifyAgain sends the link that confirms the person's address once more: the new one where there is one.
func (p *Portal) VerifyAgain(ctx context.Context, actor app.Actor) error {
	if err := p.allowed(actor, verifyAgain); err != nil {
		return err
	}
	user, err := p.store.User(ctx, actor.User)
	if err != nil {
		return err
	}
	if err := p.knock(ctx, doorMail, knocker{Account: user.ID.String(), Address: actor.Address, Person: user.ID}); err != nil {
		return err
	}
	return p.do(ctx, actor, verifyAgain, func(tx *store.Tx) error {
		tx.Note("person "+user.ID.String(), nil, nil)
		email := user.NewEmail
		if email == "" {
			email = user.Email
		}
		if email == user.Email && !user.VerifiedAt.IsZero() {
			return app.Errorf(app.Conflict, "This address is confirmed already.")
		}
		return p.postVerify(ctx, tx, actor.Organization, user, email)
	})
}

// ChangePassword sets the person's own password and ends their other sessions. That it is them was confirmed before.
//
// Errors: Invalid at password.
func (p *Portal) ChangePassword(ctx context.Context, actor app.Actor, password string) error {
	if err := p.allowed(actor, changePassword); err != nil {
		return err
	}
	if err := checkPassword("password", password, actor.Email, actor.Name); err != nil {
		return err
	}
	hash, err := p.hash(ctx, password)
	if err != nil {
		return err
	}
	return p.factorVerb(ctx, actor, changePassword, "password", func(tx *store.Tx) error {
		if err := tx.SetPassword(ctx, actor.User, hash, p.now()); err != nil {
			return err
		}
		_, err := tx.EndSessionsOf(ctx, actor.User, actor.Session, "revoked", p.now())
		return err
	})
}

// plainEmail is an address as it is stored.
func plainEmail(text string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(text))
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email || len(email) > 254 {
		return "", app.FieldError("email", "Please give a valid e-mail address.")
	}
	return email, nil
}
