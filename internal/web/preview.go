package web

import (
	"encoding/json"
	"reflect"

	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/rights"
)

func (s *Server) previewRoutes() []route {
	return []route{{
		method: "POST", path: "/api/v1/preview", name: "preview", tag: "Roles", summary: "Show a list as a person, or somebody with a drafted role, would see it", door: need(records.ViewAs),
		surface: records.OnList, body: largeBody, shape: previewShape(),
	}}
}

func previewShape() shape {
	s := writes[previewAnswer]((*call).preview)
	s.request = reflect.TypeFor[previewBody]()
	return s
}

type previewBody struct {
	Person  string     `json:"person,omitempty" required:"false" doc:"Through whose eyes;"`
	Role    *roleShape `json:"role,omitempty" required:"false" doc:"or with which role, which need not be saved."`
	Kind    string     `json:"kind"`
	Surface string     `json:"surface,omitempty" required:"false" enum:"list,card" doc:"By default list."`
}

type previewAnswer struct {
	Items []json.RawMessage `json:"items" nullable:"false" doc:"Records of the kind, as they would be seen."`
	Next  *string           `json:"next"`
	Count countAnswer       `json:"count"`
}

// previewed is how many records a preview shows.
const previewed = 25

func (c *call) preview() error {
	var b previewBody
	if err := c.decode(&b); err != nil {
		return err
	}
	on := records.OnList
	switch b.Surface {
	case "", "list":
	case "card":
		on = records.OnCard
	default:
		return fault.New(fault.Invalid, "preview.surface", "The surface must be list or card.").At("surface")
	}
	q := records.Query{Limit: previewed, Count: records.Capped}
	if (b.Person == "") == (b.Role == nil) {
		return fault.New(fault.Invalid, "preview.who", "Name a person or give a role.")
	}
	if b.Role != nil {
		r, err := c.draft(*b.Role)
		if err != nil {
			return err
		}
		meaning, err := rights.Meaning(r.Rights)
		if err != nil {
			return err
		}
		p, err := c.Records.Preview(c.ctx, c.who, meaning, b.Kind, on, q)
		if err != nil {
			return err
		}
		return c.page(p)
	}
	id, ok := c.Records.Person(b.Person)
	if !ok {
		return missing("person")
	}
	looking := c.who
	looking.ViewAs = id
	p, err := c.Records.List(c.ctx, looking, b.Kind, on, q)
	if err != nil {
		return err
	}
	return c.page(p)
}
