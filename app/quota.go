package app

// Amounts is how much something takes of what a quota limits.
type Amounts struct {
	Services  int64
	Guests    int64
	VCPU      int64
	MemoryMiB int64
	DiskGiB   int64
}

// Limit is one line of a quota.
type Limit struct {
	Max  *int64 // nil: no limit
	Used int64
}

// Full reports whether nothing more can be ordered under the limit.
func (l Limit) Full() bool { return l.Max != nil && l.Used >= *l.Max }

// Quota is what an organization may use with everybody below it, and what they use. The zero value limits nothing.
type Quota struct {
	Services  Limit
	Guests    Limit
	VCPU      Limit
	MemoryMiB Limit
	DiskGiB   Limit
}

// Limited reports whether the quota limits anything.
func (q Quota) Limited() bool {
	for _, l := range []Limit{q.Services, q.Guests, q.VCPU, q.MemoryMiB, q.DiskGiB} {
		if l.Max != nil {
			return true
		}
	}
	return false
}
