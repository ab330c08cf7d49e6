package portal

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"

	"allotment/app"
	"allotment/app/store"
)

var (
	exportOwn      = verb{action: "organization.export", permission: app.ManageOrganization}
	exportCustomer = verb{action: "organization.export", permission: app.ManageCustomers}
)

// ExportOrganization writes all that is kept of the actor's own organization, or of one below it, as a zip archive of JSON files: its people and
// those whom it invited, services, orders, operations, activity, visits of its seller's staff, moves and audit log. Secrets are not in it, nor what belongs to those below it. A closed one can be
// exported by those above it.
func (p *Portal) ExportOrganization(ctx context.Context, actor app.Actor, id app.ID, w io.Writer) error {
	return p.do(ctx, actor, ownOr(actor, id, exportOwn, exportCustomer), func(tx *store.Tx) error {
		o, err := tx.Organization(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(id, "organization "+id.String(), nil, map[string]string{"name": o.Name})
		archive := &jsonArchive{zip: zip.NewWriter(w)}
		if err := tx.Export(ctx, id, archive.add); err != nil {
			return err
		}
		return archive.close()
	})
}

// jsonArchive is a zip archive in which each file is a JSON array.
type jsonArchive struct {
	zip   *zip.Writer
	file  io.Writer
	rows  int
	begun bool
}

// add begins a file, where row is nil, or adds a row to the one that was begun last.
func (a *jsonArchive) add(file string, row json.RawMessage) (err error) {
	if row == nil {
		if err := a.end(); err != nil {
			return err
		}
		a.rows, a.begun = 0, true
		a.file, err = a.zip.Create(file)
		return err
	}
	before := "[\n"
	if a.rows > 0 {
		before = ",\n"
	}
	a.rows++
	if _, err := io.WriteString(a.file, before); err != nil {
		return err
	}
	_, err = a.file.Write(row)
	return err
}

func (a *jsonArchive) end() error {
	after := "\n]\n"
	switch {
	case !a.begun:
		return nil
	case a.rows == 0:
		after = "[]\n"
	}
	_, err := io.WriteString(a.file, after)
	return err
}

func (a *jsonArchive) close() error {
	if err := a.end(); err != nil {
		return err
	}
	return a.zip.Close()
}
