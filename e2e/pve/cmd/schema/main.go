// Command schema keeps, of the official Proxmox VE API schema, the methods that the emulator answers:
//
//	go run ./e2e/pve/cmd/schema -from pve-api.json -to e2e/pve/data/schema.json
//
// The official schema is the JSON array inside a node's /usr/share/pve-docs/api-viewer/apidoc.js.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sort"

	"allotment/e2e/pve"
)

// node is one path of the official schema.
type node struct {
	Path     string            `json:"path"`
	Info     map[string]method `json:"info"`
	Children []node            `json:"children"`
}

// method is one method of the official schema, as far as it is kept.
type method struct {
	Parameters struct {
		Properties map[string]*pve.Property `json:"properties"`
		Additional *pve.Flag                `json:"additionalProperties"`
	} `json:"parameters"`
	Permissions json.RawMessage `json:"permissions"`
	AllowToken  pve.Flag        `json:"allowtoken"`
	ProxyTo     string          `json:"proxyto"`
}

func main() {
	from := flag.String("from", "", "the official schema")
	to := flag.String("to", "e2e/pve/data/schema.json", "the file to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		log.Fatal(err)
	}
}

func run(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var tree []node
	if err := json.Unmarshal(raw, &tree); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	all := map[string]method{}
	collect(tree, all)
	out, err := pick(all, pve.Methods())
	if err != nil {
		return err
	}
	return os.WriteFile(to, out, 0o644)
}

// collect flattens the tree into "METHOD /path".
func collect(nodes []node, into map[string]method) {
	for _, n := range nodes {
		for verb, m := range n.Info {
			into[verb+" "+n.Path] = m
		}
		collect(n.Children, into)
	}
}

// pick writes the wanted methods in order, one a line, so that a change of schema is readable as a diff.
func pick(all map[string]method, names []string) ([]byte, error) {
	sort.Strings(names)
	var b bytes.Buffer
	b.WriteString("{\n")
	for i, name := range names {
		m, ok := all[name]
		if !ok {
			return nil, fmt.Errorf("the schema has no %s", name)
		}
		line, err := json.Marshal(spec(m))
		if err != nil {
			return nil, err
		}
		comma := ","
		if i == len(names)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "%q: %s%s\n", name, line, comma)
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

func spec(m method) pve.Spec {
	return pve.Spec{
		Properties:  m.Parameters.Properties,
		Additional:  m.Parameters.Additional == nil || bool(*m.Parameters.Additional),
		Permissions: withoutWords(m.Permissions),
		AllowToken:  bool(m.AllowToken),
		ProxyTo:     m.ProxyTo,
	}
}

// withoutWords drops the description from a permission.
func withoutWords(raw json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	delete(m, "description")
	out, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return out
}
