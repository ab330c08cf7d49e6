package proxmox_test

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"allotment/app/driver/proxmox"
)

func TestConfigRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*proxmox.Config){
		"URL":         func(c *proxmox.Config) { c.URL = "pve1" },
		"https":       func(c *proxmox.Config) { c.URL = "http://pve1.example.org:8006" },
		"TokenID":     func(c *proxmox.Config) { c.TokenID = "" },
		"Secret":      func(c *proxmox.Config) { c.Secret = "" },
		"Bridge":      func(c *proxmox.Config) { c.Bridge = "" },
		"DiskStorage": func(c *proxmox.Config) { c.DiskStorage = "" },
		"range":       func(c *proxmox.Config) { c.MinNumber, c.MaxNumber = 200, 100 },
		"CA":          func(c *proxmox.Config) { c.CA = "none" },
		"Fingerprint": func(c *proxmox.Config) { c.Fingerprint = "AB:CD" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testConfig("https://pve1.example.org:8006")
			spoil(&c)
			if _, err := proxmox.New(c, newClaims(1, 2)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v, want one that names %s", err, name)
			}
		})
	}
}

// TestTrust: the API's certificate is trusted by its authority or by its fingerprint, and by nothing else.
func TestTrust(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":[]}`) }))
	t.Cleanup(server.Close)
	own := server.Certificate().Raw
	sum := sha256.Sum256(own)
	for name, c := range map[string]struct {
		ca, fingerprint string
		trusted         bool
	}{
		"authority":         {ca: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own})), trusted: true},
		"fingerprint":       {fingerprint: fmt.Sprintf("%X", sum), trusted: true},
		"other fingerprint": {fingerprint: fmt.Sprintf("%X", sha256.Sum256([]byte("other")))},
		"none":              {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := testConfig(server.URL)
			config.CA, config.Fingerprint = c.ca, c.fingerprint
			_, err := newDriver(t, config, newClaims(1, 2)).HasTemplate(t.Context(), true, "demo")
			if (err == nil) != c.trusted {
				t.Errorf("trusted is %t, want %t: %v", err == nil, c.trusted, err)
			}
		})
	}
}
