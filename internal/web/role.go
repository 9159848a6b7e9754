package web

import (
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/schema"
)

func (s *Server) roleRoutes() []route {
	roles, one := "/api/v1/roles", "/api/v1/roles/{id}"
	manage := need(records.ManageRoles)
	return []route{
		{method: "GET", path: roles, name: "listRoles", tag: "Roles", summary: "List the roles, for those who manage roles or people", door: anyone, shape: answers((*call).roles)},
		{method: "POST", path: roles, name: "createRole", tag: "Roles", summary: "Create a role; nobody gives more than they hold", door: manage, body: largeBody, fresh: true, shape: created(takes((*call).createRole))},
		{method: "GET", path: one, name: "getRole", tag: "Roles", summary: "Read a role, for those who manage roles or people", door: anyone, shape: answers((*call).readRole)},
		{method: "PUT", path: one, name: "setRole", tag: "Roles", summary: "Replace the name and the rights of a role", door: manage, body: largeBody, fresh: true, shape: takes((*call).setRole)},
		{method: "DELETE", path: one, name: "deleteRole", tag: "Roles", summary: "Remove a role that nobody has", door: manage, fresh: true, shape: does((*call).deleteRole)},
		{method: "GET", path: "/api/v1/abilities", name: "listAbilities", tag: "Roles", summary: "List every ability that a role can hold", door: anyone, shape: answers((*call).abilities)},
		{method: "GET", path: "/api/v1/rails", name: "getRails", tag: "Roles", summary: "Tell which guard rails are on, for those who manage rails or roles", door: anyone, shape: answers((*call).rails)},
		{method: "PUT", path: "/api/v1/rails", name: "setRails", tag: "Roles", summary: "Turn guard rails on and off; one that is on leaves the action to administrators", door: need(records.ManageRails), body: smallBody, fresh: true, shape: takes((*call).setRails)},
	}
}

type sightShape struct {
	Kind    string `json:"kind,omitempty" required:"false" doc:"Absent: every kind."`
	Field   string `json:"field,omitempty" required:"false" doc:"Absent: every field of the class."`
	Class   string `json:"class,omitempty" required:"false" enum:"special,contact,personal,open"`
	Surface string `json:"surface,omitempty" required:"false" doc:"Absent: every surface."`
	Own     string `json:"own" enum:"hidden,masked,click,plain" doc:"On records that the person is responsible for."`
	Group   string `json:"group" enum:"hidden,masked,click,plain" doc:"On records of the person's groups."`
	All     string `json:"all" enum:"hidden,masked,click,plain" doc:"On all other records."`
	Remove  bool   `json:"remove,omitempty" required:"false" doc:"In personal differences: the role's rule with the same target does not count."`
}

func sightOf(s rights.Sight) sightShape {
	return sightShape{Kind: s.Kind, Field: s.Field, Class: s.Class, Surface: s.Surface, Own: s.Own, Group: s.Group, All: s.All}
}

func (s sightShape) rule() rights.Sight {
	return rights.Sight{Kind: s.Kind, Field: s.Field, Class: s.Class, Surface: s.Surface, Own: s.Own, Group: s.Group, All: s.All}
}

type stageRuleShape struct {
	Kind     string            `json:"kind"`
	Pipeline string            `json:"pipeline"`
	Stage    string            `json:"stage"`
	Grades   map[string]string `json:"grades" doc:"By action, instead of the general grade."`
}

type roleShape struct {
	ID            string                       `json:"id,omitempty" required:"false"`
	Version       int64                        `json:"version,omitempty" required:"false" doc:"When changing: the one that was read; absent: whatever it is now."`
	Name          string                       `json:"name"`
	Labels        map[string]string            `json:"labels,omitempty" required:"false" doc:"Of a ready role: its name by language."`
	About         map[string]string            `json:"about,omitempty" required:"false" doc:"Of a ready role: what it is for, by language."`
	Built         string                       `json:"built,omitempty" required:"false" doc:"Key of the ready role that it is; its name is translated by it."`
	People        int                          `json:"people,omitempty" required:"false" doc:"How many have it."`
	Administrator bool                         `json:"administrator,omitempty" required:"false" doc:"The guard rails leave it alone."`
	Grades        map[string]map[string]string `json:"grades" doc:"By kind and action: denied, own, group or all."`
	Days          map[string]map[string]int    `json:"days,omitempty" required:"false" doc:"By kind and action: only records of the last days."`
	Sights        []sightShape                 `json:"sights" nullable:"false"`
	Abilities     []string                     `json:"abilities" nullable:"false"`
	Stages        []stageRuleShape             `json:"stages,omitempty" required:"false" nullable:"false"`
}

func (c *call) roleOf(r rights.Role) roleShape {
	a := roleShape{
		ID: c.Vault.Public("role", int64(r.ID)), Version: r.Version, Name: r.Name, Built: r.Built, People: r.People, Administrator: r.Administrator,
		Grades: r.Grades, Days: r.Days, Sights: []sightShape{}, Abilities: r.Abilities,
	}
	if name, about, ok := records.ReadyRole(r.Built); ok {
		a.Labels, a.About = name, about
	}
	if a.Grades == nil {
		a.Grades = map[string]map[string]string{}
	}
	if a.Abilities == nil {
		a.Abilities = []string{}
	}
	for _, s := range r.Sights {
		a.Sights = append(a.Sights, sightOf(s))
	}
	for _, s := range r.Stages {
		a.Stages = append(a.Stages, stageRuleShape{s.Kind, c.Vault.Public("pipeline", int64(s.Pipeline)), c.Vault.Public("stage", int64(s.Stage)), s.Grades})
	}
	return a
}

