package web

import (
	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) templateRoutes() []route {
	all := []route{
		{method: "GET", path: "/api/v1/letter-templates", name: "listLetterTemplates", summary: "List the stored letters that the asker may use: their own, and those shared with everyone or with a group of theirs", shape: answers((*call).templates)},
		{method: "POST", path: "/api/v1/letter-templates", name: "createLetterTemplate", body: largeBody, shape: created(takes((*call).createTemplate)), summary: "Store a letter, with names of fields in braces"},
		{method: "PUT", path: "/api/v1/letter-templates/{id}", name: "changeLetterTemplate", body: largeBody, shape: takes((*call).changeTemplate), summary: "Change a stored letter: all of it is replaced"},
		{method: "DELETE", path: "/api/v1/letter-templates/{id}", name: "deleteLetterTemplate", shape: does((*call).deleteTemplate), summary: "Delete a stored letter"},
	}
	for i := range all {
		all[i].tag, all[i].door, all[i].kind, all[i].surface = "Messages", asRights, kindNamed("message"), records.OnMessages
	}
	return all
}

type templateBody struct {
	Name     string `json:"name"`
	Subject  string `json:"subject"`
	Body     string `json:"body" doc:"Plain text. Names of fields of a client between braces, such as {name}, are filled in when it is sent."`
	Audience string `json:"audience,omitempty" required:"false" enum:"private,everyone,group" doc:"Who else may use it; by default nobody. Others take the ability views.share."`
	Group    string `json:"group,omitempty" required:"false" doc:"For the audience group."`
	Version  int64  `json:"version,omitempty" required:"false" doc:"Of a change: the version that was seen; absent: whatever it is now."`
}

type templateAnswer struct {
	ID       string `json:"id"`
	Version  int64  `json:"version"`
	Name     string `json:"name"`
	Subject  string `json:"subject"`
	Body     string `json:"body"`
	Owner    named  `json:"owner"`
	Mine     bool   `json:"mine"`
	MayEdit  bool   `json:"may_edit"`
	Audience string `json:"audience" enum:"private,everyone,group"`
	Group    *named `json:"group"`
	Barred   bool   `json:"barred" doc:"The letter names a field that the asker may not see: its subject and text are left out."`
}

func (c *call) template(t *records.Template) (templateAnswer, error) {
	a := templateAnswer{ID: c.Vault.Public("letter_template", t.ID), Version: t.Version, Name: t.Name, Subject: t.Subject, Body: t.Body, Mine: t.Owner == c.who.Person,
		MayEdit: t.MayEdit, Audience: t.Audience, Barred: t.Barred}
	var err error
	if a.Owner, err = c.person(t.Owner); err != nil {
		return a, err
	}
	if t.Group != 0 {
		g, err := c.group(t.Group)
		if err != nil {
			return a, err
		}
		a.Group = &g
	}
	return a, nil
}

func (c *call) templates() (listOf[templateAnswer], error) {
	held, err := c.Records.Templates(c.ctx, c.who)
	if err != nil {
		return list[templateAnswer](nil), err
	}
	var all []templateAnswer
	for i := range held {
		a, err := c.template(&held[i])
		if err != nil {
			return list[templateAnswer](nil), err
		}
		all = append(all, a)
	}
	return list(all), nil
}

// keepTemplate stores a letter; id is zero for a new one.
func (c *call) keepTemplate(id int64, b templateBody) (templateAnswer, error) {
	t := records.Template{ID: id, Version: b.Version, Name: b.Name, Subject: b.Subject, Body: b.Body, Audience: b.Audience}
	if b.Group != "" {
		group, ok := c.Vault.ID("group", b.Group)
		if !ok {
			return templateAnswer{}, fault.New(fault.Invalid, "view.group", "Name a group that you belong to.").At("group")
		}
		t.Group = actor.GroupID(group)
	}
	kept, err := c.Records.SaveTemplate(c.ctx, c.who, t)
	if err != nil {
		return templateAnswer{}, err
	}
	return c.template(&kept)
}

func (c *call) createTemplate(b templateBody) (templateAnswer, error) { return c.keepTemplate(0, b) }

func (c *call) changeTemplate(b templateBody) (templateAnswer, error) {
	id, err := c.numbered("letter_template", "id")
	if err != nil {
		return templateAnswer{}, err
	}
	return c.keepTemplate(id, b)
}

func (c *call) deleteTemplate() error {
	id, err := c.numbered("letter_template", "id")
	if err != nil {
		return err
	}
	return c.Records.DropTemplate(c.ctx, c.who, id)
}
