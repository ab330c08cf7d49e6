package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/driver/vies"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/billing/ledger"
	"allotment/billing/tax"
	fake "allotment/e2e/vies"
)

// withVIES is a world that asks a stand-in of VIES, which knows the operator and one business.
func withVIES(t *testing.T) (*portaltest.World, *fake.Server) {
	t.Helper()
	s, err := fake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Register("NL123456789B01", fake.Trader{Name: "Demo Operator"})
	s.Register("DE123456789", fake.Trader{Name: "Demo Garten"})
	register, err := vies.New(s.URL, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return portaltest.New(t, func(c *portal.Config) { c.VAT = register }), s
}

func german() portal.DetailsRequest {
	return portal.DetailsRequest{Business: true, Name: "Demo Garten", Street: "Beispielweg 1", PostCode: "10115", City: "Demostadt", Country: "DE", Language: "de",
		VATID: "de 123.456.789", Phone: "+49 30 901820", LegalID: "HRB 1", Endpoint: "9930:de123456789", Reference: "Cost centre 7"}
}

func details(t *testing.T, w *portaltest.World, actor app.Actor) portal.BillingDetails {
	t.Helper()
	d, err := w.Portal.BillingDetails(t.Context(), actor, app.ID{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBillingDetails(t *testing.T) {
	t.Parallel()
	w, s := withVIES(t)
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, german()); err != nil {
		t.Fatal(err)
	}
	d := details(t, w, w.Tenant)
	p := d.Profile
	if p.Party.VATID != "DE123456789" || p.Buyer.Check != tax.Unchecked || p.Party.EndpointScheme != "9930" || p.Party.Phone != "+4930901820" || p.Reference != "Cost centre 7" ||
		!d.Complete || !d.Foreign || d.Proven() != 2 || d.Next.IsZero() {
		t.Fatalf("%+v", d)
	}
	check, err := w.Portal.CheckVATID(t.Context(), w.Tenant, app.ID{})
	if err != nil || check.Result != app.VATValid || check.Consultation == "" || check.Requester != "NL123456789B01" {
		t.Fatalf("%+v, %v", check, err)
	}
	d = details(t, w, w.Tenant)
	if d.Profile.Buyer.Check != tax.Valid || len(d.Checks) != 1 || d.Checks[0].Consultation != check.Consultation || d.Next.Before(time.Now().AddDate(0, 0, 360)) {
		t.Fatalf("%+v", d)
	}
	again := german()
	again.City = "Another City"
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, again); err != nil || details(t, w, w.Tenant).Profile.Buyer.Check != tax.Valid {
		t.Errorf("another city loses the answer about the VAT ID (%v)", err)
	}
	again.VATID = "FR12345678901"
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, again); err != nil || details(t, w, w.Tenant).Profile.Buyer.Check != tax.Unchecked {
		t.Errorf("another VAT ID keeps the answer about the one before (%v)", err)
	}
	if check, err = w.Portal.CheckVATID(t.Context(), w.Tenant, app.ID{}); err != nil || check.Result != app.VATInvalid || details(t, w, w.Tenant).Profile.Buyer.Check != tax.Invalid {
		t.Errorf("%+v, %v", check, err)
	}
	again.Business = false
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, again); err != nil || details(t, w, w.Tenant).Profile.Buyer.ID != "" {
		t.Errorf("a private person keeps a VAT ID (%v)", err)
	}
	if _, err := w.Portal.CheckVATID(t.Context(), w.Tenant, app.ID{}); app.CodeOf(err) != app.Conflict {
		t.Errorf("a check of nothing: %v", err)
	}
	if len(s.Asked()) != 2 {
		t.Errorf("VIES was asked %d times", len(s.Asked()))
	}
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	for _, sql := range []string{`UPDATE vat_checks SET result = 'valid'`, `DELETE FROM vat_checks`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("somebody may: %s", sql)
		}
	}
}

