package web

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// Records are written by hand, straight from the columns into one buffer: no
// map, no struct and no reflection in between, which would cost half of what a
// list costs.

// buffers are lent to answers.
type buffers struct{ pool sync.Pool }

// largestKept bounds what one rare large answer leaves behind.
const largestKept = 1 << 20

func (b *buffers) get() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	fresh := make([]byte, 0, 32<<10)
	return &fresh
}

func (b *buffers) put(p *[]byte, used []byte) {
	if cap(used) > largestKept {
		return
	}
	*p = used[:0]
	b.pool.Put(p)
}

// scribbler writes the records of one page.
type scribbler struct {
	c     *call
	names *namesHeld
	page  *records.Page
	about int // where the kind of an open relation stands; -1: nowhere
}

func (c *call) scribbler(p *records.Page) (scribbler, error) {
	s := scribbler{c: c, page: p, about: -1}
	for i, f := range p.Fields {
		if f.Name == "about_kind" {
			s.about = i
		}
	}
	var err error
	s.names, err = c.everyName(c.ctx, c.who)
	return s, err
}

// record appends one row. exact says that the page's May is about this record
// alone; in a list it only says what holds for all.
func (s *scribbler) record(b []byte, row *records.Row, exact, binned bool) []byte {
	p := s.page
	b = append(b, `{"id":"`...)
	b = append(b, s.c.Records.RecordWord(p.Kind.Name, row.ID)...)
	b = append(b, `","kind":"`...)
	b = append(b, p.Kind.Name...)
	b = append(b, `","version":`...)
	b = strconv.AppendInt(b, row.Version, 10)
	guarded := 0
	for i, f := range p.Fields {
		sight := row.Sights[i]
		if sight == records.Hidden {
			continue
		}
		b = append(b, ',', '"')
		b = append(b, f.Name...) // names of fields are identifiers
		b = append(b, '"', ':')
		if sight == records.Plain {
			b = s.value(b, f, row.Values[i], row)
			continue
		}
		guarded++
		b = masked(b, f, row.Present[i])
	}
	if guarded > 0 {
		b = append(b, `,"sight":{`...)
		first := true
		for i, f := range p.Fields {
			if sight := row.Sights[i]; sight != records.Plain && sight != records.Hidden {
				if !first {
					b = append(b, ',')
				}
				first = false
				b = append(b, '"')
				b = append(b, f.Name...)
				b = append(b, '"', ':', '"')
				b = append(b, sight.String()...)
				b = append(b, '"')
			}
		}
		b = append(b, '}')
	}
	if may := p.May; exact || may.Edit || may.Delete {
		b = append(b, `,"can":{`...)
		if exact || may.Edit {
			b = append(b, `"edit":`...)
			b = strconv.AppendBool(b, may.Edit)
		}
		if exact || may.Delete {
			if exact || may.Edit {
				b = append(b, ',')
			}
			b = append(b, `"delete":`...)
			b = strconv.AppendBool(b, may.Delete)
		}
		if may.Merge {
			b = append(b, `,"merge":true`...)
		}
		b = append(b, '}')
	}
	if binned {
		b = append(b, `,"binned":true`...)
	}
	return append(b, '}')
}

