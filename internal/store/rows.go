package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// ErrNoRows is what Row.Scan gives when the answer is empty.
var ErrNoRows = errors.New("no rows")

// Rows is an answer being read. Use it like the rows of database/sql.
type Rows struct {
	c    cursor
	vals []any
	err  error
	done func() // gives the connection back
}

func run(ctx context.Context, s session, text string, args []any) (*Rows, error) {
	if err := plain(args); err != nil {
		return nil, err
	}
	c, err := s.query(ctx, text, args)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return &Rows{c: c, vals: make([]any, c.width())}, nil
}

// Next moves to the next row. After the last one the rows are closed.
func (r *Rows) Next() bool {
	if r.c == nil || r.err != nil {
		return false
	}
	more, err := r.c.next(r.vals)
	if err != nil {
		r.err = fmt.Errorf("read rows: %w", err)
	}
	if !more {
		r.Close()
	}
	return more
}

// Err says whether reading ended before the last row.
func (r *Rows) Err() error { return r.err }

// Close lets go of the answer and its connection. It may be called twice.
func (r *Rows) Close() error {
	if r.c == nil {
		return r.err
	}
	if err := r.c.close(); err != nil && r.err == nil {
		r.err = fmt.Errorf("close rows: %w", err)
	}
	r.c = nil
	if r.done != nil {
		r.done()
		r.done = nil
	}
	return r.err
}

// Values is the current row as it came: int64, float64, string, []byte or nil.
// The slice is overwritten by Next; what is in it stays valid.
func (r *Rows) Values() []any { return r.vals }

// Scan copies the current row into the pointers, one for each column.
func (r *Rows) Scan(into ...any) error {
	if len(into) != len(r.vals) {
		return fmt.Errorf("scan: the answer has %d columns, not %d", len(r.vals), len(into))
	}
	for i, to := range into {
		if err := assign(to, r.vals[i]); err != nil {
			return fmt.Errorf("scan column %d: %w", i+1, err)
		}
	}
	return nil
}

// Row is an answer of at most one row.
type Row struct {
	rows *Rows
	err  error
}

// Scan copies the row into the pointers, or gives ErrNoRows.
func (r *Row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	return r.rows.Close()
}

// A Scanner takes a value from a row by itself. It gets int64, float64, string,
// []byte or nil.
type Scanner interface {
	Scan(value any) error
}

// assign puts a value of the database into what a pointer leads to. NULL goes
// only into pointers, slices, any and Scanners: a NULL that would silently
// become zero is an error.
func assign(to, v any) error {
	switch d := to.(type) {
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *int:
		if n, ok := v.(int64); ok {
			*d = int(n)
			return nil
		}
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *bool:
		if n, ok := v.(int64); ok {
			*d = n != 0
			return nil
		}
	case *[]byte:
		switch s := v.(type) {
		case []byte:
			*d = s
			return nil
		case string:
			*d = []byte(s)
			return nil
		case nil:
			*d = nil
			return nil
		}
	case *any:
		*d = v
		return nil
	case *time.Time:
		if n, ok := v.(int64); ok {
			*d = time.UnixMicro(n).UTC()
			return nil
		}
	case Scanner:
		return d.Scan(v)
	}
	p := reflect.ValueOf(to)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("%T is not a pointer to scan into", to)
	}
	return set(p.Elem(), v)
}

func set(d reflect.Value, v any) error {
	if d.Kind() == reflect.Pointer {
		if v == nil {
			d.SetZero()
			return nil
		}
		n := reflect.New(d.Type().Elem())
		if err := assign(n.Interface(), v); err != nil {
			return err
		}
		d.Set(n)
		return nil
	}
	switch s := v.(type) {
	case int64:
		switch d.Kind() {
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			if !d.OverflowInt(s) {
				d.SetInt(s)
				return nil
			}
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			if s >= 0 && !d.OverflowUint(uint64(s)) {
				d.SetUint(uint64(s))
				return nil
			}
		case reflect.Bool:
			d.SetBool(s != 0)
			return nil
		case reflect.Float64:
			d.SetFloat(float64(s))
			return nil
		}
	case float64:
		if d.Kind() == reflect.Float64 {
			d.SetFloat(s)
			return nil
		}
	case string:
		if d.Kind() == reflect.String {
			d.SetString(s)
			return nil
		}
		if d.Kind() == reflect.Slice && d.Type().Elem().Kind() == reflect.Uint8 {
			d.SetBytes([]byte(s))
			return nil
		}
	case []byte:
		if d.Kind() == reflect.Slice && d.Type().Elem().Kind() == reflect.Uint8 {
			d.SetBytes(s)
			return nil
		}
		if d.Kind() == reflect.Array && d.Type().Elem().Kind() == reflect.Uint8 && d.Len() == len(s) {
			reflect.Copy(d, reflect.ValueOf(s))
			return nil
		}
	case nil:
		if d.Kind() == reflect.Slice {
			d.SetZero()
			return nil
		}
	}
	return fmt.Errorf("%T does not go into %s", v, d.Type())
}

// plain turns arguments into the few types that both engines take: numbers of
// any kind and booleans into int64, times into microseconds since 1970, named
// types into what they are made of. A pointer is NULL or what it leads to.
func plain(args []any) error {
	for i, a := range args {
		switch x := a.(type) {
		case nil, int64, string, []byte, float64:
		case []int64, []string, [][]byte: // arrays of PostgreSQL
		case int:
			args[i] = int64(x)
		case bool:
			args[i] = int64(0)
			if x {
				args[i] = int64(1)
			}
		case time.Time:
			args[i] = x.UnixMicro()
		default:
			v, err := plainValue(reflect.ValueOf(a))
			if err != nil {
				return fmt.Errorf("argument %d: %w", i+1, err)
			}
			args[i] = v
		}
	}
	return nil
}

func plainValue(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n := v.Uint(); n <= 1<<63-1 {
			return int64(n), nil
		}
		return nil, errors.New("number is too large")
	case reflect.Bool:
		if v.Bool() {
			return int64(1), nil
		}
		return int64(0), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Bytes(), nil
		}
	case reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, v.Len())
			reflect.Copy(reflect.ValueOf(b), v)
			return b, nil
		}
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		if t, ok := v.Interface().(*time.Time); ok {
			return t.UnixMicro(), nil
		}
		return plainValue(v.Elem())
	}
	return nil, fmt.Errorf("%s cannot be sent to a database", v.Type())
}

// IsConflict tells whether a statement was refused because a row with the same
// key exists. On PostgreSQL the transaction is over then, unless Tx.Try was
// around the statement.
func IsConflict(err error) bool { return sqliteUnique(err) || postgresUnique(err) }
