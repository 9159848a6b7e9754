package web

import (
	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) viewRoutes() []route {
	all := []route{
		{method: "GET", path: "/api/v1/views", name: "listViews", summary: "List the saved views of a list that the asker may open: their own, and those shared with everyone or with a group of theirs",
			query: []parameter{{name: "kind", doc: "Of which kind of record, such as contact."}}, shape: answers((*call).views)},
		{method: "POST", path: "/api/v1/views", name: "createView", body: smallBody, shape: created(takes((*call).createView)),
			summary: "Save a view of a list; a view gives nobody a right"},
		{method: "PATCH", path: "/api/v1/views/{id}", name: "changeView", body: smallBody, shape: takes((*call).changeView),
			summary: "Change a saved view: all of it is replaced"},
		{method: "DELETE", path: "/api/v1/views/{id}", name: "deleteView", shape: does((*call).deleteView), summary: "Delete a saved view"},
	}
	for i := range all {
		all[i].tag, all[i].door, all[i].surface = "Views", asRights, records.OnList
	}
	return all
}

type columnShape struct {
	Field  string `json:"field"`
	Width  int    `json:"width,omitempty" required:"false" doc:"In pixels; absent: as it comes."`
	Pinned bool   `json:"pinned,omitempty" required:"false" doc:"Whether it stays in sight when the list is moved sideways."`
}

type viewBody struct {
	Kind     string        `json:"kind" doc:"Of which kind of record, such as contact."`
	Name     string        `json:"name"`
	Audience string        `json:"audience,omitempty" required:"false" enum:"private,everyone,group" doc:"Who else sees the view; by default nobody. Others take the ability views.share."`
	Group    string        `json:"group,omitempty" required:"false" doc:"For the audience group."`
	Filter   string        `json:"filter,omitempty" required:"false" doc:"A condition, as in lists."`
	Sort     string        `json:"sort,omitempty" required:"false" doc:"A field, with - before it for descending."`
	Columns  []columnShape `json:"columns,omitempty" required:"false" nullable:"false" doc:"In their order; absent: the usual ones."`
	Version  int64         `json:"version,omitempty" required:"false" doc:"Of a change: the version that was seen; absent: whatever it is now."`
}

type viewAnswer struct {
	ID       string        `json:"id"`
	Version  int64         `json:"version"`
	Kind     string        `json:"kind"`
	Name     string        `json:"name"`
	Owner    named         `json:"owner"`
	Mine     bool          `json:"mine"`
	MayEdit  bool          `json:"may_edit"`
	Audience string        `json:"audience" enum:"private,everyone,group"`
	Group    *named        `json:"group"`
	Filter   string        `json:"filter"`
	Sort     string        `json:"sort"`
	Columns  []columnShape `json:"columns" nullable:"false"`
	Barred   bool          `json:"barred" doc:"The asker may not filter or sort as this view does: its filter and order are left out."`
}

func (c *call) views() (listOf[viewAnswer], error) {
	views, err := c.Records.Views(c.ctx, c.who, c.query.Get("kind"))
	if err != nil {
		return list[viewAnswer](nil), err
	}
	var all []viewAnswer
	for i := range views {
		a, err := c.view(&views[i])
		if err != nil {
			return list[viewAnswer](nil), err
		}
		all = append(all, a)
	}
	return list(all), nil
}

func (c *call) view(v *records.View) (viewAnswer, error) {
	a := viewAnswer{ID: c.Vault.Public("view", v.ID), Version: v.Version, Kind: v.Kind, Name: v.Name, Mine: v.Owner == c.who.Person, MayEdit: v.MayEdit,
		Audience: v.Audience, Filter: v.Look.Filter, Sort: v.Look.Sort, Columns: []columnShape{}, Barred: v.Barred}
	for _, one := range v.Look.Columns {
		a.Columns = append(a.Columns, columnShape(one))
	}
	var err error
	if a.Owner, err = c.person(v.Owner); err != nil {
		return a, err
	}
	if v.Group != 0 {
		g, err := c.group(v.Group)
		if err != nil {
			return a, err
		}
		a.Group = &g
	}
	return a, nil
}

// viewOf reads a view as it is written.
func (c *call) viewOf(b viewBody) (records.View, error) {
	v := records.View{Version: b.Version, Kind: b.Kind, Name: b.Name, Audience: b.Audience, Look: records.Look{Filter: b.Filter, Sort: b.Sort}}
	for _, one := range b.Columns {
		v.Look.Columns = append(v.Look.Columns, records.Column(one))
	}
	if b.Group != "" {
		id, ok := c.Vault.ID("group", b.Group)
		if !ok {
			return v, fault.New(fault.Invalid, "view.group", "Name a group that you belong to.").At("group")
		}
		v.Group = actor.GroupID(id)
	}
	return v, nil
}

func (c *call) createView(b viewBody) (viewAnswer, error) {
	v, err := c.viewOf(b)
	if err != nil {
		return viewAnswer{}, err
	}
	if v, err = c.Records.SaveView(c.ctx, c.who, v); err != nil {
		return viewAnswer{}, err
	}
	return c.view(&v)
}

func (c *call) changeView(b viewBody) (viewAnswer, error) {
	v, err := c.viewOf(b)
	if err != nil {
		return viewAnswer{}, err
	}
	if v.ID, err = c.numbered("view", "id"); err != nil {
		return viewAnswer{}, err
	}
	if v, err = c.Records.SaveView(c.ctx, c.who, v); err != nil {
		return viewAnswer{}, err
	}
	return c.view(&v)
}

func (c *call) deleteView() error {
	id, err := c.numbered("view", "id")
	if err != nil {
		return err
	}
	return c.Records.DropView(c.ctx, c.who, id)
}
