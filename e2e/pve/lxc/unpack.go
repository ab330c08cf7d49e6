package lxc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// unpack returns the folder with the archive's file system: CacheDir/SHA-256. It is unpacked once per machine, whole or
// not at all, also when several processes ask at once, and never written to afterwards.
func (r *Runtime) unpack(ctx context.Context, archive string, log func(string)) (string, error) {
	sum, err := checksum(archive)
	if err != nil {
		return "", fmt.Errorf("reading the template: %w", err)
	}
	root := filepath.Join(r.options.CacheDir, sum)
	if isFolder(root) {
		return root, nil
	}
	if err := os.MkdirAll(r.options.CacheDir, 0o711); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(root+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if isFolder(root) {
		return root, nil
	}
	log("extracting archive '" + archive + "'")
	part := root + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := extract(ctx, archive, part); err != nil {
		_ = os.RemoveAll(part)
		return "", err
	}
	return root, os.Rename(part, root)
}

// extract unpacks with tar, which keeps owners, modes and capabilities. Device nodes are left out, as Proxmox does.
func extract(ctx context.Context, archive, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	tar := exec.CommandContext(ctx, "tar", "--extract", "--file", archive, "--directory", folder, "--numeric-owner",
		"--preserve-permissions", "--xattrs", "--xattrs-include=*", "--exclude=./dev/*", "--exclude=dev/*")
	var said bytes.Buffer
	tar.Stderr = &said
	if err := tar.Run(); err != nil {
		return fmt.Errorf("unpacking the template: %w: %s", err, strings.TrimSpace(said.String()))
	}
	if !isFolder(filepath.Join(folder, "etc")) {
		return fmt.Errorf("the template holds no Linux file system (it has no /etc)")
	}
	return nil
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

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
