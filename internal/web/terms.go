package web

import (
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/rights"
)

func (s *Server) termsRoutes() []route {
	all := "/api/v1/security/terms"
	workspace, role, person := all+"/workspace", all+"/roles/{id}", all+"/people/{id}"
	manage := need(records.ManageSecurity)
	get := func(of func(*call) (rights.Scope, int64, error)) shape {
		return answers(func(c *call) (termsAnswer, error) { return c.terms(of) })
	}
	put := func(of func(*call) (rights.Scope, int64, error)) shape {
		return takes(func(c *call, b termsBody) (termsAnswer, error) { return c.setTerms(of, b) })
	}
	return []route{
		{method: "GET", path: all, name: "listTerms", tag: "Security", summary: "List on what terms people are let in: those of the workspace, of roles and of single persons", door: manage, shape: answers((*call).everyTerms)},
		{method: "GET", path: workspace, name: "getTermsOfWorkspace", tag: "Security", summary: "Read the terms of the whole workspace", door: manage, shape: get((*call).ofWorkspace)},
		{method: "PUT", path: workspace, name: "setTermsOfWorkspace", tag: "Security", summary: "Replace the terms of the whole workspace; its networks and hours are for an owner to set", door: manage, body: smallBody, fresh: true, shape: put((*call).ofWorkspace)},
		{method: "GET", path: role, name: "getTermsOfRole", tag: "Security", summary: "Read the terms of whoever has a role", door: manage, shape: get((*call).ofRole)},
		{method: "PUT", path: role, name: "setTermsOfRole", tag: "Security", summary: "Replace the terms of whoever has a role, and of programs with it", door: manage, body: smallBody, fresh: true, shape: put((*call).ofRole)},
		{method: "GET", path: person, name: "getTermsOfPerson", tag: "Security", summary: "Read the terms of one person", door: manage, shape: get((*call).ofPerson)},
		{method: "PUT", path: person, name: "setTermsOfPerson", tag: "Security", summary: "Replace the terms of one person", door: manage, body: smallBody, fresh: true, shape: put((*call).ofPerson)},
	}
}

type hoursShape struct {
	Days []string `json:"days" nullable:"false" doc:"On which it begins: monday to sunday."`
	From string   `json:"from" doc:"Such as 09:00."`
	To   string   `json:"to" doc:"Such as 18:00, at most 24:00. One that is not after the beginning is on the day after."`
}

