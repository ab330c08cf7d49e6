package api

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"allotment/app"
)

// limiter counts the calls of each key in minutes. Each process counts for itself.
type limiter struct {
	most int

	mu    sync.Mutex
	calls map[app.ID]int // in the minute that began at begun
	begun time.Time
}

func newLimiter(most int) *limiter { return &limiter{most: most, calls: map[app.ID]int{}} }

// count counts one call, says in the headers how many are left (draft-ietf-httpapi-ratelimit-headers), and is TooMany beyond them.
func (l *limiter) count(h http.Header, key app.ID, now time.Time) error {
	l.mu.Lock()
	if minute := now.Truncate(time.Minute); minute.After(l.begun) {
		l.begun = minute
		clear(l.calls)
	}
	l.calls[key]++
	left, reset := l.most-l.calls[key], int(l.begun.Add(time.Minute).Sub(now).Seconds())+1
	l.mu.Unlock()
	h.Set("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=60`, l.most))
	h.Set("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, max(left, 0), reset))
	if left >= 0 {
		return nil
	}
	h.Set("Retry-After", fmt.Sprint(reset))
	return app.Errorf(app.TooMany, "This key makes more than %d calls in a minute. Please wait a moment.", l.most)
}
