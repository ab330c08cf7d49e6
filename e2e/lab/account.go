package lab

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is a system user that a server runs as.
type account struct {
	name     string
	uid, gid uint32
	groups   []uint32
}

// dropTo returns the first of these users that exists, with its further groups. Without root there is nothing to drop: nil.
func dropTo(names ...string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range names {
		a, err := lookup(name)
		var unknown user.UnknownUserError
		if errors.As(err, &unknown) {
			continue
		}
		return a, err
	}
	return nil, fmt.Errorf("this machine has none of the users %v", names)
}

func lookup(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	a := &account{name: name, uid: number(u.Uid), gid: number(u.Gid)}
	for _, id := range ids {
		a.groups = append(a.groups, number(id))
	}
	return a, nil
}

// number reads an ID that the system's own database gave.
func number(id string) uint32 {
	n, _ := strconv.ParseUint(id, 10, 32)
	return uint32(n)
}

// joined is a with one more group, where the system has it; ok tells whether.
func (a *account) joined(group string) (_ *account, ok bool) {
	g, err := user.LookupGroup(group)
	if err != nil || a == nil {
		return a, false
	}
	b := *a
	b.groups = append(append([]uint32{}, a.groups...), number(g.Gid))
	return &b, true
}

func (a *account) credential() *syscall.Credential {
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: a.groups}
}

// folder makes path for the account alone; mode as in chmod.
func (a *account) folder(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(path, mode); err != nil || a == nil {
		return err
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// file writes a file that the account may read and nobody else.
func (a *account) file(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil || a == nil {
		return err
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}
