package stripe

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is one of Stripe's, as it stands in JSON. Other objects in it are named by their IDs; what begins with "_" is not shown.
type object = map[string]any

// books are what one account has.
type books struct {
	account string
	objects map[string]object
	order   map[string][]string // the IDs of each kind, the oldest first
}

func newBooks(account string) *books {
	return &books{account: account, objects: map[string]object{}, order: map[string][]string{}}
}

func (b *books) put(o object) object {
	id := o["id"].(string)
	if _, known := b.objects[id]; !known {
		kind := o["object"].(string)
		b.order[kind] = append(b.order[kind], id)
	}
	b.objects[id] = o
	return o
}

// all returns the objects of a kind that fit, the newest first.
func (b *books) all(kind string, fits func(object) bool) []object {
	var found []object
	for _, id := range slices.Backward(b.order[kind]) {
		if o := b.objects[id]; fits == nil || fits(o) {
			found = append(found, o)
		}
	}
	return found
}

// render copies an object for an answer, with other objects in the place of the IDs that expand names.
func (b *books) render(o object, expand []string) object {
	out := object{}
	for name, value := range o {
		if strings.HasPrefix(name, "_") {
			continue
		}
		if inner, ok := value.(object); ok {
			value = b.render(inner, nil)
		}
		out[name] = value
	}
	for _, path := range expand {
		name, _, _ := strings.Cut(path, ".")
		id, isID := o[name].(string)
		other, known := b.objects[id]
		if !isID || !known {
			continue
		}
		var inner []string
		for _, again := range expand {
			if after, ok := strings.CutPrefix(again, name+"."); ok {
				inner = append(inner, after)
			}
		}
		out[name] = b.render(other, inner)
	}
	return out
}

// request is one call of the API, under the lock.
type request struct {
	s     *Server
	books *books
	form  url.Values
	now   time.Time
}

func (c *request) get(name string) string { return c.form.Get(name) }

func (c *request) number(name string) int64 {
	n, _ := strconv.ParseInt(c.form.Get(name), 10, 64)
	return n
}

// inner collects name[key] of the form.
func (c *request) inner(name string) object {
	out := object{}
	for key, values := range c.form {
		if rest, ok := strings.CutPrefix(key, name+"["); ok && strings.HasSuffix(rest, "]") && !strings.Contains(rest, "[") {
			out[strings.TrimSuffix(rest, "]")] = values[0]
		}
	}
	return out
}

// list collects name[0], name[1] … of the form.
func (c *request) list(name string) []string {
	var out []string
	for i := 0; c.form.Has(fmt.Sprintf("%s[%d]", name, i)); i++ {
		out = append(out, c.form.Get(fmt.Sprintf("%s[%d]", name, i)))
	}
	return out
}

func (c *request) id(prefix string) string {
	c.s.serial++
	return fmt.Sprintf("%s_%s%08d", prefix, c.s.options.Mark, c.s.serial)
}

// fresh is a new object of a kind.
func (c *request) fresh(kind, prefix string) object {
	return object{"id": c.id(prefix), "object": kind, "created": c.now.Unix(), "livemode": false, "metadata": c.inner("metadata")}
}

// page answers with a list, paged by starting_after as Stripe does.
func (c *request) page(all []object) (int, object) {
	if since := c.number("created[gte]"); since > 0 {
		all = slices.DeleteFunc(slices.Clone(all), func(o object) bool { return o["created"].(int64) < since })
	}
	if after := c.get("starting_after"); after != "" {
		at := slices.IndexFunc(all, func(o object) bool { return o["id"] == after })
		all = all[at+1:]
	}
	limit := int(c.number("limit"))
	if limit <= 0 {
		limit = 10
	}
	more := len(all) > limit
	if more {
		all = all[:limit]
	}
	var expand []string
	for _, path := range c.expand() {
		expand = append(expand, strings.TrimPrefix(path, "data."))
	}
	data := make([]any, len(all))
	for i, o := range all {
		data[i] = c.books.render(o, expand)
	}
	return http.StatusOK, object{"object": "list", "url": "/v1/list", "has_more": more, "data": data}
}

func (c *request) expand() []string {
	return append(slices.Clone(c.form["expand[]"]), c.list("expand")...)
}

func missing(id string) (int, object) {
	return http.StatusNotFound, problem("invalid_request_error", "resource_missing", "No such object: '"+id+"'")
}

func invalid(code, message string) (int, object) {
	return http.StatusBadRequest, problem("invalid_request_error", code, message)
}

// with returns a copy of an object with changes.
func with(o, changes object) object {
	out := maps.Clone(o)
	maps.Copy(out, changes)
	return out
}
