package pve

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// schemaJSON holds, for each method that the emulator answers, the parameters and permissions of Proxmox VE 9.1.6.
// It is made from the official schema by `go run ./e2e/pve/cmd/schema`.
//
//go:embed data/schema.json
var schemaJSON []byte

// Spec is what the schema says of one method.
type Spec struct {
	Properties  map[string]*Property `json:"properties,omitempty"`
	Additional  bool                 `json:"additional,omitempty"` // unknown parameters are let through
	Permissions json.RawMessage      `json:"permissions,omitempty"`
	AllowToken  bool                 `json:"allowtoken,omitempty"`
	ProxyTo     string               `json:"proxyto,omitempty"`
}

// Property is one parameter, in the schema's own words.
type Property struct {
	Type       string    `json:"type,omitempty"`
	Format     *Format   `json:"format,omitempty"`
	Optional   Flag      `json:"optional,omitempty"`
	Pattern    string    `json:"pattern,omitempty"`
	MinLength  *int      `json:"minLength,omitempty"`
	MaxLength  *int      `json:"maxLength,omitempty"`
	Minimum    *Number   `json:"minimum,omitempty"`
	Maximum    *Number   `json:"maximum,omitempty"`
	Enum       []string  `json:"enum,omitempty"`
	Requires   string    `json:"requires,omitempty"`
	Items      *Property `json:"items,omitempty"`
	DefaultKey Flag      `json:"default_key,omitempty"`
	Alias      string    `json:"alias,omitempty"`    // another spelling of this key …
	KeyAlias   string    `json:"keyAlias,omitempty"` // … whose own name is the value of that key
}

// Format is a named format, or the keys of a property string such as "virtio=…,bridge=vmbr0".
type Format struct {
	Name string
	Keys map[string]*Property
}

// UnmarshalJSON reads either form.
func (f *Format) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &f.Name)
	}
	return json.Unmarshal(b, &f.Keys)
}

// MarshalJSON writes the form that was read.
func (f Format) MarshalJSON() ([]byte, error) {
	if f.Keys != nil {
		return json.Marshal(f.Keys)
	}
	return json.Marshal(f.Name)
}

// Flag is a boolean that the schema writes as 0, 1, "0" or "1".
type Flag bool

// UnmarshalJSON reads any of them.
func (f *Flag) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	*f = s == "1" || s == "true"
	return nil
}

// Number is a limit. It keeps its own spelling, since the messages quote it.
type Number string

// UnmarshalJSON reads a number or a number in quotes.
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = Number(strings.Trim(string(b), `"`))
	_, err := strconv.ParseFloat(string(*n), 64)
	return err
}

// MarshalJSON writes the number bare.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func (n Number) float() float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

// specs is the parsed schema, by "METHOD /path".
var specs = sync.OnceValue(func() map[string]*Spec {
	m := map[string]*Spec{}
	if err := json.Unmarshal(schemaJSON, &m); err != nil {
		panic(fmt.Sprintf("data/schema.json: %v", err))
	}
	return m
})

// indexed are the numbered parameters: net[n] in the schema stands for net0 to net31.
var indexed = map[string]int{
	"dev": 256, "hostpci": 16, "ide": 4, "ipconfig": 32, "mp": 256, "net": 32, "numa": 8, "parallel": 3, "sata": 6,
	"scsi": 31, "serial": 4, "unused": 256, "usb": 14, "virtio": 16, "virtiofs": 10, "link": 8,
}

var numbered = regexp.MustCompile(`^([a-z]+)(0|[1-9]\d*)$`)

// property finds the definition of a parameter, numbered ones included.
func (s *Spec) property(name string) *Property {
	if p := s.Properties[name]; p != nil {
		return p
	}
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	if n, err := strconv.Atoi(m[2]); err != nil || n >= indexed[m[1]] {
		return nil
	}
	return s.Properties[m[1]+"[n]"]
}
