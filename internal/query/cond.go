package query

import "castellan/internal/schema"

// Cond is a condition on one row of a kind. It is an immutable value: whoever
// holds one may share it, and nobody writes into its slices.
//
// The set is closed. And, Or and Not join; All and None are constant; the rest
// are leaves, each about one field.
type Cond interface{ cond() }

type (
	// All is yes to every row.
	All struct{}

	// None is no to every row.
	None struct{}

	// And is yes where every part is. With no part it is All.
	And []Cond

	// Or is yes where any part is. With no part it is None.
	Or []Cond

	// Not turns yes and no around, and leaves unknown unknown.
	Not struct{ Cond Cond }

	// Compare holds the value of a field against another. It is unknown where
	// either is NULL. Text compares by code point. A date without a year is
	// equal to itself, and neither before nor after any day.
	Compare struct {
		Field *schema.Field
		Op    Op
		Value Value
	}

	// In is yes where the field holds one of the values. With no value it is
	// no to every row, never yes.
	In struct {
		Field  *schema.Field
		Values []Value
	}

	// Empty is yes where the field holds nothing. It is never unknown.
	Empty struct{ Field *schema.Field }

	// Has is yes where a multi-valued field holds the key: an E.164 number, a
	// folded address, a folded tag, an option's key. It is never unknown.
	Has struct {
		Field *schema.Field
		Key   string
	}

	// HasAny is yes where a multi-valued field holds one of the keys. With no
	// key it is no to every row.
	HasAny struct {
		Field *schema.Field
		Keys  []string
	}

	// Prefix is yes where a multi-valued field holds a key that begins so.
	Prefix struct {
		Field *schema.Field
		Key   string
	}

	// Contains is yes where the folded twin of a Keyed field contains the text,
	// which is folded already.
	Contains struct {
		Field *schema.Field
		Text  string
	}

	// Starts is yes where the folded twin of a Keyed field begins with the
	// text, which is folded already.
	Starts struct {
		Field *schema.Field
		Text  string
	}

	// Relative is a Compare with something that only the reader's place and
	// moment decide: today, a week ago, me. Bind turns it into Compares; until
	// then it is unknown on every row.
	Relative struct {
		Field *schema.Field
		Op    Op
		To    Anchor
	}
)

func (All) cond()      {}
func (None) cond()     {}
func (And) cond()      {}
func (Or) cond()       {}
func (Not) cond()      {}
func (Compare) cond()  {}
func (In) cond()       {}
func (Empty) cond()    {}
func (Has) cond()      {}
func (HasAny) cond()   {}
func (Prefix) cond()   {}
func (Contains) cond() {}
func (Starts) cond()   {}
func (Relative) cond() {}

// Op is a comparison. The zero Op is none, and a Compare with it is unknown.
type Op uint8

const (
	Equal Op = iota + 1
	NotEqual
	Less
	AtMost
	More
	AtLeast
)

var opTexts = [...]string{Equal: "=", NotEqual: "!=", Less: "<", AtMost: "<=", More: ">", AtLeast: ">="}

// String gives the sign that people and SQL write; empty for no Op.
func (o Op) String() string {
	if int(o) < len(opTexts) {
		return opTexts[o]
	}
	return ""
}

// ordering tells whether the comparison needs an order, not just identity.
func (o Op) ordering() bool { return o >= Less && o <= AtLeast }

// holds tells whether the comparison holds, given the sign of left minus right.
func (o Op) holds(sign int) bool {
	switch o {
	case Equal:
		return sign == 0
	case NotEqual:
		return sign != 0
	case Less:
		return sign < 0
	case AtMost:
		return sign <= 0
	case More:
		return sign > 0
	case AtLeast:
		return sign >= 0
	}
	return false
}

// field gives the field that a leaf is about, or nil.
func field(c Cond) *schema.Field {
	switch c := c.(type) {
	case Compare:
		return c.Field
	case In:
		return c.Field
	case Empty:
		return c.Field
	case Has:
		return c.Field
	case HasAny:
		return c.Field
	case Prefix:
		return c.Field
	case Contains:
		return c.Field
	case Starts:
		return c.Field
	case Relative:
		return c.Field
	}
	return nil
}

// Fields lists every field that the condition reads, each once, in the order of
// first mention. Who asks by a field that they may not see must be refused.
func Fields(c Cond) []*schema.Field {
	var list []*schema.Field
	seen := map[*schema.Field]bool{}
	walk(c, func(leaf Cond) {
		if f := field(leaf); f != nil && !seen[f] {
			seen[f] = true
			list = append(list, f)
		}
	})
	return list
}

// walk calls visit for every leaf and constant, from left to right.
func walk(c Cond, visit func(Cond)) {
	switch c := c.(type) {
	case And:
		for _, part := range c {
			walk(part, visit)
		}
	case Or:
		for _, part := range c {
			walk(part, visit)
		}
	case Not:
		walk(c.Cond, visit)
	default:
		visit(c)
	}
}
