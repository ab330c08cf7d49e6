package pve

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// plain is an error of a format: words without a newline.
func plain(format string, args ...any) error { return fmt.Errorf(format, args...) }

// formats are the named formats, by PVE's own rules and words. A name in neither table is not checked.
var formats = map[string]func(string) error{
	"CIDR":                           words(isCIDR, "value does not look like a valid CIDR network"),
	"address":                        words(isAddress, "value does not look like a valid IP or domain name"),
	"dns-name":                       words(dnsNameRE.MatchString, "value does not look like a valid DNS name"),
	"disk-size":                      pattern(`^\d+(\.\d+)?([KMGT](?:iB)?)?$`, "value does not look like a valid disk size: %s"),
	"email":                          pattern(`^[\w\+\-\~]+(\.[\w\+\-\~]+)*@[a-zA-Z0-9\-]+(\.[a-zA-Z0-9\-]+)*$`, "value does not look like a valid email address"),
	"email-or-username":              pattern(`^[\w\+\-\~.]+(@[a-zA-Z0-9\-.]+)?$`, "value does not look like a valid email address or user name"),
	"ip":                             words(func(s string) bool { return isIP(s, 4) || isIP(s, 6) }, "value does not look like a valid IP address"),
	"ipv4":                           words(func(s string) bool { return isIP(s, 4) }, "value does not look like a valid IPv4 address"),
	"ipv6":                           words(func(s string) bool { return isIP(s, 6) }, "value does not look like a valid IPv6 address"),
	"lxc-ip-with-ll-iface":           words(isNameserver, "value does not look like a valid IP address"),
	"mac-addr":                       pattern(`(?i)^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$`, "value does not look like a valid unicast MAC address"),
	"pve-bridge-id":                  pattern(`^[-_.\w\d]+$`, "invalid bridge ID '%s'"),
	"pve-configid":                   pattern(`(?i)^[a-z][a-z0-9_-]+$`, "invalid configuration ID '%s'"),
	"pve-groupid":                    pattern(`^[A-Za-z0-9\.\-_]+$`, "group name '%s' contains invalid characters"),
	"pve-ha-resource-or-vm-id":       pattern(`^(?:[a-z]+:)?\S+$`, "unable to parse ha resource ID '%s'"),
	"pve-ipv4-config":                words(isIPv4Config, "value does not look like a valid ipv4 network configuration"),
	"pve-ipv6-config":                words(isIPv6Config, "value does not look like a valid ipv6 network configuration"),
	"pve-lxc-mp-string":              words(isMountPoint, ""),
	"pve-node":                       pattern(`^[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?$`, "value does not look like a valid node name"),
	"pve-poolid":                     pattern(`^[A-Za-z0-9\.\-_]+(?:/[A-Za-z0-9\.\-_]+){0,2}$`, "pool name '%s' contains invalid characters"),
	"pve-priv":                       words(isPrivilege, "invalid privilege '%s'"),
	"pve-realm":                      pattern(`^[A-Za-z][A-Za-z0-9\.\-_]+$`, "value does not look like a valid realm"),
	"pve-roleid":                     pattern(`^[A-Za-z0-9\.\-_]+$`, "role name '%s' contains invalid characters"),
	"pve-sdn-vnet-id":                checkSDNID("vnet"),
	"pve-sdn-zone-id":                checkSDNID("zone"),
	"pve-storage-content":            words(isContent, "invalid content type '%s'"),
	"pve-storage-id":                 checkStorageID,
	"pve-tag":                        pattern(`(?i)^[a-z0-9_][a-z0-9_\-\+\.]*$`, "invalid characters in tag"),
	"pve-tokenid":                    pattern(`^[^\s:/]+@[A-Za-z][A-Za-z0-9\.\-_]+![A-Za-z][A-Za-z0-9\.\-_]+$`, "value '%s' does not look like a valid token ID"),
	"pve-userid":                     pattern(`^[^\s:/]+@[A-Za-z][A-Za-z0-9\.\-_]+$`, "value '%s' does not look like a valid user name"),
	"pve-vmid":                       pattern(`^[1-9][0-9]{2,8}$`, "value does not look like a valid VM ID"),
	"pve-volume-id":                  pattern(`(?i)^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$`, "unable to parse volume ID '%s'"),
	"pve-volume-id-or-absolute-path": pattern(`(?i)^(/.*|[a-z][a-z0-9\-_.]*[a-z0-9]:.+)$`, "unable to parse volume ID '%s'"),
	"pve-volume-id-or-qm-path":       pattern(`(?i)^(none|cloudinit|cdrom|\d+(\.\d+)?|/.*|[a-z][a-z0-9\-_.]*[a-z0-9]:.+)$`, "unable to parse volume ID '%s'"),
	"urlencoded":                     pattern(`^[-%a-zA-Z0-9_.!~*'()]*$`, "invalid urlencoded string: %s"),
}

