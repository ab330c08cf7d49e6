package pve

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// cloudinitDump: GET …/cloudinit/dump, what the generated drive would hold.
func cloudinitDump(s *Server, c *call) (any, error) {
	g, err := s.find(KindQEMU, c.vmid())
	if err != nil {
		return nil, err
	}
	config := g.effective(false)
	switch c.params.str("type") {
	case "user":
		return cloudinitUser(g, config), nil
	case "network":
		return cloudinitNetwork(config), nil
	}
	sum := sha256.Sum256([]byte(cloudinitUser(g, config) + cloudinitNetwork(config)))
	return fmt.Sprintf("instance-id: %x\n", sum[:20]), nil
}

func cloudinitUser(g *guest, config map[string]string) string {
	host := first(config["name"], "VM"+vmids(g.VMID))
	fqdn := host
	if short, _, ok := strings.Cut(host, "."); ok {
		host = short
	} else if search := config["searchdomain"]; search != "" {
		fqdn = host + "." + search
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#cloud-config\nhostname: %s\nmanage_etc_hosts: true\nfqdn: %s\n", host, fqdn)
	if v := config["ciuser"]; v != "" {
		fmt.Fprintf(&b, "user: %s\n", v)
	}
	if v := config["cipassword"]; v != "" {
		fmt.Fprintf(&b, "password: %s\n", v)
	}
	if v := config["sshkeys"]; v != "" {
		plain, _ := url.PathUnescape(v)
		b.WriteString("ssh_authorized_keys:\n")
		for line := range strings.SplitSeq(strings.TrimSpace(plain), "\n") {
			fmt.Fprintf(&b, "  - %s\n", line)
		}
	}
	b.WriteString("chpasswd:\n  expire: False\n")
	if config["ciuser"] != "root" {
		b.WriteString("users:\n  - default\n")
	}
	if config["ciupgrade"] != "0" {
		b.WriteString("package_upgrade: true\n")
	}
	return b.String()
}

// cloudinitNetwork is the network configuration of version 1.
func cloudinitNetwork(config map[string]string) string {
	var b strings.Builder
	b.WriteString("version: 1\nconfig:\n")
	for n := range 32 {
		net, ip := config[fmt.Sprintf("net%d", n)], parsePairs(config[fmt.Sprintf("ipconfig%d", n)])
		if net == "" {
			continue
		}
		mac := properties(KindQEMU, "net0", net)["macaddr"]
		fmt.Fprintf(&b, "    - type: physical\n      name: eth%d\n      mac_address: '%s'\n      subnets:\n", n, strings.ToLower(mac))
		switch {
		case ip["ip"] == "dhcp":
			b.WriteString("      - type: dhcp4\n")
		case ip["ip"] != "":
			addr, bits, _ := strings.Cut(ip["ip"], "/")
			fmt.Fprintf(&b, "      - type: static\n        address: '%s'\n        netmask: '%s'\n", addr, netmask(bits))
			if ip["gw"] != "" {
				fmt.Fprintf(&b, "        gateway: '%s'\n", ip["gw"])
			}
		}
	}
	if config["nameserver"] != "" {
		b.WriteString("    - type: nameserver\n      address:\n")
		for ns := range strings.FieldsSeq(config["nameserver"]) {
			fmt.Fprintf(&b, "      - '%s'\n", ns)
		}
		if config["searchdomain"] != "" {
			fmt.Fprintf(&b, "      search:\n      - '%s'\n", config["searchdomain"])
		}
	}
	return b.String()
}

func netmask(bits string) string {
	n, _ := asInt(bits)
	m := uint32(0xffffffff) << (32 - n)
	return fmt.Sprintf("%d.%d.%d.%d", m>>24, m>>16&255, m>>8&255, m&255)
}

// hashedPassword stands for the crypt hash that the configuration keeps of a cloud-init password.
func hashedPassword(plain string) string {
	if strings.HasPrefix(plain, "$") {
		return plain
	}
	salt := randomHex(4)
	sum := sha256.Sum256([]byte(salt + plain))
	return "$5$" + salt + "$" + base64.RawStdEncoding.EncodeToString(sum[:])
}
