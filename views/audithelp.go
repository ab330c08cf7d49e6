package views

import (
	"context"
	"fmt"
	"strconv"

	"allotment/app"
	"allotment/views/words"
)

const auditBase = "/organization/audit"

// link is the log's address with the filter that it has, and the pairs.
func (l AuditList) link(path string, pairs ...string) string {
	organization := ""
	if l.Filter.Organization != (app.ID{}) {
		organization = l.Filter.Organization.String()
	}
	own := []string{"q", l.Filter.Person, "what", l.Filter.Group, "outcome", string(l.Filter.Outcome), "from", l.FromDay, "until", l.UntilDay, "organization", organization}
	return address(path, append(own, pairs...)...)
}

func (l AuditList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return l.link(auditBase, "after", l.Page.Next)
}

func (l AuditList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return l.link(auditBase)
}

func (l AuditList) export(format string) string { return l.link(auditBase+"/export", "format", format) }

// only is the log of one organization, all the log of every one.
func (l AuditList) only(organization app.ID) string {
	l.Filter.Organization = organization
	return l.link(auditBase)
}

func (l AuditList) all() string { return l.only(app.ID{}) }

// auditPerson is who acted, and in whose name.
func auditPerson(ctx context.Context, line app.AuditLine) string {
	name := line.ActorName
	if name == "" {
		name = words.T(ctx, "Somebody whom nobody knows")
	}
	if line.Seller != "" {
		return words.T(ctx, "%s of %s, in the organization's name", name, line.Seller)
	}
	return name
}

// auditSubject is what a person calls the thing that an action was done to: its name, its host or its address.
func auditSubject(line app.AuditLine) string {
	for _, said := range []map[string]string{fields(line.After), fields(line.Before)} {
		for _, field := range []string{"name", "host", "email"} {
			if said[field] != "" {
				return said[field]
			}
		}
	}
	return ""
}

// auditNumber is a line's number in its organization's chain, with the beginning of its seal.
func auditNumber(line app.AuditLine) string {
	number := strconv.FormatInt(line.Seq, 10)
	if len(line.Hash) < 4 {
		return number
	}
	return fmt.Sprintf("%s (%x…)", number, line.Hash[:4])
}
