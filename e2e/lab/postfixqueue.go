package lab

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// postfixFiles lists the folders that Postfix wants, as name:type:owner:group:mode:flags; its own post-install reads it.
const postfixFiles = "/etc/postfix/postfix-files"

// makeQueue makes Postfix's queue folders, as `postfix start` would.
func makeQueue(queue string) error {
	list, err := os.ReadFile(postfixFiles)
	if err != nil {
		return err
	}
	names := strings.NewReplacer("$queue_directory", queue, "$mail_owner", "postfix", "$setgid_group", "postdrop")
	for line := range strings.Lines(string(list)) {
		if !strings.HasPrefix(line, "$queue_directory") {
			continue
		}
		f := strings.Split(names.Replace(strings.TrimSpace(line)), ":")
		if len(f) < 5 || f[1] != "d" {
			continue
		}
		if err := queueFolder(f[0], f[2], f[3], f[4]); err != nil {
			return err
		}
	}
	return nil
}

// queueFolder makes one folder; the group "-" is the owner's.
func queueFolder(path, owner, group, mode string) error {
	bits, err1 := strconv.ParseUint(mode, 8, 32)
	a, err2 := lookup(owner)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if group != "-" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return err
		}
		a.gid = number(g.Gid)
	}
	return a.folder(path, os.FileMode(bits))
}
