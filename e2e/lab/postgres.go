package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Postgres is a PostgreSQL server that answers on a Unix socket only. It asks for no passwords: the socket's folder admits us,
// and, as root, the group of Postfix.
type Postgres struct {
	SocketDir    string
	Port         int    // names the socket
	SuperuserURL string // of the database postgres
}

// URL is the address of the database name for the superuser.
func (p *Postgres) URL(name string) string { return p.URLAs("postgres", name) }

// URLAs is the address of the database name for another role.
func (p *Postgres) URLAs(role, name string) string {
	q := url.Values{"host": {p.SocketDir}, "port": {strconv.Itoa(p.Port)}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + name, RawQuery: q.Encode()}).String()
}

func (l *Lab) startPostgres(ctx context.Context, fsync bool) error {
	bin := filepath.Dir(newest(postgresPackage.Proof))
	user, err := dropTo("postgres", "nobody")
	if err != nil {
		return err
	}
	mode := os.FileMode(0o700)
	user, shared := user.joined("postfix")
	if shared {
		mode = 0o770
	}
	data, sockets := l.folder.path("postgres"), filepath.Join(l.folder.run, "postgres")
	if err := errors.Join(user.folder(data, 0o700), user.folder(sockets, 0o711)); err != nil {
		return err
	}
	if err := initdb(ctx, bin, filepath.Join(data, "data"), user); err != nil {
		return err
	}
	// Only the socket's name carries the port, and its folder is ours: PostgreSQL's usual number, which libraries assume.
	const port = 5432
	c := command{name: "postgres", path: filepath.Join(bin, "postgres"), user: user, stop: syscall.SIGINT, death: syscall.SIGQUIT,
		args: postgresArgs(filepath.Join(data, "data"), sockets, port, mode, fsync)}
	if shared {
		c.args = append(c.args, "-c", "unix_socket_group=postfix")
	}
	server, err := l.run(c)
	if err != nil {
		return err
	}
	p := &Postgres{SocketDir: sockets, Port: port}
	p.SuperuserURL = p.URL("postgres")
	if err := server.ready(ctx, p.ping); err != nil {
		return err
	}
	l.Postgres = p
	l.say("PostgreSQL: %s", p.SuperuserURL)
	return nil
}

func postgresArgs(data, sockets string, port int, mode os.FileMode, fsync bool) []string {
	args := []string{"-D", data, "-k", sockets, "-p", strconv.Itoa(port)}
	settings := []string{"listen_addresses=", fmt.Sprintf("unix_socket_permissions=%#o", mode), "max_connections=400",
		"dynamic_shared_memory_type=mmap", "autovacuum_naptime=10s", "log_min_duration_statement=5s"}
	if !fsync {
		settings = append(settings, "fsync=off", "full_page_writes=off", "synchronous_commit=off")
	}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// initdb makes a database cluster in data unless one is there. A run that was cut short leaves nothing that counts.
func initdb(ctx context.Context, bin, data string, user *account) error {
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	_, err := tool(ctx, user, "", filepath.Join(bin, "initdb"),
		"-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	return os.Rename(fresh, data)
}

func (p *Postgres) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.SuperuserURL)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// do runs statements as the superuser in the database name.
func (p *Postgres) do(ctx context.Context, name string, statements ...string) error {
	conn, err := pgx.Connect(ctx, p.URL(name))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}
