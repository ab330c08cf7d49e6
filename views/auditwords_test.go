package views_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"allotment/views"
	"allotment/views/words"
)

var actionInSource = regexp.MustCompile(`(?:[aA]ction:\s*|verb\{)"([a-z_]+(?:\.[a-z_]+)+)"`)

// TestEveryActionHasWords finds every verb of the portal and wants words for it, and for its group, in every language.
func TestEveryActionHasWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../app/portal/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found, known := map[string]bool{}, views.AuditWords()
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range actionInSource.FindAllStringSubmatch(string(data), -1) {
			action := match[1]
			group, _, _ := strings.Cut(action, ".")
			found[action] = true
			if known[action] == "" || known[group+"."] == "" {
				t.Errorf("%s: the action %q or its group has no words: add it to auditActions and auditGroups", file, action)
			}
		}
	}
	if len(found) < 15 {
		t.Errorf("only %d actions were found: the search is broken", len(found))
	}
	for name, sentence := range known {
		for _, locale := range []string{"nl", "de"} {
			if !words.Known(locale, sentence) {
				t.Errorf("%s lacks %q, of %s", locale, sentence, name)
			}
		}
		if !strings.HasSuffix(name, ".") && !found[name] {
			t.Errorf("the action %q has words, and no verb has it", name)
		}
	}
}
