package web_test

import (
	"encoding/json"
	"net/http"
	"strings"

	"allotment/app"
)

// pages are the lines of the table.
func (m *matrix) pages() (all []entry) {
	for _, r := range m.server.Routes() {
		if e := (entry{method: r.Method, path: r.Path, permission: r.Permission}); apart[e.String()] == "" {
			all = append(all, e)
		}
	}
	return all
}

// api are the operations of the document.
func (m *matrix) api() (all []entry) {
	var document struct {
		Paths map[string]map[string]struct {
			Permission  app.Permission `json:"x-permission"`
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	answer := m.send(visitorAs{}, entry{method: http.MethodGet}, "/api/v1/openapi.json", nil)
	if err := json.Unmarshal(answer.body.Bytes(), &document); err != nil {
		m.t.Fatal(err)
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			e := entry{method: strings.ToUpper(method), path: strings.NewReplacer("{", ":", "}", "").Replace(path), permission: operation.Permission, api: true}
			for _, p := range operation.Parameters {
				if p.In == "query" {
					known(m.t, p.Name, e.String())
					e.query = append(e.query, p.Name)
				}
			}
			body := operation.RequestBody.Content["application/json"].Schema
			if name, ok := strings.CutPrefix(body.Ref, "#/components/schemas/"); ok {
				body = document.Components.Schemas[name]
			}
			for name, p := range body.Properties {
				known(m.t, name, e.String())
				kind, _ := p.Type.(string)
				if kinds, ok := p.Type.([]any); ok && len(kinds) > 0 {
					kind, _ = kinds[0].(string)
				}
				e.body = append(e.body, property{name, kind})
			}
			all = append(all, e)
		}
	}
	return all
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]schema
}

// wantEveryRoute fails for what the router knows and the walk does not.
func (m *matrix) wantEveryRoute() {
	walked := map[string]bool{}
	for _, e := range m.entries {
		path := e.path
		if e.api {
			path = "/api/v1" + path
		}
		walked[e.method+" "+strings.NewReplacer(":", "").Replace(path)] = true
		for _, parameter := range e.parameters() {
			if thing, ok := pathThings[parameter]; !ok {
				m.t.Errorf("%s: the walk does not know what %s names: say it in pathThings", e, parameter)
			} else if thing != "" && m.home.thing("", thing) == "" {
				m.t.Errorf("%s: there is no %s to walk to: let furnish make one", e, thing)
			}
		}
	}
	for _, route := range m.server.Mounted() {
		if walkedElsewhere(route) {
			continue
		}
		if !walked[strings.NewReplacer("{", "", "}", "").Replace(route)] && apart[strings.NewReplacer("{", ":", "}", "").Replace(route)] == "" {
			m.t.Errorf("the walk leaves out %s", route)
		}
	}
	if len(m.entries) < 40 {
		m.t.Errorf("only %d routes are walked", len(m.entries))
	}
}
