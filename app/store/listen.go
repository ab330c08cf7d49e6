package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Notice says that an operation has changed. It carries no more than IDs: who may see what is asked again when it is read.
type Notice struct {
	Organization app.ID
	Operation    app.ID
}

const noticeChannel = "allotment_operation"

// Notify tells every listener, when this transaction commits, that the operation has changed.
func (t *Tx) Notify(ctx context.Context, o app.Operation) error {
	_, err := t.tx.Exec(ctx, `SELECT pg_notify($1, $2)`, noticeChannel, o.Organization.String()+" "+o.ID.String())
	return classify(err)
}

// Listen calls fn for every notice until ctx ends or the connection breaks; then the caller starts over and reads what it shows anew.
func (s *Store) Listen(ctx context.Context, fn func(Notice)) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is left to lose
	if _, err := conn.Exec(ctx, `LISTEN `+noticeChannel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		organization, operation, _ := strings.Cut(n.Payload, " ")
		var notice Notice
		if notice.Organization, err = app.ParseID(organization); err != nil {
			continue
		}
		if notice.Operation, err = app.ParseID(operation); err != nil {
			continue
		}
		fn(notice)
	}
}
