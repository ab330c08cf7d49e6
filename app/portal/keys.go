package portal

import (
	"context"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// The verbs of API keys. None of them can be reached with a key, so a key never makes another one.
var (
	createKey = verb{action: "key.create", permission: app.ManageKeys, confirmed: true, personal: true}
	rotateKey = verb{action: "key.rotate", permission: app.ManageKeys, confirmed: true, personal: true}
	revokeKey = verb{action: "key.revoke", permission: app.ManageKeys, personal: true}
)

// maxKeys is how many keys an organization may have that are not revoked.
const maxKeys = 100

// KeyRequest is what the form of a new key sends.
type KeyRequest struct {
	Name      string
	Role      app.Role
	ExpiresAt time.Time // zero: it does not expire
}

// KeyPage is one page of keys, newest first.
type KeyPage struct {
	Keys []app.Key
	Next string
}

// Keys returns a page of the organization's own keys, those that are revoked too. after is KeyPage.Next of the page before.
func (p *Portal) Keys(ctx context.Context, actor app.Actor, after string, limit int) (KeyPage, error) {
	if err := actor.May(app.ManageKeys); err != nil {
		return KeyPage{}, err
	}
	before, limit, err := pageOf(after, limit)
	if err != nil {
		return KeyPage{}, err
	}
	var page KeyPage
	err = p.see(ctx, actor, app.ManageKeys, func(tx *store.Tx) error {
		page.Keys, err = tx.Keys(ctx, before, limit+1)
		return err
	})
	if len(page.Keys) > limit {
		page.Keys = page.Keys[:limit]
		page.Next = page.Keys[limit-1].ID.String()
	}
	return page, err
}

// CreateKey makes a key for the organization and returns its token, which is known this once only. Its role may do no more than the
// actor's, and is never an owner's.
//
// Errors: Invalid at name, role, expires; Conflict at name when another key has it, and when there are too many.
func (p *Portal) CreateKey(ctx context.Context, actor app.Actor, r KeyRequest) (app.Key, string, error) {
	prefix, token := newToken()
	key := app.Key{
		ID: app.NewID(), Organization: actor.Organization, Prefix: prefix, Role: r.Role, CreatedBy: actor.User, CreatedByName: actor.Name,
		CreatedAt: p.now(), ExpiresAt: r.ExpiresAt,
	}
	err := p.do(ctx, actor, createKey, func(tx *store.Tx) error {
		fields := map[string]string{}
		var message string
		if key.Name, message = cleanName(r.Name); message != "" {
			fields["name"] = message
		}
		if !slices.Contains(app.KeyRoles(actor), r.Role) {
			fields["role"] = "Please choose one of the roles."
		}
		if !r.ExpiresAt.IsZero() && (!r.ExpiresAt.After(p.now()) || r.ExpiresAt.After(p.now().AddDate(5, 0, 0))) {
			fields["expires"] = "Please choose a moment within the next five years."
		}
		if len(fields) > 0 {
			const words = "Please look at the fields that are marked."
			return &app.Error{Code: app.Invalid, Message: words, Format: words, Fields: fields}
		}
		n, err := tx.CountKeys(ctx)
		if err != nil {
			return err
		}
		if n >= maxKeys {
			return app.Errorf(app.Conflict, "There are %d keys already. Please revoke one that is no longer needed.", n)
		}
		tx.Note("key "+key.ID.String(), nil, keyNote(key))
		return tx.InsertKey(ctx, key, vault.Hash(token))
	})
	if err != nil {
		return app.Key{}, "", err
	}
	return key, token, nil
}

// RotateKey gives a key another token, and returns it this once. The one before opens nothing from now on.
//
// Errors: NotFound; Conflict for a key that is revoked or has expired.
func (p *Portal) RotateKey(ctx context.Context, actor app.Actor, id app.ID) (app.Key, string, error) {
	var key app.Key
	prefix, token := newToken()
	err := p.do(ctx, actor, rotateKey, func(tx *store.Tx) (err error) {
		if key, err = tx.LockKey(ctx, id); err != nil {
			return err
		}
		before := keyNote(key)
		if !key.Usable(p.now()) {
			return app.Errorf(app.Conflict, "This key cannot be used any more. Please make a new one.")
		}
		if !actor.Role.Covers(key.Role) {
			return app.Errorf(app.Forbidden, "Your role does not allow this.")
		}
		key.Prefix = prefix
		tx.Note("key "+id.String(), before, keyNote(key))
		return tx.ReplaceKey(ctx, key, vault.Hash(token))
	})
	if err != nil {
		return app.Key{}, "", err
	}
	return key, token, nil
}

// RevokeKey ends a key for good: whoever uses it is refused from now on. A key that is revoked already is fine.
func (p *Portal) RevokeKey(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, revokeKey, func(tx *store.Tx) error {
		key, err := tx.LockKey(ctx, id)
		if err != nil {
			return err
		}
		tx.Note("key "+id.String(), keyNote(key), nil)
		if !key.RevokedAt.IsZero() {
			return nil
		}
		return tx.RevokeKey(ctx, key, p.now())
	})
}

// KeyActor returns who acts with a key's token. It needs no permission: it is the door. Wrong ones are limited for each address; a right
// one is let in all the same, so that nobody locks out their neighbours.
//
// Errors: Unauthenticated, the same whether the key is unknown, has expired or was revoked; TooMany after too many of these.
func (p *Portal) KeyActor(ctx context.Context, token, address string) (app.Actor, error) {
	if prefix, ok := prefixOf(token); ok {
		actor, err := p.store.KeyActor(ctx, prefix, vault.Hash(token), p.now())
		if app.CodeOf(err) != app.NotFound {
			actor.Address = address
			return actor, err
		}
	}
	if err := p.knock(ctx, doorKey, knocker{Address: address}); err != nil {
		return app.Actor{}, err
	}
	return app.Actor{}, app.Errorf(app.Unauthenticated, "This API key is not known, has expired or was revoked.")
}

// keyNote is what the audit log says of a key.
func keyNote(k app.Key) map[string]string {
	note := map[string]string{"name": k.Name, "role": string(k.Role), "prefix": k.Prefix}
	if !k.ExpiresAt.IsZero() {
		note["expires"] = k.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return note
}
