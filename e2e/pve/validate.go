package pve

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// The checks follow PVE::JSONSchema (pve-common): same order, same words.

// undefinedParam is the answer to a parameter that the method does not have.
const undefinedParam = "property is not defined in schema and the schema does not allow additional properties"

var (
	integerRE = regexp.MustCompile(`^[+-]?\d+$`)
	numberRE  = regexp.MustCompile(`^[+-]?(\d+\.\d+|\d+\.|\.\d+|\d+)([eE][+-]?\d+)?$`)
)

// verify checks all parameters of a call and returns the 400 of the real API, or nil.
func (s *Spec) verify(params values) error {
	errs := map[string]string{}
	for name, p := range s.Properties {
		if strings.HasSuffix(name, "[n]") {
			continue // checked below for each number that was given
		}
		if !params.has(name) && !bool(p.Optional) {
			errs[name] = "property is missing and it is not optional"
		}
	}
	for _, name := range params.names() {
		p := s.property(name)
		switch {
		case p == nil && !s.Additional:
			errs[name] = undefinedParam
		case params[name].absent:
			delete(params, name)
		case p != nil:
			if m := p.check(name, params[name]); m != "" {
				errs[name] = m
			}
			if r := p.Requires; r != "" && !params.has(r) {
				errs[r] = fmt.Sprintf("missing property required by '%s'", name)
			}
		}
	}
	if len(errs) > 0 {
		return badParams(errs)
	}
	return nil
}

// check returns what is wrong with one parameter's value, or "".
func (p *Property) check(path string, v value) string {
	if p.Type == "array" {
		for _, item := range v.list {
			if p.Items != nil {
				if m := p.Items.check(path, value{text: item}); m != "" {
					return m
				}
			}
		}
		return ""
	}
	if v.isList {
		if p.Type == "string" && p.Format != nil && strings.HasSuffix(p.Format.Name, "-list") {
			return p.checkText(path, strings.Join(v.list, ","))
		}
		return fmt.Sprintf("type check ('%s') failed - got ARRAY", p.Type)
	}
	if v.isObject {
		return fmt.Sprintf("type check ('%s') failed - got HASH", p.Type)
	}
	return p.checkText(path, v.text)
}

// checkText checks a plain value: type, format, pattern, length, limits, enumeration; the first failure counts.
func (p *Property) checkText(path, text string) string {
	if m := checkType(p.Type, text); m != "" {
		return m
	}
	if p.Format != nil {
		if err := p.Format.check(path, text); err != nil {
			return "invalid format - " + err.Error() + "\n"
		}
	}
	if p.Pattern != "" && !compiled(p.Pattern).MatchString(text) {
		return "value does not match the regex pattern"
	}
	if m := p.checkSize(text); m != "" {
		return m
	}
	if len(p.Enum) > 0 && !contains(p.Enum, text) {
		return fmt.Sprintf("value '%s' does not have a value in the enumeration '%s'", text, strings.Join(p.Enum, ", "))
	}
	return ""
}

func checkType(kind, text string) string {
	ok := true
	switch kind {
	case "boolean":
		ok = text == "0" || text == "1"
	case "integer":
		ok = integerRE.MatchString(text)
	case "number":
		ok = numberRE.MatchString(text)
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("type check ('%s') failed - got '%s'", kind, text)
}

func (p *Property) checkSize(text string) string {
	length := utf8.RuneCountInString(text)
	if p.MaxLength != nil && length > *p.MaxLength {
		return fmt.Sprintf("value may only be %d characters long", *p.MaxLength)
	}
	if p.MinLength != nil && length < *p.MinLength {
		return fmt.Sprintf("value must be at least %d characters long", *p.MinLength)
	}
	if !numberRE.MatchString(text) {
		return ""
	}
	n, _ := strconv.ParseFloat(text, 64)
	if p.Maximum != nil && n > p.Maximum.float() {
		return fmt.Sprintf("value must have a maximum value of %s", *p.Maximum)
	}
	if p.Minimum != nil && n < p.Minimum.float() {
		return fmt.Sprintf("value must have a minimum value of %s", *p.Minimum)
	}
	return ""
}

// patterns caches the compiled regular expressions of the schema.
var patterns sync.Map

// compiled turns a pattern of Perl's into one of Go's. Perl's qr// prints as (?^:…), and 5.34 reads {,8} as {0,8}; Go
// counts to 1000 at most, and a body is not much longer than the one pattern that wants more allows.
func compiled(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	goPattern := strings.NewReplacer("(?^:", "(?:", "(?^i:", "(?i:", "{,", "{0,", "{0,4096}", "*", `\0`, `\x00`).Replace(pattern)
	re := regexp.MustCompile("^(?:" + goPattern + ")$")
	patterns.Store(pattern, re)
	return re
}

// properties parses "default,key=value,…" by the keys of a property string, without judging the values.
func parseProperties(keys map[string]*Property, text string) (map[string]string, error) {
	out := map[string]string{}
	usedDefault := ""
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		k, v, hasKey := strings.Cut(part, "=")
		var err error
		switch {
		case !hasKey:
			usedDefault, err = putDefault(keys, out, usedDefault, part)
		case k == "" || v == "":
			err = plain("missing key in comma-separated list property")
		default:
			err = putKey(keys, out, k, v)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func putDefault(keys map[string]*Property, out map[string]string, used, part string) (string, error) {
	if used != "" {
		return used, plain("duplicate key in comma-separated list property: %s", used)
	}
	for k, p := range keys {
		if !p.DefaultKey {
			continue
		}
		if _, taken := out[k]; taken {
			return k, plain("duplicate key in comma-separated list property: %s", k)
		}
		out[k] = asBoolean(p, part)
		return k, nil
	}
	return "", plain("value without key, but schema does not define a default key")
}

func putKey(keys map[string]*Property, out map[string]string, k, v string) error {
	if _, taken := out[k]; taken {
		return plain("duplicate key in comma-separated list property: %s", k)
	}
	p := keys[k]
	if p == nil {
		return plain("invalid key in comma-separated list property: %s", k)
	}
	if p.Alias != "" {
		if p.KeyAlias != "" {
			if _, taken := out[p.KeyAlias]; taken {
				return plain("key alias '%s' is already defined", p.KeyAlias)
			}
			out[p.KeyAlias] = k
		}
		k, p = p.Alias, keys[p.Alias]
		if _, taken := out[k]; taken {
			return plain("key '%s' is already defined (via alias)", k)
		}
		if p == nil {
			p = &Property{}
		}
	}
	out[k] = asBoolean(p, v)
	return nil
}

// asBoolean rewrites yes, on and true as 1 for boolean keys.
func asBoolean(p *Property, v string) string {
	if p.Type != "boolean" {
		return v
	}
	switch strings.ToLower(v) {
	case "1", "on", "yes", "true":
		return "1"
	case "0", "off", "no", "false":
		return "0"
	}
	return v
}

// checkProperties parses a property string and checks each key.
func checkProperties(keys map[string]*Property, path, text string) error {
	have, err := parseProperties(keys, text)
	if err != nil {
		return err
	}
	var errs []string
	for k, p := range keys {
		if _, given := have[k]; !given && !bool(p.Optional) && p.Alias == "" {
			errs = append(errs, path+"."+k+": property is missing and it is not optional\n")
		}
	}
	for k, v := range have {
		if p := keys[k]; p != nil {
			if m := p.checkText(path+"."+k, v); m != "" {
				errs = append(errs, path+"."+k+": "+m+"\n")
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	sort.Strings(errs)
	return plain("format error\n%s", strings.TrimSuffix(strings.Join(errs, ""), "\n"))
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
