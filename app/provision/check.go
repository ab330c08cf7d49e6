package provision

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"allotment/app"
	"allotment/catalog"
)

// checker asks a service from outside, the way a visitor would.
type checker struct{ client *http.Client }

// newChecker makes a checker. dial, where given, is the host:port that it connects to instead of the service's own address.
func newChecker(dial string) *checker {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dial != "" {
				address = dial
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
	return &checker{client: &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: sameHost}}
}

// sameHost follows redirects as long as they stay with the service.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || r.URL.Hostname() != via[0].URL.Hostname() {
		return http.ErrUseLastResponse
	}
	return nil
}

// answers returns nil when the service answers as its catalog entry says it should; otherwise a Retryable error.
func (c *checker) answers(ctx context.Context, want catalog.Health, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+want.Path, http.NoBody)
	if err != nil {
		return app.Because(app.Permanent, err, "Its address is not a valid one.")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return app.Because(app.Retryable, err, "It does not answer from outside yet.")
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return app.Because(app.Retryable, err, "It does not answer from outside yet.")
	}
	if response.StatusCode != want.Status || !strings.Contains(string(body), want.Body) {
		return app.Because(app.Retryable, fmt.Errorf("%s: status %s, wanted %d with %q", url+want.Path, response.Status, want.Status, want.Body),
			"It answers from outside, but is not ready yet.")
	}
	return nil
}
