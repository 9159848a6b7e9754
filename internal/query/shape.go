package query

import (
	"strconv"

	"castellan/internal/schema"
)

// Shape is a short key for the normal form without its values: two conditions
// of one shape become the same SQL under the same alias and guard, so that what
// is learnt of a statement (its plan, its cost) can be kept by it.
func Shape(c Cond) string { return string(shape(nil, Simplify(c))) }

func shape(to []byte, c Cond) []byte {
	switch c := c.(type) {
	case All:
		return append(to, '*')
	case None:
		return append(to, '0')
	case And:
		return shapeAll(append(to, '&'), c)
	case Or:
		return shapeAll(append(to, '|'), c)
	case Not:
		return shape(append(to, '!'), c.Cond)
	case Compare:
		to = append(shapeField(to, c.Field), c.Op.String()...)
		return shapeForm(to, c.Value.fits(c.Field))
	case In:
		to = append(shapeField(to, c.Field), '#')
		to = strconv.AppendInt(to, int64(roundUp(len(c.Values))), 10)
		for _, v := range c.Values {
			if !v.fits(c.Field) {
				return shapeForm(to, false)
			}
		}
		return to
	case Empty:
		return append(shapeField(to, c.Field), '_')
	case Has:
		return append(shapeField(to, c.Field), '@')
	case HasAny:
		to = append(shapeField(to, c.Field), '@')
		return strconv.AppendInt(to, int64(roundUp(len(c.Keys))), 10)
	case Prefix:
		_, bounded := successor(c.Key)
		return shapeForm(append(shapeField(to, c.Field), '^'), bounded)
	case Contains:
		return append(shapeField(to, c.Field), '~')
	case Starts:
		_, bounded := successor(c.Text)
		return shapeForm(append(shapeField(to, c.Field), '$'), bounded)
	}
	return append(to, '?') // a Relative that nobody bound: unknown
}

func shapeAll(to []byte, parts []Cond) []byte {
	to = append(to, '(')
	for i, part := range parts {
		if i > 0 {
			to = append(to, ' ')
		}
		to = shape(to, part)
	}
	return append(to, ')')
}

func shapeField(to []byte, f *schema.Field) []byte {
	if f == nil {
		return append(to, '?')
	}
	if k := f.Kind(); k != nil {
		to = append(append(to, k.Name...), '.')
	}
	return append(to, f.Name...)
}

// shapeForm marks a leaf whose SQL differs for some of its values.
func shapeForm(to []byte, usual bool) []byte {
	if usual {
		return to
	}
	return append(to, '?')
}
