package recipe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// newPortal starts the stand-in.
func newPortal(t *testing.T) *portal {
	t.Helper()
	certificate, authority := selfSigned(t, net.ParseIP(gateway))
	p := &portal{ca: base64.StdEncoding.EncodeToString(authority), reports: make(chan string, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /enrol", p.enrol)
	mux.HandleFunc("POST /report", p.report)
	p.server = httptest.NewUnstartedServer(mux)
	p.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	return p
}

// selfSigned makes a certificate for address; authority is its DER form.
func selfSigned(t *testing.T, address net.IP) (certificate tls.Certificate, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stand-in"}, IPAddresses: []net.IP{address},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, der
}
