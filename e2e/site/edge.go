package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// edge is what a provider has in front of its guests: it takes a visitor to the guest whose name they asked for. It finds the
// guest as a visitor would, through the provider's own name server, so that wrong records show.
type edge struct {
	resolver string
	server   *http.Server
}

func startEdge(port int, resolver string, g *guests) (*edge, error) {
	e := &edge{resolver: resolver}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: &http.Transport{
			DialContext:         func(ctx context.Context, _, address string) (net.Conn, error) { return e.dial(ctx, g, address) },
			MaxIdleConnsPerHost: 4, IdleConnTimeout: 5 * time.Second,
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, fmt.Sprintf("Nobody answers at %s: %v", r.Host, err), http.StatusBadGateway)
		},
	}
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return nil, fmt.Errorf("edge: %w", err)
	}
	e.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(l) //nolint:errcheck // ends with close
	return e, nil
}

// dial connects to port 80 of the guest that the name server gives for a host.
func (e *edge) dial(ctx context.Context, g *guests, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ip, err := e.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	return g.dial(ctx, net.JoinHostPort(ip, "80"))
}

// lookup asks the provider's name server for a host's address.
func (e *edge) lookup(ctx context.Context, host string) (string, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(strings.ToLower(host)), dns.TypeA)
	answer, _, err := (&dns.Client{Timeout: 3 * time.Second}).ExchangeContext(ctx, question, e.resolver)
	if err != nil {
		return "", fmt.Errorf("the name server does not answer: %w", err)
	}
	for _, record := range answer.Answer {
		if a, ok := record.(*dns.A); ok {
			return a.A.String(), nil
		}
	}
	return "", errors.New("the name server knows no address for it")
}

func (e *edge) close() error { return e.server.Close() }
