package pve

import (
	"encoding/binary"
	"io"
	"os"
	"strings"
)

// cloudinitBytes is the size of a generated cloud-init image.
const cloudinitBytes = 4 << 20

// makeDrive makes what a drive option asks for and returns the option as the configuration keeps it.
func (s *Server) makeDrive(t *task, vmid int, name, text string) (string, error) {
	p := drive(KindQEMU, name, text)
	volume := p["file"]
	_, bytes, isNew := newDisk(volume, storageID)
	switch {
	case volume == "none" || volume == "cdrom":
		return printDrive(KindQEMU, p), nil
	case cloudinitDrive(volume) && !strings.Contains(volume, "/"):
		return s.makeCloudinit(t, vmid, name, p)
	case isNew:
		return s.makeDisk(t, vmid, name, p, bytes)
	}
	if content, _ := contentOf(afterColon(volume)); content == "iso" {
		f, err := s.statFile(volume)
		if err != nil {
			return "", err
		}
		p["size"] = formatSize(f.Size)
	}
	return printDrive(KindQEMU, p), nil
}

func afterColon(id string) string { _, rest, _ := strings.Cut(id, ":"); return rest }

// makeDisk makes an empty disk, or one with the content of an image to import.
func (s *Server) makeDisk(t *task, vmid int, name string, p map[string]string, bytes int64) (string, error) {
	format := first(p["format"], "qcow2")
	if from := p["import-from"]; from != "" {
		f, err := s.statFile(from)
		if err != nil {
			return "", err
		}
		bytes = imageSize(f.Path)
		defer func() { t.log("transferred %s of %s (100.00%%)", human(bytes), human(bytes)) }()
	}
	v, err := s.allocate(t, volume{ID: s.freeName(vmid, format), VMID: vmid, Size: bytes, Format: format})
	if err != nil {
		return "", err
	}
	t.logFormat(v, "")
	delete(p, "format")
	delete(p, "import-from")
	p["file"], p["size"] = v.ID, formatSize(v.Size)
	out := printDrive(KindQEMU, p)
	t.log("%s: successfully created disk '%s'", name, out)
	return out, nil
}

func (s *Server) makeCloudinit(t *task, vmid int, name string, p map[string]string) (string, error) {
	v, err := s.allocate(t, volume{ID: cloudinitID(vmid), VMID: vmid, Size: cloudinitBytes, Format: "qcow2"})
	if err != nil {
		return "", err
	}
	t.logFormat(v, "")
	p["file"], p["media"] = v.ID, "cdrom"
	delete(p, "format")
	out := printDrive(KindQEMU, p)
	t.log("%s: successfully created disk '%s'", name, out)
	return out, nil
}

func cloudinitID(vmid int) string {
	return storageID + ":" + vmids(vmid) + "/vm-" + vmids(vmid) + "-cloudinit.qcow2"
}

// logFormat writes what qemu-img says; a linked clone names the image that it is based on.
func (t *task) logFormat(v *volume, base string) {
	if v.Format == "raw" {
		t.log("Formatting '%s/images/%s', fmt=raw size=%d preallocation=off", shownDir, v.name(), v.Size)
		return
	}
	if base == "" {
		t.log("Formatting '%s/images/%s', fmt=%s cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib "+
			"size=%d lazy_refcounts=off refcount_bits=16", shownDir, v.name(), v.Format, v.Size)
		return
	}
	t.log("Formatting '%s/images/%s', fmt=%s cluster_size=131072 extended_l2=on preallocation=metadata compression_type=zlib "+
		"size=%d backing_file=%s backing_fmt=qcow2 lazy_refcounts=off refcount_bits=16", shownDir, v.name(), v.Format, v.Size, base)
}

// imageSize is the virtual size of an image: what a qcow2's header says, or the size of the file.
func imageSize(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	header := make([]byte, 32)
	if _, err := io.ReadFull(f, header); err == nil && string(header[:4]) == "QFI\xfb" {
		return int64(binary.BigEndian.Uint64(header[24:]))
	}
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}
