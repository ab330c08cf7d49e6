package portal

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"allotment/app"
)

// passwordParams are OWASP's for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
var passwordParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// The length of a password: at least so many characters, at most so many bytes (NIST SP 800-63B asks for at least 64).
const (
	shortestPassword = 12
	longestPassword  = 1024
)

func hashersAtOnce() int64 { return int64(runtime.NumCPU()) }

// HashPassword hashes a password for storage. Whether it is a good one is checkPassword's affair.
func HashPassword(password string) (string, error) {
	hash, err := argon2id.CreateHash(normalPassword(password), passwordParams)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return hash, nil
}

// normalPassword is the same for each way in which a keyboard may write the same characters (NIST SP 800-63B section 5.1.1.2: NFKC).
func normalPassword(password string) string { return norm.NFKC.String(password) }

// checkPassword returns what is wrong with a new password at the form field: too short, too long, the person's own name or address, or
// one of those that are tried first. There are no other rules.
func checkPassword(field, password, email, name string) error {
	plain := normalPassword(password)
	switch {
	case utf8.RuneCountInString(plain) < shortestPassword:
		return app.FieldError(field, "Please choose a password of at least 12 characters.")
	case len(password) > longestPassword || len(plain) > longestPassword:
		return app.FieldError(field, "Please choose a shorter password.")
	case own(plain, email, name):
		return app.FieldError(field, "Please choose a password that is not your own name or address.")
	case commonPassword(plain):
		return app.FieldError(field, "This password is one of those that are tried first. Please choose another one.")
	}
	return nil
}

// own reports whether a password is the person's own name or address.
func own(password, email, name string) bool {
	plain := strings.ToLower(password)
	local, _, _ := strings.Cut(email, "@")
	for _, mine := range []string{email, local, name, strings.ReplaceAll(name, " ", "")} {
		if mine = strings.ToLower(normalPassword(strings.TrimSpace(mine))); mine != "" && (plain == mine || strings.Repeat(mine, len(plain)/len(mine)) == plain) {
			return true
		}
	}
	return false
}

// nobody is hashed against where there is no such account, so that the time taken does not tell.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$TzwXdfe0J4yAmAErtR0ENg$fMGGqIvWYgzUUh3PJqjYNCB7sAfgYL0LEjsIyVkB4Lg"

// matches compares a password with a user's; for a user who does not exist or has none it takes as long and says no.
func (p *Portal) matches(ctx context.Context, password string, user app.User) (bool, error) {
	if len(password) > longestPassword {
		password = ""
	}
	password = normalPassword(password)
	if err := p.hashing.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("sign in: %w", err)
	}
	defer p.hashing.Release(1)
	hash := user.PasswordHash
	if hash == "" {
		hash = nobody
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("sign in: %w", err)
	}
	return match && user.PasswordHash != "" && !user.Disabled, nil
}

// renewHash hashes a password that was right once more where it was hashed with other parameters than today's.
func (p *Portal) renewHash(ctx context.Context, password string, user app.User) error {
	params, _, _, err := argon2id.DecodeHash(user.PasswordHash)
	if err != nil || *params == *passwordParams {
		return err
	}
	hash, err := p.hash(ctx, password)
	if err != nil {
		return err
	}
	return p.store.SetPasswordHash(ctx, user.ID, hash)
}

// hash is HashPassword when there is room for it.
func (p *Portal) hash(ctx context.Context, password string) (string, error) {
	if err := p.hashing.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	defer p.hashing.Release(1)
	return HashPassword(password)
}
