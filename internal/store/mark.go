package store

import (
	"slices"
	"strconv"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// A mark says of a record's values as much as fits into one number: each value
// sets two of its 63 bits. It lies beside the record in access, so that a walk
// over what somebody reaches need not look at records that lack what a filter
// asks for. A record that has the value has its bits; one that has the bits may
// have other values, and is looked at. Every bit is set where nothing is known:
// rows from before there were marks, until their record is changed.
//
// Which values set bits must stay as it is, or old marks would hide records: a
// field that is added to those that do needs a migration that sets the marks of
// its kind to -1 again. A test holds the list.
const unmarked = int64(-1)

const markBits = 63

// marks tells whether values of the field are in marks: those that are asked
// for one by one and are shared by many records.
func marks(k *schema.Kind, f *schema.Field) bool {
	switch f.Type {
	case schema.Tags, schema.Choices:
		return true
	case schema.Choice, schema.Person, schema.Relation, schema.Pipeline, schema.Stage, schema.Bool:
		return f.Indexed
	case schema.Text:
		return f.Indexed && f.Keyed && f != k.TitleField()
	}
	return false
}

// bitsOf are the bits of one value of a field: FNV-1a over the name and the value.
func bitsOf(f *schema.Field, value string) int64 {
	h := uint64(14695981039346656037)
	for _, part := range []string{f.Name, "\x00", value} {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
	}
	return 1<<(h%markBits) | 1<<(h/markBits%markBits)
}

// MarkOf is the mark of a record that holds the cells: all that its kind has,
// with the keys of those that hold several values.
func MarkOf(k *schema.Kind, cells []Cell) int64 {
	mark := int64(0)
	for _, c := range cells {
		if !marks(k, c.Field) {
			continue
		}
		held := c.Column
		if c.Field.Keyed {
			held = c.Key
		}
		switch v := held.(type) {
		case nil:
		case int64:
			mark |= bitsOf(c.Field, strconv.FormatInt(v, 10))
		case string:
			if !c.Field.Type.Multi() {
				mark |= bitsOf(c.Field, v)
			}
		}
		if c.Field.Type.Multi() {
			for _, key := range c.Multi {
				mark |= bitsOf(c.Field, key)
			}
		}
	}
	return mark
}

func (p *Place) mark() int64 {
	if p.Mark == 0 {
		return unmarked
	}
	return p.Mark
}

// marked writes what the filter asks of the marks of a, for the parts of it that
// must all hold. A field that is not plain on every record is left out: its value
// counts only where it may be seen.
func (r *reading) marked(b *query.Builder) {
	for _, one := range r.wanted() {
		b.Write(" AND (")
		for i, bits := range one {
			if i > 0 {
				b.Write(" OR ")
			}
			b.Write("a.mark & ").Arg(bits).Write(" = ").Arg(bits)
		}
		b.Write(")")
	}
}

// wanted are the bits of the values that a record must have: one of each list.
func (r *reading) wanted() (all [][]int64) {
	parts, ok := r.ask.Filter.(query.And)
	if !ok && r.ask.Filter != nil {
		parts = query.And{r.ask.Filter}
	}
	for _, p := range parts {
		var values []string
		switch c := p.(type) {
		case query.Compare:
			if c.Op == query.Equal {
				values = spelled(c.Value)
			}
		case query.In:
			if len(c.Values) > 0 && len(c.Values) <= mostMarks {
				values = spelled(c.Values...)
			}
		case query.Has:
			values = []string{c.Key}
		case query.HasAny:
			if len(c.Keys) <= mostMarks {
				values = c.Keys
			}
		}
		fields := query.Fields(p)
		if len(values) == 0 || len(fields) != 1 || !marks(r.kind, fields[0]) || fields[0].Kind() != r.kind || r.g.FieldEverywhere(fields[0]) != policy.Plain {
			continue
		}
		var bits []int64
		for _, v := range values {
			if one := bitsOf(fields[0], v); !slices.Contains(bits, one) {
				bits = append(bits, one)
			}
		}
		all = append(all, bits)
	}
	return all
}

// mostMarks is how many values of one field are looked for in marks.
const mostMarks = 16

// spelled are values as marks know them; none if one of them is neither a number
// nor a text.
func spelled(values ...query.Value) []string {
	var all []string
	for _, v := range values {
		if n, ok := v.Int(); ok {
			all = append(all, strconv.FormatInt(n, 10))
		} else if s, ok := v.Text(); ok {
			all = append(all, s)
		} else {
			return nil
		}
	}
	return all
}
