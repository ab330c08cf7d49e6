package template

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"allotment/app/template/mirror"
)

// CacheDir is where built templates and downloaded packages are kept on this machine: $XDG_CACHE_HOME/allotment.
func CacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for caches (set XDG_CACHE_HOME or HOME): %w", err)
	}
	return filepath.Join(base, "allotment"), nil
}

// Cached returns the path of the template with these options in folder (templates/NAME-KEY.tar.zst), which it builds when
// it is not there. Several processes may ask at once: one builds, the others wait for it. o.Output is not used.
func Cached(ctx context.Context, folder string, o Options) (string, error) {
	if err := o.check(); err != nil {
		return "", err
	}
	o.Output = cachePath(folder, o)
	o.Packed = filepath.Join(folder, "packages")
	if exists(o.Output) {
		return o.Output, nil
	}
	if err := os.MkdirAll(filepath.Dir(o.Output), 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(o.Output+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("waiting for another build of %s: %w", o.Name, err)
	}
	if exists(o.Output) {
		return o.Output, nil
	}
	return o.Output, Build(ctx, o)
}

// InCache reports whether folder holds the template with these options.
func InCache(folder string, o Options) bool { return exists(cachePath(folder, o)) }

func cachePath(folder string, o Options) string {
	return filepath.Join(folder, "templates", fmt.Sprintf("%s-%s.tar.zst", o.Name, Key(o)))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// mirrorHosts are the hosts that a build may reach.
func mirrorHosts(o Options) []string {
	u, err := url.Parse(o.mirror())
	if err != nil {
		return nil
	}
	return append(mirror.HostHosts(), u.Host)
}
