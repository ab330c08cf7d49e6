package pve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var compressions = map[string]string{"": "", "0": "", "1": ".lzo", "lzo": ".lzo", "gzip": ".gz", "zstd": ".zst"}

// createBackup: POST /nodes/{node}/vzdump. Its task goes through the guests one by one.
func createBackup(s *Server, c *call) (any, error) {
	vmid := c.vmid()
	ids := splitList(c.params.str("vmid"))
	if len(ids) == 0 && !c.params.flag("all") && !c.params.has("pool") {
		return nil, badParam("vmid", "property is missing and it is not optional")
	}
	if id := c.params.or("storage", storageID); id != storageID {
		return nil, die("could not get storage information for '%s': storage '%s' does not exist", id, id)
	}
	if err := s.check(c.user, "/storage/"+storageID, "Datastore.AllocateSpace"); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := s.check(c.user, "/vms/"+id, "VM.Backup"); err != nil {
			return nil, err
		}
	}
	taskID := ""
	if len(ids) == 1 {
		taskID = vmids(vmid)
	}
	mode, compress := c.params.or("mode", "snapshot"), c.params.str("compress")
	line := backupCommand(s.opts.Node, c.params)
	return s.fork(c, "vzdump", taskID, func(t *task) error {
		t.log("INFO: starting new backup job: %s", line)
		failed := false
		for _, g := range s.chosen(ids) {
			failed = s.backUp(t, g, mode, compress) || failed
		}
		if failed {
			t.log("INFO: Backup job finished with errors")
			return die("job errors")
		}
		t.log("INFO: Backup job finished successfully")
		return nil
	})
}

// backupCommand is how the log names the job.
func backupCommand(node string, p values) string {
	parts := []string{"vzdump"}
	parts = append(parts, splitList(p.str("vmid"))...)
	parts = append(parts, "--node", node)
	for _, k := range []string{"mode", "compress", "storage"} {
		if p.has(k) {
			parts = append(parts, "--"+k, p.str(k))
		}
	}
	return strings.Join(parts, " ")
}

// chosen are the guests of a job: the named ones, or all.
func (s *Server) chosen(ids []string) []*guest {
	if len(ids) == 0 {
		return s.allGuests()
	}
	var list []*guest
	for _, id := range ids {
		n, _ := asInt(id)
		if g := s.anyGuest(n); g != nil {
			list = append(list, g)
		} else {
			list = append(list, &guest{VMID: n})
		}
	}
	return list
}

// backUp makes one guest's archive and reports whether it failed. The archive holds the configuration only: an
// emulator has no disks to save.
func (s *Server) backUp(t *task, g *guest, mode, compress string) (failed bool) {
	start := time.Now()
	if g.Kind == "" {
		t.log("ERROR: Backup of VM %d failed - unable to find VM '%d'", g.VMID, g.VMID)
		return true
	}
	kind := map[string]string{KindLXC: "lxc", KindQEMU: "qemu"}[g.Kind]
	t.log("INFO: Starting Backup of VM %d (%s)", g.VMID, kind)
	t.log("INFO: Backup started at %s", start.Format(time.DateTime))
	status := "stopped"
	if s.running(g) {
		status = "running"
	} else {
		mode = "stop"
	}
	t.log("INFO: status = %s", status)
	err := s.archive(t, g, kind, mode, compress, start)
	if err != nil {
		t.log("ERROR: Backup of VM %d failed - %s", g.VMID, err)
		return true
	}
	return false
}

func (s *Server) archive(t *task, g *guest, kind, mode, compress string, start time.Time) error {
	if err := g.checkLock(); err != nil {
		return err
	}
	release, err := s.lockGuest(t.ctx, g.Kind, g.VMID)
	if err != nil {
		return err
	}
	defer release()
	if err := s.change(g.Kind, g.VMID, func(g *guest) error { g.Config["lock"] = "backup"; return nil }); err != nil {
		return err
	}
	t.log("INFO: backup mode: %s", mode)
	t.log("INFO: ionice priority: 7")
	extension := map[string]string{KindLXC: ".tar", KindQEMU: ".vma"}[g.Kind]
	name := fmt.Sprintf("vzdump-%s-%d-%s%s%s", kind, g.VMID, start.Format("2006_01_02-15_04_05"), extension, compressions[compress])
	t.log("INFO: %s Name: %s", noun(g.Kind), g.name())
	s.logDisks(t, g)
	t.log("INFO: creating vzdump archive '%s/dump/%s'", shownDir, name)
	if err := t.sleep(s.opts.WorkerDelay); err != nil {
		s.unlock(g.Kind, g.VMID)
		return err
	}
	t.halfway()
	size, err := s.writeArchive(t, g, name)
	s.unlock(g.Kind, g.VMID)
	if err != nil {
		return err
	}
	if g.Kind == KindLXC {
		t.log("INFO: Total bytes written: %d (%s, 126MiB/s)", size, strings.ReplaceAll(binaryUnits(size), " ", ""))
	}
	t.log("INFO: archive file size: %dMB", max(1, size>>20))
	took := int(time.Since(start).Seconds())
	t.log("INFO: Finished Backup of VM %d (%02d:%02d:%02d)", g.VMID, took/3600, took/60%60, took%60)
	t.log("INFO: Backup finished at %s", time.Now().Format(time.DateTime))
	return nil
}

func (s *Server) logDisks(t *task, g *guest) {
	for _, k := range disks(g.Kind, g.Config) {
		p := drive(g.Kind, k, g.Config[k])
		switch {
		case k == "rootfs":
			t.log("INFO: including mount point rootfs ('/') in backup")
		case g.Kind == KindLXC && p["backup"] == "1":
			t.log("INFO: including mount point %s ('%s') in backup", k, p["mp"])
		case g.Kind == KindQEMU && !cdrom(p):
			t.log("INFO: include disk '%s' '%s' %s", k, p["file"], p["size"])
		}
	}
}

func (s *Server) writeArchive(t *task, g *guest, name string) (int64, error) {
	var b strings.Builder
	for _, k := range keys(g.Config) {
		if k != "lock" {
			fmt.Fprintf(&b, "%s: %s\n", k, g.Config[k])
		}
	}
	s.mu.Lock()
	full := t.full || s.usedLocked()+int64(b.Len()) > s.opts.Storage
	s.mu.Unlock()
	if full {
		return 0, die("command 'zstd' failed: No space left on device")
	}
	return int64(b.Len()), os.WriteFile(filepath.Join(s.storageDir(), "dump", name), []byte(b.String()), 0o600)
}
