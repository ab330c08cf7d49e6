package dav

import (
	"context"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureFor is how long one listing may make files to learn their lengths: no program should give up waiting. Programs that copy a folder want each
// length beforehand (RFC 4918 section 15.4), and a length is known only of a file that was made once. A month of thousands is known after some listings.
const measureFor = 8 * time.Second

// lengths are the lengths of files that were made once, by their ETags. They are few bytes each, and are forgotten all at once when they are too many.
type lengths struct {
	mu    sync.Mutex
	known map[string]int64
}

// mostLengths is how many are kept.
const mostLengths = 500_000

func (l *lengths) of(tag string) (int64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, ok := l.known[tag]
	return n, ok
}

func (l *lengths) keep(tag string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) >= mostLengths {
		clear(l.known)
	}
	l.known[tag] = n
}

// measure learns the lengths of files, as many as there is time for. Those of the others stay unknown: see DeadProps. Sheets, which stand last, come
// first: they are made of rows, and quickly.
func (t *tree) measure(ctx context.Context, files []node) {
	if t.lengths == nil { // one file is read, and tells its length itself
		return
	}
	ctx, cancel := context.WithDeadline(ctx, t.until)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i := range slices.Backward(files) {
		n := &files[i]
		if n.folder || n.measured {
			continue
		}
		if n.sheet == "" {
			if n.size, n.measured = t.lengths.of(n.tag); n.measured {
				continue
			}
		}
		if ctx.Err() != nil {
			continue
		}
		all.Go(func() error {
			t.measureOne(ctx, n)
			return nil
		})
	}
	_ = all.Wait() // what could not be made is without a length, and says why when it is read
}

func (t *tree) measureOne(ctx context.Context, n *node) {
	f := &file{ctx: ctx, tree: t, node: *n}
	defer f.Close() //nolint:errcheck // nothing was written
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return
	}
	n.size, n.measured, n.tag = size, true, f.node.tag
	if n.sheet == "" {
		t.lengths.keep(n.tag, size)
	}
}
