package lab

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
)

func (l *Lab) startCyrus(ctx context.Context, m *Mail, user *account, tls pair) error {
	dir, run := l.folder.path("cyrus"), filepath.Join(l.folder.run, "cyrus")
	err := errors.Join(user.folder(dir, 0o700), user.folder(dir+"/conf", 0o700), user.folder(dir+"/conf/socket", 0o700),
		user.folder(dir+"/spool", 0o700), user.folder(run, 0o755))
	if err != nil {
		return err
	}
	// saslpasswd2 writes the administrator anew: the password may have been remembered, or not.
	_, err = tool(ctx, user, m.IMAPAdminPassword, "/usr/sbin/saslpasswd2", "-p", "-c", "-f", dir+"/sasldb2", "-u", mailHost, m.IMAPAdmin)
	if err != nil {
		return err
	}
	return l.folder.withPorts(func() error { return l.startCyrusMaster(ctx, m, user, tls, dir, run) }, "imap")
}

func (l *Lab) startCyrusMaster(ctx context.Context, m *Mail, user *account, tls pair, dir, run string) error {
	port, err := l.folder.port("imap")
	if err != nil {
		return err
	}
	m.IMAPAddr = address(port)
	data := map[string]any{"Dir": dir, "Run": run, "Host": mailHost, "Mail": m, "Cert": tls.cert, "Key": tls.key,
		"Saslauthd": filepath.Join(l.folder.run, "saslauthd", saslauthdSocket)}
	for _, name := range []string{"imapd.conf", "cyrus.conf"} {
		text, err := render(name, data)
		if err := errors.Join(err, user.file(filepath.Join(dir, name), text)); err != nil {
			return err
		}
	}
	server, err := l.run(command{name: "cyrus", path: "/usr/lib/cyrus/bin/master", user: user, stop: syscall.SIGQUIT,
		args: []string{"-C", dir + "/imapd.conf", "-M", dir + "/cyrus.conf", "-p", dir + "/master.pid", "-D"}})
	if err != nil {
		return err
	}
	if err := server.ready(ctx, func(ctx context.Context) error { return greeting(ctx, m.IMAPAddr, "* OK ") }); err != nil {
		return err
	}
	if err := server.ready(ctx, func(ctx context.Context) error { return dial(ctx, "unix", run+"/lmtp") }); err != nil {
		return err
	}
	l.say("Cyrus IMAP: %s", m.IMAPAddr)
	return nil
}