// masked stands for a value that is not shown. That there are two numbers may be
// known; of a mail address, not even that there is one.
func masked(b []byte, f *schema.Field, n int) []byte {
	if f.Type != schema.Phones {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"number":"XXXX"}`...)
	}
	return append(b, ']')
}

// value appends what a field holds in the form of the database.
func (s *scribbler) value(b []byte, f *schema.Field, v any, row *records.Row) []byte {
	if v == nil {
		if f.Type.Multi() || f.Type == schema.Lines {
			return append(b, "[]"...)
		}
		return append(b, "null"...)
	}
	switch v := v.(type) {
	case string:
		if f.Type.Multi() || f.Type == schema.Lines {
			return append(b, v...) // JSON already
		}
		return appendText(b, v)
	case int64:
		return s.integer(b, f, v, row)
	}
	return append(b, "null"...)
}

func (s *scribbler) integer(b []byte, f *schema.Field, n int64, row *records.Row) []byte {
	switch f.Type {
	case schema.Bool:
		return strconv.AppendBool(b, n != 0)
	case schema.Money:
		return appendDecimal(b, n, 2, true)
	case schema.Number:
		return appendDecimal(b, n, 6, false)
	case schema.DateTime:
		return appendMoment(b, n)
	case schema.Person:
		if shown := s.names.shown[actor.PersonID(n)]; shown != nil {
			return append(b, shown...)
		}
		return s.c.appendPerson(b, actor.PersonID(n), "") // newer than what is remembered
	case schema.Pipeline, schema.Stage:
		b = append(b, '"')
		b = append(b, s.c.Vault.Public(f.Type.String(), n)...)
		return append(b, '"')
	case schema.Relation:
		return s.relation(b, f, schema.RecordID(n), row)
	}
	return strconv.AppendInt(b, n, 10)
}

// appendMoment appends microseconds since 1970 as RFC 3339 has them, in UTC and
// with all six digits. Package time is quick for its own layouts only, and a page
// has two hundred of them.
func appendMoment(b []byte, micro int64) []byte {
	t := time.UnixMicro(micro).UTC()
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339)
	b[len(b)-1] = '.' // it was the Z
	for part, unit := t.Nanosecond()/1000, 100_000; unit > 0; unit /= 10 {
		b = append(b, byte('0'+part/unit%10))
	}
	return append(b, 'Z', '"')
}

// relation appends a link, or null where the reader may not see what it leads to.
func (s *scribbler) relation(b []byte, f *schema.Field, id schema.RecordID, row *records.Row) []byte {
	kind, title := f.Target, ""
	if kind == schema.AnyKind {
		// Whoever sees what is written on a record sees that record.
		kind = ""
		if row != nil && s.about >= 0 {
			kind, _ = row.Values[s.about].(string)
		}
		if kind == "" {
			return append(b, "null"...)
		}
	} else {
		var seen bool
		if title, seen = s.page.Titles[id]; !seen {
			return append(b, "null"...)
		}
	}
	b = append(b, `{"id":"`...)
	b = append(b, s.c.Records.RecordWord(kind, id)...)
	b = append(b, `","kind":"`...)
	b = append(b, kind...)
	b = append(b, `","title":`...)
	b = appendText(b, title)
	return append(b, '}')
}

// appendDecimal writes a scaled integer as a decimal in quotes, so that no
// reader takes it for a binary fraction.
func appendDecimal(b []byte, n int64, places int, whole bool) []byte {
	b = append(b, '"')
	u := uint64(n)
	if n < 0 {
		b, u = append(b, '-'), -u
	}
	scale := uint64(1)
	for range places {
		scale *= 10
	}
	b = strconv.AppendUint(b, u/scale, 10)
	part := u % scale
	if part == 0 && !whole {
		return append(b, '"')
	}
	b = append(b, '.')
	for rest := scale / 10; rest > 0 && (whole || part > 0); rest /= 10 {
		b = append(b, byte('0'+part/rest))
		part %= rest
	}
	return append(b, '"')
}

const hexadecimal = "0123456789abcdef"

// appendText writes a JSON string. It also escapes what would end a script or a
// line somewhere else, so that an answer that ends up in a page stays text.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		ch := s[i]
		if ch < utf8.RuneSelf {
			if ch >= ' ' && ch != '"' && ch != '\\' && ch != '<' && ch != '>' && ch != '&' && ch != 0x7f {
				i++
				continue
			}
			b = append(b, s[from:i]...)
			switch ch {
			case '"', '\\':
				b = append(b, '\\', ch)
			case '\n':
				b = append(b, '\\', 'n')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexadecimal[ch>>4], hexadecimal[ch&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
			b = append(b, s[from:i]...)
			if n == 1 {
				r = utf8.RuneError
			}
			b = append(b, '\\', 'u', hexadecimal[r>>12&15], hexadecimal[r>>8&15], hexadecimal[r>>4&15], hexadecimal[r&15])
			from = i + n
		}
		i += n
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// rendered is a value for an answer that is not a list of records.
func (s *scribbler) rendered(f *schema.Field, v any, row *records.Row) json.RawMessage {
	return s.value(nil, f, v, row)
}
