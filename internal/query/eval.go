package query

import (
	"cmp"
	"slices"
	"strings"

	"castellan/internal/schema"
)

// Truth is the answer of a condition on a row. A row is chosen only by Yes.
type Truth int8

const (
	No      Truth = -1
	Unknown Truth = 0
	Yes     Truth = 1
)

// Not is -t, And is min, Or is max: the three-valued logic of SQL.
func (t Truth) Not() Truth { return -t }

func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Row gives what is stored of one row. It is asked only for fields of its kind.
type Row interface {
	// Value is the column. For a multi-valued field only whether it is NULL counts.
	Value(f *schema.Field) Value
	// Key is the folded twin column of a Keyed field.
	Key(f *schema.Field) Value
	// Keys are the keys in the table multi of a multi-valued field.
	Keys(f *schema.Field) []string
}

// Eval answers the condition on the row. It agrees with SQL on every row, and
// a nil condition is No.
func Eval(c Cond, row Row) Truth { return eval(c, row, nil) }

// EvalSeen is Eval for a reader who sees only some fields of this row: a leaf
// on any other field is unknown, as under a Guard in SQL.
func EvalSeen(c Cond, row Row, sees func(*schema.Field) bool) Truth { return eval(c, row, sees) }

func eval(c Cond, row Row, sees func(*schema.Field) bool) Truth {
	switch c := c.(type) {
	case All:
		return Yes
	case None, nil:
		return No
	case And:
		least := Yes
		for _, part := range c {
			if least = min(least, eval(part, row, sees)); least == No {
				break
			}
		}
		return least
	case Or:
		most := No
		for _, part := range c {
			if most = max(most, eval(part, row, sees)); most == Yes {
				break
			}
		}
		return most
	case Not:
		if c.Cond == nil {
			return No
		}
		return eval(c.Cond, row, sees).Not()
	}
	f := field(c)
	if f == nil || sees != nil && !sees(f) {
		return Unknown
	}
	return evalLeaf(c, row)
}

func evalLeaf(c Cond, row Row) Truth {
	switch c := c.(type) {
	case Compare:
		return c.eval(row)
	case In:
		return c.eval(row)
	case Empty:
		return truth(row.Value(c.Field).IsNull())
	case Has:
		if !c.Field.Type.Multi() {
			return Unknown
		}
		return truth(slices.Contains(row.Keys(c.Field), c.Key))
	case HasAny:
		if !c.Field.Type.Multi() {
			return Unknown
		}
		return truth(slices.ContainsFunc(row.Keys(c.Field), func(key string) bool { return slices.Contains(c.Keys, key) }))
	case Prefix:
		if !c.Field.Type.Multi() {
			return Unknown
		}
		return truth(slices.ContainsFunc(row.Keys(c.Field), func(key string) bool { return strings.HasPrefix(key, c.Key) }))
	case Contains:
		return evalKey(c.Field, row, c.Text, strings.Contains)
	case Starts:
		return evalKey(c.Field, row, c.Text, strings.HasPrefix)
	}
	return Unknown // Relative that nobody bound
}

func (c Compare) eval(row Row) Truth {
	if !c.Value.fits(c.Field) || c.Op.String() == "" {
		return Unknown
	}
	held := compared(c.Field, row)
	answer := c.Value.compare(held, c.Op)
	if c.Field.Type == schema.Date && c.Op.ordering() {
		// A date without a year ("--05-09") sorts before all others as text.
		return min(answer, Text(firstYear).compare(held, AtLeast))
	}
	return answer
}

// compared is what a comparison looks at: the folded twin of a keyed text, else
// the value itself.
func compared(f *schema.Field, row Row) Value {
	if f.Keyed {
		return row.Key(f)
	}
	return row.Value(f)
}

// firstYear is below every date with a year and above every date without.
const firstYear = "0"

// compare answers "held op v".
func (v Value) compare(held Value, op Op) Truth {
	switch {
	case held.form == null || v.form == null || held.form != v.form:
		return Unknown
	case v.form == integer:
		return truth(op.holds(cmp.Compare(held.number, v.number)))
	}
	return truth(op.holds(strings.Compare(held.text, v.text)))
}

func (c In) eval(row Row) Truth {
	held, most := compared(c.Field, row), No
	for _, v := range c.Values {
		if !v.fits(c.Field) {
			return Unknown
		}
		most = max(most, v.compare(held, Equal))
	}
	return most
}

func evalKey(f *schema.Field, row Row, text string, holds func(key, text string) bool) Truth {
	if !f.Keyed {
		return Unknown
	}
	key, ok := row.Key(f).Text()
	if !ok {
		return Unknown
	}
	return truth(holds(key, text))
}
