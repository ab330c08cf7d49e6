package stripe

import "time"

// clock is the server's own time. The caller holds the lock, or nothing else runs.
func (s *Server) clock() time.Time { return s.options.Now().Add(s.shift) }

// Advance turns the server's clock on, and lets happen what is due then: direct debits arrive or fail, pages close. With 0 it only lets happen what is
// due now.
func (s *Server) Advance(by time.Duration) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.shift += by
	for _, b := range s.accounts {
		s.ripen(b)
		s.expire(b)
	}
}

// Debits says how long direct debits are on their way that begin from now on.
func (s *Server) Debits(last time.Duration) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.options.Debit = last
}
