package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// AuditQuery selects rows of the audit log, newest first. The zero value selects the newest of all.
type AuditQuery struct {
	Organization app.ID // the zero ID for the whole sub-tree
	Action       string // the beginning of an action: "member."
	Person       string // part of the actor's name
	Outcome      app.AuditOutcome
	From, Until  time.Time // Until is not included
	Before       AuditKey  // the last row of the page before
	Limit        int
}

// AuditKey is a row's place in the order of the log.
type AuditKey struct {
	At           time.Time
	Organization app.ID
	Seq          int64
}

// manyOrganizations is the size of a sub-tree from which on it is quicker to pass over strangers' rows in the order of time than to ask for
// each organization's newest.
const manyOrganizations = 2000

const auditColumns = `organization_id, seq, at, actor_id, actor_name, key_id, impersonation_id, action, outcome, target, before, after, address,
		previous, hash`

// AuditEntries returns a page of the audit log, with the names of the organizations and, where somebody acted in a customer's name, who and why.
func (t *Tx) AuditEntries(ctx context.Context, q AuditQuery) ([]app.AuditLine, error) {
	each := false
	if !t.actor.Staff() && q.Organization == (app.ID{}) {
		err := t.tx.QueryRow(ctx, `
			SELECT count(*) < $1 FROM (SELECT FROM organization_tree WHERE ancestor = tenant() LIMIT $1) tree`, manyOrganizations).Scan(&each)
		if err != nil {
			return nil, classify(err)
		}
	}
	sql, args := q.sql(each)
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	lines, err := pgx.CollectRows(rows, scanAuditLine)
	return lines, classify(err)
}

// sql writes the query with the conditions that are asked for and no others, so that the planner sees them. With each, the newest rows of
// each organization of the sub-tree are found by an index of their own.
func (q AuditQuery) sql(each bool) (string, []any) {
	where, args := q.where()
	// The limit is a number in the text, so that one plan is as good as the next and is kept: planning takes longer than the query.
	limit := fmt.Sprintf(`ORDER BY at DESC, organization_id DESC, seq DESC LIMIT %d`, q.Limit)
	inner := `SELECT ` + auditColumns + ` FROM audit ` + where + ` ` + limit
	if each {
		and := strings.Replace(where, "WHERE", "AND", 1)
		inner = `SELECT a.* FROM organization_tree t CROSS JOIN LATERAL (
			SELECT ` + auditColumns + ` FROM audit WHERE organization_id = t.descendant ` + and + ` ` + limit + `) a
			WHERE t.ancestor = tenant() ` + limit
	}
	return `
		SELECT a.*, coalesce(o.name, ''), coalesce(i.seller_name, ''), coalesce(i.reason, '')
		FROM (` + inner + `) a
		LEFT JOIN organizations o ON o.id = a.organization_id
		LEFT JOIN impersonations i ON i.id = a.impersonation_id
		ORDER BY a.at DESC, a.organization_id DESC, a.seq DESC`, args
}

func (q AuditQuery) where() (string, []any) {
	var conditions []string
	var args []any
	add := func(condition string, values ...any) {
		places := make([]any, len(values))
		for i := range values {
			places[i] = len(args) + i + 1
		}
		args = append(args, values...)
		conditions = append(conditions, fmt.Sprintf(condition, places...))
	}
	if q.Organization != (app.ID{}) {
		add("organization_id = $%d", q.Organization)
	}
	if q.Action != "" {
		add("starts_with(action, $%d)", q.Action)
	}
	if q.Person != "" {
		add("strpos(lower(actor_name), lower($%d)) > 0", q.Person)
	}
	if q.Outcome != "" {
		add("outcome = $%d", q.Outcome)
	}
	if !q.From.IsZero() {
		add("at >= $%d", q.From)
	}
	if !q.Until.IsZero() {
		add("at < $%d", q.Until)
	}
	if !q.Before.At.IsZero() {
		add("at <= $%d", q.Before.At) // bounds the search in every index
		add("(at, organization_id, seq) < ($%d, $%d, $%d)", q.Before.At, q.Before.Organization, q.Before.Seq)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return "WHERE " + strings.Join(conditions, " AND "), args
}

func scanAuditLine(row pgx.CollectableRow) (app.AuditLine, error) {
	var l app.AuditLine
	var ids auditIDs
	err := row.Scan(append(ids.fields(&l.AuditEntry), &l.OrganizationName, &l.Seller, &l.Reason)...)
	ids.put(&l.AuditEntry)
	return l, err
}

func scanAudit(row pgx.CollectableRow) (app.AuditEntry, error) {
	var e app.AuditEntry
	var ids auditIDs
	err := row.Scan(ids.fields(&e)...)
	ids.put(&e)
	return e, err
}

// auditIDs are the IDs that a row may lack.
type auditIDs struct{ actor, key, impersonation *app.ID }

func (ids *auditIDs) fields(e *app.AuditEntry) []any {
	return []any{
		&e.Organization, &e.Seq, &e.At, &ids.actor, &e.ActorName, &ids.key, &ids.impersonation, &e.Action, &e.Outcome, &e.Target, &e.Before, &e.After,
		&e.Address, &e.Previous, &e.Hash,
	}
}

func (ids *auditIDs) put(e *app.AuditEntry) {
	e.Actor, e.Key, e.Impersonation = value(ids.actor), value(ids.key), value(ids.impersonation)
}
