package lab

import (
	"context"
	"sync"
	"testing"
	"time"
)

// shared is the lab that the tests of one binary use together, one for each set of servers asked for.
type shared struct {
	once sync.Once
	lab  *Lab
	err  error
}

var sharedLabs sync.Map // Options without Log -> *shared

// T returns a running lab with the servers that o names; o.Log is ignored. All tests of a binary that ask for the same servers
// share one, so each keeps to its own database, zone or tenant. The lab ends with the binary, whose end the kernel and the lab's
// watcher notice. A test whose servers cannot run here is skipped, with the package to install.
func T(t testing.TB, o Options) *Lab {
	t.Helper()
	o.Log = nil
	entry, _ := sharedLabs.LoadOrStore(key(o), &shared{})
	s := entry.(*shared)
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		s.lab, s.err = Start(ctx, o)
	})
	if s.err != nil {
		t.Fatalf("the lab does not start: %v", s.err)
	}
	for _, m := range s.lab.Unavailable {
		t.Skip(m)
	}
	return s.lab
}

// key is what of o decides whether two tests may share a lab.
func key(o Options) any {
	type comparable struct {
		dir                                    string
		postgres, dns, directory, mail, fsyncs bool
	}
	return comparable{o.Dir, o.Postgres, o.DNS, o.Directory, o.Mail, o.Fsync}
}

// TestDatabase gives t a database of its own, copied from a template (see Template), and drops it at t's end. It returns the
// superuser's URL.
func (p *Postgres) TestDatabase(t testing.TB, template string) string {
	t.Helper()
	name, err := p.Copy(t.Context(), template)
	if err != nil {
		t.Fatalf("copy of the database %s: %v", template, err)
	}
	t.Cleanup(func() {
		if err := p.Drop(context.Background(), name); err != nil {
			t.Errorf("drop the database %s: %v", name, err)
		}
	})
	return p.URL(name)
}
