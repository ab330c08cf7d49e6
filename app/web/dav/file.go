package dav

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/net/webdav"

	"allotment/app"
	"allotment/app/portal"
)

// node is a file or folder as a listing tells it.
type node struct {
	name   string
	folder bool
	at     time.Time
	kind   string // media type
	tag    string // ETag; "" for one that is made of the content

	size     int64 // in bytes
	measured bool  // whether size is known

	document app.ID // of a document's file
	asPDF    bool
	sheet    app.ExportKind // of a sheet
	shelf    portal.Shelf
}

func folderNode(name string, at time.Time) node {
	if at.IsZero() {
		at = time.Unix(0, 0)
	}
	return node{name: name, folder: true, at: at}
}

// Name implements os.FileInfo.
func (n node) Name() string { return n.name }

// Size is 0 where it is not known: see DeadProps.
func (n node) Size() int64 { return n.size }

// Mode implements os.FileInfo: nothing can be written.
func (n node) Mode() fs.FileMode {
	if n.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime is when a document was issued; it never changes after that.
func (n node) ModTime() time.Time { return n.at }

// IsDir implements os.FileInfo.
func (n node) IsDir() bool { return n.folder }

// Sys implements os.FileInfo.
func (n node) Sys() any { return nil }

// ContentType implements webdav.ContentTyper, so that no file is made to guess it.
func (n node) ContentType(context.Context) (string, error) { return n.kind, nil }

// ETag implements webdav.ETager. A sheet has none before it is made.
func (n node) ETag(context.Context) (string, error) { return n.tag, nil }

// file is an open file or folder. A file is made when it is first read, or measured for a listing.
type file struct {
	ctx  context.Context
	tree *tree
	node node
	path string
	data *bytes.Reader
	temp *os.File
}

// make makes the content: a document in memory, a sheet in a file without a name.
func (f *file) make() (io.ReadSeeker, error) {
	switch {
	case f.node.folder:
		return nil, fs.ErrInvalid
	case f.data != nil:
		return f.data, nil
	case f.temp != nil:
		return f.temp, nil
	case f.node.sheet != "":
		return f.makeSheet()
	}
	data, err := f.tree.portal.DocumentFiles(f.ctx, f.tree.actor, f.node.document, f.node.asPDF)
	if err != nil {
		return nil, asNotExist(err)
	}
	f.data = bytes.NewReader(data)
	return f.data, nil
}

func (f *file) makeSheet() (io.ReadSeeker, error) {
	temp, err := os.CreateTemp("", "allotment-sheet-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(temp.Name()) // it lives as long as it is open
	sum := sha256.New()
	if err := f.tree.portal.ShelfSheet(f.ctx, f.tree.actor, f.node.shelf, f.node.sheet, io.MultiWriter(temp, sum)); err != nil {
		temp.Close()
		return nil, err
	}
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		temp.Close()
		return nil, err
	}
	f.temp, f.node.tag = temp, `"`+hex.EncodeToString(sum.Sum(nil)[:16])+`"`
	return temp, nil
}

// Read implements webdav.File.
func (f *file) Read(p []byte) (int, error) {
	r, err := f.make()
	if err != nil {
		return 0, err
	}
	return r.Read(p)
}

// Seek implements webdav.File.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	r, err := f.make()
	if err != nil {
		return 0, err
	}
	return r.Seek(offset, whence)
}

// Stat implements webdav.File.
func (f *file) Stat() (os.FileInfo, error) { return f.node, nil }

// Readdir lists a folder as a whole.
func (f *file) Readdir(int) ([]os.FileInfo, error) {
	children, err := f.tree.children(f.ctx, f.path)
	if err != nil {
		return nil, asNotExist(err)
	}
	all := make([]os.FileInfo, len(children))
	for i, child := range children {
		all[i] = child
	}
	return all, nil
}

// Write is refused.
func (f *file) Write([]byte) (int, error) { return 0, os.ErrPermission }

// Close implements webdav.File.
func (f *file) Close() error {
	if f.temp != nil {
		return f.temp.Close()
	}
	return nil
}

// DeadProps take the place of the length, and of a sheet's ETag, of a file that was not made yet: a wrong length would have clients cut files off, and
// making ten thousand PDFs for one listing would take minutes. A client that fetches a file is told its length then.
func (f *file) DeadProps() (map[xml.Name]webdav.Property, error) {
	if f.node.folder || f.node.measured {
		return nil, nil
	}
	unknown := map[xml.Name]webdav.Property{}
	hide := func(property string) {
		unknown[xml.Name{Space: "DAV:", Local: property}] = webdav.Property{XMLName: xml.Name{Space: "urn:allotment:dav", Local: property + "-when-fetched"}}
	}
	hide("getcontentlength")
	if f.node.tag == "" {
		hide("getetag")
	}
	return unknown, nil
}

// Patch is refused.
func (f *file) Patch([]webdav.Proppatch) ([]webdav.Propstat, error) { return nil, os.ErrPermission }
