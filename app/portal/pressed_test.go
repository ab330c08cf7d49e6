package portal_test

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// pressed runs all at once, and lets nobody write a payment before as many as wanted wait for something: so that whoever does not wait for the others has read
// what they are about to change.
func (d *debtor) pressed(want int, all func()) {
	d.t.Helper()
	ctx := d.t.Context()
	held, err := pgx.Connect(ctx, d.Superuser)
	if err != nil {
		d.t.Fatal(err)
	}
	defer held.Close(ctx) //nolint:errcheck // the test goes on
	if _, err := held.Exec(ctx, `BEGIN; LOCK TABLE payments IN SHARE MODE`); err != nil {
		d.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { all(); close(done) }()
	waiting := 0
	for end := time.Now().Add(20 * time.Second); waiting < want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		waiting = d.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	}
	if waiting < want {
		d.t.Errorf("%d wait for something, want %d", waiting, want)
	}
	if _, err := held.Exec(ctx, `COMMIT`); err != nil {
		d.t.Error(err)
	}
	<-done
}
