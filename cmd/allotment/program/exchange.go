package program

import (
	"context"
	"time"

	"allotment/app/driver/ecb"
	"allotment/app/portal"
)

// exchangeRegister is the client of the European Central Bank; without an address there is none, and exchange rates are added by hand.
func (c Config) exchangeRegister() (portal.ExchangeRegister, error) {
	if c.Exchange.URL == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	return ecb.New(c.Exchange.URL, c.Exchange.Limit)
}

// learnRates reads the exchange rates of the last working day, once they are there.
func (p *Program) learnRates(ctx context.Context) error {
	return p.counted("exchange rates were read", "rates", p.Portal.LearnRates)(ctx)
}

func (e Exchange) check(bad complain) {
	if e.URL != "" {
		bad.reach("exchange.url", e.URL)
	}
	if e.Limit < time.Second || e.Limit > time.Minute {
		bad("exchange.limit", "%s is not from 1s to 1m", e.Limit)
	}
}
