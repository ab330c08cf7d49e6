package catalog_test

import (
	"maps"
	"strings"
	"testing"

	"allotment/catalog"
)

func app(t *testing.T, id string) *catalog.App {
	t.Helper()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	found, ok := entries.App(id)
	if !ok {
		t.Fatalf("there is no app %q", id)
	}
	return found
}

// asking is an app with one question of each type.
func asking() *catalog.App {
	low, high := int64(1), int64(10)
	yes := catalog.Text{"en": "Yes", "nl": "Ja", "de": "Ja"}
	return &catalog.App{Questions: []catalog.Question{
		{ID: "domain", Type: catalog.QuestionDomain, Required: true},
		{ID: "mail", Type: catalog.QuestionEmail},
		{ID: "name", Type: catalog.QuestionText, MinLength: 2, MaxLength: 10, EditableAfter: true},
		{ID: "code", Type: catalog.QuestionText, Pattern: "[a-z]+|x", PatternHelp: catalog.Text{"en": "Letters only.", "nl": "Alleen letters.", "de": "Nur Buchstaben."}},
		{ID: "size", Type: catalog.QuestionNumber, Min: &low, Max: &high},
		{ID: "colour", Type: catalog.QuestionChoice, Default: "red", Choices: []catalog.Choice{{Value: "red", Label: yes}, {Value: "blue", Label: yes}}},
		{ID: "open", Type: catalog.QuestionBool},
	}}
}

func TestCheckAnswer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	cases := []struct{ field, value, want, message string }{
		{"domain", " Team.Example.ORG. ", "team.example.org", ""},
		{"domain", "bücher.example", "xn--bcher-kva.example", ""},
		{"domain", "xn--bcher-kva.example", "xn--bcher-kva.example", ""},
		{"domain", "straße.example", "xn--strae-oqa.example", ""},
		{"domain", "ＴＥＡＭ。example", "team.example", ""},
		{"domain", "", "", "fill this in"},
		{"domain", "   ", "", "fill this in"},
		{"domain", "localhost", "", "domain name"},
		{"domain", "192.0.2.1", "", "domain name"},
		{"domain", "0x7f.1", "", "domain name"},
		{"domain", "2001:db8::1", "", "domain name"},
		{"domain", "a..example", "", "domain name"},
		{"domain", ".example", "", "domain name"},
		{"domain", "-a.example", "", "domain name"},
		{"domain", "a_b.example", "", "domain name"},
		{"domain", "*.example", "", "domain name"},
		{"domain", "a b.example", "", "domain name"},
		{"domain", "a.example/path", "", "domain name"},
		{"domain", "a.example:80", "", "domain name"},
		{"domain", "https://a.example", "", "domain name"},
		{"domain", "xn--a.example", "", "domain name"},
		{"domain", long + "a.example", "", "domain name"},
		{"domain", strings.Repeat(long+".", 3) + long + ".org", "", "domain name"},
		{"domain", "a.example\x00", "", "invisible"},
		{"domain", "$(id).example", "", "domain name"},
		{"mail", "Anna@Example.ORG", "Anna@example.org", ""},
		{"mail", "a.b+c@example.org", "a.b+c@example.org", ""},
		{"mail", "", "", ""},
		{"mail", "anna", "", "mail address"},
		{"mail", "Anna <anna@example.org>", "", "mail address"},
		{"mail", `"a b"@example.org`, "", "mail address"},
		{"mail", "a@b@example.org", "", "mail address"},
		{"mail", ".a@example.org", "", "mail address"},
		{"mail", "a..b@example.org", "", "mail address"},
		{"mail", strings.Repeat("a", 65) + "@example.org", "", "mail address"},
		{"mail", "a@example.org,b@example.org", "", "mail address"},
		{"mail", "a@[192.0.2.1]", "", "mail address"},
		{"name", "  Anna  ", "Anna", ""},
		{"name", "ééééé ééé", "ééééé ééé", ""},
		{"name", "a", "", "at least 2"},
		{"name", "12345678901", "", "at most 10"},
		{"name", "a\nb", "", "invisible"},
		{"name", "a\u2028b", "", "invisible"},
		{"name", "a\u202eb", "", "invisible"},
		{"name", "a\x7fb", "", "invisible"},
		{"name", "a\xffb", "", "invisible"},
		{"name", "$(x)<y>", "$(x)<y>", ""},
		{"code", "abc", "abc", ""},
		{"code", "abc1", "", "Letters only."},
		{"code", "xx x", "", "Letters only."},
		{"size", "010", "10", ""},
		{"size", "0", "", "at least 1"},
		{"size", "11", "", "at most 10"},
		{"size", "1.5", "", "whole number"},
		{"size", "99999999999999999999", "", "whole number"},
		{"colour", "", "red", ""},
		{"colour", "blue", "blue", ""},
		{"colour", "green", "", "options"},
		{"open", "on", "true", ""},
		{"open", "", "false", ""},
		{"open", "perhaps", "", "yes or no"},
		{"extra", "1", "", "does not ask"},
	}
	for _, c := range cases {
		answers := map[string]string{"domain": "example.org"}
		answers[c.field] = c.value
		clean, problems := catalog.CheckAnswers(asking(), &catalog.Plan{}, answers)
		switch {
		case c.message == "" && len(problems) > 0:
			t.Errorf("%s %q: %v", c.field, c.value, problems)
		case c.message == "" && clean[c.field] != c.want:
			t.Errorf("%s %q became %q, want %q", c.field, c.value, clean[c.field], c.want)
		case c.message != "" && !strings.Contains(problems[c.field], c.message):
			t.Errorf("%s %q: the message is %q, want %q", c.field, c.value, problems[c.field], c.message)
		case c.message != "" && len(problems) != 1:
			t.Errorf("%s %q: other fields have problems too: %v", c.field, c.value, problems)
		case c.message != "" && clean[c.field] != "":
			t.Errorf("%s %q was refused, but %q stands in the clean answers", c.field, c.value, clean[c.field])
		}
	}
}

// TestCleanStaysClean: what was cleaned passes unchanged, so an order can be checked again at any time.
func TestCleanStaysClean(t *testing.T) {
	t.Parallel()
	given := map[string]string{"domain": "Bücher.Example.", "mail": "A@B.example", "name": " x y ", "code": "x", "size": "007", "open": "on"}
	once, problems := catalog.CheckAnswers(asking(), &catalog.Plan{}, given)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	twice, problems := catalog.CheckAnswers(asking(), &catalog.Plan{}, once)
	if len(problems) > 0 || !maps.Equal(once, twice) {
		t.Errorf("%v became %v, %v", once, twice, problems)
	}
}

func TestMessagesInEveryLanguage(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{"en": "Please fill this in.", "nl-BE": "Vul dit in.", "de": "Bitte füllen Sie dieses Feld aus.", "fr": "Please fill this in."} {
		_, problems := catalog.CheckAnswersIn(locale, asking(), &catalog.Plan{}, nil)
		if problems["domain"] != want {
			t.Errorf("%s: %q", locale, problems["domain"])
		}
	}
	_, problems := catalog.CheckAnswersIn("de", asking(), nil, map[string]string{"domain": "example.org", "code": "1", "name": "x"})
	want := map[string]string{
		"plan": "Bitte wählen Sie ein Paket.", "code": "Nur Buchstaben.", "name": "Bitte verwenden Sie mindestens 2 Zeichen.",
	}
	if !maps.Equal(problems, want) {
		t.Errorf("the problems are %v, want %v", problems, want)
	}
}

func TestCheckChange(t *testing.T) {
	t.Parallel()
	current := map[string]string{"domain": "example.org", "mail": "", "name": "Old", "code": "", "size": "", "colour": "red", "open": "false"}
	clean, problems := catalog.CheckChange("en", asking(), &catalog.Plan{}, current, map[string]string{"name": "New"})
	if len(problems) > 0 || clean["name"] != "New" || clean["domain"] != "example.org" {
		t.Errorf("a lawful change became %v, %v", clean, problems)
	}
	_, problems = catalog.CheckChange("en", asking(), &catalog.Plan{}, current, map[string]string{"domain": "other.example"})
	if !strings.Contains(problems["domain"], "cannot be changed") {
		t.Errorf("the domain of a service was changed: %v", problems)
	}
}

func TestFirstMailbox(t *testing.T) {
	t.Parallel()
	entry := app(t, "roundcube")
	for name, good := range map[string]bool{
		"anna": true, "anna.b-c_d": true, "7": true, "Anna": false, "a..b": false, ".a": false, "a.": false, "a@b": false, "a b": false, "é": false, "": false,
	} {
		_, problems := catalog.CheckAnswers(entry, &entry.Plans[0], map[string]string{"domain": "example.org", "mailbox": name})
		if (len(problems) == 0) != good {
			t.Errorf("%q: %v, want it taken %v", name, problems, good)
		}
	}
}
