package portal

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
)

// The verbs of an organization's life. What an organization does to itself needs its owner; what is done to it, a seller above it.
var (
	renameOwn        = verb{action: "organization.rename", permission: app.ManageOrganization}
	renameCustomer   = verb{action: "organization.rename", permission: app.ManageCustomers}
	setIdle          = verb{action: "organization.idle", permission: app.ManageOrganization}
	suspendCustomer  = verb{action: "organization.suspend", permission: app.ManageCustomers}
	resumeCustomer   = verb{action: "organization.resume", permission: app.ManageCustomers}
	closeOwn         = verb{action: "organization.close", permission: app.ManageOrganization, confirmed: true, personal: true}
	closeCustomer    = verb{action: "organization.close", permission: app.ManageCustomers, confirmed: true}
	terminateOwn     = verb{action: "organization.terminate", permission: app.ManageOrganization, confirmed: true, personal: true}
	terminateOfOther = verb{action: "organization.terminate", permission: app.ManageCustomers, confirmed: true}
)

// ownOr is the verb for the actor's own organization, or the one for those below it.
func ownOr(actor app.Actor, id app.ID, own, other verb) verb {
	if id == actor.Organization {
		return own
	}
	return other
}

// RenameOrganization gives the actor's own organization, or one below it, another name. Its short name stays.
//
// Errors: NotFound, Invalid at name.
func (p *Portal) RenameOrganization(ctx context.Context, actor app.Actor, id app.ID, name string) error {
	return p.do(ctx, actor, ownOr(actor, id, renameOwn, renameCustomer), func(tx *store.Tx) error {
		o, err := tx.Organization(ctx, id)
		if err != nil {
			return err
		}
		clean, message := cleanOrganizationName(name)
		tx.NoteIn(id, "organization "+id.String(), map[string]string{"name": o.Name}, map[string]string{"name": clean})
		if message != "" {
			return app.FieldError("name", message)
		}
		return tx.RenameOrganization(ctx, id, clean, p.now())
	})
}

// SetIdle sets after how many minutes without a call the people of the actor's organization sign in again: 5 to 1440, or 0 for the
// installation's own time.
func (p *Portal) SetIdle(ctx context.Context, actor app.Actor, minutes int) error {
	return p.do(ctx, actor, setIdle, func(tx *store.Tx) error {
		o, err := tx.Organization(ctx, actor.Organization)
		if err != nil {
			return err
		}
		tx.Note("organization "+o.ID.String(), map[string]int{"minutes": o.IdleMinutes}, map[string]int{"minutes": minutes})
		if minutes != 0 && (minutes < 5 || minutes > 1440) {
			return app.FieldError("idle", "Please give a number of minutes from 5 to 1440, or leave it empty.")
		}
		return tx.SetIdle(ctx, o.ID, minutes, p.now())
	})
}

// SuspendOrganization stops an organization below the actor's from changing anything. Its people may still look, and pay; its services run on.
// They read the reason on every page.
//
// Errors: NotFound; Forbidden for one's own; Conflict when it is not active; Invalid at reason.
func (p *Portal) SuspendOrganization(ctx context.Context, actor app.Actor, id app.ID, reason string) error {
	return p.do(ctx, actor, suspendCustomer, func(tx *store.Tx) error {
		reason, message := cleanReason(reason)
		if message != "" {
			return app.FieldError("reason", message)
		}
		return p.moveOrganization(ctx, tx, actor, id, app.OrganizationSuspended, reason)
	})
}

// ResumeOrganization lets a suspended organization go on.
//
// Errors: NotFound; Forbidden for one's own; Conflict when it is not suspended.
func (p *Portal) ResumeOrganization(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, resumeCustomer, func(tx *store.Tx) error {
		return p.moveOrganization(ctx, tx, actor, id, app.OrganizationActive, "")
	})
}

