package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// shape compares a YAML document with the Go type it is read into, and reports what does not fit in words and with lines. What it
// passes, yaml.v3 decodes without loss.
type shape struct {
	report func(line int, format string, args ...any)
}

var durationType = reflect.TypeFor[time.Duration]()

// check walks node along t. where names the place in words, "" at the top.
func (s *shape) check(node *yaml.Node, t reflect.Type, where string) {
	if node.Kind == yaml.AliasNode {
		s.report(node.Line, "%s: an alias is not allowed here; write the value out", place(where))
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		s.check(node, t.Elem(), where)
	case reflect.Struct:
		s.checkStruct(node, t, where)
	case reflect.Slice:
		if s.want(node, yaml.SequenceNode, "a list", where) {
			for i, item := range node.Content {
				s.check(item, t.Elem(), fmt.Sprintf("%s[%d]", where, i))
			}
		}
	case reflect.Map:
		s.checkMap(node, t, where)
	default:
		s.checkScalar(node, t, where)
	}
}

// checkStruct reports fields that t does not have, that come twice, and that are missing.
func (s *shape) checkStruct(node *yaml.Node, t reflect.Type, where string) {
	if !s.want(node, yaml.MappingNode, "fields", where) {
		return
	}
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		j := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
		switch {
		case j < 0:
			s.report(key.Line, "%s has no field %q%s", place(where), key.Value, didYouMean(key.Value, names(fields)))
		case seen[key.Value]:
			s.report(key.Line, "%s has the field %q twice", place(where), key.Value)
		default:
			s.check(value, fields[j].kind, join(where, key.Value))
		}
		seen[key.Value] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			s.report(node.Line, "%s lacks the field %q", place(where), f.name)
		}
	}
}

func (s *shape) checkMap(node *yaml.Node, t reflect.Type, where string) {
	if !s.want(node, yaml.MappingNode, "fields", where) {
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if seen[key.Value] {
			s.report(key.Line, "%s has %q twice", place(where), key.Value)
		}
		seen[key.Value] = true
		s.check(value, t.Elem(), join(where, key.Value))
	}
}

func (s *shape) checkScalar(node *yaml.Node, t reflect.Type, where string) {
	if !s.want(node, yaml.ScalarNode, "one value", where) {
		return
	}
	tag := node.ShortTag()
	switch {
	case t == durationType:
		if _, err := time.ParseDuration(node.Value); err != nil {
			s.report(node.Line, "%s must be a duration such as 30s or 2m", place(where))
		}
	case t.Kind() == reflect.String && tag != "!!str":
		s.report(node.Line, "%s must be text; put it in quotes", place(where))
	case t.Kind() == reflect.Bool && tag != "!!bool":
		s.report(node.Line, "%s must be true or false", place(where))
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		var n int64
		if tag != "!!int" || node.Decode(&n) != nil {
			s.report(node.Line, "%s must be a whole number", place(where))
		}
	}
}

func (s *shape) want(node *yaml.Node, kind yaml.Kind, what, where string) bool {
	if node.Kind != kind {
		s.report(node.Line, "%s must be %s", place(where), what)
	}
	return node.Kind == kind
}

// field is a struct's field as YAML sees it.
type field struct {
	name     string
	kind     reflect.Type
	required bool
}

// fieldsOf lists the YAML fields of a struct; omitempty in the tag makes one optional.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" {
			fields = append(fields, field{name: name, kind: t.Field(i).Type, required: options != "omitempty"})
		}
	}
	return fields
}

func names(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}

func place(where string) string {
	if where == "" {
		return "the manifest"
	}
	return where
}

func join(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}
