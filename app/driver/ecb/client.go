// Package ecb reads the euro foreign exchange reference rates of the European Central Bank: a file of the newest day, and one of the last 90 days
// beside it. They are published around 16:00 CET on every day on which the payment system TARGET works
// (https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html). Article 91 of Directive 2006/112/EC
// lets VAT be converted by them.
package ecb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"allotment/app"
	"allotment/billing"
)

// Address is the bank's own file of the newest day.
const Address = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"

// recentFile is the file of the last 90 days, beside that of the newest day.
const recentFile = "eurofxref-hist-90d.xml"

// maxFile is how many bytes a file may have: the one of 90 days has about a hundred thousand.
const maxFile = 1 << 20

// Client reads the files.
type Client struct {
	newest, recent string
	http           *http.Client
	now            func() time.Time
}

// New makes a client of the file at an address; limit is how long an answer may take.
func New(address string, limit time.Duration) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("exchange.url: this is no address of a file of rates")
	}
	return &Client{newest: address, recent: u.ResolveReference(&url.URL{Path: recentFile}).String(), http: &http.Client{Timeout: limit}, now: time.Now}, nil
}

// Newest returns the rates of the newest day.
//
// Errors: where the file cannot be read, or anything in it cannot be a rate: then none of it is taken.
func (c *Client) Newest(ctx context.Context) ([]app.ExchangeRate, error) {
	return c.rates(ctx, c.newest)
}

// Recent returns the rates of the last 90 days. Its errors are those of Newest.
func (c *Client) Recent(ctx context.Context) ([]app.ExchangeRate, error) {
	return c.rates(ctx, c.recent)
}

func (c *Client) rates(ctx context.Context, address string) ([]app.ExchangeRate, error) {
	file, err := c.get(ctx, address)
	if err == nil {
		var rates []app.ExchangeRate
		if rates, err = read(file, address, billing.DateIn(c.now(), time.UTC)); err == nil {
			return rates, nil
		}
	}
	return nil, fmt.Errorf("exchange rates at %s: %w", address, err)
}

func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read to its end, or is given up
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer has status %d", answer.StatusCode)
	}
	file, err := io.ReadAll(io.LimitReader(answer.Body, maxFile+1))
	if err == nil && len(file) > maxFile {
		err = fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	return file, err
}
