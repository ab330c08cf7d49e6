package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Limit is how often a key may be tried within a window.
type Limit struct {
	Key  string // "signin account x@example.org"
	Most int
}

// Counted is what came of counting an attempt.
type Counted struct {
	Allowed bool
	Reached string // the key whose limit was reached just now, which is news; "" otherwise
}

const countAttempts = `SELECT allowed, reached FROM count_attempts($1, $2, $3, $4)`

// CountAttempts counts one attempt for each key, in their order, in a sliding window. It is made before a password or a code is looked
// at, so that attempts in parallel cannot slip past the limit. What is refused is not counted.
func (s *Store) CountAttempts(ctx context.Context, limits []Limit, now time.Time, window time.Duration) (Counted, error) {
	var c Counted
	keys, most := split(limits)
	err := s.pool.QueryRow(ctx, countAttempts, keys, most, now, window).Scan(&c.Allowed, &c.Reached)
	return c, classify(err)
}

const (
	forgetAttempts = `DELETE FROM attempts WHERE key = $1`
	takeBack       = `UPDATE attempts SET failures = greatest(0, failures - 1) WHERE key = $1`
)

// success queues what a success does to its counts: the account starts anew, the address is given back this one.
func success(batch *pgx.Batch, limits []Limit) {
	for i, limit := range limits {
		if i == 0 {
			batch.Queue(takeBack, limit.Key)
		} else {
			batch.Queue(forgetAttempts, limit.Key)
		}
	}
}

func split(limits []Limit) (keys []string, most []int) {
	for _, limit := range limits {
		keys, most = append(keys, limit.Key), append(most, limit.Most)
	}
	return keys, most
}

// ForgiveAttempts gives back what attempts took that ended in a success.
func (s *Store) ForgiveAttempts(ctx context.Context, limits []Limit) error {
	batch := &pgx.Batch{}
	success(batch, limits)
	return classify(s.pool.SendBatch(ctx, batch).Close())
}
