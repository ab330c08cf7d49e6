package pve

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// shortWait is how long a clone waits for the lock of its new number.
const shortWait = time.Second

// copyDisks copies or links all disks of a clone; after says what to do with the configuration after each.
func (s *Server) copyDisks(t *task, k *cloning, after func(so map[string]string) error) error {
	so := map[string]string{}
	for _, name := range disks(k.kind, k.config) {
		p := drive(k.kind, name, k.config[name])
		if cdrom(p) && !cloudinitDrive(p["file"]) {
			so[name] = k.config[name]
			continue
		}
		text, err := s.copyDisk(t, k, name, p)
		if err != nil {
			return err
		}
		k.config[name], so[name] = text, text
		if err := after(so); err != nil {
			return err
		}
		if err := t.sleep(s.opts.WorkerDelay); err != nil {
			return err
		}
		t.halfway()
	}
	return after(so)
}

// copyDisk makes one disk of a clone.
func (s *Server) copyDisk(t *task, k *cloning, name string, p map[string]string) (string, error) {
	id := p[bareKey(k.kind)]
	s.mu.Lock()
	source := s.volumes[id]
	s.mu.Unlock()
	if source == nil {
		return "", die("volume '%s' does not exist", id)
	}
	v := volume{VMID: k.to, Size: source.Size, Format: source.Format, Rootfs: source.Rootfs}
	full := k.full || cloudinitDrive(id)
	switch {
	case cloudinitDrive(id):
		v.ID = cloudinitID(k.to)
		p["size"] = formatSize(source.Size)
	default:
		v.ID = s.freeName(k.to, source.Format)
	}
	if !full {
		v.Parent = source.ID
	}
	t.logClone(k, name, source, &v, full)
	made, err := s.allocate(t, v)
	if err != nil {
		return "", err
	}
	if k.kind == KindLXC && full {
		t.logCopied(made)
	}
	p[bareKey(k.kind)] = made.ID
	return printDrive(k.kind, p), nil
}

// logClone writes what is about to be cloned.
func (t *task) logClone(k *cloning, name string, source, v *volume, full bool) {
	if k.kind == KindLXC {
		kind, noun := "full", "mountpoint"
		if !full {
			kind, noun = "linked", "mount point"
		}
		t.log("create %s clone of %s %s (%s)", kind, noun, name, source.ID)
		if !full {
			t.logLinked(source, v)
		}
		return
	}
	if full {
		t.log("create full clone of drive %s (%s)", name, source.ID)
		t.logFormat(v, "")
		if !cloudinitDrive(v.ID) {
			t.logTransfer(v.Size)
		}
		return
	}
	t.log("create linked clone of drive %s (%s)", name, source.ID)
	t.logLinked(source, v)
	t.logFormat(v, "../"+source.name())
}

func (t *task) logLinked(source, v *volume) {
	base := filepath.Base(v.name())
	t.log("clone %s: images, %s, %d to %s (base=../%s)", source.name(), base, v.VMID, base, source.name())
}

// logTransfer writes the progress of a copy, as fast as the emulator copies: at once.
func (t *task) logTransfer(size int64) {
	t.log("transferred 0.0 B of %s (0.00%%)", binaryUnits(size))
	t.log("transferred %s of %s (100.00%%)", binaryUnits(size), binaryUnits(size))
	t.log("transferred %s of %s (100.00%%)", binaryUnits(size), binaryUnits(size))
}

// binaryUnits writes bytes with one decimal and a binary unit: 2.0 GiB.
func binaryUnits(n int64) string {
	f := float64(n)
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for f >= 1024 && i < len(units)-1 {
		f /= 1024
		i++
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// logCopied writes what mkfs and rsync say of a container's copy.
func (t *task) logCopied(v *volume) {
	t.logFileSystem(v)
	t.log("%s", strings.Join([]string{"Number of files: 45 (reg: 12, dir: 19, link: 14)", "Number of created files: 43 (reg: 12, dir: 17, link: 14)",
		"Number of deleted files: 0", "Number of regular files transferred: 12", "Total file size: 2,025,328 bytes",
		"Total transferred file size: 2,025,223 bytes", "Literal data: 2,025,223 bytes", "Matched data: 0 bytes", "File list size: 0",
		"File list generation time: 0.007 seconds", "File list transfer time: 0.000 seconds", "Total bytes sent: 2,027,416",
		"Total bytes received: 369", "", "sent 2,027,416 bytes  received 369 bytes  4,055,570.00 bytes/sec",
		"total size is 2,025,328  speedup is 1.00"}, "\n"))
}
