package lab

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestTwoLabsAtOnce(t *testing.T) {
	t.Parallel()
	labs := make([]*Lab, 2)
	for i := range labs {
		l, err := Start(t.Context(), Options{Postgres: true, DNS: true, Directory: true})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		labs[i] = l
	}
	a, b := labs[0], labs[1]
	if a.DNS.Resolver == b.DNS.Resolver || a.Directory.URI == b.Directory.URI || a.Postgres.SuperuserURL == b.Postgres.SuperuserURL {
		t.Errorf("two labs share an address: %+v %+v", a.DNS, b.DNS)
	}
	if a.DNS.APIKey == b.DNS.APIKey || a.Directory.AdminPassword == b.Directory.AdminPassword {
		t.Error("two labs share a secret")
	}
	dir := a.Dir()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the closed lab's private folder is still there: %v", err)
	}
	if err := b.DNS.ping(t.Context()); err != nil {
		t.Errorf("closing one lab disturbed the other: %v", err)
	}
}

func TestDataSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "lab-restart-") // not t.TempDir: the servers' users must be able to enter it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	o := Options{Dir: dir, Postgres: true, DNS: true, Directory: true}
	first, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), o); err == nil {
		t.Fatal("a second lab started in the same folder")
	} else {
		t.Logf("refused as it should be: %v", err)
	}
	url, err := first.Postgres.Database(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
	addUnit(t, first.Directory, "kept")
	addZone(t, first.DNS, "kept.test.")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if *second.DNS != *first.DNS || *second.Directory != *first.Directory {
		t.Errorf("addresses or secrets changed over the restart: %+v, then %+v", first.DNS, second.DNS)
	}
	if n := queryInt(t, second.Postgres.URL("kept"), "SELECT n FROM kept"); n != 7 {
		t.Errorf("the row is %d, want 7", n)
	}
	if !unitExists(t, second.Directory, "kept") {
		t.Error("the directory lost the unit")
	}
	if got := lookupSOA(t, second.DNS, "kept.test."); got != 1 {
		t.Errorf("the zone has %d SOA records, want 1", got)
	}
}

// A folder whose port somebody else has taken gets another one.
func TestTakenPortIsChosenAgain(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "lab-port-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	first, err := f.port("x")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := f.port("x"); again != first {
		t.Errorf("the free port %d became %d", first, again)
	}
	holder := listen(t, address(first))
	defer holder.Close()
	if second, err := f.port("x"); err != nil || second == first {
		t.Errorf("port %d (%v) was given though it is taken", second, err)
	}
}

func TestTemplateIsPreparedOnceAndCopied(t *testing.T) {
	t.Parallel()
	p := T(t, Options{Postgres: true}).Postgres
	template, prepared := fresh("tpl"), 0
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			errs <- p.Template(t.Context(), template, func(url string) error {
				prepared++ // no lock: Template itself lets one in at a time, as the race detector would tell
				conn, err := pgx.Connect(context.Background(), url)
				if err != nil {
					return err
				}
				defer conn.Close(context.Background())
				_, err = conn.Exec(context.Background(), "CREATE TABLE t AS SELECT 42 AS n")
				return err
			})
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if prepared != 1 {
		t.Errorf("prepared %d times, want once", prepared)
	}
	start := time.Now()
	url := p.TestDatabase(t, template)
	t.Logf("copy made in %v", time.Since(start))
	if n := queryInt(t, url, "SELECT n FROM t"); n != 42 {
		t.Errorf("the copy holds %d, want 42", n)
	}
	if other := p.TestDatabase(t, template); other == url {
		t.Error("two copies are one")
	}
}

func TestFailedTemplateLeavesNothing(t *testing.T) {
	t.Parallel()
	p := T(t, Options{Postgres: true}).Postgres
	if err := p.Template(t.Context(), "bad", func(string) error { return os.ErrInvalid }); err == nil {
		t.Fatal("a failed preparation went unnoticed")
	}
	if n := queryInt(t, p.SuperuserURL, "SELECT count(*)::int FROM pg_database WHERE datname LIKE 'bad%'"); n != 0 {
		t.Errorf("%d databases were left behind", n)
	}
}
