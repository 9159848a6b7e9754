package query

import (
	"fmt"

	"castellan/internal/schema"
)

// The most that a typed condition may hold. A condition that the program makes
// is not bound by these.
const (
	maxText   = 4096 // bytes of the text form
	maxLeaves = 64
	maxDepth  = 16 // joins and negations above a leaf
	maxList   = 200
)

// verb is what a leaf says of its field. Text and JSON share the words.
type verb string

const (
	isIn     verb = "in"
	isEmpty  verb = "empty"
	has      verb = "has"
	hasAny   verb = "has any"
	starts   verb = "starts"
	contains verb = "contains"
)

// compares gives the Op of a verb that is a comparison.
func (v verb) compares() (Op, bool) {
	for op, sign := range opTexts {
		if sign != "" && sign == string(v) {
			return Op(op), true
		}
	}
	return 0, false
}

// takes tells whether the verb makes sense for the field.
func (v verb) takes(f *schema.Field) bool {
	switch v {
	case isEmpty:
		return true
	case isIn:
		return !f.Type.Multi() && comparable(f)
	case has, hasAny:
		return f.Type.Multi()
	case starts:
		return f.Keyed || f.Type == schema.Emails || f.Type == schema.Tags
	case contains:
		return f.Keyed
	}
	op, ok := v.compares()
	return ok && !f.Type.Multi() && comparable(f) && (!op.ordering() || ordered(f.Type))
}

// comparable tells whether the field's values may be compared. People type
// phone numbers into free text: it is compared by its key alone, which is made
// from the masked text, or not at all.
func comparable(f *schema.Field) bool { return f.Keyed || !f.Free }

func ordered(t schema.Type) bool {
	switch t {
	case schema.Text, schema.Integer, schema.Number, schema.Money, schema.Date, schema.DateTime:
		return true
	}
	return false
}

// wants says in words what the field's values look like.
func wants(f *schema.Field) string {
	switch f.Type {
	case schema.Integer:
		return "a whole number"
	case schema.Number:
		return "a number with up to six places"
	case schema.Money:
		return "an amount with up to two places"
	case schema.Bool:
		return "yes or no"
	case schema.Date:
		return "a date such as 2026-01-31, or today-7d"
	case schema.DateTime:
		return "a time such as 2026-01-31T12:00:00Z, a date, today-7d or now-12h"
	case schema.Choice, schema.Choices:
		return "one of its options"
	case schema.Phones:
		return "a phone number"
	case schema.Emails:
		return "a mail address"
	case schema.Person:
		return "the id of a person, or me"
	case schema.Relation:
		return "the id of a record"
	case schema.Pipeline:
		return "the id of a pipeline"
	case schema.Stage:
		return "the id of a stage"
	}
	return fmt.Sprintf("a text of at most %d bytes", maxValue)
}

// refusal is what is wrong with a leaf, before it is known where it stands.
type refusal struct{ code, sentence string }

// leaf makes the leaf that the verb says of the field.
func leaf(f *schema.Field, v verb, values []string, words Words) (Cond, *refusal) {
	if !v.takes(f) {
		return nil, &refusal{"query.op", fmt.Sprintf("%s cannot be asked so", f.Name)}
	}
	if len(values) > maxList {
		return nil, &refusal{"query.large", fmt.Sprintf("a list holds at most %d values", maxList)}
	}
	var c Cond
	var ok bool
	switch v {
	case isEmpty:
		c, ok = Empty{f}, len(values) == 0
	case isIn:
		c, ok = inLeaf(f, values, words)
	case has, hasAny:
		c, ok = hasLeaf(f, v, values, words)
	case starts, contains:
		c, ok = keyLeaf(f, v, values, words)
	default:
		c, ok = compareLeaf(f, v, values, words)
	}
	if !ok {
		return nil, &refusal{"query.value", fmt.Sprintf("%s takes %s", f.Name, wants(f))}
	}
	return c, nil
}

func compareLeaf(f *schema.Field, v verb, values []string, words Words) (Cond, bool) {
	op, ok := v.compares()
	if !ok || len(values) != 1 {
		return nil, false
	}
	o, ok := read(f, values[0], words)
	if !ok || op.ordering() && f.Type == schema.Date && o.yearless() {
		return nil, false
	}
	return o.compare(f, op), true
}

// inLeaf makes a list of the values that stand still, beside a Relative for
// each one that moves.
func inLeaf(f *schema.Field, values []string, words Words) (Cond, bool) {
	list, moving := In{Field: f}, Or{}
	for _, s := range values {
		o, ok := read(f, s, words)
		switch {
		case !ok:
			return nil, false
		case o.anchor.Word != 0:
			moving = append(moving, o.compare(f, Equal))
		default:
			list.Values = append(list.Values, o.value)
		}
	}
	if len(moving) == 0 {
		return list, true
	}
	return append(moving, list), true
}

func hasLeaf(f *schema.Field, v verb, values []string, words Words) (Cond, bool) {
	keys := make([]string, len(values))
	for i, s := range values {
		key, ok := readKey(f, s, words)
		if !ok {
			return nil, false
		}
		keys[i] = key
	}
	if v == hasAny {
		return HasAny{f, keys}, true
	}
	if len(keys) != 1 {
		return nil, false
	}
	return Has{f, keys[0]}, true
}

func readKey(f *schema.Field, s string, words Words) (string, bool) {
	if !storable(s) {
		return "", false
	}
	if f.Type == schema.Choices {
		_, ok := f.Option(s)
		return s, ok
	}
	key, ok := words.Key(f, s)
	return key, ok && storable(key)
}

func keyLeaf(f *schema.Field, v verb, values []string, words Words) (Cond, bool) {
	if len(values) != 1 || !storable(values[0]) {
		return nil, false
	}
	key, ok := words.Part(f, values[0])
	switch {
	case !ok || !storable(key):
		return nil, false
	case v == contains:
		return Contains{f, key}, true
	case f.Keyed:
		return Starts{f, key}, true
	}
	return Prefix{f, key}, true
}
