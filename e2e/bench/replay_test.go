package bench

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// statement is one that was sent, with its arguments.
type statement struct {
	sql  string
	args []any
}

// recorder keeps each statement that is sent.
type recorder struct{ sent []statement }

func (r *recorder) add(sql string, args []any) {
	r.sent = append(r.sent, statement{strings.TrimSpace(sql), args})
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.add(data.SQL, data.Args)
	return ctx
}

func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, q := range data.Batch.QueuedQueries {
		r.add(q.SQL, q.Arguments)
	}
	return ctx
}

func (r *recorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (r *recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceCopyFromStart: only the queue copies, and only its jobs. The tracer is not told the rows, so one like them stands for them.
func (r *recorder) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	r.add(fmt.Sprintf(`INSERT INTO %s (args, kind, max_attempts, queue) VALUES ($1, 'step', 10000, 'default')`, data.TableName.Sanitize()),
		[]any{[]byte(fmt.Sprintf(`{"organization": "%s", "step": "%s"}`, app.ID{}, app.ID{}))})
	return ctx
}

func (r *recorder) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// recording is the statements of one transaction.
type recording struct {
	name  string // that the transaction's own text carries, in a host or a key
	sent  []statement
	fresh map[string]int // the IDs that it made, in their order
}

// replay writes the statements of one transaction as a script for pgbench, in which whatever differs between two recordings of it is made anew:
// IDs, times, and text with the recording's own name in it.
func replay(one, two recording) (string, error) {
	one.fresh = map[string]int{}
	for i := range max(len(one.sent), len(two.sent)) {
		if i >= min(len(one.sent), len(two.sent)) || one.sent[i].sql != two.sent[i].sql {
			return "", fmt.Errorf("two recordings differ at statement %d of %d and %d", i, len(one.sent), len(two.sent))
		}
		for j, a := range one.sent[i].args {
			if id, ok := a.(app.ID); ok && a != two.sent[i].args[j] {
				one.fresh[id.String()] = len(one.fresh)
			}
		}
	}
	var out strings.Builder
	out.WriteString("\\set n random(1, 200000000000000)\n\\startpipeline\n")
	for _, s := range one.sent {
		sql, err := one.sql(s)
		if err != nil {
			return "", err
		}
		out.WriteString(sql + ";\n")
	}
	out.WriteString("\\endpipeline\n")
	return out.String(), nil
}

// sql is a statement with its arguments in it.
func (r recording) sql(s statement) (string, error) {
	var failed error
	text := placeholder.ReplaceAllStringFunc(comment.ReplaceAllString(s.sql, ""), func(p string) string {
		n, _ := strconv.Atoi(p[1:])
		text, err := r.literal(s.args[n-1])
		if err != nil {
			failed = fmt.Errorf("%s: %w", s.sql, err)
		}
		return text
	})
	return text, failed
}

var (
	placeholder = regexp.MustCompile(`\$\d+`)
	comment     = regexp.MustCompile(`(?m)^--.*\n`)
)

// literal is an argument as SQL that pgbench reads: no colon in it, which would begin one of its variables.
func (r recording) literal(arg any) (string, error) {
	v := reflect.ValueOf(arg)
	switch {
	case arg == nil, (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice) && v.IsNil():
		return "NULL", nil
	case v.Kind() == reflect.Pointer:
		return r.literal(v.Elem().Interface())
	}
	if _, ok := arg.(time.Time); ok {
		return "now()", nil
	}
	text, cast, err := written(arg)
	if err != nil {
		return "", err
	}
	text = quoted.Replace(text)
	for id, n := range r.fresh {
		text = strings.ReplaceAll(text, id, "'||"+madeID(n)+"||E'")
	}
	text = strings.ReplaceAll(text, r.name, "'||'pg'||:n::bigint||E'")
	if !strings.Contains(text, "'||") {
		return "E'" + text + "'", nil
	}
	return "(E'" + text + "')::" + cast, nil
}

// quoted are the characters that mean something in a literal, or to pgbench.
var quoted = strings.NewReplacer(`\`, `\\`, `'`, `\'`, ":", `\x3a`)

// madeID is the nth ID that a transaction makes, as text.
func madeID(n int) string {
	return fmt.Sprintf("'%08d-0000-7000-8000-'||lpad(to_hex(:n::bigint),12,'0')", n)
}

// written is an argument as text, with the type that it has in PostgreSQL.
func written(arg any) (text, cast string, err error) {
	switch v := arg.(type) {
	case app.ID:
		return v.String(), "uuid", nil
	case []app.ID:
		ids := make([]string, len(v))
		for i, id := range v {
			ids[i] = id.String()
		}
		return "{" + strings.Join(ids, ",") + "}", "uuid[]", nil
	case []string:
		all := make([]string, len(v))
		for i, element := range v {
			all[i] = strconv.Quote(element)
		}
		return "{" + strings.Join(all, ",") + "}", "text[]", nil
	case driver.Valuer:
		value, err := v.Value()
		if err != nil {
			return "", "", err
		}
		return written(value)
	}
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.String:
		return v.String(), "text", nil
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Bool:
		return fmt.Sprint(arg), "text", nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return string(v.Bytes()), "jsonb", nil
		}
		data, err := json.Marshal(arg) // [1,2]
		return strings.NewReplacer("[", "{", "]", "}").Replace(string(data)), "int[]", err
	}
	return "", "", fmt.Errorf("an argument of type %T cannot be replayed", arg)
}
