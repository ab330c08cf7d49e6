package program

import (
	"fmt"
	"io"
	"strings"

	"allotment/app/biller"
)

// bar is a line of a terminal that says how far a run is; where nobody watches, it is silent.
type bar struct {
	out     io.Writer
	watched bool
	last    string
}

func newBar(out io.Writer, watched bool) *bar { return &bar{out: out, watched: watched} }

const barWidth = 30

// show draws the line anew, where it changed.
func (b *bar) show(s biller.Summary) {
	percent := 100
	if s.Total > 0 {
		percent = min(100, s.Accounts*100/s.Total)
	}
	full := barWidth * percent / 100
	line := fmt.Sprintf("\r[%s%s] %3d%%  %d of %d", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), percent, s.Accounts, max(s.Total, s.Accounts))
	if s.Invoices > 0 || len(s.Parked) > 0 {
		line += fmt.Sprintf(", %d invoices, %d parked", s.Invoices, len(s.Parked))
	}
	if !b.watched || line == b.last {
		return
	}
	b.last = line
	fmt.Fprint(b.out, line)
}

// end leaves the line as it is, and goes to the next.
func (b *bar) end() {
	if b.last != "" {
		fmt.Fprintln(b.out)
	}
}
