package views

import (
	"allotment/app/portal"
)

// ParkedList is the page of what could not be invoiced.
type ParkedList struct {
	Page    portal.ParkedPage
	After   string
	Problem string // why the one that was tried again still is not
}

func (l ParkedList) next() string { return nextPage("/sales/parked", l.Page.Next) }

func (l ParkedList) first() string {
	if l.After == "" {
		return ""
	}
	return "/sales/parked"
}

func nextPage(path, after string) string {
	if after == "" {
		return ""
	}
	return address(path, "after", after)
}
