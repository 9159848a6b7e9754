package directory

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// A patch is changed into what the resource would be, and that is then read like
// any other resource. Directories speak dialects: Entra writes Add for add, "False"
// for false, dotted names in place of objects and the members to remove as a
// value; Okta leaves out the path. All of them end here.

type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

type patch []operation

const mostOperations = 1000

func parsePatch(body []byte) (patch, error) {
	o, err := parse(body)
	if err != nil {
		return nil, err
	}
	schemas, _ := find(o, "schemas").([]any)
	if !slices.ContainsFunc(schemas, func(s any) bool { w, ok := s.(string); return ok && strings.EqualFold(w, patchSchema) }) {
		return nil, invalid("invalidSyntax", "A patch names its schema, "+patchSchema+".")
	}
	raw, err := json.Marshal(find(o, "Operations"))
	if err != nil {
		return nil, invalid("invalidSyntax", "Operations cannot be read.")
	}
	var ops patch
	if err := json.Unmarshal(raw, &ops); err != nil || len(ops) == 0 {
		return nil, invalid("invalidSyntax", "Operations must be a list of objects with op, path and value.")
	}
	if len(ops) > mostOperations {
		return nil, invalid("tooMany", "A patch has at most 1000 operations.")
	}
	return ops, nil
}

func (p patch) apply(o object, schema string) error {
	for _, op := range p {
		verb := strings.ToLower(op.Op)
		if verb != "add" && verb != "replace" && verb != "remove" {
			return invalid("invalidSyntax", "op must be add, replace or remove.")
		}
		var v any
		if len(op.Value) > 0 {
			if err := json.Unmarshal(op.Value, &v); err != nil {
				return invalid("invalidSyntax", "The value cannot be read.")
			}
		}
		if err := one(o, schema, verb, strings.TrimSpace(op.Path), v, 0); err != nil {
			return err
		}
	}
	return nil
}

