package pve

import (
	"sort"
	"strconv"
	"strings"
)

// value is one parameter as it came in. Numbers and booleans are kept as text, as Perl sees them.
type value struct {
	text     string
	list     []string
	isList   bool
	isObject bool
	absent   bool // named without "=": the schema must know it, but it has no value
}

// values are the parameters of a call.
type values map[string]value

// names returns the parameters in order.
func (v values) names() []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// has tells whether a parameter has a value.
func (v values) has(name string) bool { p, ok := v[name]; return ok && !p.absent }

// str returns a parameter's text; a list is joined as PVE joins it.
func (v values) str(name string) string {
	p := v[name]
	if p.isList {
		return strings.Join(p.list, ",")
	}
	return p.text
}

// or returns a parameter's text, or d when it is missing.
func (v values) or(name, d string) string {
	if v.has(name) {
		return v.str(name)
	}
	return d
}

// integer returns a parameter's number, 0 when it is missing.
func (v values) integer(name string) int {
	n, _ := strconv.Atoi(v.str(name))
	return n
}

// flag is true for 1.
func (v values) flag(name string) bool { return v.str(name) == "1" }

// items returns the parts of a list, however it was sent.
func (v values) items(name string) []string {
	if p := v[name]; p.isList {
		return p.list
	}
	return splitList(v.str(name))
}

// without returns the parameters less the named ones.
func (v values) without(names ...string) values {
	out := values{}
	for name, p := range v {
		if !contains(names, name) {
			out[name] = p
		}
	}
	return out
}
