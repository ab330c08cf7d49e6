package lab

import (
	"context"
	"fmt"
	"syscall"
)

// Server names one process of a lab.
type Server string

// The servers.
const (
	ServerPostgres  Server = "postgres"
	ServerDNS       Server = "pdns"
	ServerDirectory Server = "slapd"
	ServerSMTP      Server = "postfix"
	ServerIMAP      Server = "cyrus"
	ServerPasswords Server = "saslauthd"
)

// Down ends one server, for a test of an outage; up starts it again with the same addresses and data and returns when it
// answers. Not for a lab that other tests share.
func (l *Lab) Down(s Server) (up func(context.Context) error, err error) {
	return l.down(s, func(p *process) { p.end(false) })
}

// Crash is Down in the middle of whatever the server does: PostgreSQL as `pg_ctl stop -m immediate` stops it, which leaves its
// files to be recovered, and the others as kill -9 does.
func (l *Lab) Crash(s Server) (up func(context.Context) error, err error) {
	return l.down(s, func(p *process) {
		if s == ServerPostgres {
			p.stop = syscall.SIGQUIT
		}
		p.end(s != ServerPostgres)
	})
}

func (l *Lab) down(s Server, end func(*process)) (up func(context.Context) error, err error) {
	p := l.take(s)
	if p == nil {
		return nil, fmt.Errorf("the lab runs no server %q", s)
	}
	again := p.command
	end(p)
	return func(ctx context.Context) error {
		fresh, err := l.run(again)
		if err != nil {
			return err
		}
		return fresh.ready(ctx, p.probe)
	}, nil
}

// take removes the last started process of that name from the list of those that run.
func (l *Lab) take(s Server) *process {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.procs) - 1; i >= 0; i-- {
		if p := l.procs[i]; p.name == string(s) {
			l.procs = append(l.procs[:i:i], l.procs[i+1:]...)
			return p
		}
	}
	return nil
}
