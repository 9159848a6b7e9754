package query

import (
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// Value is one value as a column stores it: nothing, an integer, or text (see
// schema.Type). The zero Value is NULL.
type Value struct {
	form   form
	number int64
	text   string // for text; for a record, the kind that its word names, where the field leads to any kind
}

type form uint8

const (
	null form = iota
	integer
	text
)

// Null is no value.
func Null() Value { return Value{} }

// Int is an integer column's value: a count, minor units of money, millionths of a Number.
func Int(n int64) Value { return Value{form: integer, number: n} }

// Text is a text column's value. The empty text is never stored: absent is NULL.
func Text(s string) Value { return Value{form: text, text: s} }

// Bool is 0 or 1.
func Bool(b bool) Value {
	if b {
		return Int(1)
	}
	return Int(0)
}

// Time is a moment in microseconds since 1970 in UTC.
func Time(t time.Time) Value { return Int(t.UnixMicro()) }

// Person is the value of a Person field.
func Person(id actor.PersonID) Value { return Int(int64(id)) }

// Record is the value of a Relation field.
func Record(id schema.RecordID) Value { return Int(int64(id)) }

// RecordOf is Record for a field that leads to any kind, so that Print can name it.
func RecordOf(kind string, id schema.RecordID) Value {
	return Value{form: integer, number: int64(id), text: kind}
}

// Of makes a Value of what a database driver scans: nil, int64, string or []byte.
func Of(x any) (Value, bool) {
	switch x := x.(type) {
	case nil:
		return Null(), true
	case int64:
		return Int(x), true
	case string:
		return Text(x), true
	case []byte:
		return Text(string(x)), true
	}
	return Value{}, false
}

// IsNull tells whether there is no value.
func (v Value) IsNull() bool { return v.form == null }

// Int gives the integer, or false if the value is not one.
func (v Value) Int() (int64, bool) { return v.number, v.form == integer }

// Text gives the text, or false if the value is not text.
func (v Value) Text() (string, bool) {
	if v.form != text {
		return "", false
	}
	return v.text, true
}

// Any gives the value as a database driver takes it: nil, int64 or string.
func (v Value) Any() any {
	switch v.form {
	case integer:
		return v.number
	case text:
		return v.text
	}
	return nil
}

// fits tells whether a field can hold the value in the column that it is compared by. What does
// not fit is unknown in Go and in SQL alike: SQLite would coerce it and
// PostgreSQL would refuse the statement.
func (v Value) fits(f *schema.Field) bool {
	if f == nil || f.Type.Multi() || !comparable(f) {
		return false
	}
	return v.form == null || (v.form == integer) == f.Type.Numeric()
}
