package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the document that the API serves to testdata/openapi.yaml")

// document is the OpenAPI document as the server serves it, and its schemas.
type document struct {
	root     map[string]any
	compiler *jsonschema.Compiler
}

const documentURL = "https://document.example.test/openapi.json"

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", address, got.StatusCode, err)
	}
	return data
}

func readDocument(t *testing.T, base string) *document {
	t.Helper()
	data := fetch(t, base+"/api/v1/openapi.json")
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{root: parsed.(map[string]any), compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(documentURL, parsed); err != nil {
		t.Fatal(err)
	}
	return d
}

// in walks into the document; nil where there is nothing.
func in(from any, names ...string) any {
	for _, name := range names {
		object, ok := from.(map[string]any)
		if !ok {
			return nil
		}
		from = object[name]
	}
	return from
}

// operation finds what the document says of a request, and the path that it knows it by.
func (d *document) operation(method, path string) (any, string) {
	parts := strings.Split(strings.TrimPrefix(path, "/api/v1"), "/")
	paths, _ := in(d.root, "paths").(map[string]any)
	best := ""
	for known := range paths {
		wanted := strings.Split(known, "/")
		fits := len(wanted) == len(parts) && in(paths, known, strings.ToLower(method)) != nil
		for i := 0; fits && i < len(wanted); i++ {
			fits = wanted[i] == parts[i] || strings.HasPrefix(wanted[i], "{")
		}
		if fits && (best == "" || strings.Count(known, "{") < strings.Count(best, "{")) {
			best = known
		}
	}
	return in(paths, best, strings.ToLower(method)), best
}

// check holds an answer against the document: the status, the kind of content, the content, and the headers.
func (d *document) check(t *testing.T, r *http.Request, a answer) {
	t.Helper()
	operation, path := d.operation(r.Method, r.URL.Path)
	if operation == nil {
		if a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is not in the document and was answered %d", r.Method, r.URL.Path, a.status)
		}
		d.problem(t, r, a)
		return
	}
	status := strconv.Itoa(a.status)
	response, at := in(operation, "responses", status), []string{"paths", path, strings.ToLower(r.Method), "responses", status}
	if ref, ok := in(response, "$ref").(string); ok {
		at = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = in(d.root, at...)
	}
	if response == nil {
		t.Errorf("%s %s: the document does not know the answer %d: %s", r.Method, path, a.status, a.body)
		return
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	content, _ := in(response, "content").(map[string]any)
	if len(a.body) == 0 && content == nil {
		return
	}
	if err != nil || content[kind] == nil {
		t.Errorf("%s %s %d: %q is not in the document", r.Method, path, a.status, a.header.Get("Content-Type"))
		return
	}
	if strings.HasSuffix(kind, "json") {
		d.valid(t, r, a, append(at, "content", kind, "schema"))
	}
	if a.status >= 400 {
		d.problem(t, r, a)
	}
	headers, _ := in(response, "headers").(map[string]any)
	for _, name := range []string{"RateLimit", "Link", "Location", "Retry-After", "Idempotent-Replayed"} {
		if a.header.Get(name) != "" && a.status < 400 && headers[name] == nil {
			t.Errorf("%s %s %d: the header %s is not in the document", r.Method, path, a.status, name)
		}
	}
}

// problem wants a problem as RFC 9457 describes it.
func (d *document) problem(t *testing.T, r *http.Request, a answer) {
	t.Helper()
	if a.header.Get("Content-Type") != "application/problem+json" || a.json["status"] != float64(a.status) || a.text("reference") != a.header.Get("X-Request-Id") && a.header.Get("Idempotent-Replayed") == "" {
		t.Errorf("%s %s: no problem, but %q: %s", r.Method, r.URL.Path, a.header.Get("Content-Type"), a.body)
	}
	d.valid(t, r, a, []string{"components", "schemas", "Problem"})
	if (a.status == http.StatusUnauthorized) != (a.header.Get("WWW-Authenticate") != "") {
		t.Errorf("%s %s %d: WWW-Authenticate is %q", r.Method, r.URL.Path, a.status, a.header.Get("WWW-Authenticate"))
	}
	if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") == "" {
		t.Errorf("%s %s: 429 without Retry-After", r.Method, r.URL.Path)
	}
}

func (d *document) valid(t *testing.T, r *http.Request, a answer, at []string) {
	t.Helper()
	pointer := ""
	for _, part := range at {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B").Replace(part)
	}
	schema, err := d.compiler.Compile(documentURL + "#" + pointer)
	if err != nil {
		t.Fatalf("the schema at %s: %v", pointer, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s %s %d is not as the document says: %v\n%s", r.Method, r.URL.Path, a.status, err, a.body)
	}
}

// TestDocumentIsKept holds the document against the one that was reviewed: what changes for programs is seen.
func TestDocumentIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	served := fetch(t, s.url+"/api/v1/openapi.yaml")
	const file = "testdata/openapi.yaml"
	if *update {
		if err := os.WriteFile(file, served, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, served) {
		t.Errorf("the API is not as it was reviewed; look at the difference after: go test ./app/web/api -run %s -update", t.Name())
	}
}

// TestDocumentIsHonest holds that the router and the document know the same, and that the document is whole.
func TestDocumentIsHonest(t *testing.T) {
	t.Parallel()
	s := open(t)
	if version := in(s.document.root, "openapi"); version != "3.1.0" {
		t.Errorf("OpenAPI %v", version)
	}
	var documented []string
	ids := map[string]bool{}
	paths, _ := in(s.document.root, "paths").(map[string]any)
	for path, item := range paths {
		for method, operation := range item.(map[string]any) {
			documented = append(documented, strings.ToUpper(method)+" /api/v1"+path)
			id, _ := in(operation, "operationId").(string)
			if id == "" || ids[id] || in(operation, "summary") == nil || in(operation, "security") == nil || in(operation, "x-permission") == "" {
				t.Errorf("%s %s is not described in full", method, path)
			}
			ids[id] = true
			parameters, _ := json.Marshal(in(operation, "parameters"))
			if strings.Contains(string(parameters), `"Idempotency-Key"`) != (method == "post") {
				t.Errorf("%s %s and its Idempotency-Key", method, path)
			}
		}
	}
	var routed []string
	for _, route := range s.server.Mounted() {
		own, ok := strings.CutPrefix(route, "GET /api/v1/openapi.")
		if strings.Contains(route, " /api/v1") && (!ok || own != "json" && own != "yaml") {
			routed = append(routed, route)
		}
	}
	slices.Sort(documented)
	slices.Sort(routed)
	if !slices.Equal(documented, routed) || len(routed) < 12 {
		t.Errorf("documented:\n%s\nrouted:\n%s", strings.Join(documented, "\n"), strings.Join(routed, "\n"))
	}
	var refs func(any)
	refs = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && in(s.document.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...) == nil {
				t.Errorf("%s leads nowhere", ref)
			}
			for _, inner := range v {
				refs(inner)
			}
		case []any:
			for _, inner := range v {
				refs(inner)
			}
		}
	}
	refs(s.document.root)
	for name := range in(s.document.root, "components", "schemas").(map[string]any) {
		if _, err := s.document.compiler.Compile(documentURL + "#/components/schemas/" + name); err != nil {
			t.Errorf("the schema %s: %v", name, err)
		}
	}
}
