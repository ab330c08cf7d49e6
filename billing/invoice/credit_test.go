package invoice_test

import (
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestCreditsNeverExceedTheInvoice takes invoices back in random pieces until nothing is left: lines, VAT and total come out exactly,
// each note is exact, none is early or late by more than a cent of VAT, and one cent more is refused.
func TestCreditsNeverExceedTheInvoice(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for round := range 20 {
		for i, c := range billingtest.Cases() {
			original := billingtest.Invoice(t, dice, c, round*100+i)
			var notes []invoice.Document
			var net, vat int64
			for net < original.Net.Minor {
				var asks []invoice.Ask
				for _, line := range original.Lines {
					left, err := invoice.Left(original, notes, line.ID)
					if err != nil {
						t.Fatal(err)
					}
					if left.Minor > 0 {
						asks = append(asks, invoice.Ask{Line: line.ID, Net: billingtest.Euro(1 + dice.Int64N(left.Minor))})
					}
				}
				note, err := invoice.Credit(original, notes, asks, "a demo reason")
				if len(notes) > 5 {
					note, err = invoice.CreditAll(original, notes, "the rest")
				}
				if err != nil {
					t.Fatal(err)
				}
				note.Number, note.Issued, note.TaxPoint = "C", original.Due, original.Due
				if err := note.Ready(); err != nil {
					t.Fatal(err)
				}
				net, vat, notes = net+note.Net.Minor, vat+note.VAT.Minor, append(notes, note)
				if net > original.Net.Minor || vat > original.VAT.Minor {
					t.Fatalf("%d + %d are credited of %s + %s", net, vat, original.Net, original.VAT)
				}
			}
			if vat != original.VAT.Minor {
				t.Fatalf("all is credited, but %d of VAT of %s", vat, original.VAT)
			}
			if _, err := invoice.Credit(original, notes, []invoice.Ask{{Line: "1", Net: billingtest.Euro(1)}}, "more"); err == nil {
				t.Fatal("a cent more than the invoice was credited")
			}
			if _, err := invoice.CreditAll(original, notes, "more"); err == nil {
				t.Fatal("nothing was credited")
			}
		}
	}
}

func TestCreditRefuses(t *testing.T) {
	t.Parallel()
	original, err := invoice.Calculate(draft("EUR", usage("1", "1", "10"), usage("2", "1", "5")))
	if err != nil {
		t.Fatal(err)
	}
	note, err := invoice.CreditAll(original, nil, "all")
	if err != nil {
		t.Fatal(err)
	}
	stranger := note
	stranger.Corrects = &invoice.Reference{Number: "other"}
	euro := func(line string, cents int64) []invoice.Ask {
		return []invoice.Ask{{Line: line, Net: billingtest.Euro(cents)}}
	}
	cases := map[string]struct {
		of      invoice.Document
		earlier []invoice.Document
		asks    []invoice.Ask
	}{
		"more than the line":       {original, nil, euro("2", 501)},
		"nothing":                  {original, nil, euro("1", 0)},
		"less than nothing":        {original, nil, euro("1", -1)},
		"a line that is not there": {original, nil, euro("3", 1)},
		"a line twice":             {original, nil, append(euro("1", 1), euro("1", 1)...)},
		"no line":                  {original, nil, nil},
		"another currency":         {original, nil, []invoice.Ask{{Line: "1", Net: billing.Money{Minor: 1, Currency: "USD"}}}},
		"a credit note":            {note, nil, euro("1", 1)},
		"credits of another":       {original, []invoice.Document{stranger}, euro("1", 1)},
	}
	for name, c := range cases {
		if got, err := invoice.Credit(c.of, c.earlier, c.asks, "no"); err == nil {
			t.Errorf("%s: credited %s", name, got.Gross)
		}
	}
}

// TestChangeOfPlan: the unused days come back as they were invoiced, after the discount, and the same days of the new price are charged.
func TestChangeOfPlan(t *testing.T) {
	t.Parallel()
	whole := billingtest.Span(t, "2026-01-31", "2026-02-28") // 28 days
	item := invoice.Item{Name: "Nextcloud S", Tax: dutchVAT}
	line, err := invoice.PeriodLine("1", item, billingtest.Euro(2800), whole, whole)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := invoice.Coupon{Percent: billing.Int(50)}.Apply([]invoice.Line{line}, "EUR", "half")
	if err != nil {
		t.Fatal(err)
	}
	original, err := invoice.Calculate(draft("EUR", lines...))
	if err != nil {
		t.Fatal(err)
	}
	change, err := invoice.ChangePlan(original, nil, "1", billingtest.Day(t, "2026-02-21"), invoice.Item{Name: "Nextcloud M", Tax: dutchVAT}, billingtest.Euro(5600))
	if err != nil || change.Credit.Net.Minor != 350 || change.Charge.Price.String() != "14" || change.Charge.Period.Days() != 7 {
		t.Fatalf("%+v, %v", change, err)
	}
	second, err := invoice.Calculate(draft("EUR", change.Charge))
	if err != nil {
		t.Fatal(err)
	}
	again, err := invoice.ChangePlan(second, nil, "1", billingtest.Day(t, "2026-02-27"), item, billingtest.Euro(2800))
	if err != nil || again.Credit.Net.Minor != 200 || again.Charge.Price.String() != "1" {
		t.Errorf("changed again on the last day: %+v, %v", again, err)
	}
	note, err := invoice.Credit(original, nil, []invoice.Ask{{Line: "1", Net: billingtest.Euro(1200)}}, "out of order")
	if err != nil {
		t.Fatal(err)
	}
	capped, err := invoice.ChangePlan(original, []invoice.Document{note}, "1", billingtest.Day(t, "2026-02-21"), item, billingtest.Euro(2800))
	if err != nil || capped.Credit.Net.Minor != 200 {
		t.Errorf("after a credit of 12 of 14 euro: %+v, %v", capped.Credit, err)
	}
	if _, err := invoice.ChangePlan(original, nil, "1", whole.End, item, billingtest.Euro(2800)); err == nil {
		t.Error("a period that is over was changed")
	}
}

// TestChangingToTheSamePlanCostsNothing: on any day of any period, the credit and the charge of an unchanged price are equal.
func TestChangingToTheSamePlanCostsNothing(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 2000 {
		whole := billing.PeriodAt(billingtest.Date(dice), billing.Intervals()[dice.IntN(3)], dice.IntN(5))
		price, item := billingtest.Euro(1+dice.Int64N(100000)), invoice.Item{Name: "Same", Tax: dutchVAT}
		line, err := invoice.PeriodLine("1", item, price, whole, whole)
		if err != nil {
			t.Fatal(err)
		}
		original, err := invoice.Calculate(draft("EUR", line))
		if err != nil {
			t.Fatal(err)
		}
		change, err := invoice.ChangePlan(original, nil, "1", whole.Start.AddDays(dice.IntN(whole.Days())), item, price)
		if err != nil {
			t.Fatal(err)
		}
		if charged, err := change.Credit.Net.Decimal(); err != nil || charged != change.Charge.Price {
			t.Fatalf("%s of %s: credit %s, charge %s", price, whole, change.Credit.Net, change.Charge.Price)
		}
	}
}

// TestCouponsSpreadExactly: an amount comes off to the cent, spread over the lines, and never below nothing.
func TestCouponsSpreadExactly(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 500 {
		original := billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
		amount := billingtest.Euro(1 + dice.Int64N(20000))
		lines, err := invoice.Coupon{Amount: amount}.Apply(original.Lines, "EUR", "off")
		if err != nil {
			t.Fatal(err)
		}
		after := original
		after.Lines = lines
		if after, err = invoice.Calculate(after); err != nil {
			t.Fatal(err)
		}
		want := max(0, original.Net.Minor-amount.Minor)
		if after.Net.Minor != want {
			t.Fatalf("%s off %s leaves %s", amount, original.Net, after.Net)
		}
	}
	for _, bad := range []invoice.Coupon{{}, {Percent: billing.Int(101)}, {Percent: billing.Int(-1)}, {Amount: billingtest.Euro(-1)}, {Percent: billing.Int(1), Amount: billingtest.Euro(1)}} {
		if _, err := bad.Apply([]invoice.Line{usage("1", "1", "1")}, "EUR", "off"); err == nil {
			t.Errorf("%+v was applied", bad)
		}
	}
}

func TestTopUpReachesTheMinimum(t *testing.T) {
	t.Parallel()
	item, period := invoice.Item{Name: "Minimum", Tax: dutchVAT}, billingtest.Span(t, "2026-01-01", "2026-02-01")
	line, needed, err := invoice.TopUp("2", item, []invoice.Line{usage("1", "3", "0.0125")}, billingtest.Euro(500), period)
	if err != nil || !needed || line.Price.String() != "4.96" || line.Period != period {
		t.Errorf("%+v, %v, %v", line, needed, err)
	}
	if _, needed, err := invoice.TopUp("2", item, []invoice.Line{usage("1", "1", "5")}, billingtest.Euro(500), period); err != nil || needed {
		t.Errorf("the minimum was reached, and lifted: %v", err)
	}
}