func TestBillingDetailsAreChecked(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	for field, change := range map[string]func(*portal.DetailsRequest){
		"name":         func(r *portal.DetailsRequest) { r.Name = " " },
		"street":       func(r *portal.DetailsRequest) { r.Street = "" },
		"post_code":    func(r *portal.DetailsRequest) { r.PostCode = strings.Repeat("1", 20) },
		"city":         func(r *portal.DetailsRequest) { r.City = "a\x00b" },
		"country":      func(r *portal.DetailsRequest) { r.Country = "XX" },
		"email":        func(r *portal.DetailsRequest) { r.Email = "Demo <a@example.org>" },
		"phone":        func(r *portal.DetailsRequest) { r.Phone = "030 901820" },
		"vat_id":       func(r *portal.DetailsRequest) { r.VATID = "DE12" },
		"endpoint":     func(r *portal.DetailsRequest) { r.Endpoint = "12345678" },
		"language":     func(r *portal.DetailsRequest) { r.Language = "fr" },
		"reference":    func(r *portal.DetailsRequest) { r.Reference = strings.Repeat("x", 61) },
		"outside_area": func(r *portal.DetailsRequest) { r.OutsideArea = true },
	} {
		r := german()
		change(&r)
		if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, r); app.CodeOf(err) != app.Invalid || len(app.FieldsOf(err)) != 1 || app.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	canary := german()
	canary.Country, canary.PostCode, canary.VATID, canary.OutsideArea = "ES", "35001", "", true
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, canary); err != nil {
		t.Errorf("the Canary Islands: %v", err)
	}
}

// TestSellersMendDetails: those above an organization may, others do not even see it.
func TestSellersMendDetails(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	resold := w.Resold(t)
	r := german()
	r.Organization = resold.Organization
	for who, actor := range map[string]app.Actor{"its reseller": w.Reseller(t), "the operator": w.Operator} {
		r.City = "City of " + who
		if err := w.Portal.SaveBillingDetails(t.Context(), actor, r); err != nil || details(t, w, resold).Profile.Party.City != r.City {
			t.Errorf("%s: %v", who, err)
		}
	}
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, r); app.CodeOf(err) != app.NotFound {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := w.Portal.BillingDetails(t.Context(), w.Tenant, resold.Organization); app.CodeOf(err) != app.NotFound {
		t.Errorf("a stranger's look: %v", err)
	}
	log, err := w.Portal.AuditLog(t.Context(), resold, portal.AuditFilter{})
	if err != nil || len(log.Lines) == 0 || log.Lines[0].Action != "billing.details" || !strings.Contains(log.Lines[0].After, r.City) {
		t.Errorf("the customer's log: %+v, %v", log.Lines, err)
	}
}

// TestVIESIsAskedAgain: no answer changes nothing and is asked for again, with growing pauses; what was answered long ago is asked about again.
func TestVIESIsAskedAgain(t *testing.T) {
	t.Parallel()
	w, s := withVIES(t)
	s.Away("DE", "MS_UNAVAILABLE")
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, german()); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	portal.SetClock(w.Portal, func() time.Time { return at })
	var pauses []time.Duration
	for range 9 {
		if n, err := w.Portal.CheckVATIDs(t.Context()); err != nil || n != 0 && len(pauses) > 0 {
			t.Fatalf("%d, %v", n, err)
		}
		d := details(t, w, w.Tenant)
		if d.Profile.Buyer.Check != tax.Unchecked || d.Checks[0].Fault != "MS_UNAVAILABLE" {
			t.Fatalf("%+v", d)
		}
		pauses = append(pauses, d.Next.Sub(at).Round(time.Minute))
		at = d.Next.Add(time.Second)
	}
	if fmt.Sprint(pauses) != "[15m0s 30m0s 1h0m0s 2h0m0s 4h0m0s 8h0m0s 16h0m0s 24h0m0s 24h0m0s]" {
		t.Errorf("the pauses are %v", pauses)
	}
	s.Away("DE", "")
	if n, err := w.Portal.CheckVATIDs(t.Context()); err != nil || n != 1 || details(t, w, w.Tenant).Profile.Buyer.Check != tax.Valid {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := w.Portal.CheckVATIDs(t.Context()); err != nil || n != 0 {
		t.Errorf("asked again at once: %d, %v", n, err)
	}
	s.Withdraw("DE123456789")
	at = at.AddDate(1, 0, 1)
	wantVATMails(t, w, 0)
	if _, err := w.Portal.CheckVATIDs(t.Context()); err != nil || details(t, w, w.Tenant).Profile.Buyer.Check != tax.Invalid {
		t.Errorf("a year later it is not asked about again: %v", err)
	}
	wantVATMails(t, w, 1)
	if check, err := w.Portal.CheckVATID(t.Context(), w.Operator, w.Tenant.Organization); err != nil || check.Result != app.VATInvalid {
		t.Errorf("%+v, %v", check, err)
	}
	wantVATMails(t, w, 1) // it was told
	s.Register("DE123456789", fake.Trader{Name: "Demo Garten"})
	for range 2 { // valid again, and once more not
		if _, err := w.Portal.CheckVATID(t.Context(), w.Tenant, app.ID{}); err != nil {
			t.Fatal(err)
		}
		s.Withdraw("DE123456789")
	}
	wantVATMails(t, w, 2)
}

