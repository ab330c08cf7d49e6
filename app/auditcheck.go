package app

import (
	"bytes"
	"fmt"
)

// AuditHead is the end of an organization's chain: what its newest row is numbered, and that row's hash.
type AuditHead struct {
	Organization ID     `json:"organization"`
	Seq          int64  `json:"seq"`
	Hash         []byte `json:"hash"`
}

// AuditFault is one thing that is wrong with the audit log.
type AuditFault struct {
	Organization ID
	Seq          int64  // the row that is wrong, or the first that is missing
	What         string // in English, for the operator at the terminal
}

// AuditCheck walks the rows of the audit log in the order of organization and number, and tells what is wrong with them. After the last row,
// End must be called.
type AuditCheck struct {
	Rows          int64
	Organizations int64
	Faults        int64

	heads   map[ID]AuditHead
	anchors map[ID]AuditHead
	tell    func(AuditFault)
	last    AuditEntry // the row before, of the organization that is walked
}

// NewAuditCheck begins a walk. heads are the ends of the chains as the database knows them; anchors are ends that were noted elsewhere before,
// and may be none. tell is called for each fault.
func NewAuditCheck(heads, anchors []AuditHead, tell func(AuditFault)) *AuditCheck {
	return &AuditCheck{heads: byOrganization(heads), anchors: byOrganization(anchors), tell: tell}
}

func byOrganization(heads []AuditHead) map[ID]AuditHead {
	all := map[ID]AuditHead{}
	for _, h := range heads {
		all[h.Organization] = h
	}
	return all
}

// Row looks at the next row.
func (c *AuditCheck) Row(e AuditEntry) {
	if e.Organization != c.last.Organization {
		c.finish()
		c.last = AuditEntry{Organization: e.Organization}
		c.Organizations++
	}
	c.Rows++
	next := c.last.Seq + 1
	if e.Seq < 1 {
		c.fault(e.Seq, "row %d was put in by hand: numbers begin at 1", e.Seq)
	}
	if e.Seq > next {
		c.gap(next, e.Seq-1)
	}
	if !bytes.Equal(e.Sum(), e.Hash) {
		c.fault(e.Seq, "row %d (%s, %s) is not as it was written: it was changed, put in, or moved here", e.Seq, e.Action, e.At.UTC().Format("2006-01-02 15:04:05"))
	}
	if e.Seq == next && !bytes.Equal(e.Previous, c.last.Hash) {
		c.fault(e.Seq, "row %d does not follow row %d: one of the two was replaced", e.Seq, c.last.Seq)
	}
	if anchor, ok := c.anchors[e.Organization]; ok && anchor.Seq == e.Seq && !bytes.Equal(anchor.Hash, e.Hash) {
		c.fault(e.Seq, "row %d is another than the one that the anchor names: the chain was written anew", e.Seq)
	}
	c.last = e
}

// End looks at what must be there after the last row.
func (c *AuditCheck) End() {
	c.finish()
	c.last = AuditEntry{}
	for _, known := range []map[ID]AuditHead{c.heads, c.anchors} {
		for id, head := range known {
			if head.Seq > 0 {
				c.last.Organization = id
				c.gap(1, head.Seq)
			}
			delete(c.heads, id)
			delete(c.anchors, id)
		}
	}
}

// finish compares the last row of an organization with the ends that are known.
func (c *AuditCheck) finish() {
	id := c.last.Organization
	if id == (ID{}) {
		return
	}
	head, ok := c.heads[id]
	anchor := c.anchors[id]
	delete(c.heads, id)
	delete(c.anchors, id)
	switch {
	case !ok:
		c.fault(c.last.Seq, "the end of the chain is not known any more: it was removed")
	case head.Seq > c.last.Seq:
		c.gap(c.last.Seq+1, head.Seq)
	case head.Seq < c.last.Seq:
		c.fault(c.last.Seq, "rows %d to %d lie beyond the end of the chain: they were put in by hand", head.Seq+1, c.last.Seq)
	case !bytes.Equal(head.Hash, c.last.Hash):
		c.fault(c.last.Seq, "row %d is not the one that the end of the chain names: it was replaced", c.last.Seq)
	}
	if anchor.Seq > max(c.last.Seq, head.Seq) {
		c.gap(max(c.last.Seq, head.Seq)+1, anchor.Seq)
	}
}

func (c *AuditCheck) gap(first, last int64) {
	if first == last {
		c.fault(first, "row %d is missing", first)
		return
	}
	c.fault(first, "rows %d to %d are missing", first, last)
}

func (c *AuditCheck) fault(seq int64, format string, args ...any) {
	c.Faults++
	c.tell(AuditFault{c.last.Organization, seq, fmt.Sprintf(format, args...)})
}
