package openid

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"allotment/app"
	"allotment/app/vault"
)

// box seals what the library wants sealed, codes and access tokens, with AES-256-GCM: what was changed on the way does not open. The library's own
// way would let it be changed. What is inside is worth nothing without the database, which has its hash.
type box struct{ aead cipher.AEAD }

func newBox(v *vault.Vault) box {
	block, err := aes.NewCipher(vault.Hash(v.Token("openid", app.ID{})))
	if err != nil {
		panic("openid: a SHA-256 is no AES key") // it has 32 bytes, always
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("openid: AES has no GCM")
	}
	return box{aead}
}

// Encrypt implements op.Crypto.
func (b box) Encrypt(plain string) (string, error) {
	nonce := make([]byte, b.aead.NonceSize())
	fillRandom(nonce)
	return base64.RawURLEncoding.EncodeToString(b.aead.Seal(nonce, nonce, []byte(plain), nil)), nil
}

// Decrypt implements op.Crypto.
func (b box) Decrypt(sealed string) (string, error) {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(data) < b.aead.NonceSize() {
		return "", errors.New("not one of ours")
	}
	plain, err := b.aead.Open(nil, data[:b.aead.NonceSize()], data[b.aead.NonceSize():], nil)
	return string(plain), err
}

// fillRandom never fails since Go 1.24: the program ends instead.
func fillRandom(b []byte) { _, _ = rand.Read(b) }
