package ldap_test

import (
	"context"
	"sync"
	"testing"

	"allotment/app"
	"allotment/app/provision/drivertest"
)

// TestServicesComeAndGoTogether: services of one organization share its people. Of two that end at the same moment neither leaves a person to the
// other for ever, and one that begins while the last of the others ends has its people.
func TestServicesComeAndGoTogether(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	first, spec := s.wish()
	beside := func() app.Ref {
		return app.Ref{Organization: first.Organization, Service: app.NewID(), Resource: app.NewID()}
	}
	for round := range 12 {
		a, b, c := beside(), beside(), beside()
		s.together(t, ensures(h, a, spec), ensures(h, b, spec))
		s.together(t, removes(h, a), removes(h, b), ensures(h, c, spec))
		anna := s.read(t, "uid=anna,ou=people,ou="+spec.Tenant+",ou=tenants,"+s.directory.BaseDN)
		if got := anna.GetAttributeValues("description"); len(got) != 1 || got[0] != "allotment resource="+c.Resource.String() {
			t.Fatalf("round %d: the person is there for %q, want for the service that is left", round, got)
		}
		s.together(t, removes(h, c))
		for _, o := range s.objects(t) {
			t.Errorf("round %d: %v is left", round, o)
		}
	}
}

type harness = drivertest.Harness[app.DirectorySpec, app.DirectoryState]

func ensures(h harness, ref app.Ref, spec app.DirectorySpec) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, err := h.Driver.Ensure(ctx, ref, spec)
		return err
	}
}

func removes(h harness, ref app.Ref) func(context.Context) error {
	return func(ctx context.Context) error { return h.Driver.Remove(ctx, ref) }
}

// together runs calls at the same moment, and each again, as the engine does, while it says that others were at work.
func (s server) together(t *testing.T, calls ...func(context.Context) error) {
	t.Helper()
	var all sync.WaitGroup
	for _, call := range calls {
		all.Go(func() {
			err := call(t.Context())
			for n := 0; n < 20 && app.CodeOf(err) == app.Retryable; n++ {
				err = call(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
