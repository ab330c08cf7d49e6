package proxmox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/kdomanski/iso9660"
	"golang.org/x/crypto/ssh"

	"allotment/app"
)

func TestOwner(t *testing.T) {
	t.Parallel()
	id := app.NewID()
	for name, c := range map[string]struct {
		description string
		ours        bool
	}{
		"mark":              {mark(id, 5000), true},
		"mark of container": {mark(id, 5000) + "\n", true},
		"among other lines": {"made by hand\n" + mark(id, 5000) + "\nmore", true},
		"of a clone":        {mark(id, 5001), false},
		"longer number":     {mark(id, 50000), false},
		"none":              {"", false},
		"not a resource":    {"allotment resource=x vmid=5000", false},
		"quoted":            {"see: " + mark(id, 5000), false},
	} {
		g := guest{number: 5000, config: settings{"description": c.description}}
		if owner, ok := g.owner(); ok != c.ours || ok && owner != id {
			t.Errorf("%s: owner %v, %t, want %t", name, owner, ok, c.ours)
		}
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guest guest
		want  app.GuestState
	}{
		"container": {guest{node: "a", kind: container, number: 1, running: true, config: settings{"cores": 2.0, "memory": 128.0,
			"rootfs": "local:1/vm-1-disk-0.raw,size=4G", "env": "ALLOTMENT_ENROL_URL=https://x"}},
			app.GuestState{Node: "a", Number: 1, Running: true, Seeded: true, VCPU: 2, MemoryMiB: 128, DiskGiB: 4}},
		"machine": {guest{node: "a", kind: machine, number: 1, config: settings{"cores": 2.0, "sockets": 2.0, "memory": "256",
			"scsi0": "local:1/vm-1-disk-0.qcow2,discard=on,size=2252M", "ide2": "local:iso/allotment-seed-x.iso,media=cdrom,size=366K"}},
			app.GuestState{Node: "a", Number: 1, Seeded: true, VCPU: 4, MemoryMiB: 256, DiskGiB: 2}},
		"defaults": {guest{node: "a", kind: machine, number: 1, config: settings{"ide2": "none,media=cdrom"}},
			app.GuestState{Node: "a", Number: 1, VCPU: 1, MemoryMiB: 512}},
		"another disc": {guest{node: "a", kind: machine, number: 1, config: settings{"ide2": "local:iso/debian.iso,media=cdrom",
			"scsi0": "x:y,size=1T"}}, app.GuestState{Node: "a", Number: 1, VCPU: 1, MemoryMiB: 512, DiskGiB: 1024}},
	} {
		if got := c.guest.state(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTaskFailed(t *testing.T) {
	t.Parallel()
	for exit, failed := range map[string]bool{"OK": false, "WARNINGS: 2": false, "unexpected status": true, "": true,
		"VM 5000 already running": true} {
		if got := (task{Status: "stopped", Exit: exit}).failed(); got != failed {
			t.Errorf("%q: failed is %t", exit, got)
		}
	}
	if (task{Status: "running"}).failed() {
		t.Error("a running task has not failed")
	}
}

func TestHostName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 70)
	for name, want := range map[string]string{"wiki.demo.example": "wiki.demo.example", "Wiki_1.Demo": "wiki-1.demo",
		"-x-..y": "x.y", long: long[:63]} {
		if got := hostName(app.Ref{Name: name}); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	if got := hostName(app.Ref{Resource: app.NewID(), Name: "…"}); !strings.HasPrefix(got, "guest-") {
		t.Errorf("a name of nothing becomes %q", got)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	ca := "-----BEGIN CERTIFICATE-----\n"
	got := strings.Split(environment(&app.Enrolment{URL: "https://portal/e/1", CA: ca}), "\x00")
	if len(got) != 2 || got[0] != "ALLOTMENT_ENROL_URL=https://portal/e/1" ||
		got[1] != "ALLOTMENT_CA="+base64.StdEncoding.EncodeToString([]byte(ca)) {
		t.Errorf("environment %q", got)
	}
	if got := environment(&app.Enrolment{URL: "https://portal/e/1"}); strings.Contains(got, "ALLOTMENT_CA") {
		t.Errorf("without an authority: %q", got)
	}
}

// TestEnrolmentKey reads the line as a server of SSH does.
func TestEnrolmentKey(t *testing.T) {
	t.Parallel()
	line, err := enrolmentKey(&app.Enrolment{URL: "https://portal/e/1", CA: "pem"})
	if err != nil {
		t.Fatal(err)
	}
	_, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(comment, "allotment-enrol="))
	var got map[string]string
	if err != nil || json.Unmarshal(text, &got) != nil || got["url"] != "https://portal/e/1" || got["ca"] != "pem" {
		t.Errorf("comment %q holds %v (%v)", comment, got, err)
	}
}

// TestDiscImage reads the image back: its label and names are what cloud-init looks for.
func TestDiscImage(t *testing.T) {
	t.Parallel()
	files := map[string]string{"user-data": "#include https://portal/e/1\n", "meta-data": "instance-id: x\n", "network-config": "version: 1\n"}
	image, err := discImage(files)
	if err != nil {
		t.Fatal(err)
	}
	disc, err := iso9660.OpenImage(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	if label, err := disc.Label(); err != nil || strings.TrimSpace(label) != "cidata" {
		t.Errorf("label %q, %v", label, err)
	}
	root, err := disc.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	children, err := root.GetChildren()
	if err != nil || len(children) != len(files) {
		t.Fatalf("%d files, %v", len(children), err)
	}
	for _, child := range children {
		content, err := io.ReadAll(child.Reader())
		if err != nil || string(content) != files[child.Name()] {
			t.Errorf("%s holds %q, %v", child.Name(), content, err)
		}
	}
}
