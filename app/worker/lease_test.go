package worker_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// TestLateWorkerEndsNobodysJob: a worker whose lease is gone, and which does not know it yet, ends its call when another has taken
// the step up. What it says must not end the job of that other one: were it killed then, nobody would run the step any more.
func TestLateWorkerEndsNobodysJob(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t)
	began, release := [2]chan struct{}{make(chan struct{}), make(chan struct{})}, [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	start := func(i int, beat time.Duration) {
		engine := r.engine(t, r.site)
		engine.Before = func(s app.Step) {
			if s.Kind == app.KindRecords && s.Action == app.ActionEnsure {
				close(began[i])
				<-release[i]
			}
		}
		r.work(t, engine, beat)
	}
	db, err := pgx.Connect(t.Context(), r.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context()) //nolint:errcheck // the test ends
	number := func(sql string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}

	start(0, time.Hour) // it looks at its lease no more
	order := r.order(t, "late")
	wait(t, began[0], "the first worker's call")
	number(`SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 1634495599
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	start(1, 50*time.Millisecond)
	wait(t, began[1], "the second worker's call")

	ended := number(`SELECT count(*) FROM river.river_job WHERE state = 'completed'`)
	close(release[0])
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if number(`SELECT count(*) FROM river.river_job WHERE state = 'completed'`) > ended {
			break // or, where the late worker ends nothing, it is given its time
		}
	}
	running := number(`
		SELECT count(*) FROM steps s JOIN river.river_job j ON j.id = s.job_id
		WHERE s.service_id = $1 AND s.kind = 'records' AND s.action = 'ensure' AND j.state = 'running'`, order.Service)
	if running != 1 {
		t.Error("the second worker runs the step, and its job has been ended")
	}
	close(release[1])
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	r.wantThings(t, 1)
}

func wait(t *testing.T, c chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s did not come", what)
	}
}
