package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const serviceColumns = `s.organization_id, s.id, s.app, s.plan, s.name, s.host, s.url, s.language, s.state, s.failure, s.answers, s.created_at,
	s.active_at, s.terminated_at`

func serviceFields(s *app.Service, active, terminated **time.Time) []any {
	return []any{&s.Organization, &s.ID, &s.App, &s.Plan, &s.Name, &s.Host, &s.URL, &s.Language, &s.State, &s.Failure, &s.Answers, &s.CreatedAt,
		active, terminated}
}

func scanService(row pgx.CollectableRow) (app.Service, error) {
	var s app.Service
	var active, terminated *time.Time
	err := row.Scan(append(serviceFields(&s, &active, &terminated), &s.OrganizationName)...)
	s.ActiveAt, s.TerminatedAt = value(active), value(terminated)
	return s, err
}

// HostTaken reports whether any organization's living service has the host.
func (t *Tx) HostTaken(ctx context.Context, host string) (bool, error) {
	var taken bool
	err := t.tx.QueryRow(ctx, `SELECT host_taken($1)`, host).Scan(&taken)
	return taken, classify(err)
}

// Service returns one service that the actor may see, or NotFound.
func (t *Tx) Service(ctx context.Context, id app.ID) (app.Service, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+serviceColumns+`, o.name FROM services s JOIN organizations o ON o.id = s.organization_id WHERE s.id = $1`, id)
	if err != nil {
		return app.Service{}, classify(err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, scanService)
	return s, classify(err)
}

// ServiceQuery selects a page of services.
type ServiceQuery struct {
	Organization app.ID // the zero ID: all that the actor sees
	Text         string
	States       []string // empty: all
	App          string
	Before       app.ID // only IDs smaller than this one; the zero ID for the first page
	Limit        int
}

// ServicesFound is a page of services, newest first, and how many there are in each state whatever the query, but of its organization.
type ServicesFound struct {
	Services []app.Service
	Counts   map[app.ServiceState]int
}

// Services returns a page of services.
func (t *Tx) Services(ctx context.Context, q ServiceQuery) (found ServicesFound, err error) {
	batch := &pgx.Batch{}
	if err := t.queueServices(ctx, batch, q, &found); err != nil {
		return found, err
	}
	return found, classify(t.tx.SendBatch(ctx, batch).Close())
}

// ServicesLast is Services as the last thing that the transaction does, in one round trip with its end. Until then nothing is found.
func (t *Tx) ServicesLast(ctx context.Context, q ServiceQuery, found *ServicesFound) error {
	return t.queueServices(ctx, &t.last, q, found)
}

func (t *Tx) queueServices(ctx context.Context, batch *pgx.Batch, q ServiceQuery, found *ServicesFound) error {
	scope, err := t.scope(ctx, "s.organization_id", q.Organization)
	if err != nil {
		return err
	}
	found.Counts = map[app.ServiceState]int{}
	batch.Queue(`
		SELECT `+serviceColumns+`, o.name
		FROM services s JOIN organizations o ON o.id = s.organization_id
		WHERE `+scope+` AND ($1 = '00000000-0000-0000-0000-000000000000'::uuid OR s.id < $1)
		AND ($2 = '' OR s.name ILIKE '%' || $2 || '%' OR s.host ILIKE '%' || $2 || '%' OR o.name ILIKE '%' || $2 || '%')
		AND (cardinality($3::text[]) = 0 OR s.state = ANY ($3))
		AND ($4 = '' OR s.app = $4)
		ORDER BY s.id DESC LIMIT $5`,
		q.Before, likeText(q.Text), nonNil(q.States), q.App, q.Limit).Query(func(rows pgx.Rows) (err error) {
		found.Services, err = pgx.CollectRows(rows, scanService)
		return err
	})
	batch.Queue(`SELECT s.state, count(*) FROM services s WHERE ` + scope + ` GROUP BY s.state`).Query(func(rows pgx.Rows) error {
		var state app.ServiceState
		var n int
		_, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { found.Counts[state] = n; return nil })
		return err
	})
	return nil
}

// MoveService changes a service's state if the state machine allows it from the state that it is in.
func (t *Tx) MoveService(ctx context.Context, id app.ID, next app.ServiceState, failure string, now time.Time) error {
	var state app.ServiceState
	if err := t.tx.QueryRow(ctx, `SELECT state FROM services WHERE id = $1 FOR UPDATE`, id).Scan(&state); err != nil {
		return classify(err)
	}
	if state == next {
		return nil
	}
	if err := state.To(next); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, `
		UPDATE services SET state = $2, failure = $3,
			counted       = counted OR $2 = 'creating',
			active_at     = CASE WHEN $2 = 'active' THEN coalesce(active_at, $4) ELSE active_at END,
			terminated_at = CASE WHEN $2 = 'terminated' THEN $4 ELSE terminated_at END
		WHERE id = $1`, id, next, failure, now)
	return classify(err)
}

// Subscription returns the subscription behind a service.
func (t *Tx) Subscription(ctx context.Context, service app.ID) (app.Subscription, error) {
	var s app.Subscription
	var starts, ends *time.Time
	err := t.tx.QueryRow(ctx, `
		SELECT id, service_id, currency, amount_minor, setup_minor, period, starts_at, ends_at FROM subscriptions WHERE service_id = $1`,
		service).Scan(&s.ID, &s.Service, &s.Price.Currency, &s.Price.Minor, &s.Setup.Minor, &s.Interval, &starts, &ends)
	s.Setup.Currency, s.StartsAt, s.EndsAt = s.Price.Currency, value(starts), value(ends)
	return s, classify(err)
}

// StartSubscription lets billing begin; a subscription that has begun keeps its start.
func (t *Tx) StartSubscription(ctx context.Context, service app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE subscriptions SET starts_at = coalesce(starts_at, $2) WHERE service_id = $1`, service, now)
	return classify(err)
}

// EndSubscription ends billing.
func (t *Tx) EndSubscription(ctx context.Context, service app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE subscriptions SET ends_at = coalesce(ends_at, $2) WHERE service_id = $1`, service, now)
	return classify(err)
}
