// Package migrations holds the database schema as numbered files. A file is never edited once it has landed.
package migrations

import "embed"

// Files are the migrations, named NNNN_name.sql, in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS
