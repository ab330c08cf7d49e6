package catalog

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	idPattern   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	nameInForms = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
)

func fieldType[T any]() reflect.Type { return reflect.TypeFor[T]() }

func (l *linter) checkNames() {
	if l.app.ID != l.folder {
		l.reportf("id", "the entry is called %q but its folder %q", l.app.ID, l.folder)
	}
	if !idPattern.MatchString(l.app.ID) {
		l.reportf("id", "%q must be lower-case letters, digits and hyphens, at most 31", l.app.ID)
	}
	if strings.TrimSpace(l.app.Name) == "" {
		l.reportf("name", "it is empty")
	}
	if !slices.Contains(Categories(), l.app.Category) {
		var known []string
		for _, category := range Categories() {
			known = append(known, string(category))
		}
		l.oneOf(string(l.app.Category), known, "category")
	}
	l.oneOf(l.app.IdentityDomain, []string{"mutable", "immutable"}, "identity_domain")
}

// checkTexts walks the manifest by its Go types and checks that every Text has every language and no other.
func (l *linter) checkTexts(node *yaml.Node, t reflect.Type, where string) {
	switch {
	case t == fieldType[Text]():
		l.checkText(node, where)
	case t.Kind() == reflect.Pointer:
		l.checkTexts(node, t.Elem(), where)
	case t.Kind() == reflect.Slice:
		for i, item := range node.Content {
			l.checkTexts(item, t.Elem(), fmt.Sprintf("%s[%d]", where, i))
		}
	case t.Kind() == reflect.Struct:
		for _, f := range fieldsOf(t) {
			if found := child(node, f.name); found != nil {
				l.checkTexts(found.value, f.kind, join(where, f.name))
			}
		}
	}
}

func (l *linter) checkText(node *yaml.Node, where string) {
	for _, language := range Languages() {
		found := child(node, language)
		if found == nil {
			l.add(node.Line, "%s lacks the translation %q", where, language)
		} else if strings.TrimSpace(found.value.Value) == "" {
			l.add(found.line, "%s: the translation %q is empty", where, language)
		}
	}
	for i := 0; i < len(node.Content); i += 2 {
		if key := node.Content[i]; !contains(Languages(), key.Value) {
			l.add(key.Line, "%s: %q is not one of our languages: %s", where, key.Value, strings.Join(Languages(), ", "))
		}
	}
}

func (l *linter) add(line int, format string, args ...any) {
	l.problems = append(l.problems, Problem{File: l.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

func (l *linter) checkUpstream() {
	up := l.app.Upstream
	if err := checkSPDX(up.Licence); err != nil {
		l.report(err.Error(), "upstream", "licence")
	}
	if up.Version == "" {
		l.report("the version is empty", "upstream", "version")
	}
	for _, link := range []struct{ field, value string }{{"website", up.Website}, {"code", up.Code}, {"docs", up.Docs}} {
		l.webAddress(link.value, "upstream", link.field)
	}
}

func (l *linter) checkOpenness() {
	open := l.app.Openness
	l.day(open.CheckedAt, "openness", "checked_at")
	if len(open.Evidence) == 0 {
		l.report("say what was read to decide: at least one address", "openness", "evidence")
	}
	for i, address := range open.Evidence {
		l.webAddress(address, "openness", "evidence", i)
	}
	if open.OpenCore != (len(open.Gated) > 0) {
		l.report("open_core and gated contradict each other: an open core is one that gates features", "openness", "open_core")
	}
	lists := map[string][]Text{
		"strengths": l.app.SWOT.Strengths, "weaknesses": l.app.SWOT.Weaknesses,
		"opportunities": l.app.SWOT.Opportunities, "threats": l.app.SWOT.Threats,
	}
	for name, list := range lists {
		if len(list) == 0 {
			l.report(name+": say at least one", "swot", name)
		}
	}
}

func (l *linter) webAddress(address string, path ...any) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		l.report(fmt.Sprintf("%q is not a web address; write it like https://example.org/", address), path...)
	}
}
