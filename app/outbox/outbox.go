// Package outbox sends the mails that verbs have put into the outbox: it opens each, has it written in the recipient's language under the seller's
// name, and hands it to a mail server. No transaction is open meanwhile.
package outbox

import (
	"context"
	"encoding/json"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// Carrier hands letters to a mail server.
type Carrier interface {
	// Send returns when the server has taken the letter. Retryable: it did not. Permanent: it never will. Unknown: its answer was lost, so that the
	// letter may have been taken; the next one bears the same Message-ID.
	Send(ctx context.Context, letter app.Letter) error
}

// Writer finds the words.
type Writer interface {
	// Write writes a mail: subject, plain text and HTML of the letter.
	Write(ctx context.Context, head app.Letterhead, mail app.Mail) (app.Letter, error)
}

// Head says in whose name an organization's mail is written.
type Head func(ctx context.Context, organization app.ID) (app.Letterhead, error)

// Files returns what travels with a mail, made when it is sent.
type Files func(ctx context.Context, mail app.Mail) ([]app.File, error)

// Outbox sends mail.
type Outbox struct {
	Store   *store.Store
	Vault   *vault.Vault
	Writer  Writer
	Carrier Carrier
	Head    Head
	Files   Files            // nil where no mail carries any
	Now     func() time.Time // nil means time.Now
	// Attempt bounds one attempt: for so long nobody else begins one, even when this process is gone. 0 means a minute.
	Attempt time.Duration
	// Pause is the first pause before a mail is tried again; it doubles with each attempt, up to an hour. 0 means half a minute.
	Pause time.Duration
}

const longestPause = time.Hour

// Deliver makes one attempt to send a mail. It returns after how long the job has to come back; 0 means that nothing is left to do.
//
// Errors: of the database only; those of the mail server are noted with the mail, for the operator.
func (o *Outbox) Deliver(ctx context.Context, job store.MailJob) (again time.Duration, err error) {
	now := o.now()
	mail, err := o.take(ctx, job, now)
	if app.CodeOf(err) == app.NotFound {
		return o.due(ctx, job, now)
	}
	if err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, o.attempt())
	failed := o.send(limited, mail)
	cancel()
	return o.settle(context.WithoutCancel(ctx), job, mail, failed)
}

func (o *Outbox) take(ctx context.Context, job store.MailJob, now time.Time) (mail store.SealedMail, err error) {
	err = o.in(ctx, job, func(tx *store.Tx) error {
		mail, err = tx.TakeMail(ctx, job.Mail, now, now.Add(o.attempt()+time.Second))
		return err
	})
	return mail, err
}

// due says when a mail that could not be taken may be: another process may be at it.
func (o *Outbox) due(ctx context.Context, job store.MailJob, now time.Time) (again time.Duration, err error) {
	err = o.in(ctx, job, func(tx *store.Tx) error {
		state, next, err := tx.MailDue(ctx, job.Mail)
		if err == nil && state == app.PostWaiting && next.After(now) {
			again = next.Sub(now)
		}
		return err
	})
	if app.CodeOf(err) == app.NotFound {
		err = nil
	}
	return again, err
}

func (o *Outbox) send(ctx context.Context, sealed store.SealedMail) error {
	said, err := o.Vault.Unseal(sealed.Sealed)
	if err != nil {
		return err
	}
	var open app.Mail
	if err := json.Unmarshal([]byte(said), &open); err != nil {
		return err
	}
	mail := sealed.Mail
	mail.ToName, mail.Data = open.ToName, open.Data
	head, err := o.Head(ctx, whose(mail))
	if err != nil {
		return err
	}
	letter, err := o.Writer.Write(ctx, head, mail)
	if err != nil {
		return err
	}
	letter.From, letter.To, letter.ToName, letter.At = head, mail.To, mail.ToName, sealed.CreatedAt
	letter.MessageID = MessageID(sealed.ID, head.Address)
	if o.Files != nil {
		if letter.Files, err = o.Files(ctx, mail); err != nil {
			return err
		}
	}
	return o.Carrier.Send(ctx, letter)
}

// whose is the organization whose brand a mail is written under.
func whose(mail app.Mail) app.ID {
	if seller, err := app.ParseID(mail.Data[app.MailBrand]); err == nil {
		return seller
	}
	return mail.Organization
}

// settle notes how an attempt ended.
func (o *Outbox) settle(ctx context.Context, job store.MailJob, mail store.SealedMail, failed error) (again time.Duration, err error) {
	now := o.now()
	pause := o.pause(mail.Attempts)
	final := app.CodeOf(failed) == app.Permanent || now.Add(pause).After(mail.Until)
	err = o.in(ctx, job, func(tx *store.Tx) error {
		if failed == nil {
			return tx.MailSent(ctx, job.Mail, now)
		}
		return tx.MailMissed(ctx, job.Mail, clip(failed.Error()), now.Add(pause), final)
	})
	if err != nil || failed == nil || final {
		return 0, err
	}
	return pause, nil
}

func (o *Outbox) in(ctx context.Context, job store.MailJob, fn func(*store.Tx) error) error {
	return o.Store.InTenant(ctx, app.System(job.Organization), fn)
}

func (o *Outbox) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

func (o *Outbox) attempt() time.Duration {
	if o.Attempt == 0 {
		return time.Minute
	}
	return o.Attempt
}

// pause is the time between an attempt and the next.
func (o *Outbox) pause(attempts int) time.Duration {
	pause := o.Pause
	if pause == 0 {
		pause = 30 * time.Second
	}
	for range min(attempts, 20) - 1 {
		pause *= 2
	}
	return min(pause, longestPause)
}