// keyed are the named property strings whose keys the schema leaves out.
var keyed = map[string]map[string]*Property{
	"pve-qm-ipconfig": {
		"gw":  {Type: "string", Optional: true, Format: &Format{Name: "ipv4"}, Requires: "ip"},
		"gw6": {Type: "string", Optional: true, Format: &Format{Name: "ipv6"}, Requires: "ip6"},
		"ip":  {Type: "string", Optional: true, Format: &Format{Name: "pve-ipv4-config"}},
		"ip6": {Type: "string", Optional: true, Format: &Format{Name: "pve-ipv6-config"}},
	},
	"pve-qm-boot": {
		"legacy": {Type: "string", Optional: true, DefaultKey: true, Pattern: "[acdn]{1,4}"},
		"order":  {Type: "string", Optional: true},
	},
	"pve-startup-order": {
		"order": {Type: "integer", Optional: true, DefaultKey: true},
		"up":    {Type: "integer", Optional: true},
		"down":  {Type: "integer", Optional: true},
	},
}

// check applies a format, its "-list" form (split as PVE splits) or its "-opt" form (blank is fine).
func (f *Format) check(path, text string) error {
	if f.Keys != nil {
		return checkProperties(f.Keys, path, text)
	}
	if keys := keyed[f.Name]; keys != nil {
		return checkProperties(keys, path, text)
	}
	if one := formats[strings.TrimSuffix(f.Name, "-list")]; one != nil && strings.HasSuffix(f.Name, "-list") {
		for _, item := range splitList(text) {
			if err := one(item); err != nil {
				return err
			}
		}
		return nil
	}
	if one := formats[strings.TrimSuffix(f.Name, "-opt")]; one != nil && (text != "" || !strings.HasSuffix(f.Name, "-opt")) {
		return one(text)
	}
	return nil
}

// splitList splits at commas, semicolons, NULs and white space, as PVE::Tools::split_list does.
func splitList(text string) []string {
	if strings.Contains(text, "\x00") {
		return strings.FieldsFunc(text, func(r rune) bool { return r == 0 })
	}
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
}

// pattern makes a check from a regular expression; a %s in the message is the value.
func pattern(re, message string) func(string) error {
	return words(regexp.MustCompile(re).MatchString, message)
}

func words(ok func(string) bool, message string) func(string) error {
	return func(s string) error {
		if ok(s) {
			return nil
		}
		if strings.Contains(message, "%s") {
			return plain(message, s)
		}
		return plain("%s", message)
	}
}

func isIP(s string, version int) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == "" && a.Is4() == (version == 4)
}

func isCIDR(s string) bool {
	ip, bits, ok := strings.Cut(s, "/")
	n, err := strconv.Atoi(bits)
	return ok && err == nil && n > 7 && (isIP(ip, 4) && n <= 32 || isIP(ip, 6) && n <= 128)
}

var dnsNameRE = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?$`)

func isAddress(s string) bool { return isIP(s, 4) || isIP(s, 6) || dnsNameRE.MatchString(s) }

func isNameserver(s string) bool {
	ip, _, _ := strings.Cut(s, "%")
	return isIP(ip, 4) || isIP(ip, 6)
}

func isIPv4Config(s string) bool {
	return s == "dhcp" || s == "manual" || isCIDR(s) && !strings.Contains(s, ":")
}

func isIPv6Config(s string) bool {
	return s == "auto" || s == "dhcp" || s == "manual" || isCIDR(s) && strings.Contains(s, ":")
}

func isMountPoint(s string) bool { return !strings.Contains(s, "/../") && !strings.HasPrefix(s, "../") }

func isContent(s string) bool {
	return contains([]string{"images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"}, s)
}

func isPrivilege(s string) bool { return privileges[s] }

// checkStorageID is parse_id of PVE::JSONSchema.
func checkStorageID(s string) error {
	if len(s) < 2 {
		return plain("storage ID '%s' too short", s)
	}
	if !storageIDRE.MatchString(s) {
		return plain("storage ID '%s' contains illegal characters", s)
	}
	return nil
}

var storageIDRE = regexp.MustCompile(`(?i)^[a-z][a-z0-9\-_.]*[a-z0-9]$`)

var sdnIDRE = regexp.MustCompile(`(?i)^[a-z][a-z0-9]*[a-z0-9]$`)

// checkSDNID is the rule for zone and vnet IDs, which name Linux interfaces.
func checkSDNID(kind string) func(string) error {
	return func(s string) error {
		if !sdnIDRE.MatchString(s) {
			return plain("%s ID '%s' contains illegal characters", kind, s)
		}
		if len(s) > 8 {
			return plain("%s ID '%s' can't be more length than 8 characters", kind, s)
		}
		return nil
	}
}
