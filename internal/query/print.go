package query

import (
	"strings"

	"castellan/internal/schema"
)

// Print gives the text form, in which persons and records have their public
// ids. Parse reads it back as Simplify(c) if that is within the limits and holds
// only what can be typed; NULL and values of the wrong form print as "?", which
// Parse refuses.
func Print(c Cond, names Names) string {
	var p printer
	p.names = names
	p.condition(Simplify(c))
	return p.String()
}

type printer struct {
	strings.Builder
	names Names
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

// condition prints a disjunction or anything that binds tighter.
func (p *printer) condition(c Cond) {
	parts, ok := c.(Or)
	if !ok {
		p.conjunction(c)
		return
	}
	for i, part := range parts {
		if i > 0 {
			p.write(" or ")
		}
		p.conjunction(part)
	}
}

func (p *printer) conjunction(c Cond) {
	parts, ok := c.(And)
	if !ok {
		p.term(c)
		return
	}
	for i, part := range parts {
		if i > 0 {
			p.write(" and ")
		}
		p.term(part)
	}
}

func (p *printer) term(c Cond) {
	switch c := c.(type) {
	case All:
		p.write("all")
	case None:
		p.write("none")
	case And, Or:
		p.write("(")
		p.condition(c)
		p.write(")")
	case Not:
		p.negation(c)
	default:
		p.leaf(c, "")
	}
}

func (p *printer) negation(c Not) {
	switch inner := c.Cond.(type) {
	case In, Empty:
		p.leaf(inner, "not ")
	default:
		p.write("not ")
		p.term(inner)
	}
}

// leaf prints `field in (…)` or `field not in (…)`; not is empty for the other verbs.
func (p *printer) leaf(c Cond, not string) {
	s, ok := said(c, p.names)
	if !ok {
		p.write("?")
		return
	}
	if keyword(s.field.Name) {
		p.write(quote(s.field.Name), " ")
	} else {
		p.write(s.field.Name, " ")
	}
	switch s.verb {
	case isEmpty:
		p.write("is ", not, "empty")
	case isIn, hasAny:
		p.write(not, string(s.verb), " (")
		for i := range s.values {
			if i > 0 {
				p.write(", ")
			}
			p.write(s.literal(i))
		}
		p.write(")")
	default:
		p.write(string(s.verb), " ", s.literal(0))
	}
}

// saying is a leaf in words, as text and JSON share them.
type saying struct {
	field  *schema.Field
	verb   verb
	values []string
}

// said puts a leaf into words; it is false for what is no leaf.
func said(c Cond, names Names) (saying, bool) {
	s := saying{field: field(c)}
	if s.field == nil {
		return s, false
	}
	switch c := c.(type) {
	case Compare:
		s.verb, s.values = verb(c.Op.String()), []string{write(c.Field, c.Value, names)}
	case Relative:
		s.verb, s.values = verb(c.Op.String()), []string{c.To.String()}
	case In:
		s.verb = isIn
		for _, v := range c.Values {
			s.values = append(s.values, write(c.Field, v, names))
		}
	case Empty:
		s.verb = isEmpty
	case Has:
		s.verb, s.values = has, []string{c.Key}
	case HasAny:
		s.verb, s.values = hasAny, c.Keys
	case Prefix:
		s.verb, s.values = starts, []string{c.Key}
	case Contains:
		s.verb, s.values = contains, []string{c.Text}
	case Starts:
		s.verb, s.values = starts, []string{c.Text}
	}
	return s, true
}

// literal writes a value: text in quotes, the rest without where that is safe.
func (s saying) literal(i int) string {
	value := s.values[i]
	if value == unreadable {
		return "?"
	}
	switch s.field.Type {
	case schema.Text, schema.LongText, schema.URL:
		return quote(value)
	}
	return bare(value)
}
