package store

import (
	"context"

	"allotment/app"
)

// fewBelow is up to how many organizations in its sub-tree a seller's rows are looked for one organization at a time.
const fewBelow = 500

// scope returns the condition with which a list says whose rows it wants, for the column that names the organization. It shows nothing that
// the policies hide; it is what leads PostgreSQL to the right index. A customer's rows are its own; a seller of few has them looked for by
// each; a seller of many, and staff, read the list in its order and leave out what is not theirs. only narrows it to one organization.
func (t *Tx) scope(ctx context.Context, column string, only app.ID) (string, error) {
	if only != (app.ID{}) {
		return column + " = '" + only.String() + "'", nil
	}
	switch t.actor.Kind {
	case app.Operator:
		return "true", nil
	case app.Customer:
		return column + " = (SELECT tenant())", nil
	}
	var below int
	err := t.tx.QueryRow(ctx, `
		SELECT count(*) FROM (SELECT 1 FROM organization_tree WHERE ancestor = (SELECT tenant()) LIMIT $1) few`, fewBelow+1).Scan(&below)
	if err != nil {
		return "", classify(err)
	}
	if below > fewBelow {
		return "true", nil
	}
	return column + " = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant())))", nil
}
