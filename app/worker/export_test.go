package worker_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/worker"
)

// TestExportOfAKilledWorkerIsTakenUp: the job of a worker that is gone is begun again by the next one, and its file is there.
func TestExportOfAKilledWorkerIsTakenUp(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	e, err := w.Portal.StartExport(t.Context(), w.Tenant, portal.ExportRequest{Side: app.Bought, Kind: app.ExportInvoices, First: "2026-01-01", Last: "2026-01-31"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // the test ends
	tag, err := conn.Exec(t.Context(), `UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = '{gone}' WHERE kind = 'export'`)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%d jobs, %v", tag.RowsAffected(), err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE exports SET state = 'running', attempt = 1, tries = 1 WHERE id = $1`, e.ID); err != nil {
		t.Fatal(err)
	}
	running, err := worker.Start(t.Context(), w.Store, nil, worker.Config{Steps: 2, Beat: 100 * time.Millisecond, Exports: w.Portal}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := running.Stop(stop); err != nil {
			t.Error(err)
		}
	}()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		now, err := w.Portal.Export(t.Context(), w.Tenant, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.State != app.ExportDone {
			continue
		}
		_, file, err := w.Portal.ExportFile(t.Context(), w.Tenant, e.ID)
		if err != nil || now.Attempt != 2 || file.Size() == 0 {
			t.Fatalf("attempt %d, %v", now.Attempt, err)
		}
		file.Close()
		return
	}
	t.Error("nobody took it up")
}
