// Package built makes programs that tests run as real servers and that no package of the distribution has: each has a go.mod of its own under
// e2e, so that what it needs is none of ours.
package built

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Program is one that is built from Go modules.
type Program struct {
	Name    string   // of the file
	Folder  string   // of its go.mod, seen from the root of the repository: "e2e/hydra"
	Package string   // its main package
	Tags    []string // of the build
}

// limit bounds one build on a busy machine.
const limit = 20 * time.Minute

// Path returns where the program is. It is built once for each state of its go.mod and go.sum and kept in $XDG_CACHE_HOME/allotment/built; of
// several tests that ask at once, one builds and the others wait.
func Path(t testing.TB, p Program) string {
	t.Helper()
	path, err := p.path(t.Context())
	if err != nil {
		t.Fatalf("%s cannot be built: %v", p.Name, err)
	}
	return path
}

func (p Program) path(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "allotment").Output()
	if err != nil {
		return "", fmt.Errorf("the root of the repository: %w", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(root)), p.Folder)
	sum, err := p.sum(folder)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "allotment", "built")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(cache, p.Name+"-"+sum)
	lock, err := os.OpenFile(filepath.Join(cache, p.Name+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, p.build(ctx, folder, path)
}

// sum changes with everything that goes into the program.
func (p Program) sum(folder string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, p.Package, p.Tags)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return "", err
		}
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// build puts the program in its place only when it is whole.
func (p Program) build(ctx context.Context, folder, path string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "build", "-tags", strings.Join(p.Tags, ","), "-o", path+".part", p.Package)
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return os.Rename(path+".part", path)
}
