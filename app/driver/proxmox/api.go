package proxmox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	pve "github.com/luthermonson/go-proxmox"
)

// get reads path into out. Query parameters are encoded here: the client's own encoding writes large numbers as 5e+06.
func (d *Driver) get(ctx context.Context, path string, query url.Values, out any) error {
	return explain(d.client.Get(ctx, withQuery(path, query), out))
}

// post starts what path names and returns the ID of its task, "" when the answer names none.
func (d *Driver) post(ctx context.Context, path string, params map[string]any) (string, error) {
	return d.change(ctx, http.MethodPost, path, params)
}

func (d *Driver) put(ctx context.Context, path string, params map[string]any) (string, error) {
	return d.change(ctx, http.MethodPut, path, params)
}

func (d *Driver) delete(ctx context.Context, path string, query url.Values) (string, error) {
	var upid *string
	err := d.client.Delete(ctx, withQuery(path, query), &upid)
	return deref(upid), explain(err)
}

func (d *Driver) change(ctx context.Context, method, path string, params map[string]any) (string, error) {
	var upid *string
	send := d.client.Post
	if method == http.MethodPut {
		send = d.client.Put
	}
	if params == nil {
		params = map[string]any{}
	}
	err := send(ctx, path, params, &upid)
	return deref(upid), explain(err)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// nodePath is the path of something on a node. Its parts are escaped.
func nodePath(node string, parts ...string) string {
	path := "/nodes/" + url.PathEscape(node)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// version returns the API's major and minor version.
func (d *Driver) version(ctx context.Context) (major, minor int, err error) {
	var v pve.Version
	if err := d.get(ctx, "/version", nil, &v); err != nil {
		return 0, 0, err
	}
	release := v.Release
	if release == "" {
		release = v.Version
	}
	fmt.Sscanf(strings.ReplaceAll(release, "-", "."), "%d.%d", &major, &minor) // what cannot be read counts as old
	return major, minor, nil
}

// content lists the volumes of one content type ("iso", "vztmpl", "import") on a node's storage.
func (d *Driver) content(ctx context.Context, node, storage, kind string) ([]pve.StorageContent, error) {
	var volumes []pve.StorageContent
	err := d.get(ctx, nodePath(node, "storage", storage, "content"), url.Values{"content": {kind}}, &volumes)
	return volumes, err
}
