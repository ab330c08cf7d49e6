package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// tool runs a program to its end as user (nil: as we are) and returns what it printed; its complaints are in the error.
func tool(ctx context.Context, user *account, input, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdin, cmd.Env = "/", strings.NewReader(input), []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	if user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user.credential()}
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if errors.Is(ctx.Err(), context.Canceled) {
		return "", errNotStarted
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", filepath.Base(path), err, out, complaints.Bytes())
	}
	return string(out), nil
}

// tail is the last lines of a log, indented, for an error; "" when there are none.
func tail(path string) string {
	data, _ := os.ReadFile(path)
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	if len(lines) > 12 {
		lines = lines[len(lines)-12:]
	}
	if text := string(bytes.Join(lines, []byte("\n  "))); text != "" {
		return "\n  " + text
	}
	return ""
}