// one does one operation. depth keeps an object without a path from naming others.
func one(o object, schema, verb, path string, v any, depth int) error {
	if path == "" {
		parts, ok := v.(object)
		if !ok || verb == "remove" || depth > 0 {
			if verb == "remove" {
				return invalid("noTarget", "What is removed must be named by a path.")
			}
			return invalid("invalidValue", "Without a path the value must be an object.")
		}
		for _, name := range sorted(parts) {
			if err := one(o, schema, verb, name, parts[name], depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	for _, core := range []string{userSchema, groupSchema} {
		if strings.EqualFold(path, core) { // the whole of a schema
			return one(o, schema, verb, "", v, depth)
		}
		if len(path) > len(core) && strings.EqualFold(path[:len(core)+1], core+":") {
			path = path[len(core)+1:]
		}
	}
	if len(path) >= 4 && strings.EqualFold(path[:4], "urn:") {
		return nil // an extension that is not kept here
	}
	p, err := filter.ParsePath([]byte(path))
	if err != nil {
		return invalid("invalidPath", "The path cannot be read.")
	}
	name := spelt(o, p.AttributePath.AttributeName)
	sub := p.AttributePath.SubAttributeName()
	if sub == "" {
		sub = p.SubAttributeName()
	}
	switch {
	case slices.Contains([]string{"id", "meta", "groups", "schemas"}, name):
		if depth > 0 || name == "schemas" || name == "meta" || name == "groups" {
			return nil // said along with the rest, as in what was read before
		}
		return invalid("mutability", "This attribute cannot be changed.")
	case p.ValueExpression != nil:
		return inList(o, verb, name, p.ValueExpression, sub, v)
	case sub != "":
		return inObject(o, verb, name, sub, v)
	}
	switch verb {
	case "remove":
		return takeAway(o, name, v)
	case "replace":
		if parts, ok := v.(object); ok {
			if old, ok := o[name].(object); ok {
				merge(old, parts)
				return nil
			}
		}
		if v == nil {
			delete(o, name)
			return nil
		}
		o[name] = v
	default:
		add(o, name, v)
	}
	return nil
}

func sorted(o object) []string {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// spellings of attributes that are read here.
var spellings = []string{"id", "meta", "schemas", "groups", "userName", "externalId", "displayName", "name", "emails", "active", "preferredLanguage", "timezone", "members"}

// spelt gives the name as it is spelt in the schema.
func spelt(o object, name string) string {
	for _, s := range spellings {
		if strings.EqualFold(s, name) {
			return s
		}
	}
	for s := range o {
		if strings.EqualFold(s, name) {
			return s
		}
	}
	return name
}

func merge(into, from object) {
	for name, v := range from {
		for old := range into {
			if strings.EqualFold(old, name) {
				name = old
			}
		}
		into[name] = v
	}
}

// add adds to a list what is not in it, to an object its parts, and sets anything else.
func add(o object, name string, v any) {
	switch old := o[name].(type) {
	case []any:
		more, ok := v.([]any)
		if !ok {
			more = []any{v}
		}
		for _, m := range more {
			if !slices.ContainsFunc(old, func(e any) bool { return same(e, m) }) {
				old = append(old, m)
			}
		}
		o[name] = old
	case object:
		if parts, ok := v.(object); ok {
			merge(old, parts)
			return
		}
		o[name] = v
	default:
		o[name] = v
	}
}

// same tells whether two elements of a list are the same: by their value, if they
// have one.
func same(a, b any) bool {
	x, ok := a.(object)
	y, also := b.(object)
	if ok && also && find(x, "value") != nil {
		return reflect.DeepEqual(find(x, "value"), find(y, "value"))
	}
	return reflect.DeepEqual(a, b)
}

// takeAway removes an attribute, or of a list those elements that are named.
func takeAway(o object, name string, v any) error {
	old, list := o[name].([]any)
	if !list || v == nil {
		delete(o, name)
		return nil
	}
	named, many := v.([]any)
	if !many { // one that is named is not all of them
		named = []any{v}
	}
	o[name] = slices.DeleteFunc(slices.Clone(old), func(e any) bool {
		return slices.ContainsFunc(named, func(n any) bool { return same(e, n) })
	})
	return nil
}

// inObject changes a part of an object, or of every object of a list.
func inObject(o object, verb, name, sub string, v any) error {
	change := func(part object) {
		for old := range part {
			if strings.EqualFold(old, sub) {
				sub = old
			}
		}
		if verb == "remove" || v == nil {
			delete(part, sub)
			return
		}
		part[sub] = v
	}
	switch old := o[name].(type) {
	case object:
		change(old)
	case []any:
		for _, e := range old {
			if part, ok := e.(object); ok {
				change(part)
			}
		}
	default:
		part := object{}
		change(part)
		o[name] = part
	}
	return nil
}

// inList changes those elements of a list that a condition fits. Where none fits,
// what is added or replaced makes one of which the condition is true.
func inList(o object, verb, name string, cond filter.Expression, sub string, v any) error {
	old, _ := o[name].([]any)
	fits := func(e any) bool {
		part, ok := e.(object)
		return ok && holds(cond, part)
	}
	if verb == "remove" && sub == "" {
		o[name] = slices.DeleteFunc(slices.Clone(old), fits)
		return nil
	}
	met := false
	for i, e := range old {
		if !fits(e) {
			continue
		}
		met = true
		part := e.(object)
		switch {
		case sub != "":
			if err := inObject(object{"part": part}, verb, "part", sub, v); err != nil {
				return err
			}
		default:
			if whole, ok := v.(object); ok {
				merge(part, whole)
				old[i] = part
			}
		}
	}
	if met || verb == "remove" {
		return nil
	}
	fresh := object{}
	equals(cond, fresh)
	if sub != "" {
		fresh[sub] = v
	} else if whole, ok := v.(object); ok {
		merge(fresh, whole)
	}
	o[name] = append(old, fresh)
	return nil
}

// equals collects what a condition demands to be equal.
func equals(cond filter.Expression, into object) {
	switch e := cond.(type) {
	case *filter.AttributeExpression:
		if e.Operator == filter.EQ {
			into[e.AttributePath.AttributeName] = e.CompareValue
		}
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			equals(e.Left, into)
			equals(e.Right, into)
		}
	}
}
