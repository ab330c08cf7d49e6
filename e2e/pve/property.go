package pve

import (
	"crypto/rand"
	"fmt"
	"sort"
	"strings"
)

// printed joins keys and values as PVE does: the first as a bare value, those that must exist, then the rest in order.
func printed(p map[string]string, bare string, first ...string) string {
	var parts []string
	used := map[string]bool{}
	put := func(k string) {
		if v, ok := p[k]; ok && !used[k] {
			used[k] = true
			if k == bare {
				parts = append(parts, v)
			} else {
				parts = append(parts, k+"="+v)
			}
		}
	}
	put(bare)
	for _, k := range first {
		put(k)
	}
	rest := make([]string, 0, len(p))
	for k := range p {
		rest = append(rest, k)
	}
	sort.Strings(rest)
	for _, k := range rest {
		put(k)
	}
	return strings.Join(parts, ",")
}

// keysOf returns the keys of a property string by the schema of the guests' create methods.
func keysOf(kind, option string) map[string]*Property {
	p := specs()["POST /nodes/{node}/"+kind].property(option)
	if p == nil || p.Format == nil {
		return nil
	}
	return p.Format.Keys
}

// properties parses an option of a guest that the schema has accepted before.
func properties(kind, option, text string) map[string]string {
	p, err := parseProperties(keysOf(kind, option), text)
	if err != nil {
		return map[string]string{}
	}
	return p
}

// randomMAC makes an address with Proxmox' prefix.
func randomMAC() string {
	b := make([]byte, 3)
	_, _ = rand.Read(b)
	return fmt.Sprintf("BC:24:11:%02X:%02X:%02X", b[0], b[1], b[2])
}

// network completes the text of a network device with a MAC address where it has none.
func network(kind, option, text string) string {
	p := properties(kind, option, text)
	if kind == KindLXC {
		p["type"] = "veth"
		if p["hwaddr"] == "" {
			p["hwaddr"] = randomMAC()
		}
		return printed(p, "", "name")
	}
	if p["macaddr"] == "" {
		p["macaddr"] = randomMAC()
	}
	model := p["model"]
	p[model] = p["macaddr"]
	delete(p, "macaddr")
	delete(p, "model")
	return printed(p, "", model)
}

// uniqueTags sorts, lowers and deduplicates tags.
func uniqueTags(text string) string {
	seen := map[string]bool{}
	var tags []string
	for _, tag := range splitList(text) {
		tag = strings.ToLower(tag)
		if !seen[tag] {
			seen[tag] = true
			tags = append(tags, tag)
		}
	}
	sort.Strings(tags)
	return strings.Join(tags, ";")
}
