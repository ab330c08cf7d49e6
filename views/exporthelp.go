package views

import (
	"context"
	"fmt"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// The lists of exports: of what an organization sold, and of what it bought. Both lead to one export at ExportPath.
const (
	SoldExportsPath   = "/sales/exports"
	BoughtExportsPath = "/billing/exports"
	MandatesPath      = "/sales/mandates"
)

// ExportsPath is the list of a side's exports.
func ExportsPath(side app.ExportSide) string {
	if side == app.Bought {
		return BoughtExportsPath
	}
	return SoldExportsPath
}

// ExportPath is the page of one export.
func ExportPath(id app.ID) templ.SafeURL { return templ.SafeURL("/exports/" + id.String()) }

// ExportForm is the form of a new export as it was sent, with what was wrong with it.
type ExportForm struct {
	Request portal.ExportRequest
	Errors  map[string]string
	Problem string
}

// ExportList is the page of exports with all that it shows.
type ExportList struct {
	Side  app.ExportSide
	Page  portal.ExportPage
	After string
	Form  ExportForm
}

func (l ExportList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(ExportsPath(l.Side), "after", l.Page.Next)
}

func (l ExportList) first() string {
	if l.After == "" {
		return ""
	}
	return ExportsPath(l.Side)
}

// exportKind is what a kind is called, and who needs it.
func exportKind(ctx context.Context, kind app.ExportKind) (name, purpose string) {
	switch kind {
	case app.ExportDocuments:
		return words.T(ctx, "All documents (zip)"), words.T(ctx, "For your archive: each invoice and credit note as a PDF to read and an XML file that bookkeeping programs take in.")
	case app.ExportInvoices:
		return words.T(ctx, "Invoices (CSV)"), words.T(ctx, "For your own spreadsheet: a row for each invoice and credit note.")
	case app.ExportLines:
		return words.T(ctx, "Invoice lines (CSV)"), words.T(ctx, "For looking closer in a spreadsheet: a row for each line, with the days that it is for.")
	case app.ExportPayments:
		return words.T(ctx, "Payments (CSV)"), words.T(ctx, "For holding against your bank statements: a row for each payment; what went back is negative.")
	case app.ExportLedger:
		return words.T(ctx, "Ledger (CSV)"), words.T(ctx, "For your accountant: every posting in your books, which add up to zero.")
	case app.ExportVAT:
		return words.T(ctx, "VAT report (CSV)"), words.T(ctx, "For your VAT return: net and VAT for each country and rate.")
	case app.ExportOSS:
		return words.T(ctx, "One-stop shop (CSV)"), words.T(ctx, "For sellers who report other countries' VAT in one place: a quarter's net and VAT for each country and rate.")
	case app.ExportDebits:
		return words.T(ctx, "SEPA direct debits (XML)"), words.T(ctx, "For your bank: it collects each open invoice of these days whose customer has given you a mandate. Each invoice is put into one file only.")
	case app.ExportDATEV:
		return words.T(ctx, "DATEV (EXTF)"), words.T(ctx, "For tax advisors in Germany: a batch of postings that DATEV takes in.")
	case app.ExportXAF:
		return words.T(ctx, "Audit file (XAF 3.2)"), words.T(ctx, "For accountants and the tax office in the Netherlands: the books of one year.")
	}
	return words.T(ctx, "Invoice Ninja (CSV)"), words.T(ctx, "For those who move to Invoice Ninja, or keep a copy there.")
}

func exportName(ctx context.Context, kind app.ExportKind) string {
	name, _ := exportKind(ctx, kind)
	return name
}

func exportTone(s app.ExportState) (tone, icon string) {
	switch s {
	case app.ExportQueued:
		return "wait", "hourglass"
	case app.ExportRunning:
		return "busy", "loader-circle"
	case app.ExportDone:
		return "good", "circle-check"
	case app.ExportFailed:
		return "bad", "circle-alert"
	}
	return "plain", "circle-x"
}

func exportState(ctx context.Context, s app.ExportState) string {
	switch s {
	case app.ExportQueued:
		return words.T(ctx, "Waits for its turn")
	case app.ExportRunning:
		return words.T(ctx, "Being made")
	case app.ExportDone:
		return words.T(ctx, "Ready")
	case app.ExportFailed:
		return words.T(ctx, "Failed")
	case app.ExportCancelled:
		return words.T(ctx, "Cancelled")
	}
	return words.T(ctx, "Dropped")
}

// exportLede is what an export's state means for its reader.
func exportLede(ctx context.Context, e app.Export) string {
	switch e.State {
	case app.ExportQueued:
		return words.T(ctx, "It begins in a moment. You may leave this page: it goes on by itself.")
	case app.ExportRunning:
		return words.T(ctx, "You may leave this page: it goes on by itself. When it takes long, you get a mail.")
	case app.ExportDone:
		return words.T(ctx, "The file can be fetched until %s. After that it can be made again.", words.Moment(ctx, e.ExpiresAt))
	case app.ExportFailed:
		return words.Say(ctx, e.Message)
	case app.ExportCancelled:
		return words.T(ctx, "Somebody stopped it. Nothing of it is left.")
	}
	if e.Kind == app.ExportDebits {
		return words.T(ctx, "The file was dropped. Its invoices count as collected.")
	}
	return words.T(ctx, "The file was dropped after its time. It can be made again: documents and books are kept.")
}

// exportSaid is the news in one sentence.
func exportSaid(ctx context.Context, e app.Export) string {
	if e.State == app.ExportRunning && e.Total > 0 {
		return words.T(ctx, "%d of %d", int(e.Done), int(e.Total))
	}
	return exportState(ctx, e.State)
}

// fileSize is a size in the unit that fits.
func fileSize(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.0f kB", float64(bytes)/(1<<10))
	case bytes < 1<<30:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
}

// exportDays are the days of an export as people read them.
func exportDays(ctx context.Context, e app.Export) string {
	return words.T(ctx, "%s to %s", words.Date(ctx, e.First.UTC()), words.Date(ctx, e.Last.UTC()))
}

// preset is a period that can be chosen by its name.
type preset struct{ name, label string }

func exportPresets(ctx context.Context) []preset {
	return []preset{{"month", words.T(ctx, "This month")}, {"last-month", words.T(ctx, "Last month")}, {"last-quarter", words.T(ctx, "Last quarter")},
		{"year", words.T(ctx, "This year")}, {"last-year", words.T(ctx, "Last year")}}
}

// ExportDays returns the first and the last day of a period by its name, seen from today; of the last month for a name that is none.
func ExportDays(name string, now time.Time) (first, last string) {
	today := billing.DateIn(now, time.UTC)
	month := billing.Date{Year: today.Year, Month: today.Month, Day: 1}
	start, months := month.AddMonths(-1), 1
	switch name {
	case "month":
		start = month
	case "last-quarter":
		start, months = month.AddMonths(-3-int(month.Month-1)%3), 3
	case "year":
		start, months = billing.Date{Year: today.Year, Month: time.January, Day: 1}, 12
	case "last-year":
		start, months = billing.Date{Year: today.Year - 1, Month: time.January, Day: 1}, 12
	}
	return start.String(), start.AddMonths(months).AddDays(-1).String()
}

// mayChangeExport reports whether the reader may try again, cancel or delete an export.
func mayChangeExport(p Page, e app.Export) bool {
	if e.Kind == app.ExportDebits {
		return p.May(app.ManageBilling)
	}
	return p.May(app.SeeBilling)
}

// mayTryExport reports whether an export may be made once more by the reader.
func mayTryExport(p Page, e app.Export) bool {
	return mayChangeExport(p, e) && e.State.Again() && (e.Kind != app.ExportDebits || e.State != app.ExportExpired)
}

// MandateForm is the form of a mandate as it was sent, with what was wrong with it.
type MandateForm struct {
	Request portal.MandateRequest
	Errors  map[string]string
}

// MandateList is the page of mandates with all that it shows.
type MandateList struct {
	Text  string
	After string
	Page  portal.MandatePage
	Form  MandateForm
}

func (l MandateList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(MandatesPath, "q", l.Text, "after", l.Page.Next)
}

func (l MandateList) first() string {
	if l.After == "" {
		return ""
	}
	return address(MandatesPath, "q", l.Text)
}

func sequenceName(ctx context.Context, sequence string) string {
	switch sequence {
	case "FRST":
		return words.T(ctx, "Again and again, not used yet")
	case "OOFF":
		return words.T(ctx, "Once")
	}
	return words.T(ctx, "Again and again, used before")
}

// spacedIBAN is an account number in groups of four, of which all but the ends are hidden.
func spacedIBAN(iban string) string {
	if len(iban) < 9 {
		return iban
	}
	return iban[:4] + " … " + iban[len(iban)-4:]
}

// isoDay writes a day that was kept as 2026-04-10 as its readers do.
func isoDay(ctx context.Context, text string) string {
	d, err := billing.ParseDate(text)
	if err != nil {
		return text
	}
	return dayOf(ctx, d)
}
