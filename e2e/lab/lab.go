// Package lab starts private, real servers as child processes: PostgreSQL, PowerDNS, OpenLDAP, and Postfix with Cyrus SASL and
// Cyrus IMAP. They listen on free loopback ports, live in a folder of their own and end with the process that started them,
// however it ends. `allotment dev` runs on a lab, and so does every test that needs a server.
package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// startLimit bounds one server's start: the slowest, initdb on a busy machine, takes a few seconds.
const startLimit = 60 * time.Second

// Options says what to start and where.
type Options struct {
	Dir string       // folder that keeps the data, made when missing; "" is a private one, removed at the end
	Log func(string) // one line for people about each thing that happens; nil is silent

	Postgres  bool
	DNS       bool
	Directory bool
	Mail      bool // brings Postgres and Directory with it: mail reads both

	Fsync bool // PostgreSQL writes through to the disk; off for speed, since a lab's data may be lost with the machine
}

// All returns o with every server switched on.
func (o Options) All() Options {
	o.Postgres, o.DNS, o.Directory, o.Mail = true, true, true, true
	return o
}

// Lab is a set of running servers. A server that was not asked for, or cannot run here, is nil.
type Lab struct {
	Postgres  *Postgres
	DNS       *DNS
	Directory *Directory
	Mail      *Mail

	// Unavailable lists what was asked for and cannot run here, with the reason and the command that would enable it.
	Unavailable []Missing

	folder     *folder
	namespaces bool // servers run in PID namespaces
	log        func(string)
	mu         sync.Mutex
	procs      []*process // in order of start
}

// Missing is one thing that cannot run here.
type Missing struct {
	What   string // "mail (Postfix and Cyrus)"
	Why    string // a sentence without its full stop
	Enable string // a shell command
}

// String is one line for people.
func (m Missing) String() string {
	return fmt.Sprintf("%s is not available: %s. To enable it: %s", m.What, m.Why, m.Enable)
}

// Start starts the servers that o names, side by side, and returns when all of them answer. What the machine cannot run is
// listed in Unavailable; a server that should run and does not is an error, and then nothing stays behind.
func Start(ctx context.Context, o Options) (*Lab, error) {
	if o.Mail {
		o.Postgres, o.Directory = true, true
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	f, err := openFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	l := &Lab{folder: f, log: o.Log, namespaces: canIsolate()}
	o = l.withoutUnavailable(o)
	if err := l.start(ctx, o); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// start runs the groups of servers side by side; mail waits for the two that it reads.
func (l *Lab) start(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx) // the first failure ends the other starts
	defer cancel()
	postgres := l.group(ctx, cancel, o.Postgres, func(ctx context.Context) error { return l.startPostgres(ctx, o.Fsync) })
	directory := l.group(ctx, cancel, o.Directory, l.startDirectory)
	dns := l.group(ctx, cancel, o.DNS, l.startDNS)
	mail := l.group(ctx, cancel, o.Mail, func(ctx context.Context) error { return l.startMail(ctx, postgres, directory) })
	var failed, followed []error
	for _, g := range []*group{postgres, directory, dns, mail} {
		switch <-g.done; {
		case errors.Is(g.err, errNotStarted):
			followed = append(followed, g.err)
		case g.err != nil:
			failed = append(failed, g.err)
		}
	}
	if failed == nil { // the caller gave up, or nothing failed
		failed = followed
	}
	return errors.Join(failed...)
}

// group is the start of one server, or of one set of servers, under way.
type group struct {
	done chan struct{}
	err  error
}

// errNotStarted says that a server gave up because another had failed, or because the caller wanted no more.
var errNotStarted = errors.New("the start was given up")

// wait returns when the group is ready, or with an error when it is not going to be.
func (g *group) wait() error {
	if <-g.done; g.err != nil {
		return errNotStarted
	}
	return nil
}

// group starts fn in the background when it is wanted. Its failure cancels the others.
func (l *Lab) group(ctx context.Context, cancel func(), wanted bool, fn func(context.Context) error) *group {
	g := &group{done: make(chan struct{})}
	if !wanted {
		close(g.done)
		return g
	}
	go func() {
		defer close(g.done)
		ctx, stop := context.WithTimeout(ctx, startLimit)
		defer stop()
		if g.err = fn(ctx); g.err != nil {
			cancel()
		}
	}()
	return g
}

// Dir is the folder that holds the lab's data and its servers' logs (log/*.log).
func (l *Lab) Dir() string { return l.folder.root }

// Close ends every server, the last started first, and gives the folder back: a private one is removed.
func (l *Lab) Close() error {
	l.mu.Lock()
	procs := l.procs
	l.procs = nil
	l.mu.Unlock()
	for i := len(procs) - 1; i >= 0; i-- {
		procs[i].end(l.folder.private)
	}
	return l.folder.close()
}

// say tells people what happened.
func (l *Lab) say(format string, args ...any) { l.log(fmt.Sprintf(format, args...)) }
