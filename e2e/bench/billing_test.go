package bench

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/billing"
)

// january is the day on which every subscription of these benches is due.
var january = billing.Date{Year: 2026, Month: time.January, Day: 31}

// BenchmarkBillingRun bills 100,000 subscriptions of 50 sellers with prices, VAT, documents and ledger, against one set-based statement for each
// table that only inserts the same rows.
func BenchmarkBillingRun(b *testing.B) {
	for range b.N {
		books := billertest.New(b, 49, 100_000, 1)
		start := time.Now()
		sum, err := books.Biller.Bill(b.Context(), biller.Run{AsOf: january})
		if err != nil || len(sum.Parked) > 0 {
			b.Fatalf("%v, %v", sum.Parked, err)
		}
		ours := time.Since(start)
		start = time.Now()
		if sum, err := books.Biller.Bill(b.Context(), biller.Run{AsOf: january}); err != nil || sum.Invoices != 0 {
			b.Fatalf("the rerun: %+v, %v", sum, err)
		}
		again := time.Since(start)
		n := float64(books.Count(b, `SELECT count(*) FROM invoices`))
		limit := copyRows(b, books)
		report(b, "billing run", n/ours.Seconds(), n/limit.Seconds(), "invoices/s", 0.35)
		fmt.Printf("%-28s %9.1f s for %.0f (goal <= 60, %s)\n", "", ours.Seconds(), n, verdict(ours <= time.Minute))
		fmt.Printf("%-28s %9.2f s when nothing is due (goal <= 1, %s)\n", "", again.Seconds(), verdict(again <= time.Second))
	}
}

// BenchmarkIssuing issues invoices one by one at 8 workers, each in a transaction of its own with its number, VAT, charge and ledger, beside as many
// workers that insert one finished invoice in each transaction and nothing else.
func BenchmarkIssuing(b *testing.B) {
	const count, goal = 8000, 1000.0
	for range b.N {
		books := billertest.New(b, 49, count, 1)
		ours := workers(b, ids(b, books, `SELECT id FROM subscriptions ORDER BY md5(id::text)`), func(id app.ID) error {
			parked, err := books.Biller.BillSubscription(b.Context(), id)
			if err == nil && len(parked) > 0 {
				err = errors.New(parked[0].Reason)
			}
			return err
		})
		if n := books.Count(b, `SELECT count(*) FROM invoices`); n != count {
			b.Fatalf("%d invoices were issued, want %d", n, count)
		}
		books.Exec(b, `CREATE TABLE kept AS SELECT * FROM invoices; ALTER TABLE kept ADD PRIMARY KEY (id);
			ALTER TABLE invoices DISABLE TRIGGER USER; SET session_replication_role = replica; DELETE FROM invoices; SET session_replication_role = origin; ANALYZE`)
		pool, err := pgxpool.New(b.Context(), books.Superuser)
		if err != nil {
			b.Fatal(err)
		}
		limit := workers(b, ids(b, books, `SELECT id FROM kept`), func(id app.ID) error {
			_, err := pool.Exec(b.Context(), `INSERT INTO invoices SELECT * FROM kept WHERE id = $1`, id)
			return err
		})
		pool.Close()
		rate := count / ours.Seconds()
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(rate, "invoices/s")
		fmt.Printf("%-28s %9.0f invoices/s at 8 workers (goal >= %.0f, %s); a bare INSERT of each %.0f/s\n", "issuing one by one", rate, goal,
			verdict(rate >= goal), count/limit.Seconds())
	}
}

func ids(b *testing.B, books *billertest.Books, sql string) []app.ID {
	b.Helper()
	rows, err := books.Conn.Query(b.Context(), sql)
	if err != nil {
		b.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[app.ID])
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// workers lets 8 of them do each of all once, and returns how long it took.
func workers(b *testing.B, all []app.ID, do func(app.ID) error) time.Duration {
	b.Helper()
	start := time.Now()
	next := make(chan app.ID)
	var busy sync.WaitGroup
	for range 8 {
		busy.Go(func() {
			for id := range next {
				if err := do(id); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, id := range all {
		next <- id
	}
	close(next)
	busy.Wait()
	return time.Since(start)
}

// issued are the tables of the run, in the order in which their rows depend on each other, and made what triggers write for them, row by row.
var (
	issued = []string{"invoices", "charges", "ledger_entries", "ledger_postings"}
	made   = []string{"unsent_documents", "receivables"}
)

// copyRows empties the tables of the run and fills them again with what was in them, a statement for each, and returns how long the filling
// took. Keys, indexes, foreign keys and triggers are those of the run.
func copyRows(b *testing.B, books *billertest.Books) time.Duration {
	b.Helper()
	before := map[string]int{}
	for _, table := range slices.Concat(issued, made) {
		before[table] = books.Count(b, `SELECT count(*) FROM `+table)
	}
	for _, table := range issued {
		books.Exec(b, `CREATE TEMP TABLE kept_`+table+` AS SELECT * FROM `+table)
	}
	// As a replica no trigger refuses; what hangs on the invoices, and the sums, is written anew by the triggers of the filling. The empty tables
	// are not analyzed: foreign keys would be checked by plans for empty tables.
	books.Exec(b, `SET session_replication_role = replica; TRUNCATE invoices, charges, ledger_entries, ledger_postings, unsent_documents, receivables,
			sales_sums, vat_sums, ledger_sums CASCADE; SET session_replication_role = origin`)
	start := time.Now()
	for _, table := range issued {
		books.Exec(b, `INSERT INTO `+table+` SELECT * FROM kept_`+table)
	}
	took := time.Since(start)
	for table, want := range before {
		if n := books.Count(b, `SELECT count(*) FROM `+table); n != want {
			b.Fatalf("the limit wrote %d rows into %s, and the run %d", n, table, want)
		}
	}
	return took
}
