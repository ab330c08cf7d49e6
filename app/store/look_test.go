package store_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// TestLookIsTheActorsOwn begins looks by each kind of first statement: what follows sees the actor's tenant and nothing of others, can change
// nothing, and leaves nothing behind for whoever has the connection next.
func TestLookIsTheActorsOwn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	for _, actor := range []app.Actor{w.Tenant, w.Other} {
		if _, err := w.Portal.PlaceOrder(t.Context(), actor, portal.OrderRequest{App: "redmine", Plan: "small", Name: "Look", Host: actor.OrganizationSlug + "." + portaltest.Zone, Key: actor.OrganizationSlug}); err != nil {
			t.Fatal(err)
		}
	}
	services := func(tx *store.Tx) (int, error) { // begins with a batch
		found, err := tx.Services(t.Context(), store.ServiceQuery{Limit: 10})
		return len(found.Services), err
	}
	organization := func(tx *store.Tx) error { // begins with a query
		_, err := tx.Organization(t.Context(), w.Other.Organization)
		return err
	}
	for _, c := range []struct {
		name  string
		actor app.Actor
		want  int
		other app.Code // of a look at the other's organization
	}{
		{"tenant", w.Tenant, 1, app.NotFound},
		{"operator", w.Operator, 2, ""},
		{"other", w.Other, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batchFirst := range []bool{true, false, true} {
				err := w.Store.Read(t.Context(), c.actor, func(tx *store.Tx) error {
					if !batchFirst {
						if err := organization(tx); app.CodeOf(err) != c.other {
							t.Errorf("the other's organization: %v", err)
						}
					}
					if n, err := services(tx); err != nil || n != c.want {
						t.Errorf("sees %d services, want %d (%v)", n, c.want, err)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
			var found store.ServicesFound
			err := w.Store.Read(t.Context(), c.actor, func(tx *store.Tx) error { // begins and ends in one round trip
				return tx.ServicesLast(t.Context(), store.ServiceQuery{Limit: 10}, &found)
			})
			if err != nil || len(found.Services) != c.want {
				t.Errorf("finds %d services at last, want %d (%v)", len(found.Services), c.want, err)
			}
			err = w.Store.Read(t.Context(), c.actor, func(tx *store.Tx) error {
				if _, err := services(tx); err != nil {
					return err
				}
				return tx.RenameOrganization(t.Context(), c.actor.Organization, "Changed", time.Now())
			})
			if err == nil {
				t.Error("a look changed something")
			}
		})
	}
	if err := w.Store.Read(t.Context(), w.Tenant, func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("a look at nothing: %v", err)
	}
	var tenant, role string
	err := w.Store.Pool().QueryRow(t.Context(), `SELECT coalesce(current_setting('allotment.organization', true), ''), current_user`).Scan(&tenant, &role)
	if err != nil || tenant != "" || role != "allotment_program" {
		t.Errorf("the next one on this connection is %q of %q (%v)", role, tenant, err)
	}
}
