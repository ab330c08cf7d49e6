package lxc

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"allotment/e2e/pve"
)

// writeFiles writes into g's own layer what Proxmox writes into a Debian container before each start
// (PVE::LXC::Setup::Debian): host name, hosts, name server and network. The lab adds the address of its package proxy.
func (r *Runtime) writeFiles(g pve.Guest) error {
	files := map[string]string{
		"etc/hostname":           g.Hostname + "\n",
		"etc/hosts":              r.hosts(g),
		"etc/resolv.conf":        r.resolver(g),
		"etc/network/interfaces": r.interfaces(g),
	}
	if r.options.AptProxy != "" {
		line := fmt.Sprintf("Acquire::http::Proxy %q;\nAcquire::https::Proxy %q;\n", r.options.AptProxy, r.options.AptProxy)
		files["etc/apt/apt.conf.d/01lab-proxy"] = line
	}
	for name, text := range files {
		if err := writeFile(upper(g), name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeKeys gives root the ssh keys that the guest was created with; later starts leave them to the guest.
func writeKeys(g pve.Guest) error {
	if strings.TrimSpace(g.SSHKeys) == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(upper(g), "root/.ssh"), 0o700); err != nil {
		return err
	}
	return writeFile(upper(g), "root/.ssh/authorized_keys", strings.TrimSpace(g.SSHKeys)+"\n", 0o600)
}

func (r *Runtime) hosts(g pve.Guest) string {
	names := g.Hostname
	if short, _, dotted := strings.Cut(g.Hostname, "."); dotted {
		names += " " + short
	}
	address := "127.0.1.1"
	if g.Address.IsValid() {
		address = g.Address.Addr().String()
	}
	lines := []string{"127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", address + " " + names}
	return strings.Join(append(lines, r.options.Hosts...), "\n") + "\n"
}

func (r *Runtime) resolver(g pve.Guest) string {
	servers := strings.Fields(g.Nameserver)
	if len(servers) == 0 {
		servers = []string{r.Gateway().String()}
	}
	return "nameserver " + strings.Join(servers, "\nnameserver ") + "\n"
}

func (r *Runtime) interfaces(g pve.Guest) string {
	text := "auto lo\niface lo inet loopback\n"
	if !g.Address.IsValid() {
		return text
	}
	family := "inet"
	if g.Address.Addr().Is6() {
		family = "inet6"
	}
	text += fmt.Sprintf("\nauto eth0\niface eth0 %s static\n\taddress %s\n", family, g.Address)
	if gateway := r.gateway(g); gateway.IsValid() {
		text += fmt.Sprintf("\tgateway %s\n", gateway)
	}
	return text
}

// gateway of g: its own, or the lab's when it has none.
func (r *Runtime) gateway(g pve.Guest) netip.Addr {
	if g.Gateway.IsValid() {
		return g.Gateway
	}
	return r.Gateway()
}

// writeFile writes a file of the guest's layer in place of what is there, which may be a link that the guest made: it is
// never followed out of the layer.
func writeFile(root, name, text string, mode os.FileMode) error {
	layer, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer layer.Close()
	if err := layer.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := layer.RemoveAll(name); err != nil {
		return err
	}
	return layer.WriteFile(name, []byte(text), mode)
}
