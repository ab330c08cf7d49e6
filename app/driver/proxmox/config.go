package proxmox

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	pve "github.com/luthermonson/go-proxmox"
)

// Config says how to reach the cluster and what of it to use.
type Config struct {
	URL             string   // "https://pve1.example.org:8006"; http only to this machine itself
	TokenID         string   // "portal@pve!allotment"
	Secret          string   // the token's secret
	CA              string   // PEM of the authority that signed the API's certificate; "" for the system's authorities
	Fingerprint     string   // SHA-256 of the API's certificate in hex, colons allowed; instead of CA
	Pool            string   // the pool that guests are put into
	TemplateStorage string   // where container templates and VM images lie
	DiskStorage     string   // where the guests' disks are made
	ISOStorage      string   // where seeds of VMs are put; "" when only containers are made
	Bridge          string   // the network bridge, "vmbr0"
	Nodes           []string // the nodes that may be used; empty for all
	MinNumber       int      // first number of the range reserved for us
	MaxNumber       int      // last number of it
}

// apiPath is where the API begins; a URL may name it or leave it out.
const apiPath = "/api2/json"

// Option changes how New builds a Driver.
type Option func(*Driver)

// WithTransport puts wrap around the connection to the API, beneath the reading of errors.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(d *Driver) { d.wrap = wrap }
}

// WithPatience sets how long one call may take (10 s), how much of that it waits for tasks (7 s), and how long a locked
// placeholder without a task must stay as it is before it is given up (3 s: between the lock and its task lies a fork).
func WithPatience(call, tasks, grace time.Duration) Option {
	return func(d *Driver) { d.callLimit, d.taskWait, d.grace = call, tasks, grace }
}

// New returns a driver. It checks c, and does not connect.
func New(c Config, claims Claims, opts ...Option) (*Driver, error) {
	base, err := c.check()
	if err != nil {
		return nil, err
	}
	d := &Driver{config: c, claims: claims, callLimit: 10 * time.Second, taskWait: 7 * time.Second, grace: 3 * time.Second}
	for _, opt := range opts {
		opt(d)
	}
	tlsConfig, err := c.tls()
	if err != nil {
		return nil, err
	}
	var transport http.RoundTripper = &http.Transport{
		TLSClientConfig:     tlsConfig,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		MaxIdleConnsPerHost: 8,
	}
	if d.wrap != nil {
		transport = d.wrap(transport)
	}
	d.base = strings.TrimSuffix(strings.TrimRight(base.String(), "/"), apiPath) + apiPath
	d.http = &http.Client{Transport: strict{transport}}
	d.client = pve.NewClient(d.base, pve.WithHTTPClient(d.http), pve.WithAPIToken(c.TokenID, c.Secret),
		pve.WithUserAgent("allotment"))
	return d, nil
}

func (c Config) check() (*url.URL, error) {
	base, err := url.Parse(c.URL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("proxmox: URL %q is not an address such as https://pve1.example.org:8006", c.URL)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())) {
		return nil, errors.New("proxmox: URL must begin with https:// (http:// only to this machine itself)")
	}
	for name, value := range map[string]string{"TokenID": c.TokenID, "Secret": c.Secret, "TemplateStorage": c.TemplateStorage,
		"DiskStorage": c.DiskStorage, "Bridge": c.Bridge} {
		if value == "" {
			return nil, fmt.Errorf("proxmox: %s is empty", name)
		}
	}
	if c.MinNumber < 100 || c.MaxNumber < c.MinNumber || c.MaxNumber > 999_999_999 {
		return nil, fmt.Errorf("proxmox: numbers %d-%d are not a range between 100 and 999999999", c.MinNumber, c.MaxNumber)
	}
	return base, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// tls trusts the given authority, or exactly the certificate with the given fingerprint, or the system's authorities.
func (c Config) tls() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, errors.New("proxmox: CA holds no certificate in PEM")
		}
	}
	if c.Fingerprint == "" {
		return conf, nil
	}
	want, err := hex.DecodeString(strings.ReplaceAll(c.Fingerprint, ":", ""))
	if err != nil || len(want) != sha256.Size {
		return nil, errors.New("proxmox: Fingerprint is not a SHA-256 in hex")
	}
	conf.InsecureSkipVerify = true // replaced by the comparison below, which is stricter
	conf.VerifyConnection = func(state tls.ConnectionState) error {
		if got := sha256.Sum256(state.PeerCertificates[0].Raw); !bytes.Equal(got[:], want) {
			return fmt.Errorf("the certificate's fingerprint is %X, not the configured one", got)
		}
		return nil
	}
	return conf, nil
}
