package portal

import (
	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/catalog"
)

// Offer is an app of the catalog with what it costs the actor's organization.
type Offer struct {
	App   *catalog.App
	Plans []PlanOffer // in the catalog's order: smallest first
	Tax   biller.Tax  // what the buyer should read beside the prices, which are net
}

// Shown is a net price as the buyer should read it: with VAT where a consumer is known, and without anywhere else.
func (o Offer) Shown(net billing.Money) billing.Money {
	if !o.WithVAT() {
		return net
	}
	vat, err := net.Percent(o.Tax.Rate)
	if err != nil {
		return net
	}
	gross, err := net.Add(vat)
	if err != nil {
		return net
	}
	return gross
}

// WithVAT reports whether Shown includes VAT.
func (o Offer) WithVAT() bool { return o.Tax.Known && !o.Tax.Business && !o.Tax.Rate.IsZero() }

// PlanOffer is one size of an app with its price for one interval.
type PlanOffer struct {
	Plan     catalog.Plan
	PriceID  app.ID
	Price    billing.Money // net, for an interval
	Setup    billing.Money // net, once
	Interval billing.Interval
	Trial    int          // days at the beginning that are free
	Term     billing.Term // what binds the buyer

	// Usage is what is measured while it is used, and costs by the unit beside the price; none of most.
	Usage []store.UsageOffered

	// Intervals are all that the size is offered for, the shortest first; the offer itself is its first.
	Intervals []PlanOffer

	list  app.ID      // on which the price stands
	legs  []store.Leg // what each reseller on the way pays for it
	floor *billing.Money
}

// WholeMonth is what use by a meter costs, net, in a month of 31 days in which the service runs all the time; zero where nobody can say.
func (o PlanOffer) WholeMonth(u store.UsageOffered) (billing.Money, error) {
	return billing.Price(u.Price, u.Meter.WholeMonth(o.Plan.DiskGiB), u.Currency)
}

// At returns the size's offer for an interval; the shortest for "".
func (o PlanOffer) At(interval billing.Interval) (PlanOffer, bool) {
	if interval == "" {
		return o, true
	}
	for _, each := range o.Intervals {
		if each.Interval == interval {
			each.Intervals = o.Intervals
			return each, true
		}
	}
	return PlanOffer{}, false
}

// OrderRequest is what the order form sends. An invalid one comes back as app.Invalid (or app.Conflict, for a host that is
// taken) with Fields named: plan, interval, coupon, name, host, or question.<id>.
type OrderRequest struct {
	For  app.ID // the customer for whom a seller orders; the zero ID for one's own organization
	App  string
	Plan string
	// Interval is how often it is charged; "" for the shortest that is offered.
	Interval billing.Interval
	Coupon   string            // a code of the seller's, as it was typed; "" for none
	Name     string            // what the tenant calls it; up to 60 characters
	Host     string            // the full DNS name: team.apps.example
	Answers  map[string]string // question ID -> answer
	Key      string            // makes the order unique: the same key twice is the same order
}

// Preview is exactly what an order would make and cost.
type Preview struct {
	Offer     Offer
	Plan      PlanOffer
	Request   OrderRequest // normalised
	Buyer     app.Organization
	First     biller.First  // the invoice that comes first, if the service is ready today
	Coupon    *store.Coupon // that it uses; nil for none
	Gap       Gap           // what is missing before it can be invoiced
	URL       string
	Records   []app.Record      // the DNS names; an address that is not chosen yet reads "{address4}"
	Resources []PreviewResource // in the order in which they are made
}

// PreviewResource is one thing that an order would make. Spec is the kind's spec: app.GuestSpec, app.MailSpec, ...
type PreviewResource struct {
	Kind app.Kind
	Name string
	Spec any
}

// ServiceFilter selects a page of services. The zero value is the first page of all.
type ServiceFilter struct {
	Of    app.ID           // only this organization's; the zero ID for all that the actor sees
	Text  string           // part of the name, host or organization
	State app.ServiceState // "" for all but terminated ones
	App   string
	After string // ServicePage.Next of the page before
	Limit int    // 1 to 200; 0 means 50
}

// ServicePage is one page of services, newest first.
type ServicePage struct {
	Services []app.Service
	Next     string                   // "" on the last page
	Counts   map[app.ServiceState]int // of all services that the actor sees, whatever the filter
}

// ServiceDetail is all that the service page shows.
type ServiceDetail struct {
	Service      app.Service
	Subscription app.Subscription
	Agreement    app.Agreement
	Holds        []app.Hold     // why it is stopped, the oldest first
	Unpaid       []OpenDocument // for whom may see bills: why billing holds it, by the day on which each was due
	Next         *NextInvoice   // on which it stands next; nil where nothing comes, or the reader sees no services of that account
	Usage        ServiceUsage   // what it has used and was not charged for yet
	Resources    []app.Resource
	Operation    *app.Operation // the newest, with its steps; nil never happens after an order
	Events       []app.Event    // newest first, at most 50
	Secrets      []app.Secret   // without values
}

// OperationFilter selects a page of operations. The zero value is the first page of all.
type OperationFilter struct {
	Text  string // part of the service's name, host or organization
	State app.OperationState
	Kind  app.OperationKind
	Only  app.ID // the one service; the zero ID for every one
	After string
	Limit int // 1 to 200; 0 means 50
}

// OperationPage is one page of operations, newest first.
type OperationPage struct {
	Operations []app.Operation
	Next       string
	Counts     map[app.OperationState]int
}

// Report is what a guest says of its own set-up. Exactly one of the three is meant: a line, done, or failed.
type Report struct {
	Line   string `json:"line,omitempty"`
	Done   bool   `json:"done,omitempty"`
	Failed bool   `json:"failed,omitempty"`
	Step   string `json:"step,omitempty"` // the last line before the failure
	Exit   int    `json:"exit,omitempty"` // the failed command's exit code
	Tail   string `json:"tail,omitempty"` // the end of its output
}
