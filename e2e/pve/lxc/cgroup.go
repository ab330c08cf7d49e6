package lxc

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Control groups are the one thing of a container that outlives its processes. Their names carry the PID and start time
// of the process that made them, so that a later runtime recognizes and removes those of the dead.

const cgroups = "/sys/fs/cgroup"

// ownLabel is the name prefix of this process's nth runtime.
func ownLabel(n int) (string, error) {
	start, err := startTime(os.Getpid())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("allotment-%d-%d-%d", os.Getpid(), start, n), nil
}

// startTime of a process in clock ticks since boot: the 22nd field of /proc/PID/stat (proc(5)).
func startTime(pid int) (uint64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw[strings.LastIndexByte(string(raw), ')'):]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

// hierarchies are the mounted cgroup trees: one for cgroup v2, one for each controller in v1, both kinds when mixed.
func hierarchies() []string {
	if unified() {
		return []string{cgroups}
	}
	raw, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil
	}
	var found []string
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			found = append(found, fields[1])
		}
	}
	return found
}

// unified tells whether this machine has cgroup v2 only.
func unified() bool {
	_, err := os.Stat(filepath.Join(cgroups, "cgroup.controllers"))
	return err == nil
}

var labelled = regexp.MustCompile(`^lxc\.(?:payload|monitor)\.allotment-(\d+)-(\d+)-`)

// sweep removes the cgroups of runtimes whose process is gone.
func sweep() {
	for _, group := range groups("") {
		match := labelled.FindStringSubmatch(filepath.Base(group))
		if match == nil {
			continue
		}
		pid, _ := strconv.Atoi(match[1])
		if start, err := startTime(pid); err != nil || strconv.FormatUint(start, 10) != match[2] {
			removeTree(group)
		}
	}
}

// groups are the cgroups that lxc made for containers whose name begins with label, in all trees. They are looked for
// everywhere: lxc puts them beside the cgroup of the process that called it, which may differ from tree to tree.
func groups(label string) []string {
	var found []string
	for _, tree := range hierarchies() {
		_ = filepath.WalkDir(tree, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil
			}
			kind, container, ok := strings.Cut(strings.TrimPrefix(entry.Name(), "lxc."), ".")
			if !ok || !strings.HasPrefix(entry.Name(), "lxc.") || (kind != "payload" && kind != "monitor") {
				return nil
			}
			if strings.HasPrefix(container, label) {
				found = append(found, name)
			}
			return fs.SkipDir
		})
	}
	return found
}

// removeCgroups removes what is left of the containers whose name begins with label. The kernel needs a moment to let go
// of a killed process, so it is tried for up to five seconds.
func removeCgroups(ctx context.Context, label string) {
	for range 100 {
		left := 0
		for _, group := range groups(label) {
			if !removeTree(group) {
				left++
			}
		}
		if left == 0 || ctx.Err() != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// removeTree removes a cgroup and those below it, deepest first; false when something in it is still alive.
func removeTree(group string) bool {
	var below []string
	_ = filepath.WalkDir(group, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			below = append(below, name)
		}
		return nil
	})
	for _, name := range slices.Backward(below) {
		_ = os.Remove(name)
	}
	_, err := os.Stat(group)
	return os.IsNotExist(err)
}
