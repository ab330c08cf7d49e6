package portal

import (
	"context"
	"errors"
	"fmt"

	"allotment/app"
	"allotment/app/store"
)

// engine returns as whom a chore looks for its work, in every organization: the zero Actor before there is an operator, and so nothing to do.
func (p *Portal) engine(ctx context.Context) (app.Actor, error) {
	operator, err := p.store.Operator(ctx)
	switch {
	case app.CodeOf(err) == app.NotFound:
		return app.Actor{}, nil
	case err != nil:
		return app.Actor{}, err
	}
	return app.SystemStaff(operator), nil
}

// repricedAtOnce is how many subscriptions are looked at in one go. Those that pay another price have a transaction each.
const repricedAtOnce = 500

// announcement is how one kind of change S of subscriptions is found and told, as C.
type announcement[S, C any] struct {
	find  func(tx *store.Tx, after app.ID) ([]S, error)                 // the next ones, by their IDs
	id    func(S) app.ID                                                // of the subscription
	ahead func(tx *store.Tx, lists *askedLists, one S) (C, bool, error) // what can be told of it; false for nothing
	tell  func(ctx context.Context, change C) (told bool, err error)    // in a transaction of its own; false where somebody else did
}

// tellAll tells all that is to be told now, and returns how many that were. One that cannot be told stops no other.
func tellAll[S, C any](ctx context.Context, p *Portal, a announcement[S, C]) (told int, err error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	lists := &askedLists{asked: map[string][]store.Offered{}, days: map[app.ID]int{}}
	var after app.ID
	var errs []error
	for {
		var ids []app.ID
		var changes []C
		found := 0
		err := p.store.Read(ctx, staff, func(tx *store.Tx) error {
			some, err := a.find(tx, after)
			if err != nil {
				return err
			}
			for _, one := range some {
				found, after = found+1, a.id(one)
				change, differs, err := a.ahead(tx, lists, one)
				if err != nil {
					return fmt.Errorf("subscription %s: %w", a.id(one), err)
				}
				if differs {
					ids, changes = append(ids, a.id(one)), append(changes, change)
				}
			}
			return nil
		})
		if err != nil || found == 0 {
			return told, errors.Join(append(errs, err)...)
		}
		for i, change := range changes {
			done, err := a.tell(ctx, change)
			if err != nil {
				errs = append(errs, fmt.Errorf("subscription %s: %w", ids[i], err))
			}
			if done {
				told++
			}
		}
	}
}
