package pve

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// storageID is the one storage of the node: a directory for everything, as a fresh installation has it.
const storageID = "local"

// storageContent is what the storage may hold.
var storageContent = []string{"backup", "images", "import", "iso", "rootdir", "vztmpl"}

// folders are where files of a content lie below the storage's folder.
var folders = map[string]string{"iso": "template/iso", "vztmpl": "template/cache", "import": "import", "backup": "dump"}

// volume is a disk image of a guest. Files (ISOs, templates, backups) are really there and need no record.
type volume struct {
	ID     string `json:"volid"`
	VMID   int    `json:"vmid"`
	Size   int64  `json:"size"`
	Format string `json:"format"`
	Parent string `json:"parent,omitempty"` // volume ID of the template's disk that a linked clone is based on
	Made   int64  `json:"ctime"`
	Rootfs bool   `json:"rootfs,omitempty"` // of a container
}

// name is the volume without its storage.
func (v *volume) name() string { _, name, _ := strings.Cut(v.ID, ":"); return name }

func (s *Server) loadStorage() error {
	s.volumes = map[string]*volume{}
	if err := os.RemoveAll(s.tmpDir()); err != nil { // uploads of a run that was killed
		return err
	}
	if err := os.MkdirAll(s.tmpDir(), 0o700); err != nil {
		return err
	}
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(s.storageDir(), f), 0o755); err != nil {
			return err
		}
	}
	return s.disk.load("volumes", &s.volumes)
}

// storageDir is where the storage's files are. Messages name it as on a real node: /var/lib/vz.
func (s *Server) storageDir() string { return filepath.Join(s.opts.Dir, "vz") }

// tmpDir is where uploads wait for their task.
func (s *Server) tmpDir() string { return filepath.Join(s.opts.Dir, "tmp") }

const shownDir = "/var/lib/vz"

// file is a file in the storage.
type file struct {
	ID, Content, Format, Path string
	Size                      int64
	Made                      time.Time
}

var volumeID = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]):(.+)$`)

// contentOf says what a volume name is: "iso/x.iso", "vztmpl/x.tar.zst", "100/vm-100-disk-0.raw".
func contentOf(name string) (content, base string) {
	kind, base, ok := strings.Cut(name, "/")
	if !ok {
		return "", ""
	}
	if _, err := strconv.Atoi(kind); err == nil {
		return "images", base
	}
	if folders[kind] == "" || strings.Contains(base, "/") {
		return "", ""
	}
	return kind, base
}

// statFile finds a file by its volume ID.
func (s *Server) statFile(id string) (*file, error) {
	_, name, _ := strings.Cut(id, ":")
	content, base := contentOf(name)
	if folders[content] == "" {
		return nil, die("unable to parse directory volume name '%s'", name)
	}
	path := filepath.Join(s.storageDir(), folders[content], base)
	info, err := os.Stat(path)
	if err != nil {
		return nil, die("volume '%s' does not exist", id)
	}
	return &file{ID: id, Content: content, Format: formatOf(content, base), Path: path, Size: info.Size(), Made: info.ModTime()}, nil
}

// formatOf is the format that lists show for a file.
func formatOf(content, base string) string {
	switch {
	case content == "iso":
		return "iso"
	case content == "vztmpl":
		return "t" + strings.TrimPrefix(filepath.Ext(base), ".")
	case content == "backup":
		if i := strings.Index(base, ".tar"); i >= 0 {
			return base[i+1:]
		}
		if i := strings.Index(base, ".vma"); i >= 0 {
			return base[i+1:]
		}
	}
	return strings.TrimPrefix(filepath.Ext(base), ".")
}

// files lists the files of a content in order.
func (s *Server) files(content string) []*file {
	entries, _ := os.ReadDir(filepath.Join(s.storageDir(), folders[content]))
	var list []*file
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".log") || strings.HasSuffix(e.Name(), ".conf") {
			continue
		}
		if f, err := s.statFile(storageID + ":" + content + "/" + e.Name()); err == nil {
			list = append(list, f)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

// allocate makes a disk image for a guest. The storage is finite: what does not fit fails as a full file system does.
func (s *Server) allocate(t *task, v volume) (*volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.full || s.usedLocked()+v.Size > s.opts.Storage {
		return nil, die("unable to create image: qemu-img: %s/images/%s: Could not resize file: No space left on device", shownDir, v.name())
	}
	v.Made = time.Now().Unix()
	s.volumes[v.ID] = &v
	s.save("volumes", s.volumes)
	return &v, nil
}

// freeName finds the first unused disk name of a guest: 100/vm-100-disk-0.qcow2.
func (s *Server) freeName(vmid int, format string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := 0; ; n++ {
		taken := false
		for _, v := range s.volumes {
			base := strings.TrimSuffix(filepath.Base(v.name()), "."+v.Format)
			taken = taken || v.VMID == vmid && strings.HasSuffix(base, fmt.Sprintf("-disk-%d", n))
		}
		if !taken {
			return fmt.Sprintf("%s:%d/vm-%d-disk-%d.%s", storageID, vmid, vmid, n, format)
		}
	}
}

// free deletes disk images; those that are gone are fine.
func (s *Server) free(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.volumes, id)
	}
	s.save("volumes", s.volumes)
}

// volumesOf lists a guest's disk images.
func (s *Server) volumesOf(vmid int) []volume {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []volume
	for _, id := range keys(s.volumes) {
		if v := s.volumes[id]; v.VMID == vmid {
			list = append(list, *v)
		}
	}
	return list
}

// usedLocked is how many bytes files and disk images take up.
func (s *Server) usedLocked() int64 {
	var sum int64
	for content := range folders {
		for _, f := range s.files(content) {
			sum += f.Size
		}
	}
	for _, v := range s.volumes {
		sum += v.Size
	}
	return sum
}
