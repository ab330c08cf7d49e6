// Package signin proves who somebody is at the providers that organizations have chosen: OpenID Connect Core 1.0, and LDAP (RFC 4511).
//
// Where a provider is, its organization says. So nothing is reached that the public internet does not have, unless the installation allows
// its network; redirects stay on their host; answers are bounded in size and time.
package signin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// Limits on one conversation with a provider.
const (
	connectLimit = 5 * time.Second
	callLimit    = 10 * time.Second
	answerLimit  = 1 << 20 // bytes
)

// Reach is the networks in which providers may be beside the public internet: an operator's own, or the loopback one in tests.
type Reach []netip.Prefix

// special are networks that are not the public internet though their addresses count as global: shared (RFC 6598), for benchmarks
// (RFC 2544), reserved (RFC 1112), and those that carry an IPv4 address in another one (RFC 6052, RFC 3056).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"),
}

var errOutOfReach = errors.New("this address is not in the public internet, and its network is not among those where providers may be")

// allows reports whether a provider may be at the address.
func (r Reach) allows(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	holds := func(p netip.Prefix) bool { return p.Contains(a) }
	if slices.ContainsFunc(r, holds) {
		return true
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(special, holds)
}

// dialer connects to allowed addresses only. It looks at the address that is connected to, after names were resolved: a name cannot be
// one thing when it is checked and another when it is used.
func (r Reach) dialer() *net.Dialer {
	return &net.Dialer{Timeout: connectLimit, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !r.allows(at.Addr()) {
			return errOutOfReach
		}
		return nil
	}}
}

// client is the HTTP client of all OpenID providers.
func (r Reach) client() *http.Client {
	inner := &http.Transport{
		DialContext: r.dialer().DialContext, TLSHandshakeTimeout: connectLimit, ResponseHeaderTimeout: callLimit, MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: bounded{inner, r}, Timeout: callLimit, CheckRedirect: stayThere}
}

// stayThere lets a look-up be redirected on its own host, and nothing that carries a code or a secret.
func stayThere(next *http.Request, before []*http.Request) error {
	first := before[0]
	if first.Method != http.MethodGet || first.Header.Get("Authorization") != "" || len(before) > 3 || next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme {
		return fmt.Errorf("the provider sends us on to %s, which is not followed", next.URL.Host)
	}
	return nil
}

// bounded refuses what is not encrypted, and answers without end.
type bounded struct {
	inner http.RoundTripper
	reach Reach
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := b.reach.secure(request.URL); err != nil {
		return nil, err
	}
	answer, err := b.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	answer.Body = http.MaxBytesReader(nil, answer.Body, answerLimit)
	return answer, nil
}

// secure wants https, except for this very machine where the installation allows it: for tests and trials.
func (r Reach) secure(u *url.URL) error {
	at, err := netip.ParseAddr(u.Hostname())
	local := err == nil && at.IsLoopback() && r.allows(at)
	if u.Scheme == "https" || (u.Scheme == "http" && local) {
		return nil
	}
	return fmt.Errorf("%s://%s is not https", u.Scheme, u.Host)
}
