package app

import "github.com/google/uuid"

// ID identifies any noun. It is a UUID of version 7 (RFC 9562), so IDs made later sort later and lists page by them.
type ID = uuid.UUID

// NewID returns a fresh ID.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// ParseID reads an ID from a path or form; anything else is NotFound, since nothing has such an ID.
func ParseID(s string) (ID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return ID{}, Errorf(NotFound, "There is nothing at this address.")
	}
	return id, nil
}
