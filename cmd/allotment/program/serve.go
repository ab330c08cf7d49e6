package program

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"allotment/app/provision"
	"allotment/app/web"
	"allotment/app/worker"
)

// stopLimit is how long a graceful stop may take: streams end first, then requests, then steps.
const stopLimit = 30 * time.Second

// lostLimit is how long a worker without its lease may take to stop: others have its steps by then.
const lostLimit = 2 * time.Second

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

// Work works on jobs until ctx ends. When the process loses its lease, because the database was away, it stops all that it does and
// begins anew when the database is back.
func (p *Program) Work(ctx context.Context) error {
	engine, err := p.Engine()
	if err != nil {
		return err
	}
	if p.OnEngine != nil {
		p.OnEngine(engine)
	}
	w, err := p.startWorker(ctx, engine)
	for err == nil {
		select {
		case <-ctx.Done():
			return stopWorker(ctx, w, stopLimit)
		case lost := <-w.Lost():
			p.Log.Warn("the database is away: work goes on when it is back", "error", lost)
			_ = stopWorker(ctx, w, lostLimit) // its steps are cancelled and taken up again
			w, err = p.restartWorker(ctx, engine)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (p *Program) startWorker(ctx context.Context, engine *provision.Engine) (*worker.Worker, error) {
	mail, err := p.Outbox()
	if err != nil {
		return nil, err
	}
	return worker.Start(ctx, p.Store, engine, worker.Config{Steps: p.Config.Work.Steps, Chores: p.chores(), Outbox: mail, Biller: p.Biller(), Exports: p.Portal, Payments: p.Portal.Collector()}, p.Log)
}

// restartWorker tries each second until it succeeds or ctx ends.
func (p *Program) restartWorker(ctx context.Context, engine *provision.Engine) (*worker.Worker, error) {
	for {
		if w, err := p.startWorker(ctx, engine); err == nil {
			p.Log.Info("work goes on")
			return w, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func stopWorker(ctx context.Context, w *worker.Worker, limit time.Duration) error {
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return w.Stop(stop)
}

func (p *Program) web() (*web.Server, error) {
	trusted, err := p.Config.trustedProxies()
	if err != nil {
		return nil, err
	}
	own, err := p.provider()
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return web.New(web.Config{
		BaseURL: p.Config.Web.URL, TrustedProxies: trusted, Demo: p.Config.demo, AdminSeparate: p.Config.Web.AdminListen != "", Ready: p.Store.Ready, OpenID: own,
	}, p.Portal, p.Store, p.Log, registry)
}
