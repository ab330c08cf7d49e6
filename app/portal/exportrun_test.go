package portal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/folder"
	"allotment/app/portal"
	"allotment/app/store"
)

// dying is a place for files whose writer ends the attempt in the middle, as a killed worker does.
type dying struct {
	portal.Files
	kill func()
}

func (d dying) Create(ctx context.Context, id app.ID) (app.FileWriter, error) {
	w, err := d.Files.Create(ctx, id)
	return dyingWriter{w, d.kill}, err
}

type dyingWriter struct {
	app.FileWriter
	kill func()
}

func (w dyingWriter) Write(data []byte) (int, error) {
	w.kill()
	return w.FileWriter.Write(data)
}

func (w dyingWriter) Abort() {} // a killed process tidies nothing up

// TestExportSurvivesItsWorker: an attempt that is killed leaves no file that counts; the next begins again, and there is one file at the end. Two
// at once end in one file, too.
func TestExportSurvivesItsWorker(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 6)
	seller, whole := x.seller(), folder.Open(x.path)
	e, err := x.Portal.StartExport(t.Context(), seller, x.request(app.ExportDocuments))
	if err != nil {
		t.Fatal(err)
	}
	job := store.ExportJob{Organization: e.Organization, Export: e.ID}
	for range 2 {
		ctx, kill := context.WithCancel(t.Context())
		portal.SetFiles(x.Portal, dying{whole, kill})
		if err := x.Portal.MakeExport(ctx, job); !errors.Is(err, context.Canceled) {
			t.Fatalf("the killed attempt: %v", err)
		}
	}
	portal.SetFiles(x.Portal, whole)
	if _, _, err := x.Portal.ExportFile(t.Context(), seller, e.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("a file that is not made can be fetched: %v", err)
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := x.Portal.MakeExport(t.Context(), job); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := x.Portal.MakeExport(t.Context(), job); err != nil { // where each dropped the other's, the queue runs it again
		t.Error(err)
	}
	now, err := x.Portal.Export(t.Context(), seller, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if now.State != app.ExportDone {
		t.Fatalf("two at once: %s %s", now.State, now.Message)
	}
	x.read(seller, e.ID)
	if left, err := os.ReadDir(x.path); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	if err := x.Portal.DeleteExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(x.path); len(left) != 0 {
		t.Errorf("%d files are left after the deletion", len(left))
	}
	if x.Count(t, `SELECT count(*) FROM invoices`) == 0 {
		t.Error("documents were deleted")
	}
}

// TestExportIsCancelledRetriedAndDropped walks the states.
func TestExportIsCancelledRetriedAndDropped(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 4)
	seller := x.seller()
	start := func() app.Export {
		e, err := x.Portal.StartExport(t.Context(), seller, x.request(app.ExportInvoices))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	run := func(e app.Export) {
		if err := x.Portal.MakeExport(t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
			t.Fatal(err)
		}
	}
	state := func(e app.Export, want app.ExportState) {
		t.Helper()
		if now, err := x.Portal.Export(t.Context(), seller, e.ID); err != nil || now.State != want {
			t.Errorf("%s, %v, want %s", now.State, err, want)
		}
	}
	e := start()
	if _, err := x.Portal.CancelExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	run(e) // its job comes too late
	state(e, app.ExportCancelled)
	if _, err := x.Portal.CancelExport(t.Context(), seller, e.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := x.Portal.RetryExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	x.now = x.now.Add(2 * time.Minute) // which is long
	run(e)
	state(e, app.ExportDone)
	x.now = x.now.AddDate(0, 0, 8)
	if err := x.Portal.ExpireExports(t.Context()); err != nil {
		t.Fatal(err)
	}
	state(e, app.ExportExpired)
	if _, _, err := x.Portal.ExportFile(t.Context(), seller, e.ID); app.CodeOf(err) != app.Gone {
		t.Errorf("a file that was dropped: %v", err)
	}
	if left, _ := os.ReadDir(x.path); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
	for range 20 {
		e = start()
	}
	if _, err := x.Portal.StartExport(t.Context(), seller, x.request(app.ExportInvoices)); app.CodeOf(err) != app.Conflict {
		t.Errorf("more than twenty at once: %v", err)
	}
	portal.SetFiles(x.Portal, broken{})
	run(e)
	state(e, app.ExportFailed)
	if now, err := x.Portal.Export(t.Context(), seller, e.ID); err != nil || now.RawError != "" || now.Message != "Something broke on our side." {
		t.Errorf("the tenant reads %q and %q, %v", now.Message, now.RawError, err)
	}
}

// broken is a full disk.
type broken struct{ portal.Files }

func (broken) Create(context.Context, app.ID) (app.FileWriter, error) {
	return nil, errors.New("no space left on device")
}

// TestExportTellsWhoWaited: who asked for an export that took long gets a mail, and once.
func TestExportTellsWhoWaited(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 2)
	owner := x.Operator
	r := x.request(app.ExportInvoices)
	for _, long := range []bool{false, true} {
		e, err := x.Portal.StartExport(t.Context(), owner, r)
		if err != nil {
			t.Fatal(err)
		}
		if long {
			x.now = x.now.Add(5 * time.Minute)
		}
		for range 2 {
			if err := x.Portal.MakeExport(t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := x.Count(t, `SELECT count(*) FROM mails WHERE kind = 'export'`); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// TestExportHere is what the command does.
func TestExportHere(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 4)
	_, want := x.made(x.seller(), x.request(app.ExportLines))
	var got bytes.Buffer
	steps := 0
	e, err := x.Portal.ExportHere(t.Context(), "reseller-1", x.request(app.ExportLines), &got, func(done, total int64) { steps++ })
	if err != nil || !bytes.Equal(got.Bytes(), want) || e.Size != int64(len(want)) || steps == 0 {
		t.Errorf("%d bytes, want %d; %d steps, %v", got.Len(), len(want), steps, err)
	}
	if _, err := x.Portal.ExportHere(t.Context(), "nobody", x.request(app.ExportLines), io.Discard, func(_, _ int64) {}); app.CodeOf(err) != app.NotFound {
		t.Errorf("a seller that is not there: %v", err)
	}
	bad := x.request(app.ExportOSS)
	bad.Last = "2026-03-30"
	if _, err := x.Portal.ExportHere(t.Context(), "reseller-1", bad, io.Discard, func(_, _ int64) {}); app.FieldsOf(err)["from"] == "" {
		t.Errorf("less than a quarter: %v", err)
	}
}
