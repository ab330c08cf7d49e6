package ledger_test

import (
	"fmt"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/ledger"
)

// TestAllocateOldestFirst: nothing is lost, no invoice is overpaid, and a younger one gets nothing while an older one is open.
func TestAllocateOldestFirst(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 2000 {
		var open []ledger.Open
		for i := range dice.IntN(8) {
			open = append(open, ledger.Open{Invoice: fmt.Sprint(i), Due: billingtest.Date(dice), Amount: euro(dice.Int64N(500))})
		}
		available := euro(dice.Int64N(2000))
		paid, left, err := ledger.Allocate(available, open)
		if err != nil {
			t.Fatal(err)
		}
		sum, got := left.Minor, map[string]int64{}
		for _, p := range paid {
			sum, got[p.Invoice] = sum+p.Amount.Minor, got[p.Invoice]+p.Amount.Minor
		}
		if sum != available.Minor {
			t.Fatalf("%s became %d", available, sum)
		}
		for _, a := range open {
			if got[a.Invoice] > a.Amount.Minor || (left.Minor > 0 && got[a.Invoice] < a.Amount.Minor) {
				t.Fatalf("%d is paid of %v, and %s is left", got[a.Invoice], a, left)
			}
			for _, b := range open {
				if a.Due.Before(b.Due) && got[a.Invoice] < a.Amount.Minor && got[b.Invoice] > 0 {
					t.Fatalf("%v was paid before %v", b, a)
				}
			}
		}
	}
	dollars := []ledger.Open{{Invoice: "1", Amount: billing.Money{Minor: 5, Currency: "USD"}}}
	if paid, left, err := ledger.Allocate(euro(5), dollars); err != nil || len(paid) != 0 || left != euro(5) {
		t.Errorf("euros pay dollars: %v, %s, %v", paid, left, err)
	}
	if _, _, err := ledger.Allocate(euro(-1), nil); err == nil {
		t.Error("a debt was spent")
	}
}

func TestAllocateToRefuses(t *testing.T) {
	t.Parallel()
	open := []ledger.Open{{Invoice: "1", Amount: euro(100)}, {Invoice: "2", Amount: euro(50)}}
	cases := []struct {
		name      string
		available int64
		wishes    []ledger.Paid
		left      int64
		fails     bool
	}{
		{"both", 200, []ledger.Paid{{Invoice: "2", Amount: euro(50)}, {Invoice: "1", Amount: euro(60)}}, 90, false},
		{"in two parts", 200, []ledger.Paid{{Invoice: "1", Amount: euro(50)}, {Invoice: "1", Amount: euro(50)}}, 100, false},
		{"more than open", 200, []ledger.Paid{{Invoice: "2", Amount: euro(51)}}, 0, true},
		{"twice the whole", 200, []ledger.Paid{{Invoice: "2", Amount: euro(50)}, {Invoice: "2", Amount: euro(1)}}, 0, true},
		{"more than there is", 60, []ledger.Paid{{Invoice: "1", Amount: euro(50)}, {Invoice: "2", Amount: euro(11)}}, 0, true},
		{"another invoice", 60, []ledger.Paid{{Invoice: "3", Amount: euro(1)}}, 0, true},
		{"nothing", 60, []ledger.Paid{{Invoice: "1", Amount: euro(0)}}, 0, true},
		{"another currency", 60, []ledger.Paid{{Invoice: "1", Amount: billing.Money{Minor: 1, Currency: "USD"}}}, 0, true},
	}
	for _, c := range cases {
		left, err := ledger.AllocateTo(euro(c.available), open, c.wishes)
		if (err != nil) != c.fails || (err == nil && left.Minor != c.left) {
			t.Errorf("%s: %s left, %v", c.name, left, err)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	today := billingtest.Day(t, "2026-06-30")
	var open []ledger.Open
	for _, late := range []int{-5, 0, 1, 30, 31, 60, 61, 90, 91, 4000} {
		open = append(open, ledger.Open{Due: today.AddDays(-late), Amount: euro(1)})
	}
	open = append(open, ledger.Open{Due: today, Amount: billing.Money{Minor: 9, Currency: "USD"}})
	ages, err := ledger.Age(open, today, "EUR")
	if err != nil || ages != (ledger.Ageing{euro(2), euro(2), euro(2), euro(2), euro(2)}) {
		t.Errorf("%v, %v", ages, err)
	}
}
