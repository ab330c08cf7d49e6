package openid

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// keyring is the keys that sign ID tokens: RS256, which every app knows (OpenID Connect Core 1.0 section 15.1).
type keyring struct {
	store *store.Store
	vault *vault.Vault
	now   func() time.Time

	mu      sync.Mutex
	current *signingKey
	readAt  time.Time
}

// fresh is how long a process goes on with the key that it knows: an older one is still shown for much longer.
const fresh = time.Minute

// signingKey is the key that signs, opened. It implements op.SigningKey.
type signingKey struct {
	app.SigningKey
	private crypto.Signer
}

// SignatureAlgorithm implements op.SigningKey.
func (k *signingKey) SignatureAlgorithm() jose.SignatureAlgorithm {
	return jose.SignatureAlgorithm(k.Algorithm)
}

// Key implements op.SigningKey.
func (k *signingKey) Key() any { return k.private }

// ID implements op.SigningKey.
func (k *signingKey) ID() string { return k.SigningKey.ID.String() }

// publicKey is a key as apps see it. It implements op.Key.
type publicKey struct {
	app.SigningKey
	public any
}

// ID implements op.Key.
func (k publicKey) ID() string { return k.SigningKey.ID.String() }

// Algorithm implements op.Key.
func (k publicKey) Algorithm() jose.SignatureAlgorithm {
	return jose.SignatureAlgorithm(k.SigningKey.Algorithm)
}

// Use implements op.Key.
func (publicKey) Use() string { return "sig" }

// Key implements op.Key.
func (k publicKey) Key() any { return k.public }

// signing returns the key that signs. The first call of an installation makes it.
func (r *keyring) signing(ctx context.Context) (*signingKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil && r.now().Sub(r.readAt) < fresh && !r.now().Before(r.readAt) {
		return r.current, nil
	}
	newest, err := r.newest(ctx)
	if err != nil {
		return nil, err
	}
	if newest.ID == (app.ID{}) {
		if err := r.replace(ctx, newest); err != nil {
			return nil, err
		}
		if newest, err = r.newest(ctx); err != nil {
			return nil, err
		}
	}
	private, err := r.open(newest)
	if err != nil {
		return nil, err
	}
	r.current, r.readAt = &signingKey{newest, private}, r.now()
	return r.current, nil
}

// newest returns the key that signs as it is stored; the zero key where there is none yet.
func (r *keyring) newest(ctx context.Context) (app.SigningKey, error) {
	keys, err := r.store.SigningKeys(ctx, r.now())
	if err != nil || len(keys) == 0 || !keys[0].RetiredAt.IsZero() {
		return app.SigningKey{}, err
	}
	return keys[0], nil
}

// public returns the keys that apps are shown: the one that signs, and those before it until all that they signed is over.
func (r *keyring) public(ctx context.Context) ([]op.Key, error) {
	if _, err := r.signing(ctx); err != nil { // there is always one
		return nil, err
	}
	stored, err := r.store.SigningKeys(ctx, r.now())
	if err != nil {
		return nil, err
	}
	var keys []op.Key
	for _, k := range stored {
		public, err := x509.ParsePKIXPublicKey(k.Public)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
		}
		keys = append(keys, publicKey{k, public})
	}
	return keys, nil
}

// replace makes a fresh key sign in the place of old. Where another process was faster, its key stays.
func (r *keyring) replace(ctx context.Context, old app.SigningKey) error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	sealed, err := r.vault.Seal(base64.StdEncoding.EncodeToString(secret))
	if err != nil {
		return err
	}
	now := r.now()
	next := app.SigningKey{ID: app.NewID(), Algorithm: string(jose.RS256), Sealed: sealed, Public: public, CreatedAt: now}
	_, err = r.store.RotateSigningKey(ctx, old.ID, next, now.Add(showFor))
	return err
}

func (r *keyring) open(k app.SigningKey) (crypto.Signer, error) {
	text, err := r.vault.Unseal(k.Sealed)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	private, err := x509.ParsePKCS8PrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s: it cannot sign", k.ID)
	}
	return signer, nil
}

// forget makes the next call read the key anew.
func (r *keyring) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = nil
}
