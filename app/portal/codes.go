package portal

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"allotment/app"
	"allotment/app/vault"
)

// One-time codes are those of RFC 6238 as every authenticator app makes them: six digits of SHA-1, a new one each 30 seconds.
const (
	codePeriod = 30 * time.Second
	codeWindow = 1 // steps to either side that are accepted (RFC 6238 section 5.2 recommends one)
	codeSight  = 4 // steps to either side in which a code is recognized, to tell that a clock is off; it is refused all the same
)

// recoveryCodes is how many codes a person gets for the day on which they have lost their second factor.
const recoveryCodes = 10

// checkCode accepts a one-time code or a recovery code, each only once, and says which it was: "totp" or "recovery".
//
// Errors: Invalid at code.
func (p *Portal) checkCode(ctx context.Context, user app.ID, code string) (string, error) {
	code = plainCode(code)
	if len(code) != otp.DigitsSix.Length() {
		return "recovery", p.spendRecoveryCode(ctx, user, code)
	}
	stored, err := p.store.TOTP(ctx, user)
	if app.CodeOf(err) == app.NotFound || err == nil && stored.ConfirmedAt.IsZero() {
		return "totp", wrongCode()
	}
	if err != nil {
		return "totp", err
	}
	secret, err := p.vault.Unseal(stored.Ciphertext)
	if err != nil {
		return "totp", err
	}
	step, err := stepOf(secret, code, p.now())
	if err != nil {
		return "totp", err
	}
	fresh, err := p.store.SpendStep(ctx, user, step)
	if err == nil && !fresh {
		err = app.FieldError("code", "This code was used already. Please wait for the next one.")
	}
	return "totp", err
}

func wrongCode() error { return app.FieldError("code", "This code is not right.") }

// stepOf returns the time step that a code is right for. A code of a near but wrong moment says what is the matter: the device's clock.
func stepOf(secret, code string, now time.Time) (int64, error) {
	here := now.Unix() / int64(codePeriod.Seconds())
	for _, off := range []int64{0, -1, 1, -2, 2, -3, 3, -4, 4} {
		step := here + off
		right, err := totp.GenerateCodeCustom(secret, time.Unix(step*int64(codePeriod.Seconds()), 0), totp.ValidateOpts{
			Period: uint(codePeriod.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		switch {
		case err != nil:
			return 0, err
		case !equal(right, code):
		case off < -codeWindow:
			return 0, app.FieldError("code", "The clock of the device that makes your codes is slow. Please let it set its time by itself, and try again.")
		case off > codeWindow:
			return 0, app.FieldError("code", "The clock of the device that makes your codes is fast. Please let it set its time by itself, and try again.")
		default:
			return step, nil
		}
	}
	return 0, wrongCode()
}

func (p *Portal) spendRecoveryCode(ctx context.Context, user app.ID, code string) error {
	spent, err := p.store.SpendRecoveryCode(ctx, user, vault.Hash(code), p.now())
	if err == nil && !spent {
		err = wrongCode()
	}
	return err
}

// newRecoveryCodes makes a set of codes of 80 bits each: as people read them, and their hashes. So many bits need no slow hash.
func newRecoveryCodes() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		var random [10]byte
		_, _ = rand.Read(random[:]) // never fails since Go 1.24
		code := strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
		hashes = append(hashes, vault.Hash(code))
	}
	return codes, hashes
}

// plainCode is a code without what people put between its parts.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "").Replace(strings.TrimSpace(code)))
}

// decodeSecret reads a secret as authenticator apps write it.
func decodeSecret(secret string) []byte {
	data, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return nil
	}
	return data
}

// grouped is a secret as people type it: in groups of four.
func grouped(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
