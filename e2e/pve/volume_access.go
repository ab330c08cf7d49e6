package pve

import (
	"regexp"
	"strconv"
	"strings"
)

var backupVMID = regexp.MustCompile(`^vzdump-(?:qemu|lxc)-(\d+)-`)

// mayUse is check_volume_access: whether the caller may read a volume for a guest; want is the content that it must
// have, or "".
func (s *Server) mayUse(c *call, vmid int, id, want string) error {
	m := volumeID.FindStringSubmatch(id)
	if m == nil {
		if c.root() {
			return nil
		}
		return die("Only root can pass arbitrary filesystem paths.")
	}
	if m[1] != storageID {
		return die("storage '%s' does not exist", m[1])
	}
	content, base := contentOf(m[2])
	if content == "" {
		return die("unable to parse directory volume name '%s'", m[2])
	}
	if want != "" && content != want && !(want == "rootdir" && content == "images") {
		return die("unable to use volume %s - content type needs to be '%s'", id, want)
	}
	if s.check(c.user, "/storage/"+storageID, "Datastore.Allocate") == nil {
		return nil
	}
	return s.mayRead(c, vmid, id, content, base)
}

func (s *Server) mayRead(c *call, vmid int, id, content, base string) error {
	owner := ownerOf(id, base)
	switch {
	case content == "iso" || content == "vztmpl" || content == "import":
		return s.checkAny(c.user, "/storage/"+storageID, "Datastore.AllocateSpace", "Datastore.Audit")
	case owner != 0 && owner == vmid:
		return nil
	case content == "backup" && owner != 0:
		if err := s.check(c.user, "/storage/"+storageID, "Datastore.AllocateSpace"); err != nil {
			return err
		}
		return s.check(c.user, "/vms/"+vmids(owner), "VM.Backup")
	case content == "images" && owner != 0:
		if err := s.check(c.user, "/storage/"+storageID, "Datastore.Audit"); err != nil {
			return err
		}
		return s.check(c.user, "/vms/"+vmids(owner), "VM.Config.Disk")
	}
	return die("missing privileges to access %s", id)
}

// ownerOf is the guest that a disk or backup belongs to, 0 for none.
func ownerOf(id, base string) int {
	if m := backupVMID.FindStringSubmatch(base); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	n, _ := strconv.Atoi(strings.Split(afterColon(id), "/")[0])
	return n
}
