package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"allotment/app/web/api"
	"allotment/views"
)

// apiReference is the page that describes the API, drawn from the same document that programs read.
func (s *Server) apiReference(c *call) error {
	return c.show(http.StatusOK, views.APIReference(c.titled("How the API works"), referenceOf(s.api.Document(), s.cfg.BaseURL)))
}

func referenceOf(d *huma.OpenAPI, base string) views.Reference {
	r := views.Reference{About: d.Info.Description, Base: base}
	schemas := d.Components.Schemas.Map()
	for _, tag := range d.Tags {
		group := views.ReferenceGroup{Name: tag.Name, About: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
			for _, o := range operationsOf(d.Paths[path]) {
				if slices.Contains(o.Tags, tag.Name) {
					group.Operations = append(group.Operations, referenceOperation(o, schemas, base))
				}
			}
		}
		r.Groups = append(r.Groups, group)
	}
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if fields := referenceFields(schemas[name]); len(fields) > 0 {
			r.Schemas = append(r.Schemas, views.ReferenceSchema{Name: name, Fields: fields})
		}
	}
	for _, p := range api.Problems() {
		problem := views.ReferenceProblem{ID: "problem-" + p.Code, Status: p.Status, Code: p.Code, About: p.About}
		if slices.ContainsFunc(r.Problems, func(other views.ReferenceProblem) bool { return other.Code == p.Code }) {
			problem.ID = "problem-" + strconv.Itoa(p.Status) // an address leads to the first of a code
		}
		r.Problems = append(r.Problems, problem)
	}
	return r
}

func operationsOf(item *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete}, func(o *huma.Operation) bool { return o == nil })
}

func referenceOperation(o *huma.Operation, schemas map[string]*huma.Schema, base string) views.ReferenceOperation {
	out := views.ReferenceOperation{ID: o.OperationID, Method: o.Method, Path: api.Prefix + o.Path, Summary: o.Summary, About: o.Description}
	for _, p := range o.Parameters {
		out.Parameters = append(out.Parameters, views.ReferenceField{
			Name: p.Name, In: p.In, Type: referenceType(p.Schema), Required: p.Required, About: p.Description,
		})
	}
	status := strconv.Itoa(o.DefaultStatus)
	out.Status = status + " " + http.StatusText(o.DefaultStatus)
	for _, content := range o.Responses[status].Content {
		out.Answer = referenceType(content.Schema)
	}
	var body *huma.Schema
	if o.RequestBody != nil {
		body = o.RequestBody.Content["application/json"].Schema
		if name := refName(body.Ref); name != "" {
			body = schemas[name]
		}
		out.Body = referenceFields(body)
	}
	out.Example = example(o, body, base)
	return out
}

// referenceFields are the fields of an object: those that are required first.
func referenceFields(s *huma.Schema) (fields []views.ReferenceField) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		fields = append(fields, views.ReferenceField{
			Name: name, Type: referenceType(p), Required: slices.Contains(s.Required, name), About: p.Description,
		})
	}
	slices.SortStableFunc(fields, func(x, y views.ReferenceField) int {
		switch {
		case x.Required == y.Required:
			return 0
		case x.Required:
			return -1
		}
		return 1
	})
	return fields
}

func refName(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

// referenceType says in words what a value looks like.
func referenceType(s *huma.Schema) views.ReferenceType {
	switch {
	case s == nil:
		return views.ReferenceType{}
	case s.Ref != "":
		return views.ReferenceType{Schema: refName(s.Ref)}
	case s.Type == huma.TypeArray && s.Items != nil:
		inner := referenceType(s.Items)
		inner.Text = "list of " + inner.Text
		return inner
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, each := range s.Enum {
			words[i] = fmt.Sprint(each)
		}
		return views.ReferenceType{Text: strings.Join(words, " | ")}
	case s.Format != "" && s.Type == huma.TypeString:
		return views.ReferenceType{Text: s.Type + " (" + s.Format + ")"}
	}
	return views.ReferenceType{Text: s.Type}
}

// example is a call with curl. Values come from the document's own examples.
func example(o *huma.Operation, body *huma.Schema, base string) string {
	path := o.Path
	for _, p := range o.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(exampleOf(p.Schema)))
		}
	}
	lines := []string{"curl " + strings.TrimSuffix(base, "/") + api.Prefix + path, `-H "Authorization: Bearer $ALLOTMENT_KEY"`}
	if o.Method != http.MethodGet {
		lines[0] = strings.Replace(lines[0], "curl ", "curl -X "+o.Method+" ", 1)
	}
	if o.Method == http.MethodPost {
		lines = append(lines, `-H "Idempotency-Key: $(uuidgen)"`)
	}
	if body != nil && len(body.Properties) > 0 {
		values := map[string]any{}
		for _, name := range body.Required {
			values[name] = exampleOf(body.Properties[name])
		}
		if data, err := json.Marshal(values); err == nil {
			lines = append(lines, `-H "Content-Type: application/json"`, "-d '"+string(data)+"'")
		}
	}
	return strings.Join(lines, " \\\n  ")
}

func exampleOf(s *huma.Schema) any {
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == huma.TypeInteger || s.Type == huma.TypeNumber:
		return 1
	case s.Type == huma.TypeBoolean:
		return true
	}
	return "…"
}
