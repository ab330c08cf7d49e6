package app

import (
	"io"
	"time"
)

// FileWriter takes a file that is being made. Nobody sees it before Commit, and nobody ever sees half of one.
type FileWriter interface {
	io.Writer
	// Commit puts the file in its place, over one of the same ID. It fails when another attempt began meanwhile.
	Commit() error
	// Abort drops what was written; after Commit it does nothing.
	Abort()
}

// FileReader is a file that can be read from any place.
type FileReader interface {
	io.ReadSeekCloser
	Size() int64
}

// StoredFile is what a store has of an ID: a file, or what an attempt left of one.
type StoredFile struct {
	ID        ID
	ChangedAt time.Time
}
