package store

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"allotment/app"
)

// columns collects the values of many rows, an array for each column, as unnest takes them: one statement writes them all. What a column's
// first value is decides on the type of all of them, so that its array is sent without a look at each value.
type columns []column

// column is an array that PostgreSQL takes as an argument, and grows.
type column interface {
	pgtype.ArrayGetter
	add(value any)
}

type list[T any] struct{ pgtype.FlatArray[T] }

func (l *list[T]) add(value any) { l.FlatArray = append(l.FlatArray, value.(T)) }

func columnOf(value any) column {
	switch value.(type) {
	case app.ID:
		return &list[app.ID]{}
	case *app.ID:
		return &list[*app.ID]{}
	case string:
		return &list[string]{}
	case int:
		return &list[int]{}
	case int64:
		return &list[int64]{}
	case bool:
		return &list[bool]{}
	case []byte:
		return &list[[]byte]{}
	case time.Time:
		return &list[time.Time]{}
	case *time.Time:
		return &list[*time.Time]{}
	}
	return &list[any]{}
}

func (c *columns) add(values ...any) {
	if *c == nil {
		*c = make(columns, len(values))
		for i, value := range values {
			(*c)[i] = columnOf(value)
		}
	}
	for i, value := range values {
		(*c)[i].add(value)
	}
}

// arrays are the arguments of a statement: an array for each column, and more.
func (c columns) arrays(more ...any) []any {
	args := make([]any, 0, len(c)+len(more))
	for _, one := range c {
		args = append(args, one)
	}
	return append(args, more...)
}

// queue puts a statement that writes the rows into a batch, where there are rows.
func (c columns) queue(batch *pgx.Batch, sql string, more ...any) {
	if c != nil {
		batch.Queue(sql, c.arrays(more...)...)
	}
}
