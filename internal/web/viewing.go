package web

import (
	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/records"
)

func (s *Server) viewingRoutes() []route {
	return []route{
		{method: "POST", path: "/api/v1/viewing", name: "beginViewing", tag: "Session", summary: "Begin to look through the eyes of another person, or with another role, for ten minutes; requests with the header Castellan-View-As are then answered as to them", door: need(records.ViewAs), body: smallBody, shape: created(takes((*call).beginViewing))},
		{method: "DELETE", path: "/api/v1/viewing", name: "endViewing", tag: "Session", summary: "See with one's own eyes again", door: anyone, shape: does((*call).endViewing)},
	}
}

type viewingBody struct {
	Person string `json:"person,omitempty" required:"false" doc:"Through whose eyes;"`
	Role   string `json:"role,omitempty" required:"false" doc:"or with which role."`
}

type viewingAnswer struct {
	ID     string            `json:"id" doc:"What the header Castellan-View-As says."`
	Kind   string            `json:"kind" enum:"person,role"`
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty" doc:"Of a ready role: its name by language."`
	Ends   string            `json:"ends_at"`
}

// viewed reads whom a look is at.
func (c *call) viewed(word string) (identity.Viewing, error) {
	if id, ok := c.Records.Person(word); ok {
		return identity.Viewing{Person: id}, nil
	}
	if id, ok := c.Vault.ID("role", word); ok {
		return identity.Viewing{Role: actor.RoleID(id)}, nil
	}
	return identity.Viewing{}, fault.New(fault.Missing, "person.missing", "There is no such person, or the account is not active.")
}

func (c *call) viewingOf(v identity.Viewing) (viewingAnswer, error) {
	a := viewingAnswer{Kind: "person", Ends: instant(v.Ends)}
	if v.Role == 0 {
		p, err := c.person(v.Person)
		a.ID, a.Name = p.ID, p.Name
		return a, err
	}
	a.Kind, a.ID = "role", c.Vault.Public("role", int64(v.Role))
	name, built, err := c.Rights.Called(c.ctx, v.Role)
	a.Name = name
	a.Labels, _, _ = records.ReadyRole(built)
	return a, err
}

func (c *call) beginViewing(b viewingBody) (viewingAnswer, error) {
	if (b.Person == "") == (b.Role == "") {
		return viewingAnswer{}, fault.New(fault.Invalid, "viewas.whom", "Name another person, or a role.")
	}
	v, err := c.viewed(b.Person + b.Role)
	if err != nil {
		return viewingAnswer{}, err
	}
	if (v.Person == 0) != (b.Person == "") {
		return viewingAnswer{}, missing("person")
	}
	v, err = c.Accounts.BeginViewing(c.ctx, c.who, v)
	if err != nil {
		return viewingAnswer{}, err
	}
	return c.viewingOf(v)
}

func (c *call) endViewing() error { return c.Accounts.EndViewing(c.ctx, c.who) }
