package query

// Simplify gives the normal form: joins flattened, constants gone wherever
// they decide nothing or everything, no join of fewer than two, no double
// negation. The answer on every row stays the same.
func Simplify(c Cond) Cond {
	switch c := c.(type) {
	case nil:
		return None{}
	case And:
		return simplifyAnd(c)
	case Or:
		return simplifyOr(c)
	case Not:
		return simplifyNot(c)
	case In:
		if len(c.Values) == 0 {
			return None{}
		}
	case HasAny:
		if len(c.Keys) == 0 && c.Field != nil && c.Field.Type.Multi() {
			return None{}
		}
	}
	return c
}

func simplifyAnd(parts And) Cond {
	var kept And
	for _, part := range parts {
		switch part := Simplify(part).(type) {
		case All:
		case None:
			return None{}
		case And:
			kept = append(kept, part...)
		default:
			kept = append(kept, part)
		}
	}
	switch len(kept) {
	case 0:
		return All{}
	case 1:
		return kept[0]
	}
	return kept
}

func simplifyOr(parts Or) Cond {
	var kept Or
	for _, part := range parts {
		switch part := Simplify(part).(type) {
		case None:
		case All:
			return All{}
		case Or:
			kept = append(kept, part...)
		default:
			kept = append(kept, part)
		}
	}
	switch len(kept) {
	case 0:
		return None{}
	case 1:
		return kept[0]
	}
	return kept
}

func simplifyNot(c Not) Cond {
	if c.Cond == nil {
		return None{} // a hole in the tree chooses nothing
	}
	switch inner := Simplify(c.Cond).(type) {
	case All:
		return None{}
	case None:
		return All{}
	case Not:
		return inner.Cond
	default:
		return Not{inner}
	}
}

// size counts the leaves, and the joins and negations on the longest way to one.
func size(c Cond) (leaves, depth int) {
	var parts []Cond
	switch c := c.(type) {
	case And:
		parts = c
	case Or:
		parts = c
	case Not:
		parts = []Cond{c.Cond}
	default:
		return 1, 0
	}
	for _, part := range parts {
		n, d := size(part)
		leaves, depth = leaves+n, max(depth, d)
	}
	return leaves, depth + 1
}
