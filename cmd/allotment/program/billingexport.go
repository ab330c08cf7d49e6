package program

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"allotment/app"
	"allotment/app/portal"
)

// BillingExportCommand writes a file of a seller's books.
type BillingExportCommand struct {
	Kind   string            `arg:"" enum:"documents,invoices,lines,payments,ledger,vat,oss,debits,datev,xaf,ninja" help:"What: ${enum}."`
	Seller string            `required:"" help:"The seller's short name."`
	From   string            `required:"" help:"The first day (YYYY-MM-DD)."`
	To     string            `required:"" help:"The last day (YYYY-MM-DD)."`
	Out    string            `required:"" type:"path" help:"The file to write; - for the standard output."`
	Set    map[string]string `help:"What the kind asks for beside the days. debits: collect (day), creditor. datev: advisor, client, digits, year (its first day), chart (03 or 04)."`
}

// Run writes the file. It appears under its name when it is whole.
func (c *BillingExportCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	request := portal.ExportRequest{Kind: app.ExportKind(c.Kind), First: c.From, Last: c.To, Settings: c.Set}
	make := func(w io.Writer) error {
		e, err := p.Portal.ExportHere(ctx, c.Seller, request, w, exportProgress(os.Stderr))
		if err != nil {
			return exportProblem(err)
		}
		fmt.Fprintf(os.Stderr, "\n%d bytes, of %d documents, payments or entries.\n", e.Size, e.Done)
		return nil
	}
	if c.Out == "-" || filepath.Base(c.Out) == "-" {
		return make(os.Stdout)
	}
	return wholeFile(c.Out, make)
}

// wholeFile writes a file beside its place and puts it there when all went well.
func wholeFile(name string, make func(io.Writer) error) error {
	part, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.part")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) //nolint:errcheck // after the renaming there is none
	defer part.Close()           //nolint:errcheck // closed below where it matters
	out := bufio.NewWriterSize(part, 1<<20)
	if err := make(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), name)
}

// exportProgress rewrites one line of a terminal; where nobody watches, it is silent.
func exportProgress(out *os.File) func(done, total int64) {
	watched := term.IsTerminal(int(out.Fd()))
	return func(done, total int64) {
		if watched && (done%100 == 0 || done == total) {
			fmt.Fprintf(out, "\r%d of %d ", done, total)
		}
	}
}

// exportProblem names the settings that are wrong.
func exportProblem(err error) error {
	for field, message := range app.FieldsOf(err) {
		return fmt.Errorf("%s: %s", field, message)
	}
	return err
}