// wantVATMails counts what both sides are told of a VAT ID that is not valid any more.
func wantVATMails(t *testing.T, w *portaltest.World, want int) {
	t.Helper()
	for _, who := range []app.Actor{w.Tenant, w.Operator} {
		n := 0
		for _, mail := range w.Mails(t, who.Email) {
			if mail.Kind == app.MailVATID && mail.Data["vat_id"] == "DE123456789" && mail.Organization == who.Organization {
				n++
			}
		}
		if n != want {
			t.Errorf("%s has %d mails, want %d", who.Email, n, want)
		}
	}
}

// TestVIESIsNotAskedTooOften: an organization that asks on and on is told to wait, at no other's cost; its details are kept all the same.
func TestVIESIsNotAskedTooOften(t *testing.T) {
	t.Parallel()
	w, s := withVIES(t)
	var err error
	for n := 0; n < 100 && err == nil; n++ {
		_, err = w.Portal.TryVATID(t.Context(), w.Tenant, "DE123456789")
	}
	if app.CodeOf(err) != app.TooMany || len(s.Asked()) != 30 {
		t.Fatalf("after %d questions: %v", len(s.Asked()), err)
	}
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, german()); err != nil {
		t.Error(err)
	}
	if _, err := w.Portal.CheckVATID(t.Context(), w.Tenant, app.ID{}); app.CodeOf(err) != app.TooMany {
		t.Errorf("through the other door: %v", err)
	}
	if n, err := w.Portal.CheckVATIDs(t.Context()); n != 1 || err != nil {
		t.Errorf("by itself: %d, %v", n, err)
	}
	if _, err := w.Portal.TryVATID(t.Context(), w.Other, "DE123456789"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// TestOrdersNeedDetails: what costs money is not ordered by who cannot be invoiced, and says what is missing; a seller may order all the same.
func TestOrdersNeedDetails(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	if _, err := conn.Exec(t.Context(), `DELETE FROM billing_profiles WHERE organization_id = $1`, w.Tenant.Organization); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("one")); app.FieldsOf(err)["details"] == "" {
		t.Errorf("without details: %v", err)
	}
	if preview, err := w.Portal.Preview(t.Context(), w.Tenant, request("one")); err != nil || preview.Gap != portal.NoDetails {
		t.Errorf("the review: %q, %v", preview.Gap, err)
	}
	byHand := request("two")
	byHand.For = w.Tenant.Organization
	if _, err := w.Portal.PlaceOrder(t.Context(), w.Operator, byHand); err != nil {
		t.Errorf("the seller: %v", err)
	}
	if err := w.Portal.SaveBillingDetails(t.Context(), w.Tenant, german()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("one")); err != nil {
		t.Errorf("with details: %v", err)
	}
	if _, err := conn.Exec(t.Context(), `DELETE FROM seller_terms`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("three")); app.CodeOf(err) != app.Conflict {
		t.Errorf("without terms: %v", err)
	}
}

func terms() portal.TermsRequest {
	party := german()
	party.Country, party.PostCode, party.VATID, party.Endpoint = "NL", "1234 AB", "NL123456789B01", ""
	return portal.TermsRequest{Party: party, OSS: true, ExportAs: "O", RecheckDays: 365, IBAN: "NL91 ABNA 0417 1643 00", Zone: "Europe/Berlin", Prefix: "demo",
		DueDays: 30, Dunning: ledger.Policy{First: 1, Warn: 2, Hold: 3, Grace: 4, End: 5}}
}

