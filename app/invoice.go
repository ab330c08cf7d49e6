package app

// InvoiceState is how far an issued document is.
type InvoiceState string

// The states. A credit note has one of its own: it asks for nothing.
const (
	InvoiceOpen     InvoiceState = "open"
	InvoicePart     InvoiceState = "part"     // paid or credited in part, and not late
	InvoiceOverdue  InvoiceState = "overdue"  // something is left to pay, and its day has passed
	InvoicePaid     InvoiceState = "paid"     // with money or with credit
	InvoiceCredited InvoiceState = "credited" // taken back in full
	InvoiceNote     InvoiceState = "note"     // a credit note
)

// InvoiceStates lists every state.
func InvoiceStates() []InvoiceState {
	return []InvoiceState{InvoiceOpen, InvoicePart, InvoiceOverdue, InvoicePaid, InvoiceCredited, InvoiceNote}
}

// File is a document as it is downloaded, or sent with a mail.
type File struct {
	Name string // "2026-00001.pdf"
	Type string // its media type
	Data []byte
}
