package pve

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	driveRE   = regexp.MustCompile(`^(?:(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$`)
	mountRE   = regexp.MustCompile(`^(?:rootfs|mp\d+)$`)
	newDiskRE = regexp.MustCompile(`^(?:([^/:\s]+):)?(\d+(?:\.\d+)?)$`)
	unusedRE  = regexp.MustCompile(`^unused\d+$`)
)

// isDisk tells whether an option of a guest is a disk.
func isDisk(kind, option string) bool {
	if kind == KindLXC {
		return mountRE.MatchString(option)
	}
	return driveRE.MatchString(option)
}

// bareKey is the key of a disk's volume in its property string.
func bareKey(kind string) string {
	if kind == KindLXC {
		return "volume"
	}
	return "file"
}

// disks lists the disk options of a configuration in order.
func disks(kind string, config map[string]string) []string {
	var list []string
	for _, k := range keys(config) {
		if isDisk(kind, k) {
			list = append(list, k)
		}
	}
	return list
}

// drive parses a disk option.
func drive(kind, option, text string) map[string]string {
	p := properties(kind, option, text)
	if v, ok := p["volume"]; ok && kind == KindQEMU {
		p["file"] = v
		delete(p, "volume")
	}
	return p
}

// printDrive writes a disk option.
func printDrive(kind string, p map[string]string) string { return printed(p, bareKey(kind)) }

// newDisk tells whether a volume asks for a new disk, "local:8", and how large.
func newDisk(volume, fallback string) (storage string, bytes int64, ok bool) {
	m := newDiskRE.FindStringSubmatch(volume)
	if m == nil {
		return "", 0, false
	}
	gib, _ := strconv.ParseFloat(m[2], 64)
	if m[1] == "" {
		m[1] = fallback
	}
	return m[1], int64(gib * (1 << 30)), true
}

func cdrom(p map[string]string) bool { return p["media"] == "cdrom" }

// cloudinitDrive tells whether a drive is the generated cloud-init image.
func cloudinitDrive(volume string) bool {
	return volume == "cloudinit" || strings.HasSuffix(volume, ":cloudinit") || strings.Contains(volume, "-cloudinit.")
}

// firstDisk is the option that counts as the guest's size: rootfs, or the first disk that is no CD.
func (g *guest) firstDisk() string {
	if g.Kind == KindLXC {
		return "rootfs"
	}
	for _, k := range bootOrder(g.Config) {
		if isDisk(g.Kind, k) && !cdrom(drive(g.Kind, k, g.Config[k])) {
			return k
		}
	}
	for _, k := range disks(g.Kind, g.Config) {
		if !cdrom(drive(g.Kind, k, g.Config[k])) {
			return k
		}
	}
	return ""
}

func bootOrder(config map[string]string) []string {
	order := parsePairs(config["boot"])["order"]
	return strings.FieldsFunc(order, func(r rune) bool { return r == ';' })
}

// diskBytes is the size of the first disk.
func (g *guest) diskBytes() int64 {
	k := g.firstDisk()
	return parseSize(drive(g.Kind, k, g.Config[k])["size"])
}
