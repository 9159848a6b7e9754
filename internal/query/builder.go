package query

import (
	"fmt"
	"slices"
	"strconv"
)

// Dialect is the database that a statement is written for.
type Dialect uint8

const (
	SQLite Dialect = iota
	Postgres
)

// Builder collects the text of a statement and its arguments. The zero Builder
// is empty and writes for SQLite.
//
// No value can enter the text: Write takes only constants of the program,
// Name and Column only names from the allow-list, Limit only a number, and Arg
// leaves a `?`.
// Placeholders are `?` for both databases; the store numbers them.
type Builder struct {
	Dialect Dialect

	text []byte
	args []any
	err  error
}

// constant can be made outside this package only of a constant, because the
// type cannot be named there.
type constant string

// Write adds SQL that stands in the program's source.
func (b *Builder) Write(sql constant) *Builder {
	if b.text == nil { // enough for nearly all, so that it does not grow step by step
		b.text, b.args = make([]byte, 0, 6<<10), make([]any, 0, 64)
	}
	b.text = append(b.text, sql...)
	return b
}

// Arg adds a placeholder and its argument.
func (b *Builder) Arg(x any) *Builder {
	b.text = append(b.text, '?')
	b.args = append(b.args, x)
	return b
}

// Limit writes how many rows are wanted. The number stands in the text: SQLite
// looks at a bound limit when it plans, and would plan anew at every execution,
// which costs more than a page.
func (b *Builder) Limit(n int) *Builder {
	b.text = append(b.text, " LIMIT "...)
	b.text = strconv.AppendInt(b.text, int64(n), 10)
	return b
}

// Name adds a quoted identifier. A name outside the allow-list adds one that no
// table has, and is remembered as the Builder's error.
func (b *Builder) Name(name string) *Builder {
	if !plain(name) {
		b.err = fmt.Errorf("quote identifier: %d bytes outside the allow-list", len(name))
		name = "refused"
	}
	b.text = append(b.text, '"')
	b.text = append(b.text, name...)
	b.text = append(b.text, '"')
	return b
}

// Column adds alias."name". A column is always written with its alias: SQLite
// takes a lone quoted name that it does not know for a string.
func (b *Builder) Column(alias, name string) *Builder {
	b.Name(alias)
	b.text = append(b.text, '.')
	return b.Name(name)
}

// TextColumn is Column for text that is compared or sorted, with its collation.
func (b *Builder) TextColumn(alias, name string) *Builder {
	b.Column(alias, name)
	if b.Dialect == Postgres {
		b.Write(` COLLATE "C"`)
	}
	return b
}

// Append adds the text and the arguments of another Builder.
func (b *Builder) Append(o *Builder) *Builder {
	b.text = append(b.text, o.text...)
	b.args = append(b.args, o.args...)
	if b.err == nil {
		b.err = o.err
	}
	return b
}

// String gives the text.
func (b *Builder) String() string { return string(b.text) }

// Args gives the arguments in the order of the placeholders.
func (b *Builder) Args() []any { return slices.Clone(b.args) }

// Err tells of a name that was refused. A statement with an error is not to be run.
func (b *Builder) Err() error { return b.err }

// plain is the allow-list of identifiers: names of kinds and fields (see
// schema), their twins, and the store's own tables, columns and aliases.
func plain(name string) bool {
	if name == "" || len(name) > 63 || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
