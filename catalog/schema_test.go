package catalog_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"allotment/catalog"
)

func schema(t *testing.T) (compiled *jsonschema.Schema, raw map[string]any) {
	t.Helper()
	data, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err = compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	return compiled, raw
}

// asJSON turns a YAML manifest into what a JSON Schema validator reads.
func asJSON(t *testing.T, manifest []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(manifest, &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestSchemaTakesEveryEntry(t *testing.T) {
	t.Parallel()
	compiled, _ := schema(t)
	entries, err := fs.Glob(catalog.Embedded, "*/app.yaml")
	if err != nil || len(entries) < 2 {
		t.Fatalf("entries: %v, %v", entries, err)
	}
	for _, name := range entries {
		data, err := fs.ReadFile(catalog.Embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(asJSON(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaHasTheFieldsOfTheTypes keeps the schema and the Go types from drifting apart: the same objects, fields, kinds and
// required ones.
func TestSchemaHasTheFieldsOfTheTypes(t *testing.T) {
	t.Parallel()
	_, raw := schema(t)
	defs := raw["$defs"].(map[string]any)
	checked := map[string]bool{"Text": true}
	var check func(typ reflect.Type, object map[string]any)
	check = func(typ reflect.Type, object map[string]any) {
		properties := object["properties"].(map[string]any)
		var fields, required []string
		for i := range typ.NumField() {
			name, options, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
			if name == "" {
				continue
			}
			fields = append(fields, name)
			if options != "omitempty" {
				required = append(required, name)
			}
			property, ok := properties[name].(map[string]any)
			if !ok {
				t.Errorf("%s.%s is not in the schema", typ.Name(), name)
				continue
			}
			target, kind := typ.Field(i).Type, ""
			for target.Kind() == reflect.Pointer || target.Kind() == reflect.Slice {
				if target.Kind() == reflect.Slice {
					if property["type"] != "array" {
						t.Errorf("%s.%s is a list, but not in the schema", typ.Name(), name)
					}
					property = property["items"].(map[string]any)
				}
				target = target.Elem()
			}
			if ref, ok := property["$ref"].(string); ok {
				kind = strings.TrimPrefix(ref, "#/$defs/")
			}
			if target.Kind() == reflect.Struct || target.Name() == "Text" {
				if kind != target.Name() {
					t.Errorf("%s.%s is a %s, but a %q in the schema", typ.Name(), name, target.Name(), kind)
				} else if !checked[kind] {
					checked[kind] = true
					check(target, defs[kind].(map[string]any))
				}
			}
			if description, _ := properties[name].(map[string]any)["description"].(string); description == "" {
				t.Errorf("%s.%s has no description in the schema", typ.Name(), name)
			}
		}
		for name := range properties {
			if !slices.Contains(fields, name) {
				t.Errorf("the schema's %s.%s does not exist", typ.Name(), name)
			}
		}
		var wanted []string
		for _, name := range object["required"].([]any) {
			wanted = append(wanted, name.(string))
		}
		slices.Sort(required)
		slices.Sort(wanted)
		if !slices.Equal(required, wanted) {
			t.Errorf("%s requires %v, in the schema %v", typ.Name(), required, wanted)
		}
		if object["additionalProperties"] != false {
			t.Errorf("the schema lets %s have unknown fields", typ.Name())
		}
	}
	check(reflect.TypeFor[catalog.App](), raw)
	for name := range defs {
		if !checked[name] {
			t.Errorf("no field has the schema's %s", name)
		}
	}
}

// TestSchemaRefusesWhatLintRefuses: an editor with the schema warns of the same slips.
func TestSchemaRefusesWhatLintRefuses(t *testing.T) {
	t.Parallel()
	compiled, _ := schema(t)
	for _, c := range slips {
		if !c.schema {
			continue
		}
		if err := compiled.Validate(asJSON(t, manifest(t, c.replace, c.with))); err == nil {
			t.Errorf("%s: the schema takes it", c.name)
		}
	}
}
