package store

import (
	"strconv"
	"strings"
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

// few is up to how many values go as arguments of their own: reading an array costs nearly the same however short it is, and one document has few
// rows in each table.
const few = 60

// queue puts a statement over the rows into a batch, where there are rows. In it rows(uuid, text) stands for them, with the types of the columns;
// $1 and on are the other arguments.
func (c columns) queue(batch *pgx.Batch, sql string, more ...any) *pgx.QueuedQuery {
	if c == nil {
		return &pgx.QueuedQuery{} // nobody asks it
	}
	before, rest, _ := strings.Cut(sql, "rows(")
	types, after, _ := strings.Cut(rest, ")")
	names := strings.Split(types, ", ")
	n := int(c[0].Dimensions()[0].Length)
	if n*len(c) > few {
		return batch.Queue(before+arraysText(names, len(more))+after, append(more, c.arrays()...)...)
	}
	args := append(make([]any, 0, len(more)+n*len(c)), more...)
	for i := range n {
		for _, one := range c {
			args = append(args, one.Index(i))
		}
	}
	return batch.Queue(before+valuesText(names, n, len(more))+after, args...)
}

// arraysText is unnest($1::uuid[], $2::text[]), with the parameters behind those that are there already.
func arraysText(types []string, at int) string {
	text := []byte("unnest(")
	for i, name := range types {
		if i > 0 {
			text = append(text, ", "...)
		}
		at++
		text = append(appendParameter(text, at, name), "[]"...)
	}
	return string(append(text, ')'))
}

// valuesText is (VALUES ($1::uuid, $2::text), ($3::uuid, $4::text)) for n rows.
func valuesText(types []string, n, at int) string {
	text := []byte("(VALUES ")
	for row := range n {
		if row > 0 {
			text = append(text, ", "...)
		}
		for i, name := range types {
			sign := byte(',')
			if i == 0 {
				sign = '('
			}
			at++
			text = appendParameter(append(text, sign), at, name)
		}
		text = append(text, ')')
	}
	return string(append(text, ')'))
}

func appendParameter(text []byte, n int, name string) []byte {
	text = strconv.AppendInt(append(text, '$'), int64(n), 10)
	return append(append(text, "::"...), name...)
}
