package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
)

// mailboxQuota is the size of a person's mailbox, in MiB.
const mailboxQuota = 1024

// dueAtOnce bounds how many services one look takes up.
const dueAtOnce = 100

// FollowAccess begins an operation for each service whose directory lags behind those who may use it, and returns how many there were. Any
// number of changes that come while one is under way are one more operation, since each call takes the people as they are then.
func (e *Engine) FollowAccess(ctx context.Context) (int, error) {
	due, err := e.store.AccessDue(ctx, dueAtOnce)
	if err != nil {
		return 0, err
	}
	started := 0
	var errs []error
	for _, lagging := range due {
		err := e.followAccess(ctx, lagging)
		switch app.CodeOf(err) {
		case "":
			started++
		case app.Conflict: // something else has just begun on the service: this comes after it
		default:
			errs = append(errs, fmt.Errorf("access to %s: %w", lagging.Service, err))
		}
	}
	return started, errors.Join(errs...)
}

func (e *Engine) followAccess(ctx context.Context, lagging store.Lagging) error {
	return e.store.InTenant(ctx, app.System(lagging.Organization), func(tx *store.Tx) error {
		if lags, err := tx.LockAccess(ctx, lagging.Service); err != nil || !lags {
			return err
		}
		service, err := tx.Service(ctx, lagging.Service)
		if err != nil || (service.State != app.ServiceActive && service.State != app.ServiceSuspended) {
			return err
		}
		resources, err := tx.Resources(ctx, service.ID)
		if err != nil {
			return err
		}
		entry, ok := e.catalog.App(service.App)
		if !ok {
			return fmt.Errorf("the app %s is no longer in the catalog", service.App)
		}
		if err := tx.AccessStarted(ctx, service.ID); err != nil {
			return err
		}
		return e.startAccess(ctx, tx, planner.Access(entry, service, resources, e.now()))
	})
}

// startAccess writes the operation with its first job. Without a step there is nobody to tell, and it is done.
func (e *Engine) startAccess(ctx context.Context, tx *store.Tx, o app.Operation) error {
	if len(o.Steps) == 0 {
		return tx.AccessApplied(ctx, o.Service)
	}
	if err := tx.InsertOperation(ctx, o, "Allotment"); err != nil {
		return err
	}
	if err := tx.Notify(ctx, o); err != nil {
		return err
	}
	return tx.Enqueue(ctx, time.Time{}, planner.Due(o)...)
}

// accessFollows notes that the directory knows what it was told, after an operation that told it.
func accessFollows(ctx context.Context, tx *store.Tx, o *app.Operation) error {
	switch o.Kind {
	case app.OperationCreate, app.OperationAccess, app.OperationRepair:
		return tx.AccessApplied(ctx, o.Service)
	}
	return nil
}

// members returns those who may use the service at this moment, each with a name for apps, and with a mailbox where the app receives mail.
func (e *Engine) members(ctx context.Context, w *work) (members []store.ServiceMember, err error) {
	err = e.inTenant(ctx, w, func(tx *store.Tx) error {
		if members, err = tx.ServiceMembers(ctx, w.service.ID); err != nil {
			return err
		}
		for i := range members {
			if err := e.named(ctx, tx, w, &members[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return members, err
}

func (e *Engine) named(ctx context.Context, tx *store.Tx, w *work, m *store.ServiceMember) (err error) {
	if m.UID == "" {
		if m.UID, err = tx.NameInApps(ctx, w.service.Organization, m.User, e.now()); err != nil {
			return err
		}
	}
	if w.entry.Mail.Receive && m.Mailbox == "" {
		taken := []string{"postmaster", planner.Mailbox(w.entry, w.service)}
		m.Mailbox, err = tx.MailboxOf(ctx, w.service.Organization, w.service.ID, m.User, taken, e.now())
	}
	return err
}

// addMembers puts those who may use the service into what is wanted of its directory. Their passwords are theirs alone: only hashes are
// known, and these are in memory for the one call.
func addMembers(spec *app.DirectorySpec, members []store.ServiceMember) {
	for _, m := range members {
		person := app.Person{UID: m.UID, Name: printable(m.Name), PasswordHash: m.Hash}
		if person.Name == "" {
			person.Name = m.UID
		}
		if !strings.ContainsFunc(m.Email, func(r rune) bool { return r > unicode.MaxASCII }) { // mail is an IA5 string (RFC 4524 section 2.16)
			person.Mail = m.Email
		}
		if spec.MailDomain != "" {
			person.Mailbox = m.Mailbox
		}
		if m.Hash == "" {
			person.PasswordHash = app.NoPassword
		}
		spec.People = append(spec.People, person)
		spec.Users = append(spec.Users, m.UID)
		if m.Level == app.AccessAdmin {
			spec.Admins = append(spec.Admins, m.UID)
		}
	}
}

// printable leaves out what a directory's text cannot hold.
func printable(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, ""), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

// addMailboxes puts people's mailboxes into what is wanted of the mail system. A mailbox stays when its person may not open it any more.
func (e *Engine) addMailboxes(ctx context.Context, w *work, spec *app.MailSpec) error {
	if !spec.Receive {
		return nil
	}
	if _, err := e.members(ctx, w); err != nil { // makes those that are missing
		return err
	}
	return e.inTenant(ctx, w, func(tx *store.Tx) error {
		names, err := tx.MailboxNames(ctx, w.service.ID)
		for _, name := range names {
			if !slices.ContainsFunc(spec.Mailboxes, func(m app.Mailbox) bool { return m.Name == name }) {
				spec.Mailboxes = append(spec.Mailboxes, app.Mailbox{Name: name, QuotaMiB: mailboxQuota})
			}
		}
		return err
	})
}
