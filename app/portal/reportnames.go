package portal

import "allotment/app/store"

// What the pages of figures show.
type (
	Debtor             = store.Debtor
	BookEntry          = store.BookEntry
	StatementLine      = store.StatementLine
	WholesaleRow       = store.WholesaleRow
	TradeLine          = store.TradeLine
	ParkedSubscription = store.ParkedSubscription
	BillingRun         = store.BillingRun
)

// The kinds of runs.
const (
	RunBills  = store.RunBills
	RunDry    = store.RunDry
	RunVerify = store.RunVerify
)
