package pve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// storageFields describe the storage as lists and status do.
func (s *Server) storageFields() map[string]any {
	s.mu.Lock()
	used := s.usedLocked()
	s.mu.Unlock()
	return map[string]any{"type": "dir", "content": strings.Join(storageContent, ","), "active": 1, "enabled": 1, "shared": 0,
		"total": s.opts.Storage, "used": used, "avail": max(0, s.opts.Storage-used)}
}

// listStorage: GET …/storage.
func listStorage(s *Server, c *call) (any, error) {
	list := []any{}
	want, id := c.params.str("content"), c.params.str("storage")
	if s.checkAny(c.user, "/storage/"+storageID, "Datastore.Audit", "Datastore.AllocateSpace") != nil || id != "" && id != storageID ||
		want != "" && !containsAny(storageContent, splitList(want)) {
		return list, nil
	}
	m := s.storageFields()
	m["storage"] = storageID
	m["used_fraction"] = float64(m["used"].(int64)) / float64(s.opts.Storage)
	return append(list, m), nil
}

func containsAny(list, wanted []string) bool {
	for _, w := range wanted {
		if contains(list, w) {
			return true
		}
	}
	return false
}

// storageStatus: GET …/storage/{storage}/status.
func storageStatus(s *Server, c *call) (any, error) {
	if err := s.storageExists(c); err != nil {
		return nil, err
	}
	return s.storageFields(), nil
}

// listContent: GET …/storage/{storage}/content. What the caller may not read is left out.
func listContent(s *Server, c *call) (any, error) {
	if err := s.storageExists(c); err != nil {
		return nil, err
	}
	want, vmid := c.params.str("content"), c.vmid()
	list := []any{}
	for _, content := range storageContent {
		if want != "" && want != content {
			continue
		}
		for _, f := range s.files(content) {
			owner := ownerOf(f.ID, filepath.Base(f.Path))
			if s.mayUse(c, 0, f.ID, "") == nil && (vmid == 0 || vmid == owner) {
				list = append(list, f.fields(owner))
			}
		}
	}
	for _, v := range s.images(want) {
		if s.mayUse(c, 0, v.ID, "") == nil && (vmid == 0 || vmid == v.VMID) {
			list = append(list, v.fields())
		}
	}
	return list, nil
}

// images lists the disk images of a content, rootdir for containers' and images for VMs', or all.
func (s *Server) images(content string) []volume {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []volume
	for _, id := range keys(s.volumes) {
		v := s.volumes[id]
		if content == "" || content == "rootdir" && v.Rootfs || content == "images" && !v.Rootfs {
			list = append(list, *v)
		}
	}
	return list
}

func (f *file) fields(owner int) map[string]any {
	m := map[string]any{"volid": f.ID, "content": f.Content, "format": f.Format, "size": f.Size, "ctime": f.Made.Unix()}
	if f.Content == "backup" {
		m["vmid"], m["subtype"] = owner, "qemu"
		if strings.HasPrefix(filepath.Base(f.Path), "vzdump-lxc-") {
			m["subtype"] = "lxc"
		}
	}
	return m
}

func (v *volume) fields() map[string]any {
	content := "images"
	if v.Rootfs {
		content = "rootdir"
	}
	m := map[string]any{"volid": v.ID, "content": content, "format": v.Format, "size": v.Size, "used": v.Size, "ctime": v.Made,
		"vmid": v.VMID, "parent": nil}
	if v.Parent != "" {
		m["parent"] = "../" + afterColon(v.Parent)
	}
	return m
}

// fullID puts the storage of the path before a volume name that has none.
func (s *Server) fullID(c *call) (string, error) {
	id, storage := c.params.str("volume"), c.params.str("storage")
	m := volumeID.FindStringSubmatch(id)
	if m == nil {
		return storage + ":" + id, nil
	}
	if storage != "" && m[1] != storage {
		return "", badParam("volume", "storage ID mismatch ("+m[1]+" != "+storage+")\n")
	}
	return id, nil
}

// showVolume: GET …/content/{volume}.
func showVolume(s *Server, c *call) (any, error) {
	id, err := s.fullID(c)
	if err != nil {
		return nil, err
	}
	if err := s.mayUse(c, 0, id, ""); err != nil {
		return nil, err
	}
	path := shownDir + "/images/" + afterColon(id)
	s.mu.Lock()
	v := s.volumes[id]
	s.mu.Unlock()
	if v != nil {
		return map[string]any{"path": path, "size": v.Size, "used": v.Size, "format": v.Format}, nil
	}
	f, err := s.statFile(id)
	if err != nil {
		return nil, err
	}
	return map[string]any{"path": shownDir + "/" + folders[f.Content] + "/" + filepath.Base(f.Path), "size": f.Size, "used": f.Size,
		"format": f.Format}, nil
}

// deleteVolume: DELETE …/content/{volume}. What is not there is removed with success.
func deleteVolume(s *Server, c *call) (any, error) {
	id, err := s.fullID(c)
	if err != nil {
		return nil, err
	}
	if m := volumeID.FindStringSubmatch(id); m == nil || m[1] != storageID {
		return nil, die("storage '%s' does not exist", c.params.str("storage"))
	}
	content, base := contentOf(afterColon(id))
	if content == "" {
		return nil, die("unable to parse directory volume name '%s'", afterColon(id))
	}
	owner := ownerOf(id, base)
	if err := s.mayDelete(c, content, owner); err != nil {
		return nil, err
	}
	taskID := storageID
	if owner != 0 {
		taskID = fmt.Sprintf("%d@%s", owner, storageID)
	}
	return s.fork(c, "imgdel", taskID, func(t *task) error {
		if s.hasClones(id) {
			return die("base volume '%s' is still in use by linked clones", afterColon(id))
		}
		s.removeVolume(t, id, content, base)
		t.log("Removed volume '%s'", id)
		return nil
	})
}

// mayDelete: a guest's backups may be deleted by who makes them, all else by who manages the storage.
func (s *Server) mayDelete(c *call, content string, owner int) error {
	if content != "backup" || owner == 0 {
		return s.check(c.user, "/storage/"+storageID, "Datastore.Allocate")
	}
	if err := s.check(c.user, "/storage/"+storageID, "Datastore.AllocateSpace"); err != nil {
		return err
	}
	return s.check(c.user, "/vms/"+vmids(owner), "VM.Backup")
}

func (s *Server) removeVolume(t *task, id, content, base string) {
	if content == "images" {
		s.free(id)
		return
	}
	if err := os.Remove(filepath.Join(s.storageDir(), folders[content], base)); err != nil {
		t.log("disk image '%s/%s/%s' does not exist", shownDir, folders[content], base)
	}
}
