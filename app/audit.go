package app

import "time"

// AuditOutcome says how a verb ended.
type AuditOutcome string

// The outcomes.
const (
	AuditDone    AuditOutcome = "done"
	AuditRefused AuditOutcome = "refused"
)

// AuditEntry is one row of the audit log: what one call of a verb did, or why it was refused. Rows of an organization are chained by
// their hashes, from Seq 1 on. Before and After are JSON without secrets, or "".
type AuditEntry struct {
	Organization  ID // whom it concerns
	Seq           int64
	At            time.Time
	Actor         ID // the zero ID for the engine, and for those whom nobody knows
	ActorName     string
	Key           ID // the API key that was used
	Impersonation ID // under which the actor acted in the organization's name
	Action        string
	Outcome       AuditOutcome
	Target        string // what it was done to: "service 0190…"
	Before        string
	After         string
	Address       string
	Previous      []byte // the hash of the row before
	Hash          []byte // SHA-256 over Previous and every field above
}
