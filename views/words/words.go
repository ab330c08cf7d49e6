// Package words turns the English sentences of the program into the reader's language.
//
// A sentence is its own key: words.T(ctx, "There is nothing here yet."). Translations are in the folders nl and de, a file for each part
// of the house; en holds only sentences that English itself bends, such as plurals. A sentence that has no translation is shown in English.
package words

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"allotment/app"
)

// Languages lists the languages that pages can be read in, the first being the one to fall back to.
func Languages() []string { return []string{"en", "nl", "de"} }

var matcher = language.NewMatcher([]language.Tag{language.English, language.Dutch, language.German})

// Match chooses the language of a page: the user's own, else the best of the browser's Accept-Language header (RFC 9110 section
// 12.5.4), else English.
func Match(user, accept string) string {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		wanted = nil
	}
	if tag, err := language.Parse(user); err == nil && user != "" {
		wanted = append([]language.Tag{tag}, wanted...)
	}
	_, index, _ := matcher.Match(wanted...)
	return Languages()[index]
}

type localeKey struct{}

// With returns a context in which T speaks locale, one of Languages.
func With(ctx context.Context, locale string) context.Context {
	return context.WithValue(ctx, localeKey{}, locale)
}

// Locale returns the language of the context, "en" where none was set.
func Locale(ctx context.Context) string {
	if locale, ok := ctx.Value(localeKey{}).(string); ok {
		return locale
	}
	return "en"
}

// T returns the sentence in the context's language with its arguments put in, as fmt.Sprintf would.
func T(ctx context.Context, sentence string, args ...any) string {
	if len(args) == 0 {
		return Say(ctx, sentence)
	}
	locale := Locale(ctx)
	printer, ok := dictionary.printers[locale]
	if !ok {
		return fmt.Sprintf(sentence, args...)
	}
	return printer.Sprintf(message.Key(sentence, sentence), args...)
}

// Say returns a whole sentence that was written elsewhere, such as a step's message, in the context's language where it is known.
func Say(ctx context.Context, sentence string) string {
	if words, ok := dictionary.plain[Locale(ctx)][sentence]; ok {
		return words
	}
	return sentence
}

// Known reports whether locale has a translation of the sentence.
func Known(locale, sentence string) bool {
	_, plain := dictionary.plain[locale][sentence]
	return plain || dictionary.bent[locale][sentence]
}

// Error returns what a person may read of err, translated by the sentence that it was made from.
func Error(ctx context.Context, err error) string {
	var e *app.Error
	if !errors.As(err, &e) || e.Code == app.Internal {
		return T(ctx, "Something broke on our side.")
	}
	if len(e.Args) == 0 || !Known(Locale(ctx), e.Format) {
		return Say(ctx, e.Message)
	}
	return T(ctx, strings.ReplaceAll(e.Format, "%w", "%v"), e.Args...)
}

// Fields returns err's messages by form field, translated.
func Fields(ctx context.Context, err error) map[string]string {
	fields := map[string]string{}
	for name, sentence := range app.FieldsOf(err) {
		fields[name] = Say(ctx, sentence)
		if e := (*app.Error)(nil); errors.As(err, &e) && len(e.Args) > 0 && sentence == e.Message { // it has a name or number in it
			fields[name] = Error(ctx, err)
		}
	}
	return fields
}
