package words_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/views/words"
)

// sentenceAt is which argument of each function is a sentence for people.
var sentenceAt = map[string]int{"T": 1, "titled": 0, "Errorf": 1, "Because": 2, "FieldError": 1}

// sentences collects every sentence for people in the packages that speak to them, with a place where it stands.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range []string{".", "..", "../../app", "../../app/web", "../../app/web/api", "../../app/web/dav", "../../app/portal", "../../app/exporter"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			tree, err := parser.ParseFile(fset, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if sentence := sentenceOf(call); sentence != "" {
						found[sentence] = fset.Position(call.Pos()).String()
					}
				}
				return true
			})
		}
	}
	return found
}

func sentenceOf(call *ast.CallExpr) string {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "fmt" {
			return ""
		}
		name = f.Sel.Name
	}
	at, ok := sentenceAt[name]
	if !ok || at >= len(call.Args) {
		return ""
	}
	literal, ok := call.Args[at].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	sentence, err := strconv.Unquote(literal.Value)
	if err != nil || strings.Trim(sentence, "%sdv .,:") == "" {
		return ""
	}
	return sentence
}

// TestEverySentenceIsTranslated fails with the sentences that a language lacks, ready to be copied.
func TestEverySentenceIsTranslated(t *testing.T) {
	t.Parallel()
	all := sentences(t)
	for m := time.January; m <= time.December; m++ {
		all[m.String()] = "moment.go"
	}
	if len(all) < 150 {
		t.Fatalf("only %d sentences were found: the search is broken", len(all))
	}
	for _, locale := range []string{"nl", "de"} {
		for sentence, place := range all {
			if !words.Known(locale, sentence) {
				t.Errorf("%s lacks %q (%s)", locale, sentence, place)
			}
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]`)

// TestVerbsAgree wants each translation to take the arguments that its sentence takes.
func TestVerbsAgree(t *testing.T) {
	t.Parallel()
	say := words.T
	for sentence := range sentences(t) {
		args := []any{}
		for _, v := range verb.FindAllString(sentence, -1) {
			if v == "%d" {
				args = append(args, 7)
			} else {
				args = append(args, "word")
			}
		}
		for _, locale := range words.Languages() {
			said := say(words.With(context.Background(), locale), strings.ReplaceAll(sentence, "%w", "%v"), args...)
			if strings.Contains(said, "%!") || (len(args) > 0 && !strings.Contains(said, "7") && !strings.Contains(said, "word")) {
				t.Errorf("%s: %q becomes %q", locale, sentence, said)
			}
		}
	}
}

func TestSay(t *testing.T) {
	t.Parallel()
	cases := []struct{ locale, sentence, want string }{
		{"en", "Sign in", "Sign in"},
		{"nl", "Sign in", "Aanmelden"},
		{"de", "Sign in", "Anmelden"},
		{"nl", "A sentence that nobody wrote.", "A sentence that nobody wrote."},
		{"xx", "Sign in", "Sign in"},
		{"en", "100% of it", "100% of it"},
	}
	for _, c := range cases {
		if got := words.Say(words.With(t.Context(), c.locale), c.sentence); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.locale, c.sentence, got, c.want)
		}
	}
	for n, want := range map[int]string{1: "1 processor", 2: "2 processors", 0: "0 processors"} {
		if got := words.T(t.Context(), "%d processors", n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	cases := []struct{ user, accept, want string }{
		{"", "", "en"}, {"nl", "de", "nl"}, {"", "de-CH, en;q=0.4", "de"}, {"", "fr, nl-BE;q=0.8, en;q=0.5", "nl"}, {"", "zh", "en"},
		{"rubbish!", "nl", "nl"}, {"", "\x00;;;q=x", "en"}, {"de-AT", "", "de"},
	}
	for _, c := range cases {
		if got := words.Match(c.user, c.accept); got != c.want {
			t.Errorf("user %q with %q reads %s, want %s", c.user, c.accept, got, c.want)
		}
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	nl := words.With(t.Context(), "nl")
	cases := []struct {
		err  error
		want string
	}{
		{app.Errorf(app.Forbidden, "Your role does not allow this."), "Uw rol staat dit niet toe."},
		{fmt.Errorf("outer: %w", app.Errorf(app.Forbidden, "Your role does not allow this.")), "Uw rol staat dit niet toe."},
		{app.Errorf(app.Conflict, "A sentence about %s that nobody translated.", "x"), "A sentence about x that nobody translated."},
		{errors.New("inner"), "Er ging bij ons iets stuk."},
		{app.Because(app.Internal, errors.New("inner"), "not for people"), "Er ging bij ons iets stuk."},
		{app.Errorf(app.Conflict, "This is %s now, so it cannot become %s.", "a", "b"), "Dit is nu a en kan dus niet b worden."},
	}
	for _, c := range cases {
		if got := words.Error(nl, c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	said := []string{}
	for _, locale := range words.Languages() {
		ctx := words.With(t.Context(), locale)
		said = append(said, words.Ago(ctx, now.Add(-time.Minute), now), words.Ago(ctx, now.Add(-50*time.Hour), now), words.Ago(ctx, now.AddDate(0, -2, 0), now),
			words.In(ctx, now.Add(25*time.Second), now), words.In(ctx, now.Add(-time.Hour), now))
	}
	want := []string{
		"1 minute ago", "2 days ago", "4 January 2026", "in 25 seconds", "any moment now",
		"1 minuut geleden", "2 dagen geleden", "4 januari 2026", "over 25 seconden", "nu elk moment",
		"vor 1 Minute", "vor 2 Tagen", "4. Januar 2026", "in 25 Sekunden", "jeden Moment",
	}
	if !slices.Equal(said, want) {
		t.Errorf("moments are said as %q", said)
	}
	for d, want := range map[time.Duration]string{0: "0:00", 83 * time.Second: "1:23", -time.Second: "0:00", 90 * time.Minute: "90:00"} {
		if got := words.Clock(d); got != want {
			t.Errorf("%v on the clock is %s, want %s", d, got, want)
		}
	}
}
