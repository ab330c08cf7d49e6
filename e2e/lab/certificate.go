package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// GatewayAddress is where guests find the lab's servers; certificates name it beside 127.0.0.1 (198.18.0.0/15 is set aside for
// test networks, RFC 2544).
const GatewayAddress = "198.18.0.1"

// pair is one server's certificate and key, and the authority that signed it, as paths of PEM files.
type pair struct{ ca, cert, key string }

// certificate makes an authority and a certificate for a server that runs as user, unless they are there and good for
// another month. The authority's key is thrown away: it signs this one certificate.
func (f *folder) certificate(server string, user *account) (pair, error) {
	dir := f.path("tls", server)
	p := pair{ca: dir + "/ca.pem", cert: dir + "/cert.pem", key: dir + "/key.pem"}
	if current(p.cert) {
		return p, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return p, err
	}
	ca, cert, key, err := issue("Allotment lab, "+server, time.Now())
	if err != nil {
		return p, err
	}
	// The certificate last: it says that the rest is there.
	return p, errors.Join(user.file(p.key, key), os.WriteFile(p.ca, []byte(ca), 0o644), os.WriteFile(p.cert, []byte(cert), 0o644))
}

func current(path string) bool {
	data, err := os.ReadFile(path)
	block, _ := pem.Decode(data)
	if err != nil || block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	return err == nil && time.Now().AddDate(0, 1, 0).Before(cert.NotAfter)
}

// issue returns PEM texts of a new authority's certificate, and of a server's certificate and key.
func issue(name string, now time.Time) (ca, cert, key string, err error) {
	caKey, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	srvKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	serial, err3 := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", "", "", err
	}
	root := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name + " CA"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}
	leaf := &x509.Certificate{SerialNumber: new(big.Int).Add(serial, big.NewInt(1)), Subject: pkix.Name{CommonName: name},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.ParseIP(loopback), net.ParseIP(GatewayAddress)}}
	rootDER, err1 := x509.CreateCertificate(rand.Reader, root, root, &caKey.PublicKey, caKey)
	leafDER, err2 := x509.CreateCertificate(rand.Reader, leaf, root, &srvKey.PublicKey, caKey)
	keyDER, err3 := x509.MarshalPKCS8PrivateKey(srvKey)
	return block("CERTIFICATE", rootDER), block("CERTIFICATE", leafDER), block("PRIVATE KEY", keyDER), errors.Join(err1, err2, err3)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// pool reads the authorities in a PEM file.
func pool(path string) (*x509.CertPool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return p, nil
}
