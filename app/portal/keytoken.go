package portal

import (
	"crypto/rand"
	"hash/crc32"
	"math/big"
	"strings"
)

// A key's token is allot_<prefix>_<secret><checksum>: ten characters that name it, 43 that hold 256 random bits, and the CRC-32 of all
// before it in six, all in base 62. The fixed beginning and the checksum let scanners for secrets find a token in a text and tell it from
// one that is none, without asking anybody.
const (
	tokenMark    = "allot_"
	prefixLength = 10
	secretLength = 43
	sumLength    = 6
	digits       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newToken makes a fresh token.
func newToken() (prefix, token string) {
	var name [8]byte
	var secret [32]byte
	_, _ = rand.Read(name[:]) // never fails since Go 1.24
	_, _ = rand.Read(secret[:])
	prefix = base62(name[:], prefixLength)
	head := tokenMark + prefix + "_" + base62(secret[:], secretLength)
	return prefix, head + checksum(head)
}

// prefixOf returns the prefix of a token; false for what is no token, or was mistyped.
func prefixOf(token string) (prefix string, ok bool) {
	const length = len(tokenMark) + prefixLength + 1 + secretLength + sumLength
	if len(token) != length || !strings.HasPrefix(token, tokenMark) || token[len(tokenMark)+prefixLength] != '_' {
		return "", false
	}
	head := token[:length-sumLength]
	return head[len(tokenMark) : len(tokenMark)+prefixLength], checksum(head) == token[length-sumLength:]
}

func checksum(head string) string {
	sum := crc32.ChecksumIEEE([]byte(head))
	return base62([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, sumLength)
}

// base62 writes a number in length digits, the last ones of it where it needs more.
func base62(number []byte, length int) string {
	n, base, rest := new(big.Int).SetBytes(number), big.NewInt(int64(len(digits))), new(big.Int)
	out := make([]byte, length)
	for i := length - 1; i >= 0; i-- {
		n.DivMod(n, base, rest)
		out[i] = digits[rest.Int64()]
	}
	return string(out)
}
