package site

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"allotment/e2e/stripe"
)

// debitFor is how long a direct debit is on its way here: long enough to see that it is.
const debitFor = 2 * time.Minute

// Pay is a pretend payment provider, with keys of its own each time. It keeps nothing beyond its end.
type Pay struct {
	*stripe.Server
	Key, Secret, ConnectSecret string
}

// startPay starts it, with a clock that runs until ctx ends.
func startPay(ctx context.Context) (*Pay, error) {
	p := &Pay{Key: "sk_test_" + rand.Text(), Secret: "whsec_" + rand.Text(), ConnectSecret: "whsec_" + rand.Text()}
	var err error
	p.Server, err = stripe.Start(stripe.Options{Key: p.Key, Debit: debitFor, Mark: "demo" + strings.ToLower(rand.Text()[:8]), Any: true})
	if err != nil {
		return nil, err
	}
	go p.run(ctx)
	return p, nil
}

// run lets happen what is due: direct debits arrive, pages close.
func (p *Pay) run(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.Advance(0)
		}
	}
}

// Tell names the portal that is told of what happens, by its address.
func (p *Pay) Tell(portal string) {
	p.Deliver(stripe.Hook{URL: portal + "/hooks/stripe", Secret: p.Secret}, stripe.Hook{URL: portal + "/hooks/stripe/connect", Secret: p.ConnectSecret}, true)
}

func (p *Pay) close() error { return p.Server.Close() }
