package store

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// exports is what is exported of an organization, a file each. Secrets, keys and tokens are not in it.
var exports = []struct{ file, sql string }{
	{"organization.json", `SELECT o.id, o.kind, o.name, o.slug AS short_name, o.state, o.reason, o.idle_minutes, o.created_at, o.changed_at
		FROM organizations o WHERE o.id = $1`},
	{"members.json", `SELECT u.name, u.email, u.language, m.role, m.created_at AS since
		FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.organization_id = $1 ORDER BY m.created_at`},
	{"quota.json", `SELECT services, used_services, guests, used_guests, vcpu, used_vcpu, memory_mib, used_memory_mib, disk_gib, used_disk_gib, changed_at
		FROM quotas WHERE organization_id = $1`},
	{"services.json", `SELECT s.id, s.app, s.plan, s.name, s.host, s.url, s.language, s.state, s.failure, s.answers, s.vcpu, s.memory_mib, s.disk_gib,
			s.created_at, s.active_at, s.terminated_at, p.currency, p.amount_minor, p.setup_minor, p.period, p.starts_at, p.ends_at
		FROM services s LEFT JOIN subscriptions p ON p.organization_id = s.organization_id AND p.service_id = s.id
		WHERE s.organization_id = $1 ORDER BY s.id`},
	{"orders.json", `SELECT o.id, o.created_at, u.name AS placed_by, i.service_id, i.app, i.plan, i.answers, i.currency, i.amount_minor, i.setup_minor, i.period
		FROM orders o JOIN order_items i ON i.organization_id = o.organization_id AND i.order_id = o.id LEFT JOIN users u ON u.id = o.placed_by
		WHERE o.organization_id = $1 ORDER BY o.id`},
	{"operations.json", `SELECT p.id, p.service_id, p.kind, p.state, p.started_by, p.created_at, p.ended_at,
			(SELECT jsonb_agg(jsonb_build_object('position', s.position, 'action', s.action, 'kind', s.kind, 'state', s.state, 'attempts', s.attempts,
				'message', s.message, 'started_at', s.started_at, 'ended_at', s.ended_at) ORDER BY s.position)
			 FROM steps s WHERE s.operation_id = p.id) AS steps
		FROM operations p WHERE p.organization_id = $1 ORDER BY p.id`},
	{"activity.json", `SELECT e.id, e.service_id, e.operation_id, e.at, e.actor, e.kind, e.message
		FROM events e WHERE e.organization_id = $1 ORDER BY e.id`},
	{"invitations.json", `SELECT i.id, i.email, i.role, i.language, i.state, i.mails, i.invited_by, i.created_at, i.sent_at, i.expires_at, i.ended_at
		FROM invitations i WHERE i.organization_id = $1 ORDER BY i.id`},
	{"visits.json", `SELECT v.id, v.user_name AS person, v.seller_name AS seller, v.reason, v.started_at, v.ends_at, v.ended_at
		FROM impersonations v WHERE v.organization_id = $1 ORDER BY v.id`},
	{"moves.json", `SELECT t.id, t.customer_name, t.giver_name, t.receiver_name, t.started_by, t.message, t.state, t.giver_at, t.customer_at, t.receiver_at,
			t.created_at, t.ended_at
		FROM transfers t WHERE t.organization_id = $1 ORDER BY t.id`},
	{"audit.json", `SELECT a.seq, a.at, a.actor_name, a.key_id, a.impersonation_id, a.action, a.outcome, a.target, a.before, a.after, a.address,
			encode(a.previous, 'hex') AS previous, encode(a.hash, 'hex') AS hash
		FROM audit a WHERE a.organization_id = $1 ORDER BY a.seq`},
}

// Export hands every row of what is exported of an organization to each, as JSON, file after file. A file without rows is named once with nil.
func (t *Tx) Export(ctx context.Context, organization app.ID, each func(file string, row json.RawMessage) error) error {
	for _, e := range exports {
		if err := each(e.file, nil); err != nil {
			return err
		}
		rows, err := t.tx.Query(ctx, `SELECT to_jsonb(x) FROM (`+e.sql+`) x`, organization)
		if err != nil {
			return classify(err)
		}
		var row json.RawMessage
		if _, err := pgx.ForEachRow(rows, []any{&row}, func() error { return each(e.file, row) }); err != nil {
			return classify(err)
		}
	}
	return nil
}
