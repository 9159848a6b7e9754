package query

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"castellan/internal/fault"
	"castellan/internal/schema"
)

// Parse reads the text form (see the package's grammar) for rows of a kind and
// gives its normal form, with Relatives unbound. The empty text is refused.
//
// Errors are fault.Invalid with a code query.*, and name the position, counted
// in characters from 1, and the field. They never repeat what was typed.
func Parse(kind *schema.Kind, text string, words Words) (Cond, error) {
	if len(text) > maxText {
		return nil, invalid("query.large", "filter: more than %d bytes", maxText)
	}
	if !utf8.ValidString(text) {
		return nil, invalid("query.syntax", "filter: not valid UTF-8")
	}
	tokens, bad := lex(text)
	if bad != 0 {
		return nil, invalid("query.syntax", "filter: position %d: this character or quote cannot stand here", bad)
	}
	p := parser{kind: kind, words: words, tokens: tokens}
	c, err := p.condition()
	if err != nil {
		return nil, err
	}
	if p.peek().form != end {
		return nil, p.expected("and, or, or the end")
	}
	return normal(c)
}

// normal simplifies and refuses what is too large.
func normal(c Cond) (Cond, error) {
	c = Simplify(c)
	if leaves, depth := size(c); leaves > maxLeaves || depth > maxDepth {
		return nil, invalid("query.large", "filter: more than %d terms, or more than %d levels", maxLeaves, maxDepth)
	}
	return c, nil
}

func invalid(code, format string, args ...any) *fault.Fault {
	return fault.Newf(fault.Invalid, code, format, args...).At("filter")
}

type parser struct {
	kind   *schema.Kind
	words  Words
	tokens []token
	next   int
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.form != end {
		p.next++
	}
	return t
}

// accept takes the next token if it is the sign or keyword.
func (p *parser) accept(s string) bool {
	if !p.peek().is(s) {
		return false
	}
	p.next++
	return true
}

func (p *parser) expected(what string) error {
	return invalid("query.syntax", "filter: position %d: expected %s", p.peek().at, what)
}

func (p *parser) condition() (Cond, error) {
	var parts Or
	for {
		part, err := p.conjunction()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, part); !p.accept("or") {
			return parts, nil
		}
	}
}

func (p *parser) conjunction() (Cond, error) {
	var parts And
	for {
		part, err := p.term()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, part); !p.accept("and") {
			return parts, nil
		}
	}
}

func (p *parser) term() (Cond, error) {
	switch {
	case p.accept("not"):
		c, err := p.term()
		return Not{c}, err
	case p.accept("("):
		c, err := p.condition()
		if err == nil && !p.accept(")") {
			return nil, p.expected("a closing parenthesis")
		}
		return c, err
	case p.accept("all"):
		return All{}, nil
	case p.accept("none"):
		return None{}, nil
	}
	return p.leaf()
}

func (p *parser) leaf() (Cond, error) {
	name := p.peek()
	if name.form != quoted && (name.form != word || keyword(name.text)) {
		return nil, p.expected("a field")
	}
	p.take()
	f := p.kind.Field(name.text)
	if f == nil {
		return nil, invalid("query.field", "filter: position %d: %s has no such field", name.at, p.kind.Name)
	}
	at := p.peek().at
	negated, v, values, err := p.predicate(f)
	if err != nil {
		return nil, err
	}
	c, refused := leaf(f, v, values, p.words)
	if refused != nil {
		return nil, invalid(refused.code, "filter: position %d: %s", at, refused.sentence).At(f.Name)
	}
	if negated {
		c = Not{c}
	}
	return c, nil
}

// predicate reads what a leaf says after its field.
func (p *parser) predicate(f *schema.Field) (negated bool, v verb, values []string, err error) {
	switch {
	case p.accept("is"):
		negated = p.accept("not")
		if !p.accept("empty") {
			return false, "", nil, p.expected("empty")
		}
		return negated, isEmpty, nil, nil
	case p.accept("not"):
		if !p.accept("in") {
			return false, "", nil, p.expected("in")
		}
		values, err = p.list(f)
		return true, isIn, values, err
	case p.accept("in"):
		values, err = p.list(f)
		return false, isIn, values, err
	case p.accept("has"):
		if p.peek().is("any") && p.tokens[p.next+1].is("(") {
			p.take()
			values, err = p.list(f)
			return false, hasAny, values, err
		}
		v = has
	case p.accept("starts"):
		v = starts
	case p.accept("contains"):
		v = contains
	default:
		v = verb(p.peek().text)
		if _, ok := v.compares(); p.peek().form != sign || !ok {
			return false, "", nil, p.expected("a comparison, in, is, has, starts or contains")
		}
		p.take()
	}
	value, err := p.value(f)
	return false, v, []string{value}, err
}

func (p *parser) list(f *schema.Field) ([]string, error) {
	if !p.accept("(") {
		return nil, p.expected("a list in parentheses")
	}
	if p.accept(")") {
		return nil, nil
	}
	var values []string
	for {
		value, err := p.value(f)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		switch {
		case p.accept(")"):
			return values, nil
		case !p.accept(","):
			return nil, p.expected("a comma or a closing parenthesis")
		}
	}
}

func (p *parser) value(f *schema.Field) (string, error) {
	t := p.peek()
	if t.form != word && t.form != quoted {
		return "", p.expected("a value")
	}
	p.take()
	if t.form == word && (f.Type == schema.Date || f.Type == schema.DateTime) {
		return t.text + p.shift(), nil
	}
	return t.text, nil
}

// shift takes the rest of a date that was typed with spaces: "today - 7d".
func (p *parser) shift() string {
	t := p.peek()
	if t.form != word || !strings.HasPrefix(t.text, "-") && !strings.HasPrefix(t.text, "+") {
		return ""
	}
	p.take()
	if len(t.text) == 1 && p.peek().form == word {
		return t.text + p.take().text
	}
	return t.text
}

// ParseOrder reads "name", or "-name" for the other way round. Only a field
// with an index for it can be sorted by.
func ParseOrder(kind *schema.Kind, text string) (Order, error) {
	name, desc := strings.CutPrefix(text, "-")
	f := kind.Field(name)
	if f == nil {
		return Order{}, fault.Newf(fault.Invalid, "query.field", "sort: %s has no such field", kind.Name).At("sort")
	}
	o := Order{Field: f, Desc: desc}
	if _, ok := o.Column(); !ok || !f.Sort {
		return Order{}, fault.Newf(fault.Invalid, "query.order", "sort: %s cannot be sorted by", f.Name).At("sort")
	}
	return o, nil
}

// String is the text that ParseOrder reads; empty for the order of creation.
func (o Order) String() string {
	switch {
	case o.Field == nil:
		return ""
	case o.Desc:
		return fmt.Sprintf("-%s", o.Field.Name)
	}
	return o.Field.Name
}
