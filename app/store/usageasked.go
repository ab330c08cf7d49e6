package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// usageHeld are the prices of use that hold at a moment on the lists above a buyer, each on its list's own calendar. $1 is the buyer, $2 the app
// or empty, $3 the moment.
const usageHeld = `
	SELECT DISTINCT ON (p.app, p.plan, p.meter, p.currency, s.depth, p.audience) s.depth, ` + usageColumns + `
	FROM sellers_above($1) s
	JOIN usage_prices p ON p.organization_id = s.ancestor
	LEFT JOIN seller_terms z ON z.organization_id = s.ancestor
	WHERE ($2 = '' OR p.app = $2) AND p.valid_from <= ($3::timestamptz AT TIME ZONE coalesce(z.zone, 'Europe/Amsterdam'))::date
	ORDER BY p.app, p.plan, p.meter, p.currency, s.depth, p.audience, p.valid_from DESC, p.version DESC`

// usageLists are the lists above a buyer at a moment.
type usageLists struct {
	reseller bool     // the buyer is one
	sellers  []app.ID // by depth: the buyer itself, its seller, and so on up to the operator
	held     map[UsageKey]map[int]UsagePrice
	floors   []UsageFloor
}

// UsagePrices returns what a buyer in the actor's sub-tree is asked for use at a moment, by the nearest list above it; app "" is every app. Where
// its own seller has no price, the next one's above counts. A price that lies on what its seller pays follows that. A reseller's that is below
// the operator's floor is lifted to it. The operator buys of nobody, so it is asked nothing.
func (t *Tx) UsagePrices(ctx context.Context, buyer app.Organization, appID string, at time.Time) ([]UsageOffered, error) {
	batch := &pgx.Batch{}
	lists := usageLists{reseller: buyer.Kind == app.Reseller, held: map[UsageKey]map[int]UsagePrice{}}
	lists.queue(batch, buyer.ID, appID, at)
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, classify(err)
	}
	return lists.offered()
}

func (l *usageLists) queue(batch *pgx.Batch, buyer app.ID, appID string, at time.Time) {
	batch.Queue(`SELECT ancestor FROM sellers_above($1) ORDER BY depth`, buyer).Query(func(rows pgx.Rows) (err error) {
		l.sellers, err = pgx.CollectRows(rows, pgx.RowTo[app.ID])
		return err
	})
	batch.Queue(usageHeld, buyer, appID, at).Query(func(rows pgx.Rows) error {
		_, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (UsagePrice, error) {
			var depth int
			p, err := scanUsagePrice(row, &depth)
			if l.held[p.UsageKey] == nil {
				l.held[p.UsageKey] = map[int]UsagePrice{}
			}
			l.held[p.UsageKey][depth] = p
			return p, err
		})
		return err
	})
	batch.Queue(usageFloors, appID).Query(func(rows pgx.Rows) (err error) {
		l.floors, err = pgx.CollectRows(rows, scanUsageFloor)
		return err
	})
}

// offered is what the buyer is asked, by app, plan and meter.
func (l usageLists) offered() (all []UsageOffered, err error) {
	seen := map[UsageKey]bool{}
	for key := range l.held {
		key.Audience = Everybody
		if seen[key] {
			continue
		}
		seen[key] = true
		price, ok, err := l.asked(key, 0)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		one := UsageOffered{UsagePrice: price, Floor: l.floor(key, 0)}
		for depth := 1; depth < len(l.sellers)-1; depth++ {
			leg, ok, err := l.asked(key, depth)
			if err != nil {
				return nil, err
			}
			if ok {
				one.Legs = append(one.Legs, cycle.UsageLeg{Reseller: l.sellers[depth].String(), Parent: l.sellers[depth+1].String(), Price: leg.Price})
			}
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b UsageOffered) int {
		return slices.Compare([]string{a.App, a.Plan, a.Currency, place(a.Meter)}, []string{b.App, b.Plan, b.Currency, place(b.Meter)})
	})
	return all, err
}

// place puts meters into their order.
func place(m billing.Meter) string { return string(rune('a' + slices.Index(billing.Meters(), m))) }

// asked is what whoever stands at a depth is asked: the price in force on the nearest list above.
func (l usageLists) asked(key UsageKey, payer int) (UsagePrice, bool, error) {
	for depth := payer + 1; depth < len(l.sellers); depth++ {
		for _, audience := range []Audience{Resellers, Everybody} {
			if audience == Resellers && payer == 0 && !l.reseller {
				continue
			}
			key.Audience = audience
			price, ok := l.held[key][depth]
			if !ok || price.Withdrawn {
				continue
			}
			if price.Percent != nil {
				base, ok, err := l.asked(key, depth)
				if err != nil {
					return price, false, err
				}
				if !ok {
					continue // what it lies on is not asked any more
				}
				if price.Price, err = billing.RoundUnit(base.Price, *price.Percent); err != nil {
					return price, false, err
				}
			}
			if floor := l.floor(key, payer); floor != nil && depth < len(l.sellers)-1 && price.Price.Cmp(*floor) < 0 {
				price.Price = *floor
			}
			return price, true, nil
		}
	}
	return UsagePrice{}, false, nil
}

// floor is below what resellers may not ask the buyer; nil where the buyer's seller is the operator, and for resellers, who buy wholesale.
func (l usageLists) floor(key UsageKey, payer int) *billing.Decimal {
	if payer > 0 || l.reseller || len(l.sellers) < 3 {
		return nil
	}
	for _, f := range l.floors {
		if f.App == key.App && f.Plan == key.Plan && f.Meter == key.Meter && f.Currency == key.Currency && !f.Floor.IsZero() {
			return &f.Floor
		}
	}
	return nil
}