// draft reads a role that a body holds. What the server keeps (built, people)
// may come back and is not listened to.
func (c *call) draft(b roleShape) (rights.Role, error) {
	r := rights.Role{Version: b.Version, Name: b.Name, Rights: rights.Rights{Administrator: b.Administrator, Grades: b.Grades, Days: b.Days, Abilities: b.Abilities}}
	for _, s := range b.Sights {
		r.Sights = append(r.Sights, s.rule())
	}
	for _, s := range b.Stages {
		pipeline, ok := c.Vault.ID("pipeline", s.Pipeline)
		stage, ok2 := c.Vault.ID("stage", s.Stage)
		if !ok || !ok2 {
			return r, fault.New(fault.Invalid, "role.stage", "A rule names a stage that does not exist.").At("stages")
		}
		r.Stages = append(r.Stages, rights.Stage{Kind: s.Kind, Pipeline: schema.RecordID(pipeline), Stage: schema.RecordID(stage), Grades: s.Grades})
	}
	return r, nil
}

func (c *call) roles() (listOf[roleShape], error) {
	roles, err := c.Rights.Roles(c.ctx, c.who)
	var all []roleShape
	for i := range roles {
		all = append(all, c.roleOf(roles[i]))
	}
	return list(all), err
}

func (c *call) roleInPath() (actor.RoleID, error) {
	id, err := c.numbered("role", "id")
	return actor.RoleID(id), err
}

func (c *call) readRole() (roleShape, error) {
	id, err := c.roleInPath()
	if err != nil {
		return roleShape{}, err
	}
	r, err := c.Rights.Role(c.ctx, c.who, id)
	if err != nil {
		return roleShape{}, err
	}
	return c.roleOf(r), nil
}

func (c *call) createRole(b roleShape) (roleShape, error) {
	r, err := c.draft(b)
	if err != nil {
		return roleShape{}, err
	}
	r, err = c.Rights.CreateRole(c.ctx, c.who, r)
	if err != nil {
		return roleShape{}, err
	}
	return c.roleOf(r), nil
}

func (c *call) setRole(b roleShape) (roleShape, error) {
	id, err := c.roleInPath()
	if err != nil {
		return roleShape{}, err
	}
	r, err := c.draft(b)
	if err != nil {
		return roleShape{}, err
	}
	r.ID = id
	if r.Version == 0 {
		is, err := c.Rights.Role(c.ctx, c.who, id)
		if err != nil {
			return roleShape{}, err
		}
		r.Version = is.Version
	}
	r, err = c.Rights.ChangeRole(c.ctx, c.who, r)
	if err != nil {
		return roleShape{}, err
	}
	return c.roleOf(r), nil
}

func (c *call) deleteRole() error {
	id, err := c.roleInPath()
	if err != nil {
		return err
	}
	r, err := c.Rights.Role(c.ctx, c.who, id)
	if err != nil {
		return err
	}
	return c.Rights.DeleteRole(c.ctx, c.who, id, r.Version)
}

// calledRole refers to a role by its name.
type calledRole struct {
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty" doc:"Of a ready role: its name by language."`
}

// roleCalled refers to a role whose name the asker may know.
func (c *call) roleCalled(id actor.RoleID, name string) (calledRole, error) {
	a := calledRole{ID: c.Vault.Public("role", int64(id)), Name: name}
	built, err := c.Rights.Ready(c.ctx, id)
	if words, _, ok := records.ReadyRole(built); ok {
		a.Labels = words
	}
	return a, err
}

// roleRef refers to a role; nil for none.
func (c *call) roleRef(id actor.RoleID) (*calledRole, error) {
	if id == 0 {
		return nil, nil
	}
	a := &calledRole{ID: c.Vault.Public("role", int64(id))}
	roles, err := c.Rights.Roles(c.ctx, c.who)
	if fault.Is(err, fault.Denied) {
		return a, nil // its name is for those who manage roles or people
	}
	if i := slices.IndexFunc(roles, func(r rights.Role) bool { return r.ID == id }); i >= 0 {
		a.Name = roles[i].Name
		if words, _, ok := records.ReadyRole(roles[i].Built); ok {
			a.Labels = words
		}
	}
	return a, err
}

type abilityAnswer struct {
	Name     string `json:"name"`
	Sentence string `json:"sentence"`
}

func (c *call) abilities() (listOf[abilityAnswer], error) {
	var all []abilityAnswer
	for _, a := range records.Abilities() {
		all = append(all, abilityAnswer{string(a.Name), a.Sentence})
	}
	return list(all), nil
}

// railed are the actions that guard rails can leave to administrators.
var railed = [...]string{"export", "delete"}

// rails are named by action and kind, as in export_contacts.
func (c *call) rails() (map[string]bool, error) {
	on, _, err := c.Rights.Rails(c.ctx, c.who)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, k := range c.Records.Kinds() {
		for _, action := range railed {
			all[action+"_"+k.Plural] = on[k.Name][action]
		}
	}
	return all, nil
}

func (c *call) setRails(b map[string]bool) (map[string]bool, error) {
	on, version, err := c.Rights.Rails(c.ctx, c.who)
	if err != nil {
		return nil, err
	}
	next := rights.Rails{}
	for _, k := range c.Records.Kinds() {
		for _, action := range railed {
			name := action + "_" + k.Plural
			is, given := b[name]
			delete(b, name)
			if !given {
				is = on[k.Name][action]
			}
			if is {
				if next[k.Name] == nil {
					next[k.Name] = map[string]bool{}
				}
				next[k.Name][action] = true
			}
		}
	}
	if len(b) > 0 {
		return nil, fault.New(fault.Invalid, "rails.unknown", "There is no such guard rail.")
	}
	if _, err := c.Rights.SetRails(c.ctx, c.who, version, next); err != nil {
		return nil, err
	}
	return c.rails()
}
