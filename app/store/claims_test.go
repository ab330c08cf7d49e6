package store_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// guests orders n services, half of them by another tenant, and returns the references of their guests.
func guests(t *testing.T, w *portaltest.World, n int) []app.Ref {
	t.Helper()
	var refs []app.Ref
	for i := range n {
		actor, host := w.Tenant, fmt.Sprintf("team%d", i)
		if i%2 == 1 {
			actor = w.Other
		}
		order, err := w.Portal.PlaceOrder(t.Context(), actor, portal.OrderRequest{
			App: "redmine", Plan: "small", Name: "Ours", Host: host + "." + portaltest.Zone, Key: host,
		})
		if err != nil {
			t.Fatal(err)
		}
		d, err := w.Portal.Service(t.Context(), actor, order.Service)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Resources {
			if r.Kind == app.KindGuest {
				refs = append(refs, r.Ref)
			}
		}
	}
	return refs
}

// together runs fn for every index at once and returns what each got.
func together[T any](n int, fn func(int) (T, error)) ([]T, []error) {
	got, errs := make([]T, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { got[i], errs[i] = fn(i) })
	}
	all.Wait()
	return got, errs
}

func TestGuestNumbersAreOnesOwn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	refs := guests(t, w, 12)
	claims := store.GuestClaims{Store: w.Store, First: 500, Last: 509} // room for ten
	got, errs := together(len(refs), func(i int) (app.GuestClaim, error) { return claims.Claim(t.Context(), refs[i]) })
	owner, full := map[int]app.ID{}, 0
	for i, claim := range got {
		switch {
		case app.CodeOf(errs[i]) == app.Full:
			full++
		case errs[i] != nil:
			t.Errorf("claim: %v", errs[i])
		case owner[claim.Number] != app.ID{} || claim.Number < 500 || claim.Number > 509:
			t.Errorf("the number %d was given twice or lies outside of the range", claim.Number)
		default:
			owner[claim.Number] = refs[i].Resource
		}
	}
	if len(owner) != 10 || full != 2 {
		t.Errorf("%d numbers were given and %d were told that there is no room, want 10 and 2", len(owner), full)
	}
}

func TestClaimIsKeptReleasedAndGivenUp(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	refs := guests(t, w, 3)
	claims := store.GuestClaims{Store: w.Store, First: 500, Last: 502}
	claim := func(ref app.Ref) app.GuestClaim {
		t.Helper()
		c, err := claims.Claim(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := claim(refs[0])
	if err := claims.Place(t.Context(), refs[0], "node1"); err != nil {
		t.Fatal(err)
	}
	if err := claims.Task(t.Context(), refs[0], "UPID:x"); err != nil {
		t.Fatal(err)
	}
	if again := claim(refs[0]); again.Number != first.Number || again.Node != "node1" || again.Task != "UPID:x" {
		t.Errorf("claimed again: %+v, want what was there", again)
	}
	fresh, err := claims.Quarantine(t.Context(), refs[0], "something unclear stands there")
	if err != nil || fresh.Number == first.Number || fresh.Node != "" || fresh.Task != "" {
		t.Errorf("after giving the number up: %+v (%v)", fresh, err)
	}
	second := claim(refs[1])
	if second.Number == first.Number {
		t.Error("a number that was given up is given to someone else")
	}
	if _, err := claims.Claim(t.Context(), refs[2]); app.CodeOf(err) != app.Full {
		t.Errorf("the range is used up: %v", err)
	}
	if err := claims.Release(t.Context(), refs[1]); err != nil {
		t.Fatal(err)
	}
	if third := claim(refs[2]); third.Number != second.Number {
		t.Errorf("a released number is not given again: %d, want %d", third.Number, second.Number)
	}
}

func TestAddressesAreOnesOwn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	refs := guests(t, w, 8)
	first, last := netip.MustParseAddr("198.18.7.254"), netip.MustParseAddr("198.18.8.3") // six, across an octet
	got, errs := together(len(refs), func(i int) (netip.Addr, error) {
		return w.Store.ClaimAddress(t.Context(), app.System(refs[i].Organization), refs[i].Resource, first, last)
	})
	seen, full := map[netip.Addr]bool{}, 0
	for i, address := range got {
		switch {
		case app.CodeOf(errs[i]) == app.Full:
			full++
		case errs[i] != nil || seen[address] || address.Less(first) || last.Less(address):
			t.Errorf("address %s (%v) is given twice or lies outside of the pool", address, errs[i])
		default:
			seen[address] = true
		}
	}
	if len(seen) != 6 || full != 2 {
		t.Errorf("%d addresses were given and %d were refused, want 6 and 2", len(seen), full)
	}
}
