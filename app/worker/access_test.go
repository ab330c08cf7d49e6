package worker_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/provision/drivertest"
	"allotment/app/store"
)

// member adds a person to the tenant's organization. Their password is everybody's.
func (r *rig) member(t *testing.T, email string) app.ID {
	t.Helper()
	hash, err := portal.HashPassword(portaltest.Password)
	if err != nil {
		t.Fatal(err)
	}
	user := app.User{ID: app.NewID(), Email: email, Name: "Member " + email, PasswordHash: hash, Language: "en"}
	err = r.Store.InTenant(t.Context(), r.Operator, func(tx *store.Tx) error {
		if err := tx.InsertUser(t.Context(), user, time.Now()); err != nil {
			return err
		}
		return tx.InsertMembership(t.Context(), r.Tenant.Organization, user.ID, app.RoleCustomerViewer, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.ID
}

// known waits until the directory of a service has exactly these users, and the page shows no change as pending any more.
func (r *rig) known(t *testing.T, service app.ID, users ...string) {
	t.Helper()
	slices.Sort(users)
	var seen []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		page, err := r.Portal.Access(t.Context(), r.Tenant, service, portal.AccessFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if seen = r.users(t, service); slices.Equal(seen, users) && !page.Lags {
			return
		}
	}
	t.Fatalf("the directory knows %v, want %v", seen, users)
}

// users are the members of a service's group in the directory.
func (r *rig) users(t *testing.T, service app.ID) []string {
	t.Helper()
	d, err := r.Portal.Service(t.Context(), r.Operator, service)
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range d.Resources {
		if resource.Kind == app.KindDirectory {
			state, err := r.directory.Observe(t.Context(), resource.Ref)
			if err != nil {
				return nil
			}
			return slices.Sorted(slices.Values(state.Users))
		}
	}
	return nil
}

// superuser connects as the one whom nothing binds.
func (r *rig) superuser(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) }) //nolint:errcheck // the test ends
	return conn
}

func (r *rig) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := r.superuser(t).Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) grant(t *testing.T, service, user app.ID, level app.AccessLevel) {
	t.Helper()
	if err := r.Portal.GrantAccess(t.Context(), r.Tenant, service, user, level); err != nil {
		t.Fatal(err)
	}
}

func TestAccessReachesTheDirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	order := r.order(t, "team")
	anna := r.member(t, "anna@example.test")
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	r.known(t, order.Service, "tenant") // who ordered
	r.grant(t, order.Service, anna, app.AccessUser)
	r.known(t, order.Service, "anna", "tenant")
	if err := r.Portal.RevokeAccess(t.Context(), r.Tenant, order.Service, r.Tenant.User); err != nil {
		t.Fatal(err)
	}
	r.known(t, order.Service, "anna")
	r.exec(t, `UPDATE users SET disabled = true WHERE id = $1`, anna)
	r.known(t, order.Service)
	r.exec(t, `UPDATE users SET disabled = false WHERE id = $1`, anna)
	r.known(t, order.Service, "anna")
	r.exec(t, `DELETE FROM memberships WHERE user_id = $1`, anna)
	r.known(t, order.Service)
	d := r.until(t, order.Service, "active", inState(app.ServiceActive))
	if d.Operation.Kind != app.OperationAccess || d.Operation.State != app.OperationDone || len(d.Operation.Steps) != 1 {
		t.Errorf("the last operation is %+v", d.Operation)
	}
}

// TestParallelGrantsCoalesce gives access to many people at once while the directory is down: all of them are known at the end, and a few
// operations did it.
func TestParallelGrantsCoalesce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	order := r.order(t, "crowd")
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	const crowd = 24
	want := []string{"tenant"}
	people := make([]app.ID, crowd)
	for i := range people {
		people[i] = r.member(t, fmt.Sprintf("guest%d@example.test", i+1))
		want = append(want, fmt.Sprintf("guest%d", i+1))
	}
	r.directory.Refuse()
	var all sync.WaitGroup
	for _, person := range people {
		all.Go(func() {
			if err := r.Portal.GrantAccess(t.Context(), r.Tenant, order.Service, person, app.AccessUser); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	r.until(t, order.Service, "waiting for the directory", func(d portal.ServiceDetail) bool {
		return d.Operation.Kind == app.OperationAccess && d.Operation.Steps[0].State == app.StepWaiting
	})
	page, err := r.Portal.Access(t.Context(), r.Tenant, order.Service, portal.AccessFilter{Who: "with"})
	pending := 0
	for _, m := range page.Members {
		if m.Pending {
			pending++
		}
	}
	if err != nil || !page.Lags || pending != crowd || len(page.Members) != crowd+1 {
		t.Errorf("%d of %d are shown as pending, the page lags: %t (%v)", pending, len(page.Members), page.Lags, err)
	}
	for _, person := range people { // to those who ask the portal it counts already
		if _, ok, err := r.Store.ServiceAccess(t.Context(), order.Service, person); !ok || err != nil {
			t.Errorf("access does not count while the directory is down (%v)", err)
		}
	}
	r.directory.Mend()
	r.known(t, order.Service, want...)
	var operations int
	if err := r.superuser(t).QueryRow(t.Context(), `SELECT count(*) FROM operations WHERE kind = 'access'`).Scan(&operations); err != nil {
		t.Fatal(err)
	}
	if operations < 1 || operations > 4 {
		t.Errorf("%d operations were needed for %d changes", operations, crowd)
	}
}

// TestChangeWhileOneIsUnderWay: what is changed while the directory is being written is not lost.
func TestChangeWhileOneIsUnderWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	order := r.order(t, "busy")
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	anna, otto := r.member(t, "anna@example.test"), r.member(t, "otto@example.test")
	var once sync.Once
	r.directory.SetFault(func(c drivertest.Call) error {
		if c.Method == "Ensure" {
			once.Do(func() { r.grant(t, order.Service, otto, app.AccessAdmin) }) // after the people of this call were read
		}
		return nil
	})
	r.grant(t, order.Service, anna, app.AccessUser)
	r.known(t, order.Service, "anna", "otto", "tenant")
}

// TestRefusedChangeIsShown: a change that the directory refuses is shown as such, and goes on when it is tried again.
func TestRefusedChangeIsShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	order := r.order(t, "refused")
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	anna := r.member(t, "anna@example.test")
	r.directory.SetFault(func(c drivertest.Call) error {
		if c.Method == "Ensure" {
			return app.Errorf(app.Permanent, "The directory refused the change.")
		}
		return nil
	})
	r.grant(t, order.Service, anna, app.AccessUser)
	d := r.until(t, order.Service, "refused by the directory", func(d portal.ServiceDetail) bool { return d.Operation.State == app.OperationFailed })
	page, err := r.Portal.Access(t.Context(), r.Tenant, order.Service, portal.AccessFilter{})
	if err != nil || page.Stuck != d.Operation.ID || !page.Lags || d.Service.State != app.ServiceActive {
		t.Errorf("stuck at %s (%v), the service is %s; want it active and stuck at %s", page.Stuck, err, d.Service.State, d.Operation.ID)
	}
	r.directory.SetFault(nil)
	if _, err := r.Portal.RetryOperation(t.Context(), r.Tenant, d.Operation.ID); err != nil {
		t.Fatal(err)
	}
	r.known(t, order.Service, "anna", "tenant")
}
