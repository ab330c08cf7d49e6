package biller_test

import (
	"testing"

	"allotment/app/biller/billertest"
	"allotment/billing"
)

// books is an installation with many subscriptions and a clock of its own.
type books struct{ *billertest.Books }

func newBooks(t testing.TB, resellers, customers, each int) *books {
	t.Helper()
	return &books{billertest.New(t, resellers, customers, each)}
}

func day(t testing.TB, text string) billing.Date {
	t.Helper()
	d, err := billing.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
