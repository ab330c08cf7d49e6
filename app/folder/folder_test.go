package folder_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"allotment/app"
	"allotment/app/folder"
)

// TestFolder writes, replaces, abandons and drops files.
func TestFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "made", "when needed")
	f, id := folder.Open(path), app.NewID()
	if list, err := f.List(t.Context()); err != nil || len(list) > 0 {
		t.Fatalf("a folder that is not there: %v, %v", list, err)
	}
	if _, err := f.Open(t.Context(), id); app.CodeOf(err) != app.NotFound {
		t.Errorf("a file that is not there: %v", err)
	}
	write := func(text string) app.FileWriter {
		t.Helper()
		w, err := f.Create(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		return w
	}
	lost := write("of a worker that was killed")
	first := write("first")
	if err := lost.Commit(); err == nil {
		t.Error("an attempt that another one replaced was committed")
	}
	if _, err := f.Open(t.Context(), id); app.CodeOf(err) != app.NotFound {
		t.Errorf("half a file can be read: %v", err)
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	first.Abort()
	write("given up").Abort()
	read := func(want string) {
		t.Helper()
		r, err := f.Open(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		text, err := io.ReadAll(r)
		if err != nil || string(text) != want || r.Size() != int64(len(want)) {
			t.Errorf("%q, %d, %v", text, r.Size(), err)
		}
	}
	read("first")
	if err := write("second").Commit(); err != nil {
		t.Fatal(err)
	}
	read("second")
	write("left behind")
	if err := os.WriteFile(filepath.Join(path, "somebody else's"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := f.List(t.Context()); err != nil || len(list) != 2 || list[0].ID != id || list[1].ID != id {
		t.Errorf("%v, %v", list, err)
	}
	for range 2 {
		if err := f.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(path); len(left) != 1 {
		t.Errorf("%d files are left, want the one that is not ours", len(left))
	}
}
