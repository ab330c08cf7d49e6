package words_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

// manners are what no sentence of a language may hold: readers are addressed in one way, and VAT has one name.
var manners = map[string]*regexp.Regexp{
	"nl": regexp.MustCompile(`(?i)\b(je|jij|jou|jouw|jullie|jezelf)\b`),
	"de": regexp.MustCompile(`\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir|[Ee]uch|[Ee]uer\w*|MwSt)\b`),
}

// TestOneManner: Dutch and German readers are addressed politely everywhere, and no page calls VAT by two names.
func TestOneManner(t *testing.T) {
	t.Parallel()
	for locale, wrong := range manners {
		files, err := filepath.Glob(filepath.Join(locale, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatal(locale, files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sentences := map[string]any{}
			if err := yaml.Unmarshal(data, &sentences); err != nil {
				t.Fatal(file, err)
			}
			for sentence, said := range sentences {
				if found := wrong.FindString(textOf(said)); found != "" {
					t.Errorf("%s: %q says %q", file, sentence, found)
				}
			}
		}
	}
}

// textOf is a translation with all its plurals.
func textOf(said any) (text string) {
	switch said := said.(type) {
	case string:
		return said
	case map[string]any:
		for _, form := range said {
			text += " " + textOf(form)
		}
	}
	return text
}
