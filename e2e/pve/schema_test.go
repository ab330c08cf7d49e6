package pve

import (
	"strings"
	"testing"
)

// TestEveryMethodIsInTheSchema: the table has no method that a genuine node does not have, and the data no leftover.
func TestEveryMethodIsInTheSchema(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, name := range Methods() {
		names[name] = true
		if specs()[name] == nil {
			t.Errorf("%s is not in data/schema.json", name)
		}
	}
	for name := range specs() {
		if !names[name] {
			t.Errorf("data/schema.json has %s, which nobody answers", name)
		}
	}
}

// unchecked are the formats whose contents the emulator takes as they come.
var unchecked = strings.Fields(`address-list backup-fleecing backup-performance pve-cpuset pve-ct-timezone pve-hotplug-features
	pve-lxc-dev-string pve-qemu-sev-fmt pve-qemu-tdx-fmt pve-qm-bootdisk pve-qm-cicustom pve-qm-hostpci pve-qm-ide pve-qm-rng
	pve-qm-smbios1 pve-qm-watchdog pve-sdn-bgp-rt-list pve-sdn-fabric-id pve-task-status-type-list pve-vm-cpu-conf prune-backups
	storage-pair-list ip-list`)

// TestSchemaIsUnderstood: every pattern compiles, and every named format is checked or listed as unchecked.
func TestSchemaIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, spec := range specs() {
		for option, p := range spec.Properties {
			understood(t, name+" "+option, p)
		}
	}
}

func understood(t *testing.T, at string, p *Property) {
	t.Helper()
	if p.Pattern != "" {
		compiled(p.Pattern)
	}
	if p.Items != nil {
		understood(t, at+"[]", p.Items)
	}
	if p.Format == nil {
		return
	}
	for k, sub := range p.Format.Keys {
		understood(t, at+"."+k, sub)
	}
	name := p.Format.Name
	base := strings.TrimSuffix(strings.TrimSuffix(name, "-list"), "-opt")
	if name != "" && formats[base] == nil && formats[name] == nil && keyed[name] == nil && !contains(unchecked, name) {
		t.Errorf("%s: format %s is neither checked nor listed as unchecked", at, name)
	}
}

// TestParameterChecks: the messages of PVE::JSONSchema.
func TestParameterChecks(t *testing.T) {
	t.Parallel()
	const create = "POST /nodes/{node}/qemu"
	base := map[string]string{"node": "pve1", "vmid": "100"}
	for _, tt := range []struct{ method, name, text, want string }{
		{create, "vmid", "99", "invalid format - value does not look like a valid VM ID\n"},
		{create, "vmid", "x", "type check ('integer') failed - got 'x'"},
		{create, "name", "bad_name", "invalid format - value does not look like a valid DNS name\n"},
		{create, "cores", "0", "value must have a minimum value of 1"},
		{create, "onboot", "yes", "type check ('boolean') failed - got 'yes'"},
		{create, "ostype", "beos", "value 'beos' does not have a value in the enumeration 'other, wxp, w2k, w2k3, w2k8, wvista, win7, win8, win10, win11, l24, l26, solaris'"},
		{create, "description", strings.Repeat("x", 8193), "value may only be 8192 characters long"},
		{create, "net32", "virtio", undefinedParam},
		{create, "nonsense", "1", undefinedParam},
		{create, "net0", "virtio=xx,bridge=vmbr0", "invalid format - format error\nnet0.macaddr: invalid format - value does not look like a valid unicast MAC address\n\n"},
		{create, "net0", "bridge=vmbr0", "invalid format - format error\nnet0.model: property is missing and it is not optional\n"},
		{create, "scsi0", "local:1,bogus=2", "invalid format - invalid key in comma-separated list property: bogus\n"},
		{create, "sshkeys", "a b", "invalid format - invalid urlencoded string: a b\n"},
		{create, "tags", "a;b c", ""},
		{create, "tags", "-x", "invalid format - invalid characters in tag\n"},
		{"POST /nodes/{node}/lxc", "env", "A=1\x00B=2", ""},
		{"POST /nodes/{node}/lxc", "env", "A", "value does not match the regex pattern"},
	} {
		p := values{}
		for k, v := range base {
			p[k] = value{text: v}
		}
		p["ostemplate"] = value{text: "local:vztmpl/x.tar.gz"}
		if tt.method == create {
			delete(p, "ostemplate")
		}
		p[tt.name] = value{text: tt.text}
		err := specs()[tt.method].verify(p)
		have := ""
		if err != nil {
			have = asFailure(err).errors[tt.name]
		}
		if have != tt.want {
			t.Errorf("%s=%.40q: got %q, want %q", tt.name, tt.text, have, tt.want)
		}
	}
}
