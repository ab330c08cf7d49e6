package portal

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"unicode"
)

// common holds the 49,000 passwords that are tried first, each as the first five bytes of its SHA-256, sorted: see passwords/build.mjs. Among
// so many hashes of 40 bits, a password that is not in the list is taken for one that is in it once in 22 million.
//
//go:embed passwords/common.bin
var common string

const commonSize = 5 // bytes of a hash

// frill is how many digits and marks around a common password do not make it another one: "Password2024!".
const frill = 5

// commonPassword reports whether a password is one of those that are tried first: one of the list in any case, with a few digits or marks
// around it, or one that is repeated.
func commonPassword(password string) bool {
	plain := strings.ToLower(password)
	if listed(plain) {
		return true
	}
	word := strings.TrimFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(plain)-len(word) <= frill && listed(word) {
		return true
	}
	for size := 1; size <= len(plain)/2; size++ {
		if len(plain)%size == 0 && strings.Repeat(plain[:size], len(plain)/size) == plain && (size < 4 || listed(plain[:size])) {
			return true
		}
	}
	return false
}

// listed looks a password up in the list.
func listed(plain string) bool {
	sum := sha256.Sum256([]byte(plain))
	wanted := sum[:commonSize]
	at := func(i int) []byte { return []byte(common[i*commonSize : (i+1)*commonSize]) }
	n := len(common) / commonSize
	i := sort.Search(n, func(i int) bool { return bytes.Compare(at(i), wanted) >= 0 })
	return i < n && bytes.Equal(at(i), wanted)
}
