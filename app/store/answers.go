package store

import (
	"context"
	"time"
)

// KeptAnswer is what is known of a request that was sent before. Sealed is empty while it is being worked on.
type KeptAnswer struct {
	RequestHash []byte
	Sealed      []byte
}

// BeginAnswer notes that the acting key's request of this name is being worked on. begun is false when it was sent before: then the answer
// is what is known of it. One that is older than kept counts as never sent, and one whose work broke off before stale as not begun.
func (t *Tx) BeginAnswer(ctx context.Context, name string, hash []byte, now, kept, stale time.Time) (answer KeptAnswer, begun bool, err error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO api_answers (organization_id, key_id, name, request_hash, started_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (organization_id, key_id, name) DO UPDATE SET request_hash = $4, started_at = $5, answer = NULL
		WHERE api_answers.started_at < $6
		   OR (api_answers.answer IS NULL AND api_answers.started_at < $7 AND api_answers.request_hash = $4)`,
		t.actor.Organization, t.actor.Key, name, hash, now, kept, stale)
	if err != nil || tag.RowsAffected() == 1 {
		return KeptAnswer{}, err == nil, classify(err)
	}
	err = t.tx.QueryRow(ctx, `
		SELECT request_hash, answer FROM api_answers WHERE organization_id = $1 AND key_id = $2 AND name = $3`,
		t.actor.Organization, t.actor.Key, name).Scan(&answer.RequestHash, &answer.Sealed)
	return answer, false, classify(err)
}

// EndAnswer keeps what a request was answered.
func (t *Tx) EndAnswer(ctx context.Context, name string, sealed []byte) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE api_answers SET answer = $4 WHERE organization_id = $1 AND key_id = $2 AND name = $3`,
		t.actor.Organization, t.actor.Key, name, sealed)
	return classify(err)
}

// ForgetAnswer lets a request of this name be sent anew.
func (t *Tx) ForgetAnswer(ctx context.Context, name string) error {
	_, err := t.tx.Exec(ctx, `
		DELETE FROM api_answers WHERE organization_id = $1 AND key_id = $2 AND name = $3 AND answer IS NULL`,
		t.actor.Organization, t.actor.Key, name)
	return classify(err)
}

// DropAnswers forgets what was kept since before a moment, of every organization.
func (s *Store) DropAnswers(ctx context.Context, before time.Time) error {
	_, err := s.pool.Exec(ctx, `SELECT drop_api_answers($1)`, before)
	return classify(err)
}

// AnswersKept is how long a request that is sent again gets the answer that it got before.
const AnswersKept = 24 * time.Hour
