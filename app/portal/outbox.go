package portal

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// usefulFor is how long a mail is tried unless it says otherwise.
const usefulFor = 4 * 24 * time.Hour

// post puts a mail into the outbox in the verb's own transaction: it is sent once that commits, and not at all otherwise. A worker sends it.
func (p *Portal) post(ctx context.Context, tx *store.Tx, m app.Mail) error {
	now := p.now()
	if m.Until.IsZero() {
		m.Until = now.Add(usefulFor)
	}
	said, err := json.Marshal(app.Mail{ToName: m.ToName, Data: m.Data})
	if err != nil {
		return err
	}
	sealed, err := p.vault.Seal(string(said))
	if err != nil {
		return err
	}
	return tx.InsertMail(ctx, store.SealedMail{Mail: m, ID: app.NewID(), Sealed: sealed, CreatedAt: now})
}

// OutboxFilter selects a page of the outbox.
type OutboxFilter struct {
	Text  string
	State app.PostState // "" for all
	After string        // the key of the page before
	Limit int
}

// OutboxPage is a page of the outbox.
type OutboxPage struct {
	Mails []app.Posted
	Next  string // the key of the next page; "" for the last
}

// Outbox returns the mails that leave the house, newest first, without what they say: for the operator.
func (p *Portal) Outbox(ctx context.Context, actor app.Actor, f OutboxFilter) (OutboxPage, error) {
	var page OutboxPage
	if err := actor.May(app.SeeOperations); err != nil {
		return page, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	q := store.MailQuery{Text: clip(strings.TrimSpace(f.Text)), State: f.State, Before: before, Limit: limit + 1}
	err = p.see(ctx, actor, app.SeeOperations, func(tx *store.Tx) error {
		page.Mails, err = tx.Outbox(ctx, q)
		return err
	})
	if len(page.Mails) > limit {
		page.Mails = page.Mails[:limit]
		page.Next = page.Mails[limit-1].ID.String()
	}
	return page, err
}

var retryMail = verb{action: "mail.retry", permission: app.RunOperations}

// RetryMail has a mail tried again at once.
//
// Errors: NotFound; Conflict when it was sent, is being sent, or is of no use any more.
func (p *Portal) RetryMail(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, retryMail, func(tx *store.Tx) error {
		posted, err := tx.RetryMail(ctx, id, p.now())
		if err == nil {
			tx.NoteIn(posted.Organization, "mail "+id.String(), map[string]string{"problem": posted.Problem}, nil)
		}
		return err
	})
}
