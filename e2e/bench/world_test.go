// Package bench measures the speed that users feel, each figure as a ratio to the limit measured in the same run.
package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// span is how long each side of a ratio is measured, and clients how many ask at once.
const (
	span    = 3 * time.Second
	clients = 8
)

// orders places n orders, so that tables are not empty and PostgreSQL knows their size.
func orders(b *testing.B, w *portaltest.World, actor app.Actor, n int) {
	b.Helper()
	for i := range n {
		place(b, w, actor, fmt.Sprintf("host-%s-%d", actor.OrganizationSlug, i))
	}
}

func place(b *testing.B, w *portaltest.World, actor app.Actor, host string) {
	if _, err := w.Portal.PlaceOrder(b.Context(), actor, request(host)); err != nil {
		b.Error(err)
	}
}

func request(host string) portal.OrderRequest {
	return portal.OrderRequest{App: "redmine", Plan: "small", Name: "Bench", Host: host + "." + portaltest.Zone, Key: host}
}

// settle lets PostgreSQL learn the tables' sizes and drops plans that were cached on small ones.
func settle(b *testing.B, w *portaltest.World) {
	b.Helper()
	conn := connect(b, w.Superuser)
	defer conn.Close(context.WithoutCancel(b.Context()))
	if _, err := conn.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	w.Store.Pool().Reset()
}

// serve starts the web layer and returns its address and a client that is signed in as the tenant.
func serve(b *testing.B, w *portaltest.World) (string, *http.Client) {
	b.Helper()
	var server *web.Server
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { server.Handler().ServeHTTP(rw, r) }))
	b.Cleanup(site.Close)
	var err error
	server, err = web.New(web.Config{BaseURL: site.URL, Ready: w.Store.Ready}, w.Portal, w.Store, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Shutdown)
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	response, err := client.PostForm(site.URL+"/signin", url.Values{"email": {w.Tenant.Email}, "password": {portaltest.Password}})
	if err != nil {
		b.Fatal(err)
	}
	response.Body.Close()
	if response.Request.URL.Path == "/signin" {
		b.Fatalf("not signed in: %s", response.Status)
	}
	return site.URL, client
}

// rate runs fn from several goroutines for the span and returns how often it ran each second.
func rate(b *testing.B, workers int, fn func(n int64)) float64 {
	b.Helper()
	var count atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(start) < span {
				fn(count.Add(1))
			}
		})
	}
	all.Wait()
	return float64(count.Load()) / time.Since(start).Seconds()
}

// best repeats two measurements in turn and returns the better of each, so that a busy moment of the machine spoils neither.
func best(rounds int, ours, limit func() float64) (float64, float64) {
	var a, z float64
	for range rounds {
		z = max(z, limit())
		a = max(a, ours())
	}
	return a, z
}

func get(b *testing.B, client *http.Client, address string) int64 {
	response, err := client.Get(address)
	if err != nil {
		b.Error(err)
		return 0
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Errorf("%s: %s (%v)", address, response.Status, err)
	}
	return n
}

// report prints a ratio with both of its sides and its goal.
func report(b *testing.B, what string, ours, limit float64, unit string, goal float64) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours/limit, "ratio")
	fmt.Printf("%-28s %9.0f %s of %9.0f: ratio %.2f (goal >= %.2f, %s)\n", what, ours, unit, limit, ours/limit, goal, verdict(ours/limit >= goal))
}

// verdict says whether a goal was reached.
func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "MISSED"
}

func quantile(times []time.Duration, q float64) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}
