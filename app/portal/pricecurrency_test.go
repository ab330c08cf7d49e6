package portal_test

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/tax"
)

// TestCurrenciesWithoutCents: an installation whose currency has no decimals, or three, sells, previews, invoices and draws to its smallest unit,
// through a reseller's margin; what is typed in another way is refused in words that name this currency's own.
func TestCurrenciesWithoutCents(t *testing.T) {
	t.Parallel()
	for currency, c := range map[string]struct {
		typed, setup string
		wrong        map[string]string // what is typed, and what the message says
		retail, fee  int64             // in the smallest unit: 12.5% over what the operator asks, rounded half up
		gross        int64             // with 21%, once over both
		drawn        string
		ubl          bool
	}{
		"JPY": {typed: "1 500", setup: "333", retail: 1688, fee: 400, gross: 2526, drawn: "2,526", ubl: true,
			wrong: map[string]string{"12.50": "no decimals", "0.5": "no decimals", "abc": "like 1250.", "": "like 1250.", "-1": "negative"}},
		"KWD": {typed: "1,005", setup: "0.333", retail: 1131, fee: 400, gross: 1853, drawn: "1.853",
			wrong: map[string]string{"0.0005": "three decimals", "abc": "like 12.500.", "-0.001": "negative"}},
	} {
		t.Run(currency, func(t *testing.T) {
			t.Parallel()
			s := shelf{World: portaltest.New(t, func(cfg *portal.Config) { cfg.Currency = currency })}
			s.shop = s.Below(t, s.Operator, app.Reseller, "shop")
			s.buyer = s.Below(t, s.shop, app.Customer, "buyer")
			for typed, wanted := range c.wrong {
				_, err := s.Portal.SetPrice(t.Context(), s.Operator, priceOf(portal.PriceAmount, typed))
				if message := app.FieldsOf(err)["amount"]; !strings.Contains(message, wanted) {
					t.Errorf("%q: %q (%v), want %q", typed, message, err, wanted)
				}
			}
			above := priceOf(portal.PriceAmount, c.typed)
			above.Setup = c.setup
			s.set(t, s.Operator, above)
			margin := priceOf(portal.PricePercent, "12,5")
			margin.Setup = map[string]string{"JPY": "400", "KWD": "0.4"}[currency]
			change := s.set(t, s.shop, margin)
			if change.Price.Amount.Minor != c.retail || change.Price.Setup.Minor != c.fee || change.Above == nil || change.Above.Setup.Minor != 333 {
				t.Fatalf("%+v", change)
			}
			s.rates(t, map[string]string{"JPY": "160.5", "KWD": "0.333"})
			s.issuesAsPreviewed(t, func(first biller.First) {
				if d := first.Document; d.Currency != currency || d.Gross.Minor != c.gross {
					t.Errorf("the first invoice is %v, want %d", d.Gross, c.gross)
				}
			})
			s.drawn(t, c.drawn, c.ubl)
		})
	}
}

// rates are what one euro is today.
func (s shelf) rates(t *testing.T, each map[string]string) { s.ratesOn(t, each, time.Now()) }

func (s shelf) ratesOn(t *testing.T, each map[string]string, now time.Time) {
	t.Helper()
	err := s.Store.InTenant(t.Context(), s.Operator, func(tx *store.Tx) error {
		var all []app.ExchangeRate
		for currency, per := range each {
			rate, err := billing.ParseDecimal(per)
			if err != nil {
				return err
			}
			all = append(all, app.ExchangeRate{Currency: currency, Day: billing.DateIn(now, time.UTC).AddDays(-1), PerEuro: rate, Source: "https://www.ecb.europa.eu"})
		}
		_, err := tx.LearnExchangeRates(t.Context(), all, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// issuesAsPreviewed orders a small Redmine and bills it once it runs.
func (s shelf) issuesAsPreviewed(t *testing.T, check func(biller.First)) {
	t.Helper()
	conn := s.books(t)
	preview, err := s.Portal.Preview(t.Context(), s.buyer, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	check(preview.First)
	order, err := s.Portal.PlaceOrder(t.Context(), s.buyer, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	exec(t, conn, `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, order.Service)
	b := biller.New(s.Store, tax.Seed(), slog.New(slog.DiscardHandler), func() time.Time { return preview.First.Starts.UTC().Add(12 * time.Hour) })
	if sum, err := b.Bill(t.Context(), biller.Run{}); err != nil || sum.Invoices != 1 || len(sum.Parked) > 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if got := onlyInvoice(t, conn, &preview.First.Document); !reflect.DeepEqual(got, preview.First.Document) {
		t.Errorf("the preview was\n%s\nand the invoice is\n%s", asJSON(t, preview.First.Document), asJSON(t, got))
	}
	if off, err := b.Verify(t.Context()); err != nil || len(off) > 0 {
		t.Errorf("the books are off: %v, %v", off, err)
	}
}

// drawn wants the buyer's only invoice as a list, a PDF and, where the rules know its currency's decimals, an e-invoice.
func (s shelf) drawn(t *testing.T, total string, ubl bool) {
	t.Helper()
	page, err := s.Portal.Invoices(t.Context(), s.buyer, portal.InvoiceFilter{})
	if err != nil || len(page.Invoices) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	file := func(format portal.InvoiceFormat) ([]byte, error) {
		f, err := s.Portal.InvoiceFile(t.Context(), s.buyer, page.Invoices[0].ID, format)
		return f.Data, err
	}
	if data, err := file(portal.InvoicePDF); err != nil || !bytes.HasPrefix(data, []byte("%PDF-")) {
		t.Errorf("a PDF of %d bytes: %v", len(data), err)
	}
	data, err := file(portal.InvoiceUBL)
	if ubl && (err != nil || !bytes.Contains(data, []byte(strings.ReplaceAll(total, ",", "")))) {
		t.Errorf("no e-invoice over %s: %v", total, err)
	}
	if !ubl && app.CodeOf(err) != app.Conflict {
		t.Errorf("an e-invoice in a currency that its rules do not know: %v", err)
	}
}

// TestNoCouponWithoutUse: a limit of nothing is a slip, and is not taken for no limit at all.
func TestNoCouponWithoutUse(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for _, r := range []portal.CouponRequest{{Code: "NEVER", Off: "10", Total: "0"}, {Code: "NEVER", Off: "10", Each: "0"}} {
		if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, r); app.FieldsOf(err)["total"] == "" && app.FieldsOf(err)["each"] == "" {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := s.Portal.CreateCoupon(t.Context(), s.shop, portal.CouponRequest{Code: "ALWAYS", Off: "10", Total: " "}); err != nil {
		t.Errorf("left empty: %v", err)
	}
}
