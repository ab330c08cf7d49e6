package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A lab must work where other users may not go, such as below /root, and where a path is too long for a socket.
func TestFoldersThatServersCannotUse(t *testing.T) {
	t.Parallel()
	top, err := os.MkdirTemp("", "lab-closed-") // 0700, like /root
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(top)
	long := filepath.Join(top, strings.Repeat("a-long-name/", 8), "lab")
	for _, dir := range []string{filepath.Join(top, "lab"), long} {
		l, err := Start(t.Context(), Options{Dir: dir, Postgres: true, DNS: true})
		if err != nil {
			t.Fatal(err)
		}
		run := l.folder.run
		if n := len(filepath.Join(l.Postgres.SocketDir, ".s.PGSQL.5432")); n > 107 {
			t.Errorf("the socket's name has %d bytes, more than Linux takes", n)
		}
		if err := Clean(dir); err == nil {
			t.Error("a running lab's folder was removed")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(run, l.Dir()) && !gone(run) {
			t.Errorf("%s was left behind", run)
		}
		if err := Clean(dir); err != nil || !gone(l.Dir()) {
			t.Errorf("clean: %v; %s removed: %v", err, l.Dir(), gone(l.Dir()))
		}
		if err := Clean(dir); err != nil {
			t.Errorf("cleaning what is not there: %v", err)
		}
	}
}

func TestUnreadableMemoryIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lab.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &folder{root: dir}
	if err := f.load(); err == nil || !strings.Contains(err.Error(), "remove the folder") {
		t.Errorf("half a memory gives %v, want advice", err)
	}
}
