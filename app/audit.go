package app

import (
	"crypto/sha256"
	"strconv"
	"time"
)

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

// AuditLine is a row of the audit log with the names that a reader needs.
type AuditLine struct {
	AuditEntry
	OrganizationName string
	Seller           string // whose staff acted in the organization's name; "" where nobody did
	Reason           string // why they did
}

// Sum is the hash that the row must have: over the hash of the row before and every field of its own, each as a netstring, so that nothing
// can move from one field to the next. The database computes the same by itself when the row is written (migrations/0003_audit.sql).
func (e AuditEntry) Sum() []byte {
	sum := sha256.New()
	sum.Write(e.Previous)
	for _, field := range []string{
		e.Organization.String(), strconv.FormatInt(e.Seq, 10), strconv.FormatInt(e.At.UnixMicro(), 10), idOrNothing(e.Actor), e.ActorName,
		idOrNothing(e.Key), idOrNothing(e.Impersonation), e.Action, string(e.Outcome), e.Target, e.Before, e.After, e.Address,
	} {
		sum.Write([]byte(strconv.Itoa(len(field)) + ":" + field + ","))
	}
	return sum.Sum(nil)
}

func idOrNothing(id ID) string {
	if id == (ID{}) {
		return ""
	}
	return id.String()
}
