package directory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	filter "github.com/scim2/filter-parser/v2"
)

// wanted is a filter. The zero one fits everything.
type wanted struct{ cond filter.Expression }

const (
	longestFilter = 2000
	deepestFilter = 20
)

func parseFilter(text string) (wanted, error) {
	if text == "" {
		return wanted{}, nil
	}
	wrong := invalid("invalidFilter", "The filter cannot be read.")
	if len(text) > longestFilter || strings.Count(text, "(") > deepestFilter || strings.Count(text, "[") > deepestFilter {
		return wanted{}, wrong
	}
	cond, err := filter.ParseFilter([]byte(text))
	if err != nil {
		return wanted{}, wrong
	}
	return wanted{cond}, nil
}

func (w wanted) fits(o object) bool { return w.cond == nil || holds(w.cond, o) }

// holds tells whether a condition is true of a resource. An attribute that is not
// there fits no comparison but ne.
func holds(cond filter.Expression, o object) bool {
	switch e := cond.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return holds(e.Left, o) && holds(e.Right, o)
		}
		return holds(e.Left, o) || holds(e.Right, o)
	case *filter.NotExpression:
		return !holds(e.Expression, o)
	case *filter.ValuePath:
		list, _ := find(o, e.AttributePath.AttributeName).([]any)
		return slices.ContainsFunc(list, func(one any) bool {
			part, ok := one.(object)
			return ok && holds(e.ValueFilter, part)
		})
	case *filter.AttributeExpression:
		return compares(e, o)
	}
	return false
}

func compares(e *filter.AttributeExpression, o object) bool {
	if p := e.AttributePath.URI(); p != "" && !strings.EqualFold(p, userSchema) && !strings.EqualFold(p, groupSchema) {
		return e.Operator == filter.NE
	}
	values := valuesOf(o, e.AttributePath.AttributeName, e.AttributePath.SubAttributeName())
	if e.Operator == filter.PR {
		return slices.ContainsFunc(values, func(v any) bool { return v != nil && v != "" })
	}
	if e.Operator == filter.NE {
		eq := *e
		eq.Operator = filter.EQ
		return !compares(&eq, o)
	}
	exact := slices.Contains([]string{"id", "externalid"}, strings.ToLower(e.AttributePath.AttributeName))
	return slices.ContainsFunc(values, func(v any) bool { return compare(e.Operator, v, e.CompareValue, exact) })
}

// valuesOf are the values of an attribute: of a list of objects their values.
func valuesOf(o object, name, sub string) []any {
	switch v := find(o, name).(type) {
	case nil:
		return nil
	case object:
		if sub == "" {
			return nil
		}
		return []any{find(v, sub)}
	case []any:
		if sub == "" {
			sub = "value"
		}
		var all []any
		for _, one := range v {
			if part, ok := one.(object); ok {
				all = append(all, find(part, sub))
			} else {
				all = append(all, one)
			}
		}
		return all
	default:
		return []any{v}
	}
}

func compare(op filter.CompareOperator, have, want any, exact bool) bool {
	if yes, ok := have.(bool); ok {
		said, known := truth(want)
		return known && op == filter.EQ && yes == said
	}
	a, ok := have.(string)
	b, also := want.(string)
	if !ok || !also {
		return false
	}
	if !exact {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	switch op {
	case filter.EQ:
		return a == b
	case filter.CO:
		return strings.Contains(a, b)
	case filter.SW:
		return strings.HasPrefix(a, b)
	case filter.EW:
		return strings.HasSuffix(a, b)
	}
	order := cmp.Compare(a, b)
	x, err := time.Parse(time.RFC3339Nano, strings.ToUpper(a))
	y, also2 := time.Parse(time.RFC3339Nano, strings.ToUpper(b))
	if err == nil && also2 == nil {
		order = x.Compare(y)
	}
	switch op {
	case filter.GT:
		return order > 0
	case filter.GE:
		return order >= 0
	case filter.LT:
		return order < 0
	case filter.LE:
		return order <= 0
	}
	return false
}
