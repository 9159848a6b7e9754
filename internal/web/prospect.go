package web

import (
	"castellan/internal/crm"
	"castellan/internal/fault"
)

func (s *Server) prospectRoutes() []route {
	return []route{{
		method: "POST", path: "/api/v1/prospects/{id}/convert", name: "convertProspect", tag: "Prospects", door: asRights, body: smallBody,
		summary: "Make a client of a prospect, and a deal if one is named, in one step", shape: created(takes((*call).convert)),
	}}
}

type convertBody struct {
	Deal string `json:"deal,omitempty" required:"false" doc:"What the deal is called; absent: no deal is made."`
}

type convertAnswer struct {
	Contact string  `json:"contact"`
	Deal    *string `json:"deal"`
}

func (c *call) convert(b convertBody) (convertAnswer, error) {
	id, ok := c.Records.Record("prospect", c.r.PathValue("id"))
	if !ok {
		return convertAnswer{}, fault.NotFound()
	}
	made, err := crm.Convert(c.ctx, c.Records, c.who, id, b.Deal)
	if err != nil {
		return convertAnswer{}, err
	}
	a := convertAnswer{Contact: c.Records.RecordWord("contact", made.Contact)}
	if made.Deal != 0 {
		word := c.Records.RecordWord("deal", made.Deal)
		a.Deal = &word
	}
	return a, nil
}
