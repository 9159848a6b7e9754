package query

import (
	"strings"
	"unicode/utf8"

	"castellan/internal/schema"
)

// Guard gives the SQL condition under which a field may be seen on a row, with
// `?` placeholders and their arguments; ok is false where it may be seen on
// every row. The text must be made of the program's own constants.
type Guard func(f *schema.Field) (sql string, args []any, ok bool)

// SQL writes the condition on the rows of alias, in parentheses where needed.
// It answers as Eval does. Under a guard a leaf becomes unknown on the rows on
// which its field may not be seen, so that neither it nor its negation chooses
// them.
func SQL(b *Builder, c Cond, alias string, guard Guard) {
	switch c := c.(type) {
	case All:
		b.Write("1=1")
	case None, nil:
		b.Write("1=0")
	case And:
		joinSQL(b, c, " AND ", "1=1", alias, guard)
	case Or:
		joinSQL(b, c, " OR ", "1=0", alias, guard)
	case Not:
		if c.Cond == nil {
			b.Write("1=0")
			return
		}
		b.Write("(NOT ")
		SQL(b, c.Cond, alias, guard)
		b.Write(")")
	default:
		guardSQL(b, c, alias, guard)
	}
}

func joinSQL(b *Builder, parts []Cond, with, empty constant, alias string, guard Guard) {
	if len(parts) == 0 {
		b.Write(empty)
		return
	}
	b.Write("(")
	for i, part := range parts {
		if i > 0 {
			b.Write(with)
		}
		SQL(b, part, alias, guard)
	}
	b.Write(")")
}

func guardSQL(b *Builder, c Cond, alias string, guard Guard) {
	if guard == nil || field(c) == nil {
		leafSQL(b, c, alias)
		return
	}
	sql, args, ok := guard(field(c))
	if !ok {
		leafSQL(b, c, alias)
		return
	}
	b.Write("(CASE WHEN ").Append(&Builder{text: []byte(sql), args: args}).Write(" THEN ")
	leafSQL(b, c, alias)
	b.Write(" END)")
}

// unknown is NULL as a truth value on both databases.
const unknown constant = "(NULL=1)"

func leafSQL(b *Builder, c Cond, alias string) {
	if field(c) == nil {
		b.Write(unknown)
		return
	}
	switch c := c.(type) {
	case Compare:
		c.sql(b, alias)
	case In:
		c.sql(b, alias)
	case Empty:
		b.Column(alias, c.Field.Name).Write(" IS NULL")
	case Has:
		multiSQL(b, c.Field, alias, func() { b.TextColumn(multi, "key").Write("=").Arg(c.Key) })
	case HasAny:
		if len(c.Keys) == 0 && c.Field.Type.Multi() {
			b.Write("1=0")
			return
		}
		multiSQL(b, c.Field, alias, func() { b.TextColumn(multi, "key"); listSQL(b, len(c.Keys), func(i int) any { return c.Keys[i] }) })
	case Prefix:
		multiSQL(b, c.Field, alias, func() { prefixSQL(b, multi, "key", c.Key) })
	case Contains:
		c.sql(b, alias)
	case Starts:
		if !c.Field.Keyed {
			b.Write(unknown)
			return
		}
		prefixSQL(b, alias, c.Field.KeyColumn(), c.Text)
	default:
		b.Write(unknown)
	}
}

// multi is the alias of the table multi inside EXISTS.
const multi = "multi_"

func multiSQL(b *Builder, f *schema.Field, alias string, key func()) {
	if !f.Type.Multi() || f.Kind() == nil {
		b.Write(unknown)
		return
	}
	// As EXISTS it would be joined on PostgreSQL: every record that has the key
	// for each page, where a look at the records of the page is enough.
	before, after := constant("EXISTS (SELECT 1"), constant(")")
	if b.Dialect == Postgres {
		before, after = "coalesce((SELECT true", " LIMIT 1), false)"
	}
	b.Write(before).Write(" FROM multi AS multi_ WHERE ").
		Column(multi, "kind").Write("=").Arg(int64(f.Kind().Number)).Write(" AND ").
		TextColumn(multi, "field").Write("=").Arg(f.Name).Write(" AND ")
	key()
	b.Write(" AND ").Column(multi, "record").Write("=").Column(alias, "id").Write(after)
}

// column writes the column that the field is compared by: the folded twin of a
// keyed text, else its own; with collation if it is text.
func column(b *Builder, alias string, f *schema.Field) *Builder {
	if f.Keyed {
		return b.TextColumn(alias, f.KeyColumn())
	}
	if f.Type.Numeric() {
		return b.Column(alias, f.Name)
	}
	return b.TextColumn(alias, f.Name)
}

func (c Compare) sql(b *Builder, alias string) {
	if !c.Value.fits(c.Field) || c.Op.String() == "" {
		b.Write(unknown)
		return
	}
	yearless := c.Field.Type == schema.Date && c.Op.ordering()
	if yearless {
		b.Write("(")
	}
	column(b, alias, c.Field).Write(constant(c.Op.String())).Arg(c.Value.Any())
	if yearless {
		column(b.Write(" AND "), alias, c.Field).Write(">=").Arg(firstYear).Write(")")
	}
}

func (c In) sql(b *Builder, alias string) {
	if len(c.Values) == 0 {
		b.Write("1=0")
		return
	}
	for _, v := range c.Values {
		if !v.fits(c.Field) {
			b.Write(unknown)
			return
		}
	}
	column(b, alias, c.Field)
	listSQL(b, len(c.Values), func(i int) any { return c.Values[i].Any() })
}

// listSQL writes IN (?, …), rounded up to a power of two by repeating the last
// value: lists of every length then share few statements.
func listSQL(b *Builder, n int, value func(int) any) {
	b.Write(" IN (")
	for i := range roundUp(n) {
		if i > 0 {
			b.Write(",")
		}
		b.Arg(value(min(i, n-1)))
	}
	b.Write(")")
}

func roundUp(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}

// Contains differs: SQLite's LIKE folds ASCII, so instr; PostgreSQL's LIKE does
// not, and a trigram index serves it.
func (c Contains) sql(b *Builder, alias string) {
	switch {
	case !c.Field.Keyed:
		b.Write(unknown)
	case b.Dialect == Postgres:
		b.TextColumn(alias, c.Field.KeyColumn()).Write(` LIKE `).Arg("%" + escapeLike.Replace(c.Text) + "%").Write(` ESCAPE '!'`)
	default:
		b.Write("instr(").Column(alias, c.Field.KeyColumn()).Write(",").Arg(c.Text).Write(")>0")
	}
}

var escapeLike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// prefixSQL writes a range, which an ordinary index serves, in place of LIKE.
func prefixSQL(b *Builder, alias, name, prefix string) {
	end, bounded := successor(prefix)
	if bounded {
		b.Write("(")
	}
	b.TextColumn(alias, name).Write(">=").Arg(prefix)
	if bounded {
		b.Write(" AND ").TextColumn(alias, name).Write("<").Arg(end).Write(")")
	}
}

// successor is the least text, by code point, above everything that begins with
// the prefix; there is none if the prefix is made of the last code point alone.
func successor(prefix string) (string, bool) {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune:
			continue
		case last == 0xD7FF: // the surrogates that follow are not characters
			last = 0xE000
		default:
			last++
		}
		return prefix + string(last), true
	}
	return "", false
}
