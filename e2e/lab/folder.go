package lab

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// sharedHome holds the data of labs whose own folder other users may not enter. It is used only as root.
const sharedHome = "/var/lib/allotment-lab"

// maxRoot is the longest root below which our longest socket name, run/postgres/.s.PGSQL.65535, is short enough (unix(7)).
const maxRoot = 70

// folder is a lab's place on disk: its lock, its memory of ports and secrets, and its servers' data.
type folder struct {
	root    string // absolute
	run     string // where sockets are: in root, or in a short folder of its own, since a socket's path ends at 107 bytes
	private bool   // root is removed at the end
	lock    *os.File
	watch   *watcher // removes root, or run where it is outside of root

	mu    sync.Mutex
	state state
}

// state is what a folder remembers from one run to the next.
type state struct {
	Ports   map[string]int    `json:"ports"`
	Secrets map[string]string `json:"secrets"`
}

// openFolder makes or reopens dir and takes its lock. The kernel frees the lock when the holder ends, so a stale one does not exist.
func openFolder(dir string) (*folder, error) {
	f := &folder{private: dir == ""}
	if err := f.make(dir); err != nil {
		return nil, fmt.Errorf("lab folder: %w", err)
	}
	if err := f.takeLock(); err != nil {
		return nil, err
	}
	if err := f.load(); err != nil {
		return nil, errors.Join(err, f.lock.Close())
	}
	if err := f.makeRun(); err != nil {
		return nil, errors.Join(err, f.lock.Close())
	}
	return f, nil
}

// makeRun sets run, and has what will not be kept removed when we end.
func (f *folder) makeRun() (err error) {
	f.run = f.path("run")
	if len(f.root) > maxRoot {
		if f.run, err = os.MkdirTemp("/tmp", "allotment-run-"); err != nil {
			return err
		}
	}
	if err := errors.Join(os.MkdirAll(f.run, 0o755), os.Chmod(f.run, 0o711)); err != nil {
		return err
	}
	switch {
	case f.private:
		f.watch, err = watchFolder(f.root)
	case len(f.root) > maxRoot:
		f.watch, err = watchFolder(f.run)
	}
	return err
}

// make sets root. Servers run as other users when we are root and must be able to enter it.
func (f *folder) make(dir string) error {
	if f.private {
		root, err := os.MkdirTemp(openPlace(os.TempDir()), "allotment-lab-")
		f.root = root
		return errors.Join(err, os.Chmod(root, 0o711))
	}
	root, err := home(dir)
	if err != nil {
		return err
	}
	f.root = root
	return errors.Join(os.MkdirAll(root, 0o755), os.Chmod(root, 0o711))
}

// home is where the data of a lab in dir lives: in dir itself, or in a place of the system's when we are root and dir lies
// where the servers' users may not go (below /root, say).
func home(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil || os.Geteuid() != 0 || enterable(filepath.Dir(abs)) {
		return abs, err
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(sharedHome, hex.EncodeToString(sum[:6])), nil
}

// openPlace is dir, or /tmp when other users may not enter dir.
func openPlace(dir string) string {
	if os.Geteuid() == 0 && !enterable(dir) {
		return "/tmp"
	}
	return dir
}

// enterable tells whether every user may pass through dir and all folders above it. Folders that do not exist yet will be.
func enterable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && info.Mode().Perm()&0o001 == 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// takeLock refuses a folder that another lab uses, naming the holder.
func (f *folder) takeLock() error {
	path := filepath.Join(f.root, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("lab folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		file.Close()
		return fmt.Errorf("the lab in %s is already running (process %s); stop it first, or choose another folder",
			f.root, strings.TrimSpace(string(holder)))
	}
	f.lock = file
	return errors.Join(file.Truncate(0), writeAt(file, strconv.Itoa(os.Getpid())+"\n"))
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func (f *folder) load() error {
	f.state = state{Ports: map[string]int{}, Secrets: map[string]string{}}
	data, err := os.ReadFile(f.path("lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, &f.state)
	}
	if err != nil {
		return fmt.Errorf("lab folder: %s cannot be read; remove the folder to start afresh: %w", f.path("lab.json"), err)
	}
	return nil
}

// save writes state in one piece, so that a crash never leaves half of it.
func (f *folder) save() error {
	data, err := json.MarshalIndent(f.state, "", "  ")
	if err != nil {
		return err
	}
	fresh := f.path("lab.json.new")
	return errors.Join(os.WriteFile(fresh, data, 0o600), os.Rename(fresh, f.path("lab.json")))
}

// secret returns the remembered secret of that name; the first time it makes one of 160 random bits, in hex.
func (f *folder) secret(name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.state.Secrets[name]; s != "" {
		return s, nil
	}
	b := make([]byte, 20)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	f.state.Secrets[name] = hex.EncodeToString(b)
	return f.state.Secrets[name], f.save()
}

// path is a path inside the folder.
func (f *folder) path(parts ...string) string {
	return filepath.Join(append([]string{f.root}, parts...)...)
}

// close gives the folder back.
func (f *folder) close() error {
	var err error
	if f.private {
		err = os.RemoveAll(f.root)
	}
	f.watch.close()
	return errors.Join(err, f.lock.Close())
}

// Clean removes what a lab in dir has kept. It refuses while that lab runs.
func Clean(dir string) error {
	root, err := home(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f := &folder{root: root}
	if err := f.takeLock(); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(root), f.lock.Close())
}
