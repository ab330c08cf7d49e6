package dav

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/webdav"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// top are the folders at the top.
var top = []struct {
	name string
	side app.ExportSide
}{{"issued", app.Sold}, {"received", app.Bought}}

// tree is what one request sees: it remembers what it has looked up.
type tree struct {
	portal  *portal.Portal
	actor   app.Actor
	release string    // of this program: another one may draw documents otherwise
	lengths *lengths  // of files; nil where nothing is listed
	until   time.Time // when to stop measuring
	months  map[app.ExportSide][]billing.Date
	shelves map[portal.Shelf]*shelf
}

// shelf is a month that was looked up.
type shelf struct {
	portal.Shelf
	files  []node
	byName map[string]int // place in files
}

func newTree(p *portal.Portal, actor app.Actor) *tree {
	t := &tree{portal: p, actor: actor, months: map[app.ExportSide][]billing.Date{}, shelves: map[portal.Shelf]*shelf{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		t.release = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				t.release += s.Value
			}
		}
	}
	return t
}

// Stat returns what there is at a path.
func (t *tree) Stat(ctx context.Context, name string) (os.FileInfo, error) {
	n, err := t.find(ctx, name)
	return n, asNotExist(err)
}

// OpenFile opens a file or folder to read. What would write is refused.
func (t *tree) OpenFile(ctx context.Context, name string, flag int, _ os.FileMode) (webdav.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) != 0 {
		return nil, os.ErrPermission
	}
	n, err := t.find(ctx, name)
	if err != nil {
		return nil, asNotExist(err)
	}
	return &file{ctx: ctx, tree: t, node: n, path: name}, nil
}

// Mkdir is refused.
func (t *tree) Mkdir(context.Context, string, os.FileMode) error { return os.ErrPermission }

// RemoveAll is refused.
func (t *tree) RemoveAll(context.Context, string) error { return os.ErrPermission }

// Rename is refused.
func (t *tree) Rename(context.Context, string, string) error { return os.ErrPermission }

// asNotExist tells the library of WebDAV in its own words what is not there.
func asNotExist(err error) error {
	switch app.CodeOf(err) {
	case app.NotFound, app.Forbidden:
		return os.ErrNotExist // it unwraps nothing
	}
	return err
}

var errNone = app.Errorf(app.NotFound, "There is nothing at this address.")

// find resolves a path: "/", "/issued", "/issued/2026", "/issued/2026/01", "/issued/2026/01/NUMBER.pdf".
func (t *tree) find(ctx context.Context, path string) (node, error) {
	var parts []string
	if path = strings.Trim(path, "/"); path != "" {
		parts = strings.Split(path, "/")
	}
	if len(parts) == 0 {
		return folderNode("dav", time.Time{}), nil
	}
	side, ok := t.side(parts[0])
	if !ok || len(parts) > 4 {
		return node{}, errNone
	}
	if len(parts) == 1 {
		return folderNode(parts[0], time.Time{}), nil
	}
	year, err := number(parts[1], 4)
	if err != nil {
		return node{}, err
	}
	months, err := t.of(ctx, side)
	if err != nil {
		return node{}, err
	}
	in := slices.ContainsFunc(months, func(m billing.Date) bool { return m.Year == year })
	if len(parts) == 2 && in {
		return folderNode(parts[1], time.Time{}), nil
	}
	if !in || len(parts) == 2 {
		return node{}, errNone
	}
	month, err := number(parts[2], 2)
	day := billing.Date{Year: year, Month: time.Month(month), Day: 1}
	if err != nil || !slices.Contains(months, day) {
		return node{}, errNone
	}
	if len(parts) == 3 {
		return folderNode(parts[2], day.UTC()), nil
	}
	s, err := t.shelf(ctx, portal.Shelf{Side: side, Month: day})
	if err != nil {
		return node{}, err
	}
	i, ok := s.byName[parts[3]]
	if !ok {
		return node{}, errNone
	}
	t.measure(ctx, s.files[i:i+1])
	return s.files[i], nil
}

// side is the folder at the top with a name. Customers have issued nothing.
func (t *tree) side(name string) (app.ExportSide, bool) {
	for _, one := range top {
		if one.name == name && (one.side == app.Bought || t.actor.Kind != app.Customer) {
			return one.side, true
		}
	}
	return "", false
}

func number(text string, digits int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) != digits || n <= 0 {
		return 0, errNone
	}
	return n, nil
}

func (t *tree) of(ctx context.Context, side app.ExportSide) ([]billing.Date, error) {
	if months, known := t.months[side]; known {
		return months, nil
	}
	months, err := t.portal.Shelves(ctx, t.actor, side)
	if err == nil {
		t.months[side] = months
	}
	return months, err
}

// shelf looks a month up.
func (t *tree) shelf(ctx context.Context, which portal.Shelf) (*shelf, error) {
	if s, known := t.shelves[which]; known {
		return s, nil
	}
	volumes, err := t.portal.Volumes(ctx, t.actor, which)
	if err != nil {
		return nil, err
	}
	s := &shelf{Shelf: which, byName: make(map[string]int, 2*len(volumes)+5)}
	last := which.Month.UTC()
	for _, v := range volumes {
		if v.At.After(last) {
			last = v.At
		}
		s.add(node{name: v.Name + ".pdf", at: v.At, kind: "application/pdf", tag: t.tag("pdf", v.ID.String(), v.Wears), document: v.ID, asPDF: true})
		s.add(node{name: v.Name + ".xml", at: v.At, kind: "application/xml", tag: t.tag("xml", v.ID.String()), document: v.ID})
	}
	for _, kind := range portal.ShelfSheets(which.Side) {
		// A sheet of payments or of the ledger may change while no document does: its ETag is made of what it holds.
		s.add(node{name: string(kind) + "-" + which.Month.String()[:7] + kind.Extension(), at: last, kind: kind.ContentType(), sheet: kind, shelf: which})
	}
	t.shelves[which] = s
	return s, nil
}

func (s *shelf) add(n node) {
	s.byName[n.name] = len(s.files)
	s.files = append(s.files, n)
}

// tag is a name of a file's content: the same as long as that is the same.
func (t *tree) tag(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(parts, t.release), "\x00")))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// children lists a folder.
func (t *tree) children(ctx context.Context, path string) (all []node, err error) {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if len(parts) == 0 {
		for _, one := range top {
			if _, ok := t.side(one.name); ok {
				all = append(all, folderNode(one.name, time.Time{}))
			}
		}
		return all, nil
	}
	side, _ := t.side(parts[0])
	if len(parts) == 3 {
		year, _ := number(parts[1], 4) // find has read both
		month, _ := number(parts[2], 2)
		s, err := t.shelf(ctx, portal.Shelf{Side: side, Month: billing.Date{Year: year, Month: time.Month(month), Day: 1}})
		if err != nil {
			return nil, err
		}
		t.measure(ctx, s.files)
		return s.files, nil
	}
	months, err := t.of(ctx, side)
	for _, m := range months {
		name := fmt.Sprintf("%04d", m.Year)
		if len(parts) == 2 {
			if name != parts[1] {
				continue
			}
			name = fmt.Sprintf("%02d", int(m.Month))
		}
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, folderNode(name, time.Time{}))
		}
	}
	return all, err
}
