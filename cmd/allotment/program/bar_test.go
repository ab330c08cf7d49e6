package program

import (
	"strings"
	"testing"

	"allotment/app/biller"
)

func TestBar(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	b := newBar(&out, true)
	for _, s := range []biller.Summary{{Total: 400}, {Total: 400, Accounts: 200, Invoices: 190, Parked: make([]biller.Parked, 3)}, {Total: 400, Accounts: 401}} {
		b.show(s)
		b.show(s)
	}
	b.end()
	want := "\r[                              ]   0%  0 of 400" +
		"\r[===============               ]  50%  200 of 400, 190 invoices, 3 parked" +
		"\r[==============================] 100%  401 of 401\n"
	if out.String() != want {
		t.Errorf("the bar is %q, want %q", out.String(), want)
	}
	out.Reset()
	silent := newBar(&out, false)
	silent.show(biller.Summary{Total: 4, Accounts: 2})
	silent.end()
	if out.Len() != 0 {
		t.Errorf("where nobody watches it says %q", out.String())
	}
}