func TestSellingTerms(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	if err := w.Portal.SaveSellingTerms(t.Context(), w.Operator, terms()); err != nil {
		t.Fatal(err)
	}
	got, err := w.Portal.SellingTerms(t.Context(), w.Operator)
	s := got.Terms
	if err != nil || !got.Saved || s.Prefix != "DEMO-" || s.Payment.IBAN != "NL91ABNA0417164300" || s.Payment.Holder != "Demo Garten" || s.DueDays != 30 ||
		s.Dunning != terms().Dunning || s.Party.LegalScheme != "0106" || s.Tax.Country != "NL" || len(s.Rates) < 27 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := w.Portal.SellingTerms(t.Context(), w.Tenant); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer: %v", err)
	}
	old := w.Operator
	old.ConfirmedAt, old.Session = time.Now().Add(-time.Hour), app.NewID()
	if err := w.Portal.SaveSellingTerms(t.Context(), old, terms()); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("a session that was confirmed long ago: %v", err)
	}
	for field, change := range map[string]func(*portal.TermsRequest){
		"vat_id":         func(r *portal.TermsRequest) { r.Party.VATID = "" },
		"country":        func(r *portal.TermsRequest) { r.Party.Country = "US" },
		"below_limit":    func(r *portal.TermsRequest) { r.BelowLimit = true },
		"export_as":      func(r *portal.TermsRequest) { r.ExportAs = "S" },
		"registered":     func(r *portal.TermsRequest) { r.Registered = []string{"NL"} },
		"iban":           func(r *portal.TermsRequest) { r.IBAN = "NL91 ABNA 0417 1643 01" },
		"bic":            func(r *portal.TermsRequest) { r.BIC = "ABC" },
		"zone":           func(r *portal.TermsRequest) { r.Zone = "Europe/Atlantis" },
		"prefix":         func(r *portal.TermsRequest) { r.Prefix = "DEMO/2026" },
		"due_days":       func(r *portal.TermsRequest) { r.DueDays = 121 },
		"recheck_days":   func(r *portal.TermsRequest) { r.RecheckDays = 0 },
		"dunning_hold":   func(r *portal.TermsRequest) { r.Dunning.Hold = -1 },
		"dunning_delete": func(r *portal.TermsRequest) { r.Dunning.Delete = true },
	} {
		r := terms()
		change(&r)
		if err := w.Portal.SaveSellingTerms(t.Context(), w.Operator, r); len(app.FieldsOf(err)) != 1 || app.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestPrefixesRepeatNoNumber: whatever prefixes a seller has had, the same number stands for one series and count alone.
func TestPrefixesRepeatNoNumber(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, prefix := range []string{"", "C", "C-", "2026", "2026-", "A-C", "C2026", "P"} {
		r := terms()
		r.Prefix = prefix
		kept, err := portal.PrefixOf(r)
		if err != nil {
			t.Fatalf("%q: %v", prefix, err)
		}
		for _, series := range []string{"2026", "2027", "C2026", "P2026"} {
			for _, count := range []int{1, 2, 99999, 100000} {
				number, what := fmt.Sprintf("%s%s-%05d", kept, series, count), fmt.Sprint(series, count)
				if before, ok := seen[number]; ok && before != what {
					t.Errorf("%s is %s and %s", number, before, what)
				}
				seen[number] = what
			}
		}
	}
}

func TestVATRates(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	good := portal.NewRate{Country: "nl", Percent: "22,5 %", From: time.Now().AddDate(0, 1, 0).Format(time.DateOnly), Source: "https://example.org/law"}
	if err := w.Portal.AddVATRate(t.Context(), w.Operator, good); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.AddVATRate(t.Context(), w.Reseller(t), good); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a reseller: %v", err)
	}
	for field, change := range map[string]func(*portal.NewRate){
		"country":    func(r *portal.NewRate) { r.Country = "GB" },
		"percent":    func(r *portal.NewRate) { r.Percent = "51" },
		"valid_from": func(r *portal.NewRate) { r.From = time.Now().AddDate(0, 0, -2).Format(time.DateOnly) },
		"source":     func(r *portal.NewRate) { r.Source = "http://example.org" },
	} {
		r := good
		change(&r)
		if err := w.Portal.AddVATRate(t.Context(), w.Operator, r); app.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	table, err := w.Portal.VATRates(t.Context(), w.Tenant)
	if err != nil || table.Check() != nil || len(table) != len(tax.Seed())+1 {
		t.Errorf("%d rates, %v", len(table), err)
	}
}
