package pve

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// call is one request on its way through the emulator.
type call struct {
	request *http.Request
	method  string
	path    string // below /api2/json, still escaped
	user    string // who asks: root@pam, portal@pve!token
	params  values // from the path, the query and the body
	upload  *upload
	tmp     string // the folder where uploads wait
	fault   *Fault // what was injected into this call, or nil
}

// maxBody is how much a request may carry, apart from uploads.
const maxBody = 512 << 10

// readParams collects the parameters of query and body. The query wins, as in PVE::APIServer::AnyEvent.
func (c *call) readParams() error {
	c.params = values{}
	if c.method == http.MethodPost || c.method == http.MethodPut {
		if err := c.readBody(); err != nil {
			return err
		}
	}
	c.addForm(c.request.URL.RawQuery)
	delete(c.params, "_dc")
	return nil
}

func (c *call) readBody() error {
	kind, _, _ := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		return c.readUpload()
	}
	body, err := io.ReadAll(io.LimitReader(c.request.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return &failure{status: http.StatusNotImplemented, message: "for data too large", text: true}
	}
	if kind == "application/json" {
		return c.addJSON(body)
	}
	c.addForm(string(body))
	return nil
}

// addForm takes URL-encoded parameters as decode_urlencoded does: & and ; both separate, and a name that comes more
// than once makes a list.
func (c *call) addForm(text string) {
	seen := map[string]bool{}
	for pair := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '&' || r == ';' }) {
		k, v, given := strings.Cut(pair, "=")
		k, v = unescape(k), unescape(v)
		if !given {
			c.params[k] = value{absent: true}
			continue
		}
		p := value{text: v}
		if old := c.params[k]; seen[k] {
			if !old.isList {
				old.list = []string{old.text}
			}
			p = value{list: append(old.list, v), isList: true}
		}
		c.params[k], seen[k] = p, true
	}
}

// unescape decodes %XX and +; what is no escape stays.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// addJSON takes a JSON object; a body that is none is a 500, as decode_json dies.
func (c *call) addJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return die("malformed JSON string: %s", err)
	}
	for name, v := range object {
		if p, ok := fromJSON(v); ok {
			c.params[name] = p
		}
	}
	return nil
}

// fromJSON turns a JSON value into a parameter; null is no parameter.
func fromJSON(v any) (value, bool) {
	switch v := v.(type) {
	case nil:
		return value{}, false
	case string:
		return value{text: v}, true
	case json.Number:
		return value{text: v.String()}, true
	case bool:
		if v {
			return value{text: "1"}, true
		}
		return value{text: "0"}, true
	case []any:
		p := value{isList: true}
		for _, item := range v {
			if one, ok := fromJSON(item); ok {
				p.list = append(p.list, one.text)
			}
		}
		return p, true
	}
	return value{isObject: true}, true
}

// addPath merges the parameters of the path; the same name with another value elsewhere is refused.
func (c *call) addPath(fromPath map[string]string) error {
	for name, v := range fromPath {
		if c.params.has(name) && c.params.str(name) != v {
			return badParam(name, "duplicate parameter (already defined in URI) with conflicting values!")
		}
		c.params[name] = value{text: v}
	}
	return nil
}

// vmid is the guest that the call is about.
func (c *call) vmid() int { return c.params.integer("vmid") }

// root tells whether root@pam asks in person: a token of root's is somebody else here.
func (c *call) root() bool { return c.user == "root@pam" }

var errNotAPI = errors.New("not below /api2/json")

// apiPath is the path below /api2/json.
func apiPath(r *http.Request) (string, error) {
	path := r.URL.EscapedPath()
	for _, base := range []string{"/api2/json", "/api2/extjs"} {
		if rest, ok := strings.CutPrefix(path, base); ok && (rest == "" || rest[0] == '/') {
			return rest, nil
		}
	}
	return "", errNotAPI
}
