package portal

import (
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"allotment/app"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	cases := []struct {
		password string
		fine     bool
	}{
		{"correct horse battery", true},
		{"zwölf Zeichen", true},
		{"ヒカリノアルトコロヘイコ", true}, // twelve characters, not bytes
		{"elf Zeichen", false},
		{"", false},
		{"qwertyuiop123", false},
		{"QWERTYuiop123", false},
		{"password1234", false},
		{"Password2024!", false},
		{"passwordpassword", false},
		{"aaaaaaaaaaaaaa", false},
		{"abababababab", false},
		{"administrator", false},
		{"demo.person@example.test", false},
		{"Demo.Persondemo.person", false},
		{"Demo von Person", false},
		{"demovonperson", false},
		{"ａｄｍｉｎｉｓｔｒａｔｏｒ", false}, // the same after NFKC
		{strings.Repeat("x7 ", 300) + "y", true},
		{strings.Repeat("x7", 513), false},
		{"dragon 8492017495 at noon", true},
	}
	for _, c := range cases {
		err := checkPassword("password", c.password, "demo.person@example.test", "Demo von Person")
		if (err == nil) != c.fine || err != nil && app.FieldsOf(err)["password"] == "" {
			t.Errorf("%.40q: %v, want fine: %t", c.password, err, c.fine)
		}
	}
	if len(common)%commonSize != 0 || len(common)/commonSize < 49000 {
		t.Errorf("the list has %d bytes", len(common))
	}
}

// TestPasswordsAreNormal: the same characters are the same password, however a keyboard writes them.
func TestPasswordsAreNormal(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("zwo\u0308lf Zeichen lang")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := argon2id.ComparePasswordAndHash(normalPassword("zw\u00f6lf Zeichen lang"), hash); err != nil || !ok {
		t.Errorf("the other way to write it: %t (%v)", ok, err)
	}
	params, _, _, err := argon2id.DecodeHash(hash)
	if err != nil || params.Memory < 19*1024 || params.Iterations < 2 || params.Parallelism != 1 {
		t.Errorf("parameters %+v (%v), want at least OWASP's", params, err)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "rubbish": "rubbish",
	} {
		if got := network(address); got != want {
			t.Errorf("%s is counted as %s, want %s", address, got, want)
		}
	}
}
