// Package site is a whole provider on one machine: the lab's servers, the emulated hypervisor with its guests, and the edge that
// brings visitors to them. `allotment dev` runs on it, and so do the browser tests.
package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"allotment/app/template/mirror"
	"allotment/catalog"
	"allotment/e2e/lab"
	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
	"allotment/e2e/vies"
)

// Zone is the DNS zone under which tenants' apps are reached. Browsers take every name below localhost to this machine (RFC 6761
// section 6.3), so that it works without any setting.
const Zone = "apps.localhost"

// Options says what to start and where.
type Options struct {
	Dir       string           // folder that keeps everything; "" is a private one, removed at the end
	Simulated bool             // guests are simulated even where real ones are possible
	Catalog   *catalog.Catalog // the apps whose templates are wanted
	Ports     Ports            // 0 is any free one, remembered in Dir
	Delays    bool             // the hypervisor takes its time, as a real one does
	Memory    int64            // the hypervisor's memory in bytes; 0 means 64 GiB
	Log       func(string)     // one line for people about each thing that happens; nil is silent
}

// Site is a running provider without its portal.
type Site struct {
	Lab   *lab.Lab
	PVE   *pve.Server
	VIES  *vies.Server // a stand-in that knows three made-up VAT IDs
	Pay   *Pay         // a pretend payment provider: no money moves
	Ports Ports
	Notes []string // what cannot run here, for people

	CA, Certificate, CertificateKey string // of the enrolment endpoint: paths of PEM files

	guests *guests
	edge   *edge
	mirror string // host:port of the packages' proxy on this machine
	dir    string
	cancel context.CancelFunc
}

// Start starts everything. What the machine cannot run is in Notes, in words.
func Start(ctx context.Context, o Options) (s *Site, err error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	l, err := lab.Start(ctx, lab.Options{Dir: o.Dir, Log: o.Log}.All())
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s = &Site{Lab: l, dir: filepath.Join(l.Dir(), "site"), cancel: cancel}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, missing := range l.Unavailable {
		s.Notes = append(s.Notes, missing.String())
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return s, err
	}
	if s.Ports, err = o.Ports.choose(filepath.Join(s.dir, "ports.json")); err != nil {
		return s, err
	}
	if s.CA, s.Certificate, s.CertificateKey, err = l.Certificate("enrolment"); err != nil {
		return s, err
	}
	if s.VIES, err = vies.Start(); err != nil {
		return s, err
	}
	s.VIES.Register("NL123456789B01", vies.Trader{Name: "Demo Hosting", Address: "Example Street 1\n1234 AB Demo City"})
	s.VIES.Register("NL987654321B01", vies.Trader{Name: "Demo Reseller", Address: "Example Street 1\n1234 AB Demo City"})
	s.VIES.Register("DE123456789", vies.Trader{Name: "Demo Garten", Address: "Beispielweg 1\n10115 Demostadt"})
	if s.Pay, err = startPay(running); err != nil {
		return s, err
	}
	if err := s.startGuests(running, o); err != nil {
		return s, err
	}
	if err := s.makeZone(ctx); err != nil {
		return s, err
	}
	s.edge, err = startEdge(s.Ports.Edge, l.DNS.Resolver, s.guests)
	return s, err
}

// startGuests starts the runtime of the guests and the hypervisor above it.
func (s *Site) startGuests(ctx context.Context, o Options) error {
	proxy := &mirror.Proxy{Hosts: mirror.HostHosts()}
	address, err := proxy.Start(ctx)
	if err != nil {
		return err
	}
	s.mirror = address
	s.guests, err = newGuests(o.Catalog, s.CA)
	if err != nil {
		return err
	}
	if why := s.startReal(o); why != "" {
		s.Notes = append(s.Notes, "Guests are simulated: "+why)
	}
	p := pve.Options{
		Dir: filepath.Join(s.dir, "pve"), Listen: "127.0.0.1:" + strconv.Itoa(s.Ports.Hypervisor), LXC: s.guests, QEMU: s.guests, Memory: o.Memory,
	}
	if !o.Delays {
		p.AuthDelay, p.AgentDelay, p.ResourcesLag, p.WorkerDelay = -1, -1, -1, -1
		p.LockWait = time.Second
	}
	s.PVE, err = pve.Start(ctx, p)
	return err
}

// startReal starts real containers, or says why there are none.
func (s *Site) startReal(o Options) string {
	if o.Simulated {
		return "it was asked for."
	}
	if err := lxc.Possible(); err != nil {
		return err.Error() + "."
	}
	cache, err := cacheDir()
	if err != nil {
		return err.Error() + "."
	}
	real, err := lxc.New(lxc.Options{
		Dir: filepath.Join(s.dir, "lxc"), CacheDir: filepath.Join(cache, "unpacked"), AptProxy: fmt.Sprintf("http://%s:%d", lab.GatewayAddress, mirrorPort),
	})
	if err != nil {
		return err.Error() + "."
	}
	s.guests.real = real
	if err := s.forward(real); err != nil {
		return err.Error() + "."
	}
	return ""
}

// mirrorPort is where guests find the packages' proxy at their gateway.
const mirrorPort = 3142

// forward lets guests reach, at their gateway, the portal and the servers that apps use, each at the port that it has here.
func (s *Site) forward(real *lxc.Runtime) error {
	targets := []string{loopback(s.Ports.Enrol), hostPort(s.Lab.Directory.URI)}
	if s.Lab.Mail != nil {
		targets = append(targets, s.Lab.Mail.SubmissionAddr, s.Lab.Mail.IMAPAddr)
	}
	for _, target := range targets {
		_, port, err := net.SplitHostPort(target)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return err
		}
		if _, err := real.Forward(n, target); err != nil {
			return err
		}
	}
	_, err := real.Forward(mirrorPort, s.mirror)
	return err
}

// Real reports whether guests are real containers.
func (s *Site) Real() bool { return s.guests.real != nil }

// GuestGateway is where guests find this machine: their gateway, or the loopback where they are simulated.
func (s *Site) GuestGateway() string {
	if s.Real() {
		return lab.GatewayAddress
	}
	return "127.0.0.1"
}

// Pool is the range of guests' addresses.
func (s *Site) Pool() (first, last, gateway netip.Addr, bits int) {
	return netip.MustParseAddr("198.18.1.1"), netip.MustParseAddr("198.18.250.254"), netip.MustParseAddr(lab.GatewayAddress), 16
}

// PackageProxy is where guests find the packages' proxy.
func (s *Site) PackageProxy() string {
	return fmt.Sprintf("http://%s:%d", lab.GatewayAddress, mirrorPort)
}

// EdgeAddr is the host:port at which visitors reach every app, by its name.
func (s *Site) EdgeAddr() string { return loopback(s.Ports.Edge) }

// Close ends everything that Start began; with a Dir the data stays.
func (s *Site) Close() error {
	var errs []error
	if s.edge != nil {
		errs = append(errs, s.edge.close())
	}
	if s.VIES != nil {
		s.VIES.Close()
	}
	if s.Pay != nil {
		errs = append(errs, s.Pay.close())
	}
	if s.PVE != nil {
		errs = append(errs, s.PVE.Close())
	}
	if s.guests != nil {
		errs = append(errs, s.guests.close())
	}
	s.cancel()
	errs = append(errs, s.Lab.Close())
	return errors.Join(errs...)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
