package billing_test

import (
	"errors"
	"math"
	"testing"

	"allotment/billing"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	cases := []struct {
		amount, currency string
		minor            int64
		fails            bool
	}{
		{"12.50", "EUR", 1250, false},
		{"12.5", "EUR", 1250, false},
		{"12", "EUR", 1200, false},
		{"0.01", "EUR", 1, false},
		{"-3", "EUR", -300, false},
		{"-0.05", "EUR", -5, false},
		{"1500", "JPY", 1500, false},
		{"1.234", "KWD", 1234, false},
		{"92233720368547758.07", "EUR", math.MaxInt64, false},
		{"-92233720368547758.08", "EUR", math.MinInt64, false},
		{"92233720368547758.08", "EUR", 0, true},
		{"1.5", "JPY", 0, true},
		{"1.2345", "KWD", 0, true},
		{"12.505", "EUR", 0, true},
		{"12,50", "EUR", 0, true},
		{"1.", "EUR", 0, true},
		{".5", "EUR", 0, true},
		{"", "EUR", 0, true},
		{"--5", "EUR", 0, true},
		{"+5", "EUR", 0, true},
		{"1e3", "EUR", 0, true},
		{" 5", "EUR", 0, true},
		{"٣", "EUR", 0, true},
		{"5", "eur", 0, true},
		{"5", "XXX", 0, true},
	}
	for _, c := range cases {
		got, err := billing.ParseMoney(c.amount, c.currency)
		if (err != nil) != c.fails {
			t.Errorf("ParseMoney(%q, %s): error %v, want failure %v", c.amount, c.currency, err, c.fails)
			continue
		}
		if err == nil && (got.Minor != c.minor || got.Currency != c.currency) {
			t.Errorf("ParseMoney(%q, %s) = %+v, want %d", c.amount, c.currency, got, c.minor)
		}
	}
}

func TestAmountIsReadBack(t *testing.T) {
	t.Parallel()
	for _, currency := range []string{"EUR", "JPY", "KWD"} {
		for _, minor := range []int64{0, 1, 5, 10, 99, 100, 1234567, -1, -100, math.MaxInt64, math.MinInt64} {
			want := billing.Money{Minor: minor, Currency: currency}
			got, err := billing.ParseMoney(want.Amount(), currency)
			if err != nil || got != want {
				t.Errorf("%+v -> %q -> %+v, %v", want, want.Amount(), got, err)
			}
		}
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	euro := func(n int64) billing.Money { return billing.Money{Minor: n, Currency: "EUR"} }
	cases := []struct {
		a, b, want int64
		overflow   bool
	}{
		{1, 2, 3, false},
		{1, -2, -1, false},
		{math.MaxInt64, 0, math.MaxInt64, false},
		{math.MaxInt64, 1, 0, true},
		{math.MinInt64, -1, 0, true},
		{math.MinInt64, math.MaxInt64, -1, false},
	}
	for _, c := range cases {
		got, err := euro(c.a).Add(euro(c.b))
		if errors.Is(err, billing.ErrOverflow) != c.overflow || (err == nil && got != euro(c.want)) {
			t.Errorf("%d + %d = %v, %v", c.a, c.b, got, err)
		}
	}
	if _, err := euro(1).Add(billing.Money{Minor: 1, Currency: "USD"}); err == nil {
		t.Error("euros and dollars were added")
	}
}

func TestMul(t *testing.T) {
	t.Parallel()
	cases := []struct {
		minor, n, want int64
		overflow       bool
	}{
		{950, 12, 11400, false},
		{-950, 12, -11400, false},
		{0, math.MaxInt64, 0, false},
		{5, 0, 0, false},
		{math.MaxInt64, 2, 0, true},
		{math.MinInt64, -1, 0, true},
		{-1, math.MinInt64, 0, true},
		{math.MinInt64, 1, math.MinInt64, false},
		{1 << 32, 1 << 31, 0, true},
	}
	for _, c := range cases {
		got, err := billing.Money{Minor: c.minor, Currency: "EUR"}.Mul(c.n)
		if errors.Is(err, billing.ErrOverflow) != c.overflow || (err == nil && got.Minor != c.want) {
			t.Errorf("%d x %d = %v, %v", c.minor, c.n, got, err)
		}
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	cases := []struct {
		minor            int64
		currency, locale string
		want             string
	}{
		{123450, "EUR", "en", "€1,234.50"},
		{123450, "EUR", "nl", "€\u00a01.234,50"},
		{123450, "EUR", "de", "1.234,50\u00a0€"},
		{123450, "EUR", "de-AT", "1.234,50\u00a0€"},
		{123450, "EUR", "nl_BE", "€\u00a01.234,50"},
		{123450, "EUR", "fr", "€1,234.50"},
		{-950, "EUR", "en", "-€9.50"},
		{-950, "EUR", "nl", "€\u00a0-9,50"},
		{-950, "EUR", "de", "-9,50\u00a0€"},
		{5, "EUR", "en", "€0.05"},
		{0, "EUR", "de", "0,00\u00a0€"},
		{1234567, "JPY", "en", "¥1,234,567"},
		{1234567, "KWD", "en", "KWD\u00a01,234.567"},
		{1234567, "CHF", "de", "12.345,67\u00a0CHF"},
		{math.MinInt64, "EUR", "en", "-€92,233,720,368,547,758.08"},
	}
	for _, c := range cases {
		if got := (billing.Money{Minor: c.minor, Currency: c.currency}).Format(c.locale); got != c.want {
			t.Errorf("%d %s in %s: %q, want %q", c.minor, c.currency, c.locale, got, c.want)
		}
	}
}

func TestParseInterval(t *testing.T) {
	t.Parallel()
	for _, interval := range billing.Intervals() {
		if got, err := billing.ParseInterval(string(interval)); err != nil || got != interval {
			t.Errorf("ParseInterval(%q) = %q, %v", interval, got, err)
		}
	}
	if _, err := billing.ParseInterval("week"); err == nil {
		t.Error("week was taken for an interval")
	}
	if months := billing.Quarter.Months(); months != 3 {
		t.Errorf("a quarter has %d months", months)
	}
}
