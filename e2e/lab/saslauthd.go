package lab

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"syscall"
)

// saslauthdSocket is where saslauthd listens inside its folder.
const saslauthdSocket = "mux"

// startSaslauthd starts the daemon that checks people's passwords against the directory, for Postfix and Cyrus.
func (l *Lab) startSaslauthd(ctx context.Context, directory *group) error {
	user, err := dropTo("nobody")
	if err := errors.Join(err, directory.wait()); err != nil {
		return err
	}
	dir, run := l.folder.path("saslauthd"), filepath.Join(l.folder.run, "saslauthd")
	conf, err := render("saslauthd.conf", map[string]any{"Directory": l.Directory})
	file := filepath.Join(dir, "saslauthd.conf")
	if err := errors.Join(err, user.folder(dir, 0o700), user.folder(run, 0o755), user.file(file, conf)); err != nil {
		return err
	}
	// -r hands on anna@example.org whole; -d stays in the foreground.
	server, err := l.run(command{name: "saslauthd", path: "/usr/sbin/saslauthd", user: user, stop: syscall.SIGTERM,
		args: []string{"-a", "ldap", "-O", file, "-m", run, "-n", "2", "-r", "-d"}})
	if err != nil {
		return err
	}
	return server.ready(ctx, func(ctx context.Context) error { return dial(ctx, "unix", filepath.Join(run, saslauthdSocket)) })
}

// dial tells whether something accepts connections there.
func dial(ctx context.Context, network, addr string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
