package portal

import (
	"cmp"
	"context"
	"slices"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// seeSales is a look at what the actor's organization sells: only for those who sell.
func (p *Portal) seeSales(ctx context.Context, actor app.Actor, fn func(*store.Tx) error) error {
	if err := actor.May(app.SeeBilling); err != nil {
		return err
	}
	if actor.Kind == app.Customer {
		return app.Errorf(app.Forbidden, "Only those who sell may see this.")
	}
	return p.see(ctx, actor, app.SeeBilling, fn)
}

// SalesReport is what a seller's first page of figures shows. Everything comes from the books and the invoices; nothing is kept twice that
// `billing verify` does not compare.
type SalesReport struct {
	Today      billing.Date
	Months     []billing.Date // their first days, the oldest first; the last is the present one
	Currencies []SalesFigures // the one with the most sales first
	Parked     int            // subscriptions that could not be invoiced, at most 1000
	Failing    int            // open invoices that could not be collected, or wait for the customer, at most 1000
	Ready      store.Preparation
}

// SalesFigures are a seller's figures in one currency, all in minor units, a value for each month where there are many.
type SalesFigures struct {
	Currency  string
	Apps      []AppSales // net; the last may be OtherApps and WholesaleSales
	Revenue   []int64    // net, of all
	Cost      []int64    // what a reseller pays for it
	Received  []int64    // money in, less money out
	Open      []int64    // receivables, at each month's end
	Credit    int64      // owed to customers
	VAT       int64      // owed to states of this quarter
	Recurring int64      // what running subscriptions bring in a month
	Ages      ledger.Ageing
	Debtors   int
}

// AppSales is the net sales of one app.
type AppSales struct {
	App   string // its ID, or OtherApps, WholesaleSales or ""
	Name  string // "" where App is one of the latter
	Minor []int64
}

// What stands among the apps and is none.
const (
	OtherApps      = "*"         // those that sold less, together
	WholesaleSales = "wholesale" // what resellers pay
)

// mostApps is how many apps stand by themselves.
const mostApps = 5

// SalesReport returns the figures of the last 12 or 24 months.
func (p *Portal) SalesReport(ctx context.Context, actor app.Actor, months int) (SalesReport, error) {
	if months != 24 {
		months = 12
	}
	var report SalesReport
	err := p.seeSales(ctx, actor, func(tx *store.Tx) (err error) {
		if report.Today, err = p.sellersDay(ctx, tx, actor.Organization); err != nil {
			return err
		}
		first := billing.Date{Year: report.Today.Year, Month: report.Today.Month, Day: 1}.AddMonths(1 - months)
		for i := range months {
			report.Months = append(report.Months, first.AddMonths(i))
		}
		if report.Ready, err = tx.Preparation(ctx, actor.Organization); err != nil {
			return err
		}
		report.Ready.Online = report.Ready.Online || actor.Kind == app.Operator && p.payments.On()
		return p.salesFigures(ctx, tx, actor.Organization, &report)
	})
	if err != nil {
		return report, err
	}
	err = p.everSold(ctx, func(tx *store.Tx) (err error) {
		report.Parked, err = tx.CountParked(ctx, actor.Organization, mostCounted)
		return err
	})
	return report, err
}

func (p *Portal) salesFigures(ctx context.Context, tx *store.Tx, seller app.ID, report *SalesReport) error {
	sales, err := tx.Sales(ctx, seller, report.Months[0])
	if err != nil {
		return err
	}
	accounts, err := tx.AccountMonths(ctx, seller, ledger.Revenue, ledger.Cost, ledger.Cash, ledger.Receivable, ledger.Credit, ledger.VAT)
	if err != nil {
		return err
	}
	outstanding, err := tx.Outstanding(ctx, seller, report.Today)
	if err != nil {
		return err
	}
	recurring, err := tx.Recurring(ctx, seller, report.Today)
	if err != nil {
		return err
	}
	if report.Failing, err = tx.CountFailing(ctx, seller, mostCounted); err != nil {
		return err
	}
	figures := figuresOf(report.Months, report.Today, sales, accounts)
	for _, o := range outstanding {
		f := figures.of(o.Ages[0].Currency)
		f.Ages, f.Debtors = o.Ages, o.Customers
	}
	for _, m := range recurring {
		figures.of(m.Currency).Recurring = m.Minor
	}
	report.Currencies = figures.sorted(p.appName)
	return nil
}

// figureSet collects figures by currency.
type figureSet struct {
	months []billing.Date
	all    map[string]*SalesFigures
}

func (s *figureSet) of(currency string) *SalesFigures {
	f, ok := s.all[currency]
	if !ok {
		n := len(s.months)
		f = &SalesFigures{Currency: currency, Revenue: make([]int64, n), Cost: make([]int64, n), Received: make([]int64, n), Open: make([]int64, n)}
		for i := range f.Ages {
			f.Ages[i].Currency = currency
		}
		s.all[currency] = f
	}
	return f
}

// at is the index of a month, -1 for one before the first.
func (s *figureSet) at(month billing.Date) int {
	first := s.months[0]
	return min((month.Year-first.Year)*12+int(month.Month-first.Month), len(s.months)-1)
}

// figuresOf puts sums by month into their places. Levels, such as what is open, count from the beginning of the books.
func figuresOf(months []billing.Date, today billing.Date, sales, accounts []store.MonthSum) *figureSet {
	s := &figureSet{months: months, all: map[string]*SalesFigures{}}
	for _, sum := range sales {
		f, i := s.of(sum.Amount.Currency), s.at(sum.Month)
		at := slices.IndexFunc(f.Apps, func(a AppSales) bool { return a.App == sum.Of })
		if at < 0 {
			at = len(f.Apps)
			f.Apps = append(f.Apps, AppSales{App: sum.Of, Minor: make([]int64, len(months))})
		}
		f.Apps[at].Minor[max(i, 0)] += sum.Amount.Minor
	}
	quarter := quarterOf(today)
	for _, sum := range accounts {
		f, i, minor := s.of(sum.Amount.Currency), s.at(sum.Month), sum.Amount.Minor
		switch ledger.Kind(sum.Of) {
		case ledger.Revenue:
			addTo(f.Revenue, i, -minor)
		case ledger.Cost:
			addTo(f.Cost, i, minor)
		case ledger.Cash:
			addTo(f.Received, i, minor)
		case ledger.Receivable:
			for n := max(i, 0); n < len(months); n++ {
				f.Open[n] += minor
			}
		case ledger.Credit:
			f.Credit -= minor
		case ledger.VAT:
			if quarter.Contains(sum.Month) {
				f.VAT -= minor
			}
		}
	}
	return s
}

func addTo(list []int64, i int, minor int64) {
	if i >= 0 {
		list[i] += minor
	}
}

// sorted names and orders the apps, the one that sold most first, and adds up those behind the first ones. What the books have beyond the
// invoices is wholesale.
func (s *figureSet) sorted(name func(string) string) []SalesFigures {
	var all []SalesFigures
	for _, f := range s.all {
		slices.SortFunc(f.Apps, func(a, b AppSales) int {
			return cmp.Or(cmp.Compare(sum(b.Minor), sum(a.Minor)), cmp.Compare(a.App, b.App))
		})
		wholesale := slices.Clone(f.Revenue)
		for _, a := range f.Apps {
			for i, minor := range a.Minor {
				wholesale[i] -= minor
			}
		}
		if len(f.Apps) > mostApps+1 {
			other := AppSales{App: OtherApps, Minor: make([]int64, len(s.months))}
			for _, a := range f.Apps[mostApps:] {
				for i, minor := range a.Minor {
					other.Minor[i] += minor
				}
			}
			f.Apps = append(f.Apps[:mostApps], other)
		}
		for i := range f.Apps {
			if id := f.Apps[i].App; id != OtherApps && id != "" {
				f.Apps[i].Name = name(id)
			}
		}
		if slices.ContainsFunc(wholesale, func(minor int64) bool { return minor != 0 }) {
			f.Apps = append(f.Apps, AppSales{App: WholesaleSales, Minor: wholesale})
		}
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b SalesFigures) int {
		return cmp.Or(cmp.Compare(sum(b.Revenue), sum(a.Revenue)), cmp.Compare(a.Currency, b.Currency))
	})
	return all
}

func sum(list []int64) (total int64) {
	for _, minor := range list {
		total += minor
	}
	return total
}
