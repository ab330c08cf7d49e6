package web

import (
	"encoding/json"
	"net/http"

	"allotment/app"
)

// apiRoutes are the API's own description; its operations are in package api.
func apiRoutes(s *Server) []route {
	return []route{
		{http.MethodGet, "/api/docs", public, s.apiReference},
		{http.MethodGet, "/api/v1/openapi.json", public, s.openapiJSON},
		{http.MethodGet, "/api/v1/openapi.yaml", public, s.openapiYAML},
	}
}

func (s *Server) openapiJSON(c *call) error {
	data, err := json.MarshalIndent(s.api.Document(), "", "  ")
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/json; charset=utf-8", data)
}

func (s *Server) openapiYAML(c *call) error {
	data, err := s.api.Document().YAML()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/yaml; charset=utf-8", data)
}

// addressOf is where a request comes from, as text.
func (s *Server) addressOf(r *http.Request) string { return s.clientAddress(r).String() }

// followOperation gives a stream of the API its place in the hub.
func (s *Server) followOperation(operation, who app.ID) (news, over <-chan struct{}, leave func(), err error) {
	sub, err := s.hub.subscribe(operation, who)
	if err != nil {
		return nil, nil, nil, err
	}
	return sub.changed, s.hub.ctx.Done(), func() { s.hub.leave(sub) }, nil
}
