package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// answerStale is after how long the work on a request counts as broken off: no request may take that long.
const answerStale = 2 * time.Minute

// Answer is what a request of the API was answered.
type Answer struct {
	Status int
	Header map[string]string
	Body   []byte
}

// BeginAnswer notes that a key's request of this name is being worked on, and returns nil when it is to be done. When it was sent before, it
// returns the answer that it got. hash is over all that makes the request what it is.
//
// Errors: Invalid when the name was used for another request; Conflict while the first is still being worked on.
func (p *Portal) BeginAnswer(ctx context.Context, actor app.Actor, name string, hash []byte) (*Answer, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return nil, err
	}
	var kept store.KeptAnswer
	var begun bool
	err := p.store.InTenant(ctx, actor, func(tx *store.Tx) (err error) {
		now := p.now()
		kept, begun, err = tx.BeginAnswer(ctx, name, hash, now, now.Add(-store.AnswersKept), now.Add(-answerStale))
		return err
	})
	switch {
	case err != nil && app.CodeOf(err) != app.NotFound: // forgotten in between: whoever had it has just ended
		return nil, err
	case begun:
		return nil, nil
	case err == nil && !bytes.Equal(kept.RequestHash, hash):
		return nil, app.Errorf(app.Invalid, "This Idempotency-Key was used for another request. Please choose a new one for each request.")
	case err != nil || len(kept.Sealed) == 0:
		return nil, app.Errorf(app.Conflict, "The same request is being worked on at this moment. Please try again in a few seconds.")
	}
	plain, err := p.vault.Unseal(kept.Sealed)
	if err != nil {
		return nil, err
	}
	var answer Answer
	if err := json.Unmarshal([]byte(plain), &answer); err != nil {
		return nil, fmt.Errorf("kept answer: %w", err)
	}
	return &answer, nil
}

// EndAnswer keeps what a request was answered, encrypted, for as long as it may be sent again.
func (p *Portal) EndAnswer(ctx context.Context, actor app.Actor, name string, answer Answer) error {
	if err := actor.May(app.SeeAccount); err != nil {
		return err
	}
	plain, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	sealed, err := p.vault.Seal(string(plain))
	if err != nil {
		return err
	}
	return p.store.InTenant(ctx, actor, func(tx *store.Tx) error { return tx.EndAnswer(ctx, name, sealed) })
}

// ForgetAnswer lets a request be sent anew whose work broke off.
func (p *Portal) ForgetAnswer(ctx context.Context, actor app.Actor, name string) error {
	if err := actor.May(app.SeeAccount); err != nil {
		return err
	}
	return p.store.InTenant(ctx, actor, func(tx *store.Tx) error { return tx.ForgetAnswer(ctx, name) })
}
