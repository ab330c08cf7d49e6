package app

import (
	"slices"
	"time"

	"allotment/billing"
)

// ExportKind is what a file of the books holds, and in which form.
type ExportKind string

// The kinds of exports.
const (
	ExportInvoices  ExportKind = "invoices"  // CSV, a row for each document
	ExportLines     ExportKind = "lines"     // CSV, a row for each line of the documents
	ExportPayments  ExportKind = "payments"  // CSV
	ExportLedger    ExportKind = "ledger"    // CSV, a row for each posting
	ExportDocuments ExportKind = "documents" // zip of UBL and PDF
	ExportVAT       ExportKind = "vat"       // CSV, a row for each country and rate
	ExportOSS       ExportKind = "oss"       // CSV, those of the one-stop shop in one quarter
	ExportDebits    ExportKind = "debits"    // SEPA pain.008.001.08 of open invoices
	ExportDATEV     ExportKind = "datev"     // EXTF
	ExportXAF       ExportKind = "xaf"       // XML Auditfile Financieel 3.2 of one year
	ExportNinja     ExportKind = "ninja"     // CSV as Invoice Ninja imports it
)

// ExportSide says whose documents an export is about: those that an organization issued, or those that it received.
type ExportSide string

// The sides.
const (
	Sold   ExportSide = "sold"
	Bought ExportSide = "bought"
)

// ExportState is how far an export is.
type ExportState string

// The states of an export.
const (
	ExportQueued    ExportState = "queued"
	ExportRunning   ExportState = "running"   // a worker writes it
	ExportDone      ExportState = "done"      // its file can be fetched
	ExportFailed    ExportState = "failed"    // it will not succeed by itself
	ExportCancelled ExportState = "cancelled" // a person stopped it
	ExportExpired   ExportState = "expired"   // its file was dropped; it can be made again
)

var exportMoves = map[ExportState][]ExportState{
	ExportQueued:    {ExportRunning, ExportFailed, ExportCancelled},
	ExportRunning:   {ExportRunning, ExportDone, ExportFailed, ExportCancelled}, // running again: a worker was killed
	ExportDone:      {ExportExpired},
	ExportFailed:    {ExportQueued},
	ExportCancelled: {ExportQueued},
	ExportExpired:   {ExportQueued},
}

// To reports whether an export may go from s to next.
func (s ExportState) To(next ExportState) error { return move(exportMoves, s, next) }

// Ended reports whether nothing will happen to the export by itself any more, but that its file is dropped.
func (s ExportState) Ended() bool { return s != ExportQueued && s != ExportRunning }

// Again reports whether the export may be made once more.
func (s ExportState) Again() bool { return s.To(ExportQueued) == nil }

// Export is one file that is made, or was.
type Export struct {
	ID            ID
	Organization  ID // whose books
	Side          ExportSide
	Kind          ExportKind
	First, Last   billing.Date // both belong to it
	Settings      map[string]string
	Language      string
	State         ExportState
	Attempt       int   // grows for ever: only the newest may end it
	Tries         int   // attempts since somebody asked for it
	Done, Total   int64 // documents, entries or payments
	Size          int64 // of the file, in bytes
	Message       string
	RawError      string // for the operator's staff
	StartedBy     ID
	StartedByName string
	CreatedAt     time.Time
	StartedAt     time.Time
	EndedAt       time.Time
	ExpiresAt     time.Time
}

// Days is the export's time, half open.
func (e Export) Days() billing.Period { return billing.Period{Start: e.First, End: e.Last.AddDays(1)} }

// FileName is what its file is called when it is saved. DATEV takes in no batch whose name does not begin with EXTF_ (DATEV format, file names).
func (e Export) FileName() string {
	prefix := ""
	if e.Kind == ExportDATEV {
		prefix = "EXTF_"
	}
	return prefix + string(e.Kind) + "-" + e.First.String() + "-" + e.Last.String() + e.Kind.Extension()
}

// Extension is the end of the file's name.
func (k ExportKind) Extension() string {
	switch k {
	case ExportDocuments:
		return ".zip"
	case ExportDebits:
		return ".xml"
	case ExportXAF:
		return ".xaf"
	}
	return ".csv"
}

// ContentType is the file's media type.
func (k ExportKind) ContentType() string {
	switch k {
	case ExportDocuments:
		return "application/zip"
	case ExportDebits, ExportXAF:
		return "application/xml"
	case ExportDATEV:
		return "text/csv; charset=windows-1252"
	}
	return "text/csv; charset=utf-8"
}

// ExportKinds lists what can be exported of a side, in the order of the page.
func ExportKinds(side ExportSide) []ExportKind {
	if side == Bought {
		return []ExportKind{ExportDocuments, ExportInvoices, ExportLines, ExportPayments}
	}
	return []ExportKind{ExportDocuments, ExportInvoices, ExportLines, ExportPayments, ExportLedger, ExportVAT, ExportOSS, ExportDebits, ExportDATEV, ExportXAF, ExportNinja}
}

// Of reports whether the kind can be exported of a side.
func (k ExportKind) Of(side ExportSide) bool { return slices.Contains(ExportKinds(side), k) }

// Mandate is a customer's permission for a seller to collect from its bank account.
type Mandate struct {
	ID           ID
	Seller       ID
	Customer     ID
	CustomerName string
	CustomerSlug string
	Reference    string // unique for the seller
	Holder       string // of the account
	IBAN         string
	BIC          string
	Signed       billing.Date
	Sequence     string // FRST, RCUR or OOFF
	Used         int    // how many collections it was used for
	CreatedAt    time.Time
	RevokedAt    time.Time
}
