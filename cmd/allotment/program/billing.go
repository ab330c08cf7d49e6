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

	"allotment/app/biller"
	"allotment/billing"
)

// BillingCommand is about invoices and the books.
type BillingCommand struct {
	Run    BillingRunCommand    `cmd:"" help:"Issue what is due. It may be run as often as you like: nothing is issued twice."`
	Verify BillingVerifyCommand `cmd:"" help:"Prove that invoices, charges and ledger agree, and say what is off."`
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
	run := biller.Run{DryRun: c.DryRun, Progress: progress(os.Stderr)}
	if c.AsOf != "" {
		var err error
		if run.AsOf, err = billing.ParseDate(c.AsOf); err != nil {
			return fmt.Errorf("--as-of: %w", err)
		}
	}
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	sum, err := p.Biller().Bill(ctx, run)
	if err != nil {
		return err
	}
	writeSummary(os.Stdout, sum, c.DryRun)
	if len(sum.Parked) > 0 {
		return fmt.Errorf("%d subscriptions could not be invoiced", len(sum.Parked))
	}
	return nil
}

// progress rewrites one line of a terminal after each chunk; where nobody watches, it is silent.
func progress(out *os.File) func(biller.Summary) {
	if !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return func(s biller.Summary) {
		fmt.Fprintf(out, "\r%d accounts, %d invoices, %d parked ", s.Accounts, s.Invoices, len(s.Parked))
	}
}

func writeSummary(out io.Writer, s biller.Summary, dry bool) {
	what := "Issued"
	if dry {
		what = "A run would issue"
	}
	fmt.Fprintf(out, "\n%s %d invoices for %d charges on %d accounts.\n", what, s.Invoices, s.Charges, s.Accounts)
	for _, currency := range slices.Sorted(maps.Keys(s.Totals)) {
		fmt.Fprintf(out, "  %s\n", billing.Money{Minor: s.Totals[currency], Currency: currency})
	}
	for _, p := range s.Parked {
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
	off, err := p.Biller().Verify(ctx)
	if err != nil {
		return err
	}
	for _, sentence := range off {
		fmt.Println(sentence)
	}
	if len(off) > 0 {
		return fmt.Errorf("%d things are off in the books", len(off))
	}
	fmt.Println("The books are in order.")
	return nil
}
