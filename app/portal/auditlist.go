package portal

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/export"
)

// AuditFilter selects a page of the audit log, newest first.
type AuditFilter struct {
	Group        string // of actions: "member"
	Person       string // part of a name
	Outcome      app.AuditOutcome
	From, Until  time.Time // Until is not included
	Organization app.ID    // the zero ID for the whole sub-tree
	After        string    // AuditPage.Next of the page before
	Limit        int
}

// AuditPage is a page of the audit log.
type AuditPage struct {
	Lines []app.AuditLine
	Next  string
}

// AuditLog returns a page of the audit log of the actor's organization and of those below it; staff sees all.
func (p *Portal) AuditLog(ctx context.Context, actor app.Actor, f AuditFilter) (AuditPage, error) {
	if err := actor.May(app.SeeAudit); err != nil {
		return AuditPage{}, err
	}
	q, err := f.query()
	if err != nil {
		return AuditPage{}, err
	}
	return p.auditPage(ctx, actor, q)
}

func (p *Portal) auditPage(ctx context.Context, actor app.Actor, q store.AuditQuery) (page AuditPage, err error) {
	if q.Organization == (app.ID{}) && actor.Kind == app.Customer {
		q.Organization = actor.Organization // there is nobody below
	}
	wanted := q.Limit
	q.Limit++
	err = p.see(ctx, actor, app.SeeAudit, func(tx *store.Tx) error {
		page.Lines, err = tx.AuditEntries(ctx, q)
		return err
	})
	if len(page.Lines) > wanted {
		page.Lines = page.Lines[:wanted]
		page.Next = auditKey(page.Lines[wanted-1])
	}
	return page, err
}

func (f AuditFilter) query() (store.AuditQuery, error) {
	_, limit, err := pageOf("", f.Limit)
	if err != nil {
		return store.AuditQuery{}, err
	}
	q := store.AuditQuery{Organization: f.Organization, Person: clip(strings.TrimSpace(f.Person)), Outcome: f.Outcome, From: f.From, Until: f.Until, Limit: limit}
	if f.Group != "" {
		q.Action = clip(f.Group) + "."
	}
	if f.After != "" {
		if q.Before, err = auditKeyOf(f.After); err != nil {
			return store.AuditQuery{}, err
		}
	}
	return q, nil
}

// auditKey names a line's place in the log, and auditKeyOf reads it again.
func auditKey(l app.AuditLine) string {
	return fmt.Sprintf("%d.%d.%s", l.At.UnixMicro(), l.Seq, l.Organization)
}

func auditKeyOf(text string) (store.AuditKey, error) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) == 3 {
		at, err1 := strconv.ParseInt(parts[0], 10, 64)
		seq, err2 := strconv.ParseInt(parts[1], 10, 64)
		id, err3 := app.ParseID(parts[2])
		if err1 == nil && err2 == nil && err3 == nil && at > 0 && at < 1<<53 {
			return store.AuditKey{At: time.UnixMicro(at).UTC(), Organization: id, Seq: seq}, nil
		}
	}
	return store.AuditKey{}, app.Errorf(app.NotFound, "There is nothing at this address.")
}

// AuditFormat is how the audit log is exported.
type AuditFormat string

// The formats: RFC 4180 with no cell that a spreadsheet takes for a formula, and one JSON object a line.
const (
	AuditCSV   AuditFormat = "csv"
	AuditLines AuditFormat = "jsonl"
)

// auditBatch is how many rows an export reads at a time: it never holds more, nor a transaction while the reader is slow.
const auditBatch = 1000

// ExportAudit writes every row that the filter selects. before is called ahead of each batch, and may give the reader more time.
func (p *Portal) ExportAudit(ctx context.Context, actor app.Actor, f AuditFilter, format AuditFormat, w io.Writer, before func()) error {
	if err := actor.May(app.SeeAudit); err != nil {
		return err
	}
	q, err := f.query()
	if err != nil {
		return err
	}
	q.Limit = auditBatch
	write := auditWriter(w, format)
	for first := true; ; first = false {
		before()
		page, err := p.auditPage(ctx, actor, q)
		if err != nil {
			return err
		}
		if err := write(first, page.Lines); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		if q.Before, err = auditKeyOf(page.Next); err != nil {
			return err
		}
	}
}

func auditWriter(w io.Writer, format AuditFormat) func(first bool, lines []app.AuditLine) error {
	if format == AuditLines {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return func(_ bool, lines []app.AuditLine) error {
			for _, l := range lines {
				if err := encoder.Encode(auditRecord(l)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	return func(first bool, lines []app.AuditLine) error {
		if first {
			_ = out.Write([]string{"time", "organization", "organization id", "number", "person", "person id", "api key", "in the name of", "reason", "action", "outcome",
				"what", "before", "after", "address", "hash"})
		}
		for _, l := range lines {
			r := auditRecord(l)
			_ = out.Write([]string{r.At, export.Safe(r.Organization), r.OrganizationID, strconv.FormatInt(r.Number, 10), export.Safe(r.Person), r.PersonID, r.Key,
				export.Safe(r.Seller), export.Safe(r.Reason), r.Action, r.Outcome, export.Safe(r.Target), export.Safe(string(r.Before)), export.Safe(string(r.After)),
				export.Safe(r.Address), r.Hash})
		}
		out.Flush()
		return out.Error() // keeps the first error of Write, too
	}
}

// AuditRecord is a row of the audit log as it is exported.
type AuditRecord struct {
	At             string          `json:"at"` // RFC 3339, UTC, to the microsecond
	Organization   string          `json:"organization"`
	OrganizationID string          `json:"organization_id"`
	Number         int64           `json:"number"`
	Person         string          `json:"person"`
	PersonID       string          `json:"person_id,omitempty"`
	Key            string          `json:"api_key,omitempty"`
	Seller         string          `json:"seller,omitempty"` // whose staff acted in the organization's name
	Reason         string          `json:"reason,omitempty"`
	Action         string          `json:"action"`
	Outcome        string          `json:"outcome"`
	Target         string          `json:"target,omitempty"`
	Before         json.RawMessage `json:"before,omitempty"`
	After          json.RawMessage `json:"after,omitempty"`
	Address        string          `json:"address,omitempty"`
	Hash           string          `json:"hash"`
}

func auditRecord(l app.AuditLine) AuditRecord {
	r := AuditRecord{
		At: l.At.UTC().Format("2006-01-02T15:04:05.000000Z"), Organization: l.OrganizationName, OrganizationID: l.Organization.String(), Number: l.Seq,
		Person: l.ActorName, Seller: l.Seller, Reason: l.Reason, Action: l.Action, Outcome: string(l.Outcome), Target: l.Target, Before: asRaw(l.Before),
		After: asRaw(l.After), Address: l.Address, Hash: fmt.Sprintf("%x", l.Hash),
	}
	if l.Actor != (app.ID{}) {
		r.PersonID = l.Actor.String()
	}
	if l.Key != (app.ID{}) {
		r.Key = l.Key.String()
	}
	return r
}

// asRaw is a row's JSON as it stands, and as a string of JSON where it was tampered with until it is none.
func asRaw(text string) json.RawMessage {
	if text == "" || json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, _ := json.Marshal(text) // a string can always be encoded
	return quoted
}
