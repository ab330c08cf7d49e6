package pve

import (
	"net/http"
	"net/url"
	"time"
)

// result is an answer that has a total beside its data.
type result struct {
	data  any
	total int
}

// ServeHTTP answers one request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	path, err := apiPath(r)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	c := &call{request: r, method: r.Method, path: path, tmp: s.tmpDir()}
	c.fault = s.faults.take(r.Method, path)
	defer c.dropUpload()
	var data any
	if s.before(w, c) {
		return
	}
	data, err = s.answer(c)
	if s.after(w, c, data, err) {
		return
	}
	if err == nil {
		writeData(w, data)
		return
	}
	f := asFailure(err)
	if f.status == http.StatusUnauthorized {
		_ = sleep(r.Context(), s.opts.AuthDelay-time.Since(start))
	}
	writeFailure(w, f)
}

// answer goes the way of PVE::HTTPServer: who asks, which method, may they, which node, are the parameters right, do.
func (s *Server) answer(c *call) (any, error) {
	rel, err := url.PathUnescape(c.path)
	if err != nil {
		return nil, notImplemented(c.method, c.path)
	}
	auth, err := s.authenticate(c, rel)
	if err != nil {
		return nil, err
	}
	if err := c.readParams(); err != nil {
		return nil, err
	}
	route, fromPath := find(c.method, c.path)
	if route == nil {
		return nil, notImplemented(c.method, rel)
	}
	spec := specs()[route.method+" "+route.path]
	if err := c.addPath(fromPath); err != nil {
		return nil, err
	}
	if auth.token && !spec.AllowToken {
		return nil, forbidden("URI '" + rel + "' not available with API token, need proper ticket.")
	}
	if err := s.permit(c, spec); err != nil {
		return nil, err
	}
	if node := c.params.str("node"); spec.ProxyTo == "node" && node != s.opts.Node && node != "localhost" {
		return nil, s.unknownNode(node)
	}
	if err := spec.verify(c.params); err != nil {
		return nil, err
	}
	return route.handle(s, c)
}

// unknownNode is what a node says when it cannot pass a request on.
func (s *Server) unknownNode(node string) error {
	if err := formats["pve-node"](node); err != nil {
		return badParam("node", "invalid format - "+err.Error()+"\n")
	}
	return die("hostname lookup '%s' failed - failed to get address info for: %s: Temporary failure in name resolution", node, node)
}
