package catalog

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// Secret is a value that is generated for each service, kept encrypted, and given to the guest inside its order.
//
// Some names have a meaning for the planner: admin_password (the first administrator's), mail_password (the relay
// credential's), bind_password (the directory entry's), mailbox_password (the first mailbox's) and client_secret (the OpenID client's).
type Secret struct {
	Name      string `yaml:"name"`
	Generator string `yaml:"generator"`        // "password" (letters and digits that are hard to confuse), "hex", "token" (URL-safe) or "uuid"
	Length    int    `yaml:"length,omitempty"` // characters; of a uuid always 36
	Show      string `yaml:"show"`             // "once" to the tenant, or "never"
	Label     Text   `yaml:"label"`
}

// readable are the characters of a generated password: no 0, O, 1, l, I. There are 57, so 20 of them are 116 bits.
const readable = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// Generate returns a fresh value from the system's random source.
func (s *Secret) Generate() (string, error) {
	switch s.Generator {
	case "password":
		return password(s.Length), nil
	case "hex":
		return hex.EncodeToString(random((s.Length + 1) / 2))[:s.Length], nil
	case "token":
		return base64.RawURLEncoding.EncodeToString(random(s.Length))[:s.Length], nil
	case "uuid":
		return uuid.NewString(), nil
	}
	return "", fmt.Errorf("secret %s: no generator is called %q", s.Name, s.Generator)
}

// random returns n random bytes. crypto/rand.Read never fails (since Go 1.24 it ends the program instead).
func random(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data)
	return data
}

// password returns n readable characters, each as likely as the other: bytes beyond the last whole multiple are thrown away.
func password(n int) string {
	limit := byte(256 - 256%len(readable))
	out := make([]byte, 0, n)
	for len(out) < n {
		for _, b := range random(n) {
			if b < limit && len(out) < n {
				out = append(out, readable[int(b)%len(readable)])
			}
		}
	}
	return string(out)
}
