package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"castellan/internal/schema"
)

// Node is a condition as JSON. It says exactly one thing: all, any, not, or a
// field with an op. {"all":[]} is yes to every row and {"any":[]} is no.
//
// Values are strings, as in the text form, whatever the field: JSON numbers
// would lose integers above 2^53 and amounts of money.
type Node struct {
	All    []Node   `json:"all,omitzero" required:"false" nullable:"false" doc:"Yes where every part is; without parts, yes to every row."`
	Any    []Node   `json:"any,omitzero" required:"false" nullable:"false" doc:"Yes where any part is; without parts, no to every row."`
	Not    *Node    `json:"not,omitempty" required:"false" doc:"Yes where the part is no."`
	Field  string   `json:"field,omitempty" required:"false" doc:"The field that the op is about."`
	Op     string   `json:"op,omitempty" required:"false" enum:"=,!=,<,<=,>,>=,in,empty,has,has any,starts,contains" doc:"What is said of the field."`
	Value  *string  `json:"value,omitempty" required:"false" doc:"What a comparison, has, starts or contains is about, as in the text form: 1200.50, yes, 2026-01-31, today-7d, me."`
	Values []string `json:"values,omitzero" required:"false" nullable:"false" maxItems:"200" doc:"What in or has any is about; without values, no to every row."`
}

// FromNode reads the JSON form and gives its normal form, like Parse. Errors
// name the path to what was refused.
func FromNode(kind *schema.Kind, n Node, words Words) (Cond, error) {
	r := nodeReader{kind, words}
	c, err := r.read(n, "filter", 0)
	if err != nil {
		return nil, err
	}
	return normal(c)
}

// FromJSON is FromNode for JSON text. Unknown keys are refused.
func FromJSON(kind *schema.Kind, data []byte, words Words) (Cond, error) {
	var n Node
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		return nil, invalid("query.syntax", "filter: not the JSON of a condition")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, invalid("query.syntax", "filter: something follows the condition")
	}
	return FromNode(kind, n, words)
}

// ToNode gives the JSON form, under the conditions of Print.
func ToNode(c Cond, names Names) Node { return toNode(Simplify(c), names) }

// ToJSON is ToNode as JSON text.
func ToJSON(c Cond, names Names) []byte {
	data, err := json.Marshal(ToNode(c, names))
	if err != nil {
		return []byte(`{"any":[]}`) // a Node holds nothing that JSON cannot; were it so, no row is the safe answer
	}
	return data
}

type nodeReader struct {
	kind  *schema.Kind
	words Words
}

// maxNesting bounds the recursion before the normal form is known.
const maxNesting = 4 * maxDepth

func (r nodeReader) read(n Node, path string, depth int) (Cond, error) {
	if depth > maxNesting {
		return nil, invalid("query.large", "filter: nested too deep")
	}
	if !n.saysOneThing() {
		return nil, invalid("query.syntax", "%s: say one of all, any, not, or a field with an op", path).At(path)
	}
	switch {
	case n.All != nil:
		parts, err := r.readAll(n.All, path+".all", depth)
		return And(parts), err
	case n.Any != nil:
		parts, err := r.readAll(n.Any, path+".any", depth)
		return Or(parts), err
	case n.Not != nil:
		part, err := r.read(*n.Not, path+".not", depth+1)
		return Not{part}, err
	}
	return r.leaf(n, path)
}

func (r nodeReader) readAll(nodes []Node, path string, depth int) ([]Cond, error) {
	parts := make([]Cond, len(nodes))
	for i, n := range nodes {
		part, err := r.read(n, fmt.Sprintf("%s[%d]", path, i), depth+1)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return parts, nil
}

func (r nodeReader) leaf(n Node, path string) (Cond, error) {
	f := r.kind.Field(n.Field)
	if f == nil {
		return nil, invalid("query.field", "%s: %s has no such field", path, r.kind.Name).At(path)
	}
	v := verb(n.Op)
	values := n.Values
	if n.Value != nil {
		values = []string{*n.Value}
	}
	if list := v == isIn || v == hasAny; list != (n.Values != nil) || !list && (v == isEmpty) != (n.Value == nil) {
		return nil, invalid("query.syntax", "%s: in and has any take values, empty takes nothing, and the rest take a value", path).At(path)
	}
	c, refused := leaf(f, v, values, r.words)
	if refused != nil {
		return nil, invalid(refused.code, "%s: %s", path, refused.sentence).At(path)
	}
	return c, nil
}

func (n Node) saysOneThing() bool {
	things := 0
	for _, said := range []bool{n.All != nil, n.Any != nil, n.Not != nil, n.Field != ""} {
		if said {
			things++
		}
	}
	alone := n.Field != "" || n.Op == "" && n.Value == nil && n.Values == nil
	return things == 1 && alone && (n.Value == nil || n.Values == nil)
}

func toNode(c Cond, names Names) Node {
	switch c := c.(type) {
	case All:
		return Node{All: []Node{}}
	case None:
		return Node{Any: []Node{}}
	case And:
		return Node{All: toNodes(c, names)}
	case Or:
		return Node{Any: toNodes(c, names)}
	case Not:
		n := toNode(c.Cond, names)
		return Node{Not: &n}
	}
	s, ok := said(c, names)
	if !ok {
		return Node{Any: []Node{}} // a leaf without a field chooses nothing
	}
	n := Node{Field: s.field.Name, Op: string(s.verb)}
	switch s.verb {
	case isEmpty:
	case isIn, hasAny:
		n.Values = append([]string{}, s.values...)
	default:
		n.Value = &s.values[0]
	}
	return n
}

func toNodes(parts []Cond, names Names) []Node {
	nodes := make([]Node, len(parts))
	for i, part := range parts {
		nodes[i] = toNode(part, names)
	}
	return nodes
}
