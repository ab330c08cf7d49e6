package vault_test

import (
	"bytes"
	"strings"
	"testing"

	"allotment/app/vault"
)

func open(t *testing.T) *vault.Vault {
	t.Helper()
	key, err := vault.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealAndUnseal(t *testing.T) {
	t.Parallel()
	v := open(t)
	for _, plain := range []string{"", "secret", strings.Repeat("long ", 50_000), "\x00\xff"} {
		sealed, err := v.Seal(plain)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 3 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the sealed value holds the plain one")
		}
		if got, err := v.Unseal(sealed); err != nil || got != plain {
			t.Errorf("unsealed %q (%v), want %q", got, err, plain)
		}
		if _, err := open(t).Unseal(sealed); err == nil {
			t.Error("another key opens it")
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := v.Unseal(sealed); err == nil {
			t.Error("a changed value opens")
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	v, id := open(t), [16]byte{1}
	token := v.Token("enrol", id)
	if token != v.Token("enrol", id) {
		t.Error("a token is not the same each time")
	}
	for name, other := range map[string]string{
		"another purpose": v.Token("report", id), "another ID": v.Token("enrol", [16]byte{2}), "another key": open(t).Token("enrol", id),
	} {
		if other == token {
			t.Errorf("%s gives the same token", name)
		}
	}
	if len(token) < 40 || strings.ContainsAny(token, "+/=") {
		t.Errorf("the token %q is short or does not fit into a URL", token)
	}
	if bytes.Equal(vault.Hash(token), []byte(token)) || !bytes.Equal(vault.Hash(token), vault.Hash(token)) {
		t.Error("what is stored of a token is not a hash of it")
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "secret", "AGE-SECRET-KEY-1EXAMPLE"} {
		if _, err := vault.Open(key); err == nil || (key != "" && strings.Contains(err.Error(), key)) {
			t.Errorf("the key %q: %v, want an error that does not repeat it", key, err)
		}
	}
}
