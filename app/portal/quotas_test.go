package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

func limit(n int64) app.Limit { return app.Limit{Max: &n} }

func quotaOf(t *testing.T, w *portaltest.World, actor app.Actor, id app.ID) app.Quota {
	t.Helper()
	var q app.Quota
	err := w.Store.Read(t.Context(), actor, func(tx *store.Tx) (err error) {
		q, err = tx.Quota(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// end brings a service to its end, as the engine does when the last thing is removed.
func end(t *testing.T, w *portaltest.World, order app.Order) {
	t.Helper()
	err := w.Store.InTenant(t.Context(), app.System(order.Organization), func(tx *store.Tx) error {
		if err := tx.MoveService(t.Context(), order.Service, app.ServiceTerminating, "", time.Now()); err != nil {
			return err
		}
		return tx.MoveService(t.Context(), order.Service, app.ServiceTerminated, "", time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestQuotaUnderParallelOrders places 100 orders at once, by customers below a reseller of a reseller, each of whom has a quota. Exactly as
// many succeed as the smallest quota has room for; and what is removed makes room again.
func TestQuotaUnderParallelOrders(t *testing.T) {
	t.Parallel()
	const room, orders = 37, 100
	w := portaltest.New(t)
	outer := w.Reseller(t)
	inner := w.Below(t, outer, app.Reseller, "inner")
	customers := []app.Actor{w.Below(t, inner, app.Customer, "one"), w.Below(t, inner, app.Customer, "two"), w.Below(t, inner, app.Customer, "three")}
	for _, q := range []struct {
		seller app.Actor
		id     app.ID
		quota  app.Quota
	}{
		{w.Operator, outer.Organization, app.Quota{Guests: limit(60), DiskGiB: limit(1 << 30)}},
		{outer, inner.Organization, app.Quota{Services: limit(room)}},
		{inner, customers[0].Organization, app.Quota{VCPU: limit(1 << 20)}},
	} {
		if err := w.Portal.SetQuota(t.Context(), q.seller, q.id, q.quota); err != nil {
			t.Fatal(err)
		}
	}
	placed, errs := make([]app.Order, orders), make([]error, orders)
	var all sync.WaitGroup
	for i := range orders {
		all.Go(func() {
			r := request(fmt.Sprintf("par%d", i))
			actor := customers[i%3]
			if i%10 == 0 { // a seller orders for its customer
				r.For, actor = actor.Organization, inner
			}
			placed[i], errs[i] = w.Portal.PlaceOrder(t.Context(), actor, r)
		})
	}
	all.Wait()
	var won []app.Order
	for i, err := range errs {
		switch {
		case err == nil:
			won = append(won, placed[i])
		case app.CodeOf(err) != app.Conflict || !strings.Contains(app.Words(err), "quota"):
			t.Errorf("a loser was told: %v", err)
		}
	}
	if len(won) != room {
		t.Errorf("%d orders were placed, want exactly %d", len(won), room)
	}
	for name, id := range map[string]app.ID{"outer": outer.Organization, "inner": inner.Organization} {
		if q := quotaOf(t, w, w.Operator, id); q.Services.Used != room || q.Guests.Used != room {
			t.Errorf("%s counts %d services and %d guests, want %d", name, q.Services.Used, q.Guests.Used, room)
		}
	}
	for _, order := range won[:5] {
		end(t, w, order)
	}
	for i := range 6 {
		_, err := w.Portal.PlaceOrder(t.Context(), customers[1], request(fmt.Sprintf("again%d", i)))
		if (err == nil) != (i < 5) {
			t.Errorf("order %d after five were removed: %v", i+1, err)
		}
	}
	wantExactQuotas(t, w)
}

// wantExactQuotas counts anew what every quota says is used.
func wantExactQuotas(t *testing.T, w *portaltest.World) {
	t.Helper()
	var wrong int
	err := superuser(t, w).QueryRow(t.Context(), `
		SELECT count(*) FROM quotas
		WHERE ARRAY[used_services, used_guests, used_vcpu, used_memory_mib, used_disk_gib] <> taken_below(organization_id)`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d quotas count wrong (%v)", wrong, err)
	}
}

// TestQuotaWhileOrdersRun sets quotas, moves customers and orders, all at once: nothing waits for itself, and every count is exact.
func TestQuotaWhileOrdersRun(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	conn := superuser(t, w)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			var err error
			for range 10 { // whose provider changes at that very moment is told, and orders once more
				if _, err = w.Portal.PlaceOrder(t.Context(), resold, request(fmt.Sprintf("run%d", i))); app.CodeOf(err) != app.Conflict {
					break
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		for i := range 8 {
			q := app.Quota{Services: limit(1000 + int64(i))}
			if i%3 == 2 {
				q = app.Quota{}
			}
			for seller, id := range map[*app.Actor]app.ID{&w.Operator: reseller.Organization, &reseller: resold.Organization} {
				if err := w.Portal.SetQuota(t.Context(), *seller, id, q); err != nil && app.CodeOf(err) != app.NotFound && app.CodeOf(err) != app.Conflict {
					t.Error(err)
				}
			}
		}
	})
	all.Go(func() {
		for i := range 6 {
			to := []app.ID{w.Operator.Organization, reseller.Organization}[i%2]
			if _, err := conn.Exec(t.Context(), `UPDATE organizations SET parent_id = $1 WHERE id = $2`, to, resold.Organization); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	wantExactQuotas(t, w)
	wantRightTree(t, conn)
}

func TestQuotaSaysWhatIsLeftToThoseWhoMayKnow(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	set := func(seller app.Actor, id app.ID, q app.Quota) {
		t.Helper()
		if err := w.Portal.SetQuota(t.Context(), seller, id, q); err != nil {
			t.Fatal(err)
		}
	}
	set(w.Operator, reseller.Organization, app.Quota{MemoryMiB: limit(100)})
	_, err := w.Portal.PlaceOrder(t.Context(), resold, request("team"))
	if words := app.Words(err); app.CodeOf(err) != app.Conflict || strings.Contains(words, "100") || !strings.Contains(words, "provider") {
		t.Errorf("the customer is told of its seller's quota: %v", err)
	}
	forThem := request("team")
	forThem.For = resold.Organization
	if _, err = w.Portal.PlaceOrder(t.Context(), reseller, forThem); !strings.Contains(app.Words(err), "The quota of Demo reseller has room for 100 MB more memory") {
		t.Errorf("the seller is told: %v", err)
	}
	set(w.Operator, reseller.Organization, app.Quota{})
	set(reseller, resold.Organization, app.Quota{Services: limit(0)})
	if _, err = w.Portal.PlaceOrder(t.Context(), resold, request("team")); !strings.Contains(app.Words(err), "The quota of Demo resold has room for 0 more services") {
		t.Errorf("the customer is told of its own quota: %v", err)
	}
}

func TestWrongQuotas(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	for field, q := range map[string]app.Quota{
		"services": {Services: limit(-1)}, "guests": {Guests: limit(1 << 31)}, "vcpu": {VCPU: limit(-5)}, "memory": {MemoryMiB: limit(1 << 40)},
		"disk": {DiskGiB: limit(-1 << 40)},
	} {
		if err := w.Portal.SetQuota(t.Context(), reseller, resold.Organization, q); app.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v, want a message at the field", field, err)
		}
	}
	for name, c := range map[string]struct {
		who  app.Actor
		id   app.ID
		want app.Code
	}{
		"one's own":      {reseller, reseller.Organization, app.Forbidden},
		"the operator's": {w.Operator, w.Operator.Organization, app.Forbidden},
		"a sibling's":    {reseller, w.Tenant.Organization, app.NotFound},
		"one above":      {reseller, w.Operator.Organization, app.NotFound},
		"by a customer":  {resold, resold.Organization, app.Forbidden},
	} {
		if err := w.Portal.SetQuota(t.Context(), c.who, c.id, app.Quota{Services: limit(5)}); app.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestFailedCreateMakesRoom: what failed counts until nothing of it is left, and counts again when it is tried again.
func TestFailedCreateMakesRoom(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	order, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.SetQuota(t.Context(), w.Operator, w.Tenant.Organization, app.Quota{Services: limit(1)}); err != nil {
		t.Fatal(err)
	}
	step := func(fn func(tx *store.Tx) error, used int64) {
		t.Helper()
		if err := w.Store.InTenant(t.Context(), app.System(order.Organization), fn); err != nil {
			t.Fatal(err)
		}
		if q := quotaOf(t, w, w.Tenant, w.Tenant.Organization); q.Services.Used != used {
			t.Errorf("%d services are used, want %d", q.Services.Used, used)
		}
	}
	move := func(to app.ServiceState) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { return tx.MoveService(t.Context(), order.Service, to, "", time.Now()) }
	}
	step(move(app.ServiceFailed), 1)
	step(func(tx *store.Tx) error { return tx.Uncount(t.Context(), order.Service) }, 0)
	step(move(app.ServiceCreating), 1)
	step(move(app.ServiceFailed), 1)
	step(move(app.ServiceTerminating), 1)
	step(move(app.ServiceTerminated), 0)
}

func TestOrderForACustomer(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	r := request("team")
	r.For = resold.Organization
	order, err := w.Portal.PlaceOrder(t.Context(), reseller, r)
	if err != nil || order.Organization != resold.Organization || order.PlacedBy != reseller.User {
		t.Fatalf("ordered for a customer: %+v (%v)", order, err)
	}
	if again, err := w.Portal.PlaceOrder(t.Context(), reseller, r); err != nil || again.ID != order.ID {
		t.Errorf("the same order twice: %v (%v)", again.ID, err)
	}
	if d, err := w.Portal.Service(t.Context(), resold, order.Service); err != nil || d.Service.OrganizationName != "Demo resold" {
		t.Errorf("the customer sees %+v (%v)", d.Service, err)
	}
	for name, c := range map[string]struct {
		who app.Actor
		id  app.ID
		is  app.Code
	}{
		"a customer for a sibling":   {w.Tenant, resold.Organization, app.Forbidden},
		"a seller for a stranger":    {reseller, w.Tenant.Organization, app.NotFound},
		"a seller for its seller":    {reseller, w.Operator.Organization, app.NotFound},
		"a customer for its seller":  {resold, reseller.Organization, app.Forbidden},
		"a seller for nobody at all": {reseller, app.NewID(), app.NotFound},
	} {
		r := request("crafted")
		r.For = c.id
		if _, err := w.Portal.PlaceOrder(t.Context(), c.who, r); app.CodeOf(err) != c.is {
			t.Errorf("%s: %v, want %s", name, err, c.is)
		}
		if _, err := w.Portal.Preview(t.Context(), c.who, r); app.CodeOf(err) != c.is {
			t.Errorf("%s, a preview: %v, want %s", name, err, c.is)
		}
	}
}
