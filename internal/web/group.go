package web

import (
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/rights"
)

func (s *Server) groupRoutes() []route {
	groups, one := "/api/v1/groups", "/api/v1/groups/{id}"
	manage := need(records.ManageGroups)
	return []route{
		{method: "GET", path: groups, name: "listGroups", tag: "Groups", summary: "List the groups with which records are shared", door: anyone, shape: answers((*call).groups)},
		{method: "POST", path: groups, name: "createGroup", tag: "Groups", summary: "Create an empty group", door: manage, body: smallBody, shape: created(takes((*call).createGroup))},
		{method: "PATCH", path: one, name: "renameGroup", tag: "Groups", summary: "Rename a group", door: manage, body: smallBody, shape: takes((*call).renameGroup)},
		{method: "DELETE", path: one, name: "deleteGroup", tag: "Groups", summary: "Remove a group, and with it what was shared through it", door: manage, fresh: true, shape: does((*call).deleteGroup)},
		{method: "GET", path: one + "/members", name: "listMembers", tag: "Groups", summary: "List who belongs to a group and with which role", door: manage, shape: answers((*call).members)},
		{method: "PUT", path: one + "/members", name: "setMembers", tag: "Groups", summary: "Say who belongs to a group and with which role", door: manage, body: largeBody, fresh: true, shape: takes((*call).setMembers)},
	}
}

type groupAnswer struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Members int    `json:"members"`
}

func (c *call) groupOf(g rights.Group) groupAnswer {
	return groupAnswer{c.Vault.Public("group", int64(g.ID)), g.Version, g.Name, g.Members}
}

// group refers to one group.
func (c *call) group(id actor.GroupID) (named, error) {
	a := named{ID: c.Vault.Public("group", int64(id))}
	groups, err := c.Rights.Groups(c.ctx, c.who)
	if i := slices.IndexFunc(groups, func(g rights.Group) bool { return g.ID == id }); i >= 0 {
		a.Name = groups[i].Name
	}
	return a, err
}

func (c *call) groups() (listOf[groupAnswer], error) {
	groups, err := c.Rights.Groups(c.ctx, c.who)
	var all []groupAnswer
	for _, g := range groups {
		all = append(all, c.groupOf(g))
	}
	return list(all), err
}

type groupBody struct {
	Name string `json:"name"`
}

func (c *call) createGroup(b groupBody) (groupAnswer, error) {
	g, err := c.Rights.CreateGroup(c.ctx, c.who, b.Name)
	if err != nil {
		return groupAnswer{}, err
	}
	return c.groupOf(g), nil
}

// groupInPath is the group that the path names, as it is now.
func (c *call) groupInPath() (rights.Group, error) {
	id, err := c.numbered("group", "id")
	if err != nil {
		return rights.Group{}, err
	}
	groups, err := c.Rights.Groups(c.ctx, c.who)
	if err != nil {
		return rights.Group{}, err
	}
	i := slices.IndexFunc(groups, func(g rights.Group) bool { return g.ID == actor.GroupID(id) })
	if i < 0 {
		return rights.Group{}, missing("group")
	}
	return groups[i], nil
}

func (c *call) renameGroup(b groupBody) (groupAnswer, error) {
	g, err := c.groupInPath()
	if err != nil {
		return groupAnswer{}, err
	}
	g, err = c.Rights.RenameGroup(c.ctx, c.who, g.ID, g.Version, b.Name)
	if err != nil {
		return groupAnswer{}, err
	}
	return c.groupOf(g), nil
}

func (c *call) deleteGroup() error {
	g, err := c.groupInPath()
	if err != nil {
		return err
	}
	return c.Rights.DeleteGroup(c.ctx, c.who, g.ID, g.Version)
}

type memberAnswer struct {
	Person named       `json:"person"`
	Role   *calledRole `json:"role" doc:"Held in this group; null: a plain member."`
}

func (c *call) members() (listOf[memberAnswer], error) {
	g, err := c.groupInPath()
	if err != nil {
		return listOf[memberAnswer]{}, err
	}
	_, members, err := c.Rights.Members(c.ctx, c.who, g.ID)
	if err != nil {
		return listOf[memberAnswer]{}, err
	}
	var all []memberAnswer
	for _, m := range members {
		p, err := c.person(m.Person)
		if err != nil {
			return listOf[memberAnswer]{}, err
		}
		role, err := c.roleRef(m.Role)
		if err != nil {
			return listOf[memberAnswer]{}, err
		}
		all = append(all, memberAnswer{p, role})
	}
	return list(all), nil
}

type memberBody struct {
	Person string  `json:"person"`
	Role   *string `json:"role,omitempty" required:"false" doc:"Held in this group; null: a plain member."`
}

type membersBody struct {
	Items []memberBody `json:"items" nullable:"false"`
}

func (c *call) setMembers(b membersBody) (listOf[memberAnswer], error) {
	g, err := c.groupInPath()
	if err != nil {
		return listOf[memberAnswer]{}, err
	}
	members := []rights.Member{}
	for _, m := range b.Items {
		id, ok := c.Vault.ID("person", m.Person)
		if !ok {
			return listOf[memberAnswer]{}, fault.New(fault.Invalid, "group.person", "There is no such person.").At("items")
		}
		one := rights.Member{Person: actor.PersonID(id)}
		if m.Role != nil && *m.Role != "" {
			if one.Role, err = c.role(*m.Role, "items"); err != nil {
				return listOf[memberAnswer]{}, err
			}
		}
		members = append(members, one)
	}
	if err := c.Rights.SetMembers(c.ctx, c.who, g.ID, g.Version, members); err != nil {
		return listOf[memberAnswer]{}, err
	}
	return c.members()
}
