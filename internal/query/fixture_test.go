package query_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/query"
	"castellan/internal/schema"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random conditions; 0 takes a new one")

// chance gives a source of random conditions and says its seed if the test fails.
func chance(t *testing.T) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to see it again: go test -run '%s' -args -seed=%d", t.Name(), seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// things is a kind with fields of every type, some of them called like keywords.
func things(t testing.TB) *schema.Kind {
	colours := []schema.Option{{Key: "red"}, {Key: "green"}, {Key: "any"}, {Key: "as-is"}}
	c, err := schema.New(schema.Kind{
		Number: 9001, Name: "thing", Plural: "things", Title: "name", Responsible: "owner", Days: "seen",
		Fields: []*schema.Field{
			{Name: "name", Type: schema.Text, Keyed: true, Sort: true},
			{Name: "city", Type: schema.Text, Sort: true},
			{Name: "note", Type: schema.LongText},
			{Name: "site", Type: schema.URL},
			{Name: "visits", Type: schema.Integer, Sort: true},
			{Name: "weight", Type: schema.Number, Sort: true},
			{Name: "price", Type: schema.Money, Sort: true},
			{Name: "not", Type: schema.Bool, Sort: true},
			{Name: "born", Type: schema.Date, Sort: true},
			{Name: "seen", Type: schema.DateTime, Sort: true},
			{Name: "colour", Type: schema.Choice, Options: colours, Sort: true},
			{Name: "has", Type: schema.Choices, Options: colours},
			{Name: "phones", Type: schema.Phones},
			{Name: "emails", Type: schema.Emails},
			{Name: "tags", Type: schema.Tags},
			{Name: "owner", Type: schema.Person, Sort: true},
			{Name: "maker", Type: schema.Relation, Target: "thing"},
			{Name: "about", Type: schema.Relation, Target: schema.AnyKind},
			{Name: "about_kind", Type: schema.Text},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Kind("thing")
}

// words stands for the vault and the folding of keys: ids are written in the
// open, folding is lower case with ё as е.
type words struct{}

func (words) Person(public string) (actor.PersonID, bool) {
	id, ok := number("person", public)
	return actor.PersonID(id), ok
}

func (words) Record(kind, public string) (schema.RecordID, bool) {
	id, ok := number(kind, public)
	return schema.RecordID(id), ok && kind != "person"
}

func number(prefix, public string) (int64, bool) {
	digits, ok := strings.CutPrefix(public, prefix+"_")
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil && strconv.FormatInt(id, 10) == digits
}

func (words) Key(_ *schema.Field, typed string) (string, bool)  { return fold(typed), true }
func (words) Part(_ *schema.Field, typed string) (string, bool) { return fold(typed), true }
func (words) PersonWord(id actor.PersonID) string               { return fmt.Sprintf("person_%d", id) }
func (words) RecordWord(kind string, id schema.RecordID) string {
	return fmt.Sprintf("%s_%d", kind, id)
}

func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ё", "е") }

// row is a row in memory.
type row struct {
	id     schema.RecordID
	values map[string]query.Value
	keys   map[string][]string
}

func (r row) Value(f *schema.Field) query.Value { return r.values[f.Name] }
func (r row) Keys(f *schema.Field) []string     { return r.keys[f.Name] }

func (r row) Key(f *schema.Field) query.Value {
	s, ok := r.values[f.Name].Text()
	if !ok {
		return query.Null()
	}
	return query.Text(fold(s))
}

// What the random rows and conditions are made of: few enough to meet, and odd
// enough to hurt.
var (
	texts = []string{
		"Berlin", "berlin", "berlin ", "Bob", "bob", "Ёлкин", "Елкин", "ёж", "Иванов", "иван", "Ив", "100%", "100", "1000", "a_b", "axb", "a!b", "!%",
		"O'Brien", `say "hi"`, `\back`, "Zürich", "z", "ß", "é", "é", "line\nbreak", "?", "$1", "--", "\uD7FF", "\uE000", "\U0010FFFF", "b\U0010FFFF", "👍",
	}
	numbers = []int64{0, 1, -1, 2, 7, 1_000_000, 1_500_000, -250, 1<<53 + 1, 1 << 53, math.MaxInt64, math.MinInt64}
	dates   = []string{"2026-01-31", "2026-02-01", "1990-05-03", "0001-01-01", "--05-03", "--02-29", "--12-31", "9999-12-31"}
	moments = []int64{0, -1, 1_767_225_600_000_000, 1_767_225_600_000_001, 1_767_312_000_000_000}
	options = []string{"red", "green", "any", "as-is"}
	people  = []int64{1, 2, 3, 17}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// some gives a value that the field can hold.
func some(r *rand.Rand, f *schema.Field) query.Value {
	switch f.Type {
	case schema.Bool:
		return query.Bool(r.IntN(2) == 0)
	case schema.Date:
		return query.Text(pick(r, dates))
	case schema.DateTime:
		return query.Int(pick(r, moments))
	case schema.Choice:
		return query.Text(pick(r, options))
	case schema.Person:
		return query.Int(pick(r, people))
	case schema.Relation:
		if f.Target == schema.AnyKind {
			return query.RecordOf("thing", schema.RecordID(pick(r, people)))
		}
		return query.Int(pick(r, people))
	case schema.Integer, schema.Number, schema.Money:
		return query.Int(pick(r, numbers))
	}
	return query.Text(pick(r, texts))
}

func key(r *rand.Rand, f *schema.Field) string {
	if f.Type == schema.Choices {
		return pick(r, options)
	}
	return fold(pick(r, texts))
}

func part(r *rand.Rand) string {
	letters := []rune(fold(pick(r, texts)))
	from := r.IntN(len(letters) + 1)
	return string(letters[from : from+r.IntN(len(letters)-from+1)])
}

func randomRow(r *rand.Rand, kind *schema.Kind, id schema.RecordID) row {
	made := row{id, map[string]query.Value{}, map[string][]string{}}
	for _, f := range kind.Fields {
		switch {
		case r.IntN(4) == 0: // NULL
		case f.Type.Multi():
			for range 1 + r.IntN(3) {
				if k := key(r, f); !slices.Contains(made.keys[f.Name], k) {
					made.keys[f.Name] = append(made.keys[f.Name], k)
				}
			}
			made.values[f.Name] = query.Text("[…]")
		default:
			made.values[f.Name] = some(r, f)
		}
	}
	return made
}

// maker makes random conditions. A typed one is such as a person could type.
type maker struct {
	*rand.Rand
	kind  *schema.Kind
	typed bool
}

func (m maker) cond(depth int) query.Cond {
	if depth == 0 || m.IntN(4) == 0 {
		return m.leaf()
	}
	switch m.IntN(8) {
	case 0, 1, 2:
		return query.And(m.parts(depth))
	case 3, 4, 5:
		return query.Or(m.parts(depth))
	case 6:
		return query.Not{Cond: m.cond(depth - 1)}
	}
	return pick(m.Rand, []query.Cond{query.All{}, query.None{}, query.And{}, query.Or{}})
}

func (m maker) parts(depth int) []query.Cond {
	parts := make([]query.Cond, m.IntN(4))
	for i := range parts {
		parts[i] = m.cond(depth - 1)
	}
	return parts
}

func (m maker) leaf() query.Cond {
	f := pick(m.Rand, m.kind.Fields)
	if !m.typed && m.IntN(30) == 0 {
		f = pick(m.Rand, m.kind.Fields) // the verb may then not suit the field
		return pick(m.Rand, []query.Cond{query.Has{Field: f, Key: "red"}, query.HasAny{Field: f}, query.Prefix{Field: f, Key: "b"}, query.Contains{Field: f, Text: "b"},
			query.Starts{Field: f, Text: "b"}, query.Compare{Field: f, Op: query.Less, Value: query.Text("b")}, query.Relative{Field: f, Op: query.Equal}})
	}
	switch {
	case m.IntN(6) == 0:
		return query.Empty{Field: f}
	case f.Type.Multi():
		return m.multi(f)
	case f.Keyed && m.IntN(2) == 0:
		if m.IntN(2) == 0 {
			return query.Contains{Field: f, Text: part(m.Rand)}
		}
		return query.Starts{Field: f, Text: part(m.Rand)}
	case m.IntN(4) == 0:
		in := query.In{Field: f}
		for range m.IntN(6) {
			in.Values = append(in.Values, m.value(f))
		}
		return in
	}
	op := pick(m.Rand, []query.Op{query.Equal, query.NotEqual, query.Less, query.AtMost, query.More, query.AtLeast})
	v := m.value(f)
	if m.typed && !typable(f, op, v) {
		op = query.Equal
	}
	return query.Compare{Field: f, Op: op, Value: v}
}

func (m maker) multi(f *schema.Field) query.Cond {
	switch m.IntN(3) {
	case 0:
		return query.Has{Field: f, Key: key(m.Rand, f)}
	case 1:
		if f.Type == schema.Emails || f.Type == schema.Tags || !m.typed {
			return query.Prefix{Field: f, Key: part(m.Rand)}
		}
	}
	list := query.HasAny{Field: f, Keys: []string{}}
	for range m.IntN(4) {
		list.Keys = append(list.Keys, key(m.Rand, f))
	}
	return list
}

func (m maker) value(f *schema.Field) query.Value {
	if !m.typed {
		switch m.IntN(40) {
		case 0:
			return query.Null()
		case 1:
			return query.Int(7)
		case 2:
			return query.Text("7")
		}
	}
	v := some(m.Rand, f)
	if typed, ok := v.Text(); ok && f.Keyed && m.typed {
		return query.Text(fold(typed)) // a keyed text is compared by its key
	}
	return v
}

func typable(f *schema.Field, op query.Op, v query.Value) bool {
	if op == query.Equal || op == query.NotEqual {
		return true
	}
	switch f.Type {
	case schema.Date:
		s, _ := v.Text()
		return !strings.HasPrefix(s, "--")
	case schema.Text, schema.Integer, schema.Number, schema.Money, schema.DateTime:
		return true
	}
	return false
}
