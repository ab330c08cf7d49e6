// Package vault keeps secrets: it encrypts them with age (https://age-encryption.org/v1) and derives one-time tokens, both from
// the installation's one key.
package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"filippo.io/age"
)

// Vault holds the installation's key. It is never written anywhere.
type Vault struct {
	identity *age.X25519Identity
	tokens   []byte // the key that tokens are derived from
}

// Open makes a vault from a key as NewKey writes it: an age identity, AGE-SECRET-KEY-1...
func Open(key string) (*Vault, error) {
	identity, err := age.ParseX25519Identity(key)
	if err != nil {
		return nil, fmt.Errorf("not an age key (AGE-SECRET-KEY-1...): make one with 'allotment admin key'")
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("allotment tokens v1"))
	return &Vault{identity: identity, tokens: mac.Sum(nil)}, nil
}

// NewKey makes a fresh key.
func NewKey() (string, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("age key: %w", err)
	}
	return identity.String(), nil
}

// Seal encrypts a value.
func (v *Vault) Seal(plain string) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, v.identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if _, err := io.WriteString(w, plain); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return out.Bytes(), nil
}

// Unseal decrypts what Seal made; it fails when the key is another one or the value was changed.
func (v *Vault) Unseal(sealed []byte) (string, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), v.identity)
	if err != nil {
		return "", fmt.Errorf("unseal: %w", err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("unseal: %w", err)
	}
	return string(plain), nil
}

// Token derives the token of a purpose for an ID: the same each time, so that it need not be stored, and unknown to whoever
// lacks the key. It is safe in a URL.
func (v *Vault) Token(purpose string, id [16]byte) string {
	mac := hmac.New(sha256.New, v.tokens)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write(id[:])
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Hash is what is stored of a token.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