type termsBody struct {
	Version  int64        `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Factor   bool         `json:"factor,omitempty" required:"false" doc:"A second factor is demanded."`
	Idle     int          `json:"idle_minutes,omitempty" required:"false" doc:"A session unused for so many minutes is over; 0: no word on it."`
	Absolute int          `json:"absolute_minutes,omitempty" required:"false" doc:"No session is older than so many minutes; 0: no word on it."`
	Networks []string     `json:"networks,omitempty" required:"false" nullable:"false" doc:"Addresses and networks from which people are let in, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48; none: from anywhere."`
	Hours    []hoursShape `json:"hours,omitempty" required:"false" nullable:"false" doc:"When people are let in; none: at any hour."`
	Zone     string       `json:"time_zone,omitempty" required:"false" doc:"In which the hours count; absent: that of the workspace."`
}

type termsAnswer struct {
	Scope    string       `json:"scope" enum:"workspace,role,person"`
	Subject  *named       `json:"subject" doc:"The role or the person; null for the workspace."`
	Version  int64        `json:"version" doc:"0: nothing was ever set."`
	Factor   bool         `json:"factor"`
	Idle     int          `json:"idle_minutes"`
	Absolute int          `json:"absolute_minutes"`
	Networks []string     `json:"networks" nullable:"false"`
	Hours    []hoursShape `json:"hours" nullable:"false"`
	Zone     string       `json:"time_zone" doc:"Empty: that of the workspace."`
}

type everyTermsAnswer struct {
	Workspace termsAnswer   `json:"workspace"`
	Roles     []termsAnswer `json:"roles" nullable:"false" doc:"Those for which something is set."`
	People    []termsAnswer `json:"people" nullable:"false" doc:"Those for whom something is set."`
	Address   string        `json:"address" doc:"From where this was asked."`
	Now       string        `json:"now"`
	Zone      string        `json:"time_zone" doc:"That of the workspace."`
}

func (c *call) ofWorkspace() (rights.Scope, int64, error) { return rights.ForWorkspace, 0, nil }

func (c *call) ofRole() (rights.Scope, int64, error) {
	id, err := c.numbered("role", "id")
	return rights.ForRole, id, err
}

func (c *call) ofPerson() (rights.Scope, int64, error) {
	id, err := c.numbered("person", "id")
	return rights.ForPerson, id, err
}

func (c *call) termsOf(t rights.Termed) (termsAnswer, error) {
	w := t.Terms
	a := termsAnswer{
		Scope: string(t.Scope), Version: t.Version, Factor: w.Factor, Idle: w.Idle, Absolute: w.Absolute,
		Networks: w.Networks, Hours: []hoursShape{}, Zone: w.Zone,
	}
	if a.Networks == nil {
		a.Networks = []string{}
	}
	for _, h := range w.Hours {
		a.Hours = append(a.Hours, hoursShape(h))
	}
	var err error
	switch t.Scope {
	case rights.ForRole:
		var role *calledRole
		if role, err = c.roleRef(actor.RoleID(t.Subject)); role != nil {
			a.Subject = &named{role.ID, role.Name}
		}
	case rights.ForPerson:
		var p named
		p, err = c.person(actor.PersonID(t.Subject))
		a.Subject = &p
	}
	return a, err
}

func (c *call) everyTerms() (everyTermsAnswer, error) {
	a := everyTermsAnswer{
		Roles: []termsAnswer{}, People: []termsAnswer{}, Address: c.who.Address.String(), Now: c.Now().UTC().Format(time.RFC3339), Zone: c.Workspace.Settings().TimeZone,
	}
	all, err := c.Rights.AllTerms(c.ctx, c.who)
	if err != nil {
		return a, err
	}
	for _, t := range all {
		one, err := c.termsOf(t)
		if err != nil {
			return a, err
		}
		switch t.Scope {
		case rights.ForWorkspace:
			a.Workspace = one
		case rights.ForRole:
			a.Roles = append(a.Roles, one)
		case rights.ForPerson:
			a.People = append(a.People, one)
		}
	}
	return a, nil
}

func (c *call) terms(of func(*call) (rights.Scope, int64, error)) (termsAnswer, error) {
	scope, id, err := of(c)
	if err != nil {
		return termsAnswer{}, err
	}
	t, err := c.Rights.TermsOf(c.ctx, c.who, scope, id)
	if err != nil {
		return termsAnswer{}, err
	}
	return c.termsOf(t)
}

func (c *call) setTerms(of func(*call) (rights.Scope, int64, error), b termsBody) (termsAnswer, error) {
	scope, id, err := of(c)
	if err != nil {
		return termsAnswer{}, err
	}
	if b.Version < 0 {
		return termsAnswer{}, fault.New(fault.Invalid, "terms.version", "A version is not negative.").At("version")
	}
	if b.Version == 0 {
		is, err := c.Rights.TermsOf(c.ctx, c.who, scope, id)
		if err != nil {
			return termsAnswer{}, err
		}
		b.Version = is.Version
	}
	next := rights.Terms{Factor: b.Factor, Idle: b.Idle, Absolute: b.Absolute, Networks: b.Networks, Zone: b.Zone}
	for _, h := range b.Hours {
		next.Hours = append(next.Hours, rights.Hours(h))
	}
	t, err := c.Rights.SetTerms(c.ctx, c.who, scope, id, b.Version, next)
	if err != nil {
		return termsAnswer{}, err
	}
	return c.termsOf(t)
}
