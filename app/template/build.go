package template

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"allotment/app/template/mirror"
)

// installed is where the files of this package go, and how they are kept.
var installed = []struct {
	file, path string
	mode       fs.FileMode
}{
	{"allotment-enrol", "usr/local/sbin/allotment-enrol", 0o755},
	{"allotment-guest", "usr/local/sbin/allotment-guest", 0o755},
	{"allotment-enrol.service", "etc/systemd/system/allotment-enrol.service", 0o644},
	{"allotment-enrol-again.service", "etc/systemd/system/allotment-enrol-again.service", 0o644},
	{"allotment-setup.service", "etc/systemd/system/allotment-setup.service", 0o644},
	{"ssh-keys.conf", "etc/systemd/system/ssh.service.d/allotment.conf", 0o644},
	{"90-allotment.cfg", "etc/cloud/cloud.cfg.d/90-allotment.cfg", 0o644},
}

// prepare is run on the finished file system ($1) before the bake script: our files ($2 holds them as a tree) and units.
const prepare = `set -e
cp -a "$2/." "$1/"
echo LANG=C.UTF-8 > "$1/etc/default/locale"
ln -sf default/locale "$1/etc/locale.conf"
chroot "$1" systemctl enable --quiet allotment-enrol.service allotment-enrol-again.service allotment-setup.service
chroot "$1" systemctl mask --quiet systemd-firstboot.service getty@.service
printf 'localhost\n' > "$1/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' > "$1/etc/hosts"
`

// bake runs the bake script ($2) in the file system ($1), in a process namespace of its own: what it starts ends with it.
const bake = `set -e
cp "$2" "$1/root/.bake"
unshare --pid --fork --kill-child --mount-proc="$1/proc" -- chroot "$1" \
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash -eE -o pipefail /root/.bake </dev/null
rm -f "$1/root/.bake"
`

// finish makes a file system ($1) that many guests can start from: nothing in it is of one machine.
const finish = `set -e
rm -f "$1"/etc/ssh/ssh_host_* "$1"/var/lib/systemd/random-seed "$1"/etc/apt/apt.conf.d/99mmdebstrap
rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/archives/*.deb "$1"/var/cache/apt/*.bin "$1"/tmp/* "$1"/var/tmp/*
rm -rf "$1"/var/lib/cloud/* "$1"/var/lib/allotment "$1"/etc/resolv.conf
find "$1"/var/log -type f -exec truncate -s 0 {} +
: > "$1"/etc/machine-id
rm -f "$1"/var/lib/dbus/machine-id
`

// Build makes the template and writes it to o.Output, whole or not at all, with OUTPUT.sha256 beside it. It takes about
// a minute, needs root and a Debian mirror, and starts no daemon.
func Build(ctx context.Context, o Options) error {
	if o.mirror() == "" {
		return fmt.Errorf("template %s: this machine's apt sources name no Debian mirror (an address that ends in /debian)", o.Name)
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := Possible(); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "allotment-template-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := layOut(o, work); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	proxy := mirror.Proxy{Hosts: mirrorHosts(o), Cache: o.Packed}
	address, err := proxy.Start(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.Output), 0o755); err != nil {
		return err
	}
	part := o.Output + ".part"
	defer os.Remove(part)
	if err := run(ctx, o, arguments(o, work, address), part); err != nil {
		return fmt.Errorf("template %s: %w", o.Name, err)
	}
	return publish(part, o.Output)
}

// layOut writes what the build reads: the scripts, and the files of this package as a tree that is copied over the template.
func layOut(o Options, work string) error {
	scripts := map[string]string{"prepare.sh": prepare, "bake.sh": bake, "finish.sh": finish, "bake": o.Bake}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o700); err != nil {
			return err
		}
	}
	for _, f := range installed {
		raw, err := files.ReadFile("files/" + f.file)
		if err != nil {
			return err
		}
		name := filepath.Join(work, "tree", f.path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, raw, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// arguments are mmdebstrap's, for an archive on standard output.
func arguments(o Options, work, proxy string) []string {
	hook := func(script, argument string) string {
		return fmt.Sprintf(`--customize-hook=sh '%s' "$1" '%s'`, filepath.Join(work, script), argument)
	}
	args := []string{
		"--mode=root", "--format=tar", "--variant=minbase",
		"--include=" + strings.Join(append(append([]string{}, base...), o.Packages...), ","),
		`--aptopt=Acquire::http::Proxy "http://` + proxy + `"`,
		`--aptopt=Acquire::https::Proxy "http://` + proxy + `"`,
		`--aptopt=Acquire::Languages "none"`,
		// Unsafe only for the build: a guest syncs what it installs.
		"--dpkgopt=force-unsafe-io", `--customize-hook=sed -i /^force-unsafe-io$/d "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"`,
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
		hook("prepare.sh", filepath.Join(work, "tree")),
	}
	if strings.TrimSpace(o.Bake) != "" {
		args = append(args, hook("bake.sh", filepath.Join(work, "bake")))
	}
	m := o.mirror()
	return append(args, hook("finish.sh", ""), Suite, "-",
		fmt.Sprintf("deb %s %s main", m, Suite),
		fmt.Sprintf("deb %s %s-updates main", m, Suite),
		fmt.Sprintf("deb %s-security %s-security main", m, Suite))
}

// run pipes mmdebstrap through zstd into a file. Its messages go to o.Log; the last of them are in the error.
func run(ctx context.Context, o Options, args []string, output string) error {
	build := exec.CommandContext(ctx, "mmdebstrap", args...)
	build.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	build.Cancel = func() error { return syscall.Kill(-build.Process.Pid, syscall.SIGTERM) }
	build.WaitDelay = time.Minute // mmdebstrap unmounts and removes its folder first
	build.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
	pack := exec.CommandContext(ctx, "zstd", "-q", "-T2", "-3", "-f", "-o", output)
	stream, err := build.StdoutPipe()
	if err != nil {
		return err
	}
	messages, err := build.StderrPipe()
	if err != nil {
		return err
	}
	pack.Stdin = stream
	if err := pack.Start(); err != nil {
		return err
	}
	if err := build.Start(); err != nil {
		_ = pack.Process.Kill()
		_ = pack.Wait()
		return err
	}
	tail := follow(messages, o.Log)
	packed := pack.Wait()
	if err := build.Wait(); err != nil {
		return fmt.Errorf("mmdebstrap: %w:\n%s", err, strings.Join(tail, "\n"))
	}
	if packed != nil {
		return fmt.Errorf("zstd: %w", packed)
	}
	return nil
}

// follow hands each line to log until the stream ends, and returns the last twenty.
func follow(r io.Reader, log func(string)) []string {
	var tail []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if log != nil {
			log(lines.Text())
		}
		if tail = append(tail, lines.Text()); len(tail) > 20 {
			tail = tail[1:]
		}
	}
	_, _ = io.Copy(io.Discard, r)
	return tail
}

// publish writes the checksum file and moves the archive to its name.
func publish(part, output string) error {
	sum, err := checksum(part)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s  %s\n", sum, filepath.Base(output))
	if err := os.WriteFile(output+".sha256", []byte(line), 0o644); err != nil {
		return err
	}
	return os.Rename(part, output)
}

func checksum(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
