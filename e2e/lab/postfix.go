package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The maps that Postfix asks PostgreSQL: what it looks up, and the query (pgsql_table(5): %s is the key, %d its domain).
var postfixMaps = map[string]string{
	"domains":   "SELECT domain FROM postfix_domains WHERE domain = lower('%s')",
	"mailboxes": "SELECT address FROM postfix_mailboxes WHERE address = lower('%s')",
	"aliases":   "SELECT target FROM postfix_aliases WHERE address = lower('%s')",
	"senders":   "SELECT login FROM postfix_senders WHERE address_or_domain IN (lower('%s'), lower('%d'))",
}

func (l *Lab) startPostfix(ctx context.Context, m *Mail, tls pair) error {
	owner, err := lookup("postfix")
	if err != nil {
		return err
	}
	dir := l.folder.path("postfix")
	var root *account
	err = errors.Join(root.folder(dir, 0o755), root.folder(dir+"/etc/sasl", 0o755), owner.folder(dir+"/data", 0o700), owner.folder(dir+"/outbox", 0o700), l.mailDatabase(ctx))
	if err != nil {
		return err
	}
	return l.folder.withPorts(func() error { return l.startMaster(ctx, m, dir, owner, tls) }, "submission", "smtp", "relay")
}

func (l *Lab) startMaster(ctx context.Context, m *Mail, dir string, owner *account, tls pair) error {
	submission, err1 := l.folder.port("submission")
	smtp, err2 := l.folder.port("smtp")
	relay, err3 := l.folder.port("relay")
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	m.SubmissionAddr, m.SMTPAddr, m.RelayAddr = address(submission), address(smtp), address(relay)
	data := map[string]any{"Dir": dir, "Host": mailHost, "Mail": m, "Cert": tls.cert, "Key": tls.key, "UID": owner.uid, "GID": owner.gid,
		"LMTP": filepath.Join(l.folder.run, "cyrus", "lmtp"), "Postgres": l.Postgres,
		"Saslauthd": filepath.Join(l.folder.run, "saslauthd", saslauthdSocket)}
	if err := errors.Join(makeQueue(dir+"/queue"), writePostfix(dir, data)); err != nil {
		return err
	}
	// Not through the command postfix: its script spends a second on checks of shared installations before it comes to this.
	server, err := l.run(command{name: "postfix", path: "/usr/lib/postfix/sbin/master", args: []string{"-s"},
		env: []string{"MAIL_CONFIG=" + dir + "/etc"}, stop: syscall.SIGTERM, switches: true})
	if err != nil {
		return err
	}
	for _, addr := range []string{m.SubmissionAddr, m.SMTPAddr, m.RelayAddr} {
		if err := server.ready(ctx, func(ctx context.Context) error { return greeting(ctx, addr, "220 "+mailHost) }); err != nil {
			return fmt.Errorf("%w%s", err, tail(dir+"/maillog"))
		}
	}
	l.say("Postfix: submission %s, SMTP %s", m.SubmissionAddr, m.SMTPAddr)
	return nil
}

// writePostfix writes the configuration: main.cf, master.cf, SASL's, and a file for each map.
func writePostfix(dir string, data map[string]any) error {
	files := map[string]string{"main.cf": "main.cf", "master.cf": "master.cf", "smtpd.conf": "sasl/smtpd.conf"}
	for name, path := range files {
		text, err := render(name, data)
		if err := errors.Join(err, writeConf(filepath.Join(dir, "etc", path), text)); err != nil {
			return err
		}
	}
	p := data["Postgres"].(*Postgres)
	for name, query := range postfixMaps {
		text := fmt.Sprintf("hosts = postgresql:///mail?host=%s&port=%d&user=mail_reader\ndbname = mail\nquery = %s\n", p.SocketDir, p.Port, query)
		if err := writeConf(filepath.Join(dir, "etc", name+".cf"), text); err != nil {
			return err
		}
	}
	return nil
}

// writeConf writes a file for root and the group postfix: smtpd.conf holds the key of relay passwords. Its time is in the
// past: Postfix reads a file of the last second again and again until it "cools down" (dict_load_file_xt), 1.5 s in all.
func writeConf(path, text string) error {
	owner, err := lookup("postfix")
	if err != nil {
		return err
	}
	past := time.Now().Add(-time.Hour)
	return errors.Join(os.WriteFile(path, []byte(text), 0o640), os.Chown(path, 0, int(owner.gid)), os.Chtimes(path, past, past))
}

// greeting reads the first line that a server says, and wants it to begin with want.
func greeting(ctx context.Context, addr, want string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, want) {
		err = fmt.Errorf("%s greets with %q", addr, line)
	}
	return err
}
