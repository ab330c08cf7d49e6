// Package folder keeps files in a folder of this machine, by their IDs. Several processes may use one folder, also over the network, where
// renaming is atomic.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"allotment/app"
)

// Folder is the place of the files.
type Folder struct{ path string }

// Open returns the folder at path. It is made when the first file is.
func Open(path string) *Folder { return &Folder{path: path} }

const partial = ".part"

// Create begins a file. What an earlier attempt left of it is dropped, and that attempt can be committed no more.
func (f *Folder) Create(_ context.Context, id app.ID) (app.FileWriter, error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if err := f.dropParts(id); err != nil {
		return nil, err
	}
	part, err := os.CreateTemp(f.path, id.String()+".*"+partial) // with mode 0600
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return &writer{File: part, to: f.name(id)}, nil
}

func (f *Folder) name(id app.ID) string { return filepath.Join(f.path, id.String()) }

func (f *Folder) dropParts(id app.ID) error {
	parts, err := filepath.Glob(f.name(id) + ".*" + partial)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, part := range parts {
		if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("files: %w", err)
		}
	}
	return nil
}

// Open opens a file, or returns NotFound.
func (f *Folder) Open(_ context.Context, id app.ID) (app.FileReader, error) {
	file, err := os.Open(f.name(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, app.Because(app.NotFound, err, "There is nothing at this address.")
	}
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("files: %w", err)
	}
	return reader{file, info.Size()}, nil
}

// Remove drops a file and what attempts left of it. One that is not there is fine.
func (f *Folder) Remove(_ context.Context, id app.ID) error {
	if err := os.Remove(f.name(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("files: %w", err)
	}
	return f.dropParts(id)
}

// List returns all that is there. Names that are not ours are left alone.
func (f *Folder) List(context.Context) ([]app.StoredFile, error) {
	entries, err := os.ReadDir(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	var all []app.StoredFile
	for _, entry := range entries {
		name, rest, _ := strings.Cut(entry.Name(), ".")
		id, err := app.ParseID(name)
		if err != nil || rest != "" && !strings.HasSuffix(rest, partial[1:]) {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		all = append(all, app.StoredFile{ID: id, ChangedAt: info.ModTime()})
	}
	return all, nil
}

type writer struct {
	*os.File
	to   string
	done bool
}

// Commit makes what was written last through a crash, and gives it its name.
func (w *writer) Commit() error {
	if err := errors.Join(w.Sync(), w.Close()); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	if err := os.Rename(w.Name(), w.to); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	w.done = true
	return nil
}

// Abort drops what was written.
func (w *writer) Abort() {
	if w.done {
		return
	}
	_ = w.Close() // it may be closed already
	_ = os.Remove(w.Name())
}

type reader struct {
	*os.File
	size int64
}

func (r reader) Size() int64 { return r.size }
