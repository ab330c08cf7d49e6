package catalog

import "strings"

// Text is wording in each of Languages, by language code.
type Text map[string]string

// Languages lists the languages that every Text of an entry has, the first being the one to fall back to.
func Languages() []string { return []string{"en", "nl", "de"} }

// In returns the wording for locale ("nl", "nl-BE", "nl_BE"), or the English one when there is none.
func (t Text) In(locale string) string {
	if words := t[language(locale)]; words != "" {
		return words
	}
	return t["en"]
}

// language is the language's part of a locale, in lower case.
func language(locale string) string {
	code, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	return code
}
