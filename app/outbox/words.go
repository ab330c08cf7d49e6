package outbox

import (
	"strings"
	"unicode/utf8"

	"allotment/app"
)

// longestProblem is how much of a mail server's words is kept, in bytes.
const longestProblem = 500

// MessageID derives a mail's Message-ID (RFC 5322 section 3.6.4) from its own ID, so that a repeat after a lost answer is known by it.
func MessageID(id app.ID, sender string) string {
	_, domain, ok := strings.Cut(sender, "@")
	if !ok {
		domain = "localhost"
	}
	return id.String() + "@" + domain
}

// clip keeps what a server said short, and text.
func clip(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= longestProblem {
		return text
	}
	cut := longestProblem
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
