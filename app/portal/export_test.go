package portal

import "time"

// SetClock moves a portal's clock, for tests.
func SetClock(p *Portal, now func() time.Time) { p.now = now }

// SetFiles puts a portal's exports elsewhere, for tests.
func SetFiles(p *Portal, files Files) { p.cfg.Exports.Files = files }

// PrefixOf is the prefix that a request would be kept with.
func PrefixOf(r TermsRequest) (string, error) {
	t, err := r.terms()
	return t.Prefix, err
}
