package biller_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/e2e/lab"
)

// ownServer tells a child of the test that nobody else uses its database server.
const ownServer = "ALLOTMENT_TEST_OWN_SERVER"

// TestRunOutlivesTheDatabase stops the database at once, as `pg_ctl stop -m immediate` does, in the middle of two runs, and starts it again:
// nothing is charged twice, no number is missing, and the next run does the rest. It happens in a process of its own, whose server no other test
// shares.
func TestRunOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=^TestStopsItsDatabase$", "-test.count=1", "-test.v")
	child.Env = append(os.Environ(), ownServer+"=1")
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// TestStopsItsDatabase is what TestRunOutlivesTheDatabase starts.
func TestStopsItsDatabase(t *testing.T) {
	if os.Getenv(ownServer) == "" {
		t.Skip("only as a child of TestRunOutlivesTheDatabase")
	}
	b := newBooks(t, 3, brokenOff, 1)
	b.Exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$`) // as in use
	l := lab.T(t, lab.Options{Postgres: true})
	b.breakOff(t, 3, func(pair []*exec.Cmd) {
		up, err := l.Crash(lab.ServerPostgres)
		if err != nil {
			t.Fatal(err)
		}
		_ = pair[0].Process.Kill() // one is killed besides, and the other one finds its database gone
		_, _ = pair[1].Process.Wait()
		if err := up(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.reconnect(t)
		b.Sound(t)
	})
	b.wantAll(t)
}

// reconnect comes back to a server that was away.
func (b *books) reconnect(t *testing.T) {
	t.Helper()
	_ = b.Conn.Close(context.Background()) // it is broken already
	var err error
	if b.Conn, err = pgx.Connect(t.Context(), b.Superuser); err != nil {
		t.Fatal(err)
	}
	for range 100 { // the connections of the pool are found broken one by one
		if _, err = b.Biller.Verify(t.Context()); err == nil {
			return
		}
	}
	t.Fatal(err)
}
