package drivertest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"allotment/app"
)

// machineWords are words of machines that a tenant has no use for.
var machineWords = []string{"tcp", "dial", "http", "https", "ldap", "ldaps", "imap", "sql", "sqlstate", "eof", "dn", "api", "rrset", "json", "pq", "nil"}

// checkWords wants a sentence that a tenant can read, and nothing in it of the machine behind.
func checkWords(t testing.TB, hidden []string, err error) {
	t.Helper()
	var e *app.Error
	if !errors.As(err, &e) {
		t.Errorf("the error has no words for a tenant: %v", err)
		return
	}
	words := e.Message
	if !strings.HasSuffix(words, ".") || words == "" || words[:1] != strings.ToUpper(words[:1]) {
		t.Errorf("not a sentence: %q", words)
	}
	for _, secret := range hidden {
		if strings.Contains(words, secret) {
			t.Errorf("%q tells %q", words, secret)
		}
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if slices.Contains(machineWords, word) {
			t.Errorf("%q is not for a tenant: %q", words, word)
		}
	}
}