func (p *Portal) moveOrganization(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID, next app.OrganizationState, reason string) error {
	if _, err := organizationBelow(ctx, tx, actor, id); err != nil {
		return err
	}
	o, err := tx.LockOrganization(ctx, id)
	if err != nil {
		return err
	}
	tx.NoteIn(id, "organization "+id.String(), map[string]string{"state": string(o.State), "reason": o.Reason},
		map[string]string{"state": string(next), "reason": reason})
	if o.State == next {
		return app.Errorf(app.Conflict, "It is so already.")
	}
	if err := p.tellOfState(ctx, tx, actor, o, next, reason); err != nil {
		return err
	}
	return tx.MoveOrganization(ctx, o, next, reason, p.now())
}

// Suspension returns why the actor's organization is suspended, "" where it is not.
func (p *Portal) Suspension(ctx context.Context, actor app.Actor) (string, error) {
	var reason string
	err := p.see(ctx, actor, app.SeeAccount, func(tx *store.Tx) error {
		o, err := tx.Organization(ctx, actor.Organization)
		if err == nil && o.State == app.OrganizationSuspended {
			reason = o.Reason
		}
		return err
	})
	return reason, err
}

// CloseOrganization closes the actor's own organization, or one below it, for good: nobody signs in to it any more, and what is kept of it can
// still be exported by those above. confirm must be its short name.
//
// Errors: NotFound; Invalid at confirm; Conflict while it has services or customers, and for the operator.
func (p *Portal) CloseOrganization(ctx context.Context, actor app.Actor, id app.ID, confirm string) error {
	return p.do(ctx, actor, ownOr(actor, id, closeOwn, closeCustomer), func(tx *store.Tx) error {
		o, err := tx.LockOrganization(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(id, "organization "+id.String(), map[string]string{"state": string(o.State)}, map[string]string{"state": string(app.OrganizationClosed)})
		if o.Kind == app.Operator {
			return app.Errorf(app.Conflict, "The operator cannot be closed.")
		}
		if confirm != o.Slug {
			return app.FieldError("confirm", "Please type the short name exactly as it stands above.")
		}
		remains, err := tx.Remains(ctx, id)
		switch {
		case err != nil:
			return err
		case remains.Services > 0:
			return app.Errorf(app.Conflict, "It still has services. Please have them removed first.")
		case remains.Customers > 0:
			return app.Errorf(app.Conflict, "It still has customers. Please close them or move them to another seller first.")
		}
		if err := p.tellOfState(ctx, tx, actor, o, app.OrganizationClosed, ""); err != nil {
			return err
		}
		return tx.MoveOrganization(ctx, o, app.OrganizationClosed, "", p.now())
	})
}

// TerminateServices removes every service of the actor's own organization, or of one below it, with all that belongs to them. It returns how
// many are being removed now. confirm must be the organization's short name.
//
// Errors: NotFound; Invalid at confirm.
func (p *Portal) TerminateServices(ctx context.Context, actor app.Actor, id app.ID, confirm string) (int, error) {
	count := 0
	err := p.do(ctx, actor, ownOr(actor, id, terminateOwn, terminateOfOther), func(tx *store.Tx) error {
		o, err := tx.Organization(ctx, id)
		if err != nil {
			return err
		}
		if confirm != o.Slug {
			return app.FieldError("confirm", "Please type the short name exactly as it stands above.")
		}
		found, err := tx.Services(ctx, store.ServiceQuery{Organization: id, States: living, Limit: 10_000})
		if err != nil {
			return err
		}
		for _, s := range found.Services {
			if s.State == app.ServiceTerminating {
				continue
			}
			if _, err := p.leave(ctx, tx, actor, s); err != nil {
				return err
			}
			if _, err := p.terminate(ctx, tx, actor, s, "Its removal was asked for."); err != nil {
				return err
			}
			count++
		}
		tx.NoteIn(id, "organization "+id.String(), nil, map[string]int{"services": count})
		return nil
	})
	return count, err
}

// cleanReason returns a reason as it is stored, or what is wrong with it in words.
func cleanReason(reason string) (clean, message string) {
	clean = strings.Join(strings.Fields(reason), " ")
	if !utf8.ValidString(clean) || strings.ContainsFunc(clean, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", "Please use ordinary characters only."
	}
	if n := utf8.RuneCountInString(clean); n < 5 || n > 500 {
		return "", "Please give a reason of 5 to 500 characters. Those concerned read it."
	}
	return clean, ""
}
