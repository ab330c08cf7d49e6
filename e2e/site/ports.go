package site

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"

	"allotment/e2e/lab"
)

// Ports are the ports on 127.0.0.1 that must stay the same as long as the data does: they stand in addresses that are stored.
type Ports struct {
	Web        int `json:"web"`        // the portal's pages
	Enrol      int `json:"enrol"`      // the portal's enrolment endpoint
	Edge       int `json:"edge"`       // the tenants' apps
	Hypervisor int `json:"hypervisor"` // the emulated API
}

// choose takes the remembered ports, then those that were asked for, then any free ones, and remembers them.
func (p Ports) choose(file string) (Ports, error) {
	data, err := os.ReadFile(file)
	if err == nil {
		if err := json.Unmarshal(data, &p); err != nil {
			return p, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	for _, port := range []*int{&p.Web, &p.Enrol, &p.Edge, &p.Hypervisor} {
		held, err := hold(*port)
		if err != nil {
			return p, err
		}
		defer held.Close() // at the end, so that no two are the same
		*port = held.Addr().(*net.TCPAddr).Port
	}
	if data, err = json.Marshal(p); err != nil {
		return p, err
	}
	return p, os.WriteFile(file, data, 0o600)
}

// hold listens on the wanted port if nobody else does, and on any free one otherwise.
func hold(wanted int) (net.Listener, error) {
	if wanted != 0 {
		if l, err := net.Listen("tcp", loopback(wanted)); err == nil {
			return l, nil
		}
	}
	port, err := lab.AnyPort()
	if err != nil {
		return nil, err
	}
	return net.Listen("tcp", loopback(port))
}

// hostPort is the host:port of an address that names its port.
func hostPort(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
