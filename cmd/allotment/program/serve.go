package program

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"allotment/app/web"
	"allotment/app/worker"
)

// stopLimit is how long a graceful stop may take: streams end first, then requests, then steps.
const stopLimit = 30 * time.Second

// Serve serves pages and guests, and works on jobs where work is set, until ctx ends.
func (p *Program) Serve(ctx context.Context, work bool) error {
	site, err := p.web()
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	if work {
		all.Go(func() error { return p.Work(ctx) })
	}
	c := p.Config
	doors := []door{
		{"pages", c.Web.Listen, c.Web.Certificate, c.Web.CertificateKey, site.Handler(), site.Shutdown},
		{"enrolment", c.Enrol.Listen, c.Enrol.Certificate, c.Enrol.CertificateKey, site.EnrolHandler(), nil},
	}
	if c.Web.AdminListen != "" {
		doors = append(doors, door{"metrics", c.Web.AdminListen, "", "", site.AdminHandler(), nil})
	}
	for _, d := range doors {
		all.Go(func() error { return p.listen(ctx, d) })
	}
	return all.Wait()
}

// door is one listener.
type door struct {
	what      string
	address   string
	cert, key string // PEM files; "" for plain HTTP
	handler   http.Handler
	first     func() // ends what must end before requests can; nil for nothing
}

// listen serves one door until ctx ends.
func (p *Program) listen(ctx context.Context, d door) error {
	l, err := net.Listen("tcp", d.address)
	if err != nil {
		return fmt.Errorf("%s: %w", d.what, err)
	}
	server := web.HTTPServer(d.handler, p.Log)
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	failed := make(chan error, 1)
	go func() {
		if d.cert != "" {
			failed <- server.ServeTLS(l, d.cert, d.key)
			return
		}
		failed <- server.Serve(l)
	}()
	p.Log.Info("listening", "for", d.what, "address", l.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("%s: %w", d.what, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if d.first != nil {
		d.first()
	}
	return server.Shutdown(stop)
}

// Work works on jobs until ctx ends or the process loses its lease.
func (p *Program) Work(ctx context.Context) error {
	engine, err := p.Engine()
	if err != nil {
		return err
	}
	if p.OnEngine != nil {
		p.OnEngine(engine)
	}
	w, err := worker.Start(ctx, p.Store, engine, worker.Config{Steps: p.Config.Work.Steps, Chores: p.chores()}, p.Log)
	if err != nil {
		return err
	}
	var lost error
	select {
	case <-ctx.Done():
	case lost = <-w.Lost():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return errors.Join(lost, w.Stop(stop))
}

func (p *Program) web() (*web.Server, error) {
	trusted, err := p.Config.trustedProxies()
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return web.New(web.Config{
		BaseURL: p.Config.Web.URL, TrustedProxies: trusted, Demo: p.Config.demo, AdminSeparate: p.Config.Web.AdminListen != "", Ready: p.Store.Ready,
	}, p.Portal, p.Store, p.Log, registry)
}
