package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
)

// The schema that Debian's pdns-backend-sqlite3 brings.
const pdnsSchema = "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql"

// DNS is an authoritative PowerDNS server with its HTTP API.
type DNS struct {
	APIURL   string // "http://127.0.0.1:port", without /api/v1
	APIKey   string
	ServerID string // as the API names it: always "localhost"
	Resolver string // "127.0.0.1:port", UDP and TCP; it knows its own zones only
}

func (l *Lab) startDNS(ctx context.Context) error {
	user, err := dropTo("pdns", "nobody")
	if err != nil {
		return err
	}
	dir := l.folder.path("dns")
	if err := errors.Join(user.folder(dir, 0o700), user.folder(filepath.Join(l.folder.run, "dns"), 0o700)); err != nil {
		return err
	}
	if err := pdnsDatabase(ctx, user, filepath.Join(dir, "zones.sqlite")); err != nil {
		return err
	}
	return l.folder.withPorts(func() error { return l.startPDNS(ctx, user, dir) }, "dns", "dns-api")
}

func (l *Lab) startPDNS(ctx context.Context, user *account, dir string) error {
	port, err1 := l.folder.port("dns")
	api, err2 := l.folder.port("dns-api")
	key, err3 := l.folder.secret("dns-api-key")
	conf, err4 := render("pdns.conf", map[string]any{"Dir": dir, "Run": filepath.Join(l.folder.run, "dns"), "Port": port, "API": api, "Key": key})
	if err := errors.Join(err1, err2, err3, err4, user.file(filepath.Join(dir, "pdns.conf"), conf)); err != nil {
		return err
	}
	// As process 1 of its namespace it does not hear SIGTERM, for which it has no handler. SQLite minds no kill.
	server, err := l.run(command{name: "pdns", path: "/usr/sbin/pdns_server", user: user, stop: syscall.SIGKILL,
		args: []string{"--config-dir=" + dir}})
	if err != nil {
		return err
	}
	d := &DNS{APIURL: "http://" + address(api), APIKey: key, ServerID: "localhost", Resolver: address(port)}
	if err := server.ready(ctx, d.ping); err != nil {
		return err
	}
	l.DNS = d
	l.say("PowerDNS: %s, API %s", d.Resolver, d.APIURL)
	return nil
}

// pdnsDatabase makes the zones' database unless it is there, in one piece.
func pdnsDatabase(ctx context.Context, user *account, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	schema, err := os.ReadFile(pdnsSchema)
	if errors.Is(err, fs.ErrNotExist) { // images for containers leave out all documentation
		return fmt.Errorf("%w; bring it back with: apt-get install --reinstall -o Dpkg::Options::='--path-include=/usr/share/doc/*' "+
			"pdns-backend-sqlite3", err)
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(path + ".new"); err != nil {
		return err
	}
	if _, err := tool(ctx, user, string(schema), "/usr/bin/sqlite3", "-bail", path+".new"); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// ping asks the API with our key, so that another server on the port does not pass for ours.
func (d *DNS) ping(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.APIURL+"/api/v1/servers/"+d.ServerID, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-API-Key", d.APIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the API answered %s", resp.Status)
	}
	return nil
}
