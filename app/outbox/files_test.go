package outbox_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

// invoiced issues an invoice to the tenant, and returns its ID.
func (o *office) invoiced(t *testing.T) (id app.ID) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), o.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	seller := o.Operator.Organization
	c := billingtest.Cases()[0]
	c.Buyer.Email = ""
	party := func(p any) string {
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	subscription, service, now := app.NewID(), app.NewID(), o.now()
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) VALUES ($1, $2, true, 'nl', now())
			ON CONFLICT (organization_id) DO UPDATE SET party = excluded.party, business = true, language = 'nl'`, []any{seller, party(c.Seller)}},
		{`INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) VALUES ($1, $2, true, 'nl', now())
			ON CONFLICT (organization_id) DO UPDATE SET party = excluded.party, business = true, language = 'nl'`, []any{o.Tenant.Organization, party(c.Buyer)}},
		{`INSERT INTO seller_terms (organization_id, tax, changed_at) VALUES ($1, $2, now())
			ON CONFLICT (organization_id) DO UPDATE SET tax = excluded.tax`, []any{seller, party(c.SellerTax)}},
		{`INSERT INTO services (organization_id, id, app, plan, name, host, state, answers, created_at) VALUES ($1, $2, 'redmine', 'small', 'Demo', 'demo.example.test', 'active', '{}', now())`, []any{o.Tenant.Organization, service}},
		{`INSERT INTO subscriptions (organization_id, id, service_id, currency, amount_minor, setup_minor, period, created_at, seller_id, name, starts_at)
			VALUES ($1, $2, $3, 'EUR', 950, 0, 'month', now(), $4, 'Redmine, small', $5)`, []any{o.Tenant.Organization, subscription, service, seller, now.AddDate(0, 0, -1)}},
	} {
		if _, err := conn.Exec(t.Context(), step.sql, step.args...); err != nil {
			t.Fatalf("%s: %v", step.sql, err)
		}
	}
	b := biller.New(o.Store, tax.Seed(), slog.New(slog.DiscardHandler), o.now)
	if _, err := b.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(now, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), `SELECT id FROM invoices`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// jobs are the mails that wait for an address.
func (o *office) jobs(t *testing.T, kind app.MailKind) (all []store.MailJob) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), o.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	rows, err := conn.Query(t.Context(), `SELECT organization_id, id FROM mails WHERE kind = $1`, string(kind))
	if err != nil {
		t.Fatal(err)
	}
	all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[store.MailJob])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestInvoiceArrives: an invoice reaches the mailbox once, in the reader's words, with the PDF and the e-invoice as they are, although
// announcing and sending are done from several places, the server vanishes in the middle, and all of it is done again.
func TestInvoiceArrives(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.box.Files = o.Portal.MailFiles
	id := o.invoiced(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := o.Portal.AnnounceDocuments(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	jobs := o.jobs(t, app.MailInvoice)
	if len(jobs) != 1 {
		t.Fatalf("%d mails, want one", len(jobs))
	}
	o.server.before = func() error { return errGone }
	again := o.deliver(t, jobs[0])
	o.server.before = nil
	o.wait(again)
	for range 4 {
		all.Go(func() {
			if _, err := o.box.Deliver(t.Context(), jobs[0]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := o.Portal.AnnounceDocuments(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(o.jobs(t, app.MailInvoice)) != 1 || len(o.server.ids()) != 1 {
		t.Fatalf("%d mails, and the server has %v, want one of each", len(o.jobs(t, app.MailInvoice)), o.server.ids())
	}
	files := attached(t, o.server)
	issued, err := o.Portal.Invoice(t.Context(), o.Tenant, id)
	if err != nil {
		t.Fatal(err)
	}
	want, err := o.Portal.InvoiceFile(t.Context(), o.Tenant, id, "pdf")
	if err != nil {
		t.Fatal(err)
	}
	if got := files[issued.Number+".pdf"]; !bytes.Equal(got, want.Data) {
		t.Errorf("the PDF arrived with %d bytes, want %d; there are %d files", len(got), len(want.Data), len(files))
	}
	if got := files[issued.Number+".xml"]; !bytes.Contains(got, []byte("<cbc:ID>"+issued.Number+"</cbc:ID>")) {
		t.Errorf("the e-invoice arrived as %.200s", got)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(o.server.taken[0].Header.Get("Subject"))
	if err != nil || !strings.Contains(subject, issued.Number) {
		t.Errorf("the subject is %q (%v)", subject, err)
	}
}

// attached takes the files out of the first mail that the server has.
func attached(t *testing.T, s *server) map[string][]byte {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, params, err := mime.ParseMediaType(s.taken[0].Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := multipart.NewReader(strings.NewReader(s.bodies[0]), params["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if part.FileName() == "" {
			continue
		}
		data, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Fatal(err)
		}
		files[part.FileName()] = data
	}
}
