package portal

import "time"

// SetClock moves a portal's clock, for tests.
func SetClock(p *Portal, now func() time.Time) { p.now = now }
