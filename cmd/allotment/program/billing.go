package program

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/term"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
)

// BillingCommand is about invoices and the books.
type BillingCommand struct {
	Run    BillingRunCommand    `cmd:"" help:"Issue what is due. It may be run as often as you like: nothing is issued twice."`
	Export BillingExportCommand `cmd:"" help:"Write a file of a seller's books."`
	Verify BillingVerifyCommand `cmd:"" help:"Prove that invoices, charges, ledger and the payment provider agree, and say what is off."`
}

// Biller is the billing engine.
func (p *Program) Biller() *biller.Biller { return biller.New(p.Store, nil, p.Log, time.Now) }

// BillingRunCommand issues.
type BillingRunCommand struct {
	AsOf   string `help:"Issue what is due by this day (YYYY-MM-DD); today where nothing is said."`
	DryRun bool   `help:"Compute everything, and issue nothing."`
}

// Run issues, shows how far it is, and sums up. It fails when a subscription was parked, so that a scheduler notices.
func (c *BillingRunCommand) Run(ctx context.Context, g *Global) error {
	asOf, err := c.day(time.Now())
	if err != nil {
		return err
	}
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	kind := store.RunBills
	if c.DryRun {
		kind = store.RunDry
	}
	out, err := p.execute(ctx, kind, asOf)
	if err != nil {
		return err
	}
	writeSummary(os.Stdout, out.Summary, c.DryRun)
	if !c.DryRun {
		if err := p.announce(ctx); err != nil { // what is not told of now is within the hour
			return err
		}
	}
	if len(out.Parked) > 0 {
		return fmt.Errorf("%s could not be invoiced", number(len(out.Parked), "subscription"))
	}
	return nil
}

// number counts things, of which the plural takes an s.
func number(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// furthest is how many days ahead the command issues: more is a slip of the finger, and what is issued cannot be taken back.
const furthest = 366

// day reads --as-of. A run that issues nothing may look as far ahead as one likes.
func (c *BillingRunCommand) day(now time.Time) (asOf billing.Date, err error) {
	if c.AsOf == "" {
		return asOf, nil
	}
	if asOf, err = billing.ParseDate(c.AsOf); err != nil {
		return asOf, fmt.Errorf("--as-of: %w", err)
	}
	if !c.DryRun && billing.DateIn(now, time.UTC).DaysUntil(asOf) > furthest {
		return asOf, fmt.Errorf("--as-of: %s is more than a year from now, and what is issued cannot be taken back. With --dry-run you see what it would be", asOf)
	}
	return asOf, nil
}

// execute does a run with a progress bar, in a row that the pages show too.
func (p *Program) execute(ctx context.Context, kind store.RunKind, asOf billing.Date) (biller.Outcome, error) {
	b := p.Biller()
	id, err := b.Record(ctx, kind, asOf, "the command line")
	if err != nil {
		return biller.Outcome{}, err
	}
	bar := newBar(os.Stderr, term.IsTerminal(int(os.Stderr.Fd())))
	defer bar.end()
	return b.Execute(ctx, id, bar.show)
}

func writeSummary(out io.Writer, s biller.Summary, dry bool) {
	what := "Issued"
	if dry {
		what = "A run would issue"
	}
	fmt.Fprintf(out, "\n%s %s for %s on %s.\n", what, number(s.Invoices, "invoice"), number(s.Charges, "charge"), number(s.Accounts, "account"))
	for _, currency := range slices.Sorted(maps.Keys(s.Totals)) {
		fmt.Fprintf(out, "  %s\n", billing.Money{Minor: s.Totals[currency], Currency: currency})
	}
	if s.Wholesale > 0 {
		fmt.Fprintf(out, "Issued %s to resellers.\n", number(s.Wholesale, "invoice"))
	}
	for _, p := range s.Parked {
		if p.Subscription == (app.ID{}) {
			fmt.Fprintf(out, "Parked: the wholesale invoice to %s. %s\n", p.Customer, p.Reason)
			continue
		}
		fmt.Fprintf(out, "Parked: subscription %s of customer %s. %s\n", p.Subscription, p.Customer, p.Reason)
	}
}

// BillingVerifyCommand proves the books.
type BillingVerifyCommand struct{}

// Run prints what is off, and fails when anything is.
func (BillingVerifyCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	out, err := p.execute(ctx, store.RunVerify, billing.Date{})
	if err != nil {
		return err
	}
	for _, sentence := range out.Off {
		fmt.Println(sentence)
	}
	apart, err := p.compareAccounts(ctx, os.Stdout)
	if err != nil {
		return err
	}
	if n := len(out.Off) + apart; n > 0 {
		return fmt.Errorf("found %s in the books", number(n, "difference"))
	}
	fmt.Println("The books are in order.")
	return nil
}
