package web

import (
	"context"
	"net/url"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/records"
	"castellan/internal/rights"
)

func (s *Server) peopleRoutes() []route {
	people, one := "/api/v1/people", "/api/v1/people/{id}"
	manage := need(records.ManagePeople)
	return []route{
		{method: "GET", path: people, name: "listPeople", tag: "People", summary: "List accounts", door: manage, shape: answers((*call).people)},
		{method: "POST", path: people, name: "createPerson", tag: "People", summary: "Create an account and invite its person: by mail, or by a one-time link in the answer", door: manage, body: smallBody, fresh: true, shape: created(takes((*call).createPerson))},
		{method: "GET", path: people + "/names", name: "listNames", tag: "People", summary: "List what everybody is called, for choosing somebody", door: anyone, shape: answers((*call).listNames)},
		{method: "GET", path: one, name: "getPerson", tag: "People", summary: "Read an account: one's own, or any for those who manage people", door: anyone, shape: answers((*call).readPerson)},
		{method: "PATCH", path: one, name: "updatePerson", tag: "People", summary: "Change an account; language and time zone of one's own anybody may change", door: anyone, body: smallBody, shape: freshWhen(personPatch.grave, takes((*call).updatePerson))},
		{method: "POST", path: one + "/deactivate", name: "deactivatePerson", tag: "People", summary: "Close an account: sessions and keys end at once", door: manage, shape: does((*call).deactivate)},
		{method: "GET", path: one + "/holdings", name: "getHoldings", tag: "People", summary: "Tell how much a person is responsible for", door: manage, shape: answers((*call).holdings)},
		{method: "POST", path: one + "/hand-over", name: "handOver", tag: "People", summary: "Give everything that a person is responsible for to somebody else, and close the account in the same step if asked; the work goes on by itself", door: manage, body: smallBody, fresh: true, shape: created(takes((*call).handOver))},
		{method: "GET", path: one + "/hand-overs", name: "listHandOvers", tag: "People", summary: "List the hand-overs of a person and how far they have come", door: manage, shape: answers((*call).handOvers)},
		{method: "POST", path: "/api/v1/hand-overs/{id}/undo", name: "undoHandOver", tag: "People", summary: "Take a hand-over back", door: manage, fresh: true, shape: does((*call).undoHandOver)},
		{method: "POST", path: one + "/reactivate", name: "reactivatePerson", tag: "People", summary: "Open an account again", door: manage, fresh: true, shape: does((*call).reactivate)},
		{method: "POST", path: one + "/link", name: "createLink", tag: "People", summary: "Make a one-time link by which the person sets a password; it is mailed, or shown this once where no mail can be sent", door: manage, body: smallBody, fresh: true, shape: created(takes((*call).createLink))},
		{method: "DELETE", path: one + "/link", name: "revokeLink", tag: "People", summary: "End the one-time links of a person that are not used yet", door: manage, shape: does((*call).revokeLink)},
		{method: "GET", path: one + "/rights", name: "getDifferences", tag: "People", summary: "Tell in what a person's rights differ from their role", door: manage, shape: answers((*call).differences)},
		{method: "PUT", path: one + "/rights", name: "setDifferences", tag: "People", summary: "Say in what a person's rights differ from their role", door: manage, body: largeBody, fresh: true, shape: takes((*call).setDifferences)},
		{method: "GET", path: one + "/take", name: "whatCanBeTaken", tag: "People", summary: "Tell what a person could take away", door: need(records.Explain), shape: answers((*call).take)},
	}
}

// personInPath is the person whom the path names.
func (c *call) personInPath() (actor.PersonID, error) {
	id, err := c.numbered("person", "id")
	return actor.PersonID(id), err
}

type groupOfPerson struct {
	ID   string      `json:"id"`
	Name string      `json:"name"`
	Role *calledRole `json:"role"`
}

type personAnswer struct {
	ID       string          `json:"id"`
	Version  int64           `json:"version"`
	Name     string          `json:"name"`
	Email    string          `json:"email"`
	Role     calledRole      `json:"role"`
	Groups   []groupOfPerson `json:"groups" nullable:"false"`
	State    string          `json:"state" enum:"active,invited,deactivated"`
	Language string          `json:"language"`
	TimeZone string          `json:"time_zone"`
	Created  string          `json:"created_at"`
	LastSeen *string         `json:"last_sign_in"`
	LinkEnds *string         `json:"link_ends_at" doc:"Until when an invitation or reset waits to be used; null: none does."`
	Link     *linkAnswer     `json:"link,omitempty" doc:"Of a new account: how its person was invited."`
}

// personOf shows an account; with the groups, if the asker may know them.
func (c *call) personOf(p identity.Person, groups map[actor.PersonID][]groupOfPerson) (personAnswer, error) {
	role, err := c.roleCalled(p.Role, p.RoleName)
	a := personAnswer{
		ID: c.Vault.Public("person", int64(p.ID)), Version: p.Version, Name: p.Name, Email: p.Email, Role: role,
		Groups: groups[p.ID], State: string(p.State), Language: p.Language, TimeZone: p.TimeZone, Created: instant(p.Created), LastSeen: instantOr(p.LastSeen), LinkEnds: instantOr(p.LinkEnds),
	}
	if a.Groups == nil {
		a.Groups = []groupOfPerson{}
	}
	if p.State == identity.Active && !p.Password {
		a.State = "invited"
	}
	return a, err
}

// memberships are who is in which group, as far as the asker may know.
func (c *call) memberships() (map[actor.PersonID][]groupOfPerson, error) {
	groups, err := c.Rights.Groups(c.ctx, c.who)
	if err != nil {
		return nil, err
	}
	all := map[actor.PersonID][]groupOfPerson{}
	for _, g := range groups {
		_, members, err := c.Rights.Members(c.ctx, c.who, g.ID)
		if fault.Is(err, fault.Denied) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			role, err := c.roleRef(m.Role)
			if err != nil {
				return nil, err
			}
			all[m.Person] = append(all[m.Person], groupOfPerson{c.Vault.Public("group", int64(g.ID)), g.Name, role})
		}
	}
	return all, nil
}

func (c *call) people() (listOf[personAnswer], error) {
	people, err := c.Accounts.People(c.ctx, c.who)
	if err != nil {
		return listOf[personAnswer]{}, err
	}
	groups, err := c.memberships()
	if err != nil {
		return listOf[personAnswer]{}, err
	}
	var all []personAnswer
	for i := range people {
		a, err := c.personOf(people[i], groups)
		if err != nil {
			return listOf[personAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

type nameAnswer struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
}

func (c *call) listNames() (listOf[nameAnswer], error) {
	names, err := c.Accounts.Names(c.ctx, c.who)
	var all []nameAnswer
	for _, n := range names {
		all = append(all, nameAnswer{c.Vault.Public("person", int64(n.ID)), n.Name, n.Active})
	}
	return list(all), err
}

type personBody struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Language string `json:"language,omitempty" required:"false" enum:"en,ru,it,pl"`
	TimeZone string `json:"time_zone,omitempty" required:"false"`
	Invite   string `json:"invite,omitempty" required:"false" enum:"mail,link,none" doc:"How the invitation goes out; by default by mail if there is a mail server, and by a link in the answer otherwise."`
}

// role reads a role that a body names.
func (c *call) role(word, field string) (actor.RoleID, error) {
	id, ok := c.Vault.ID("role", word)
	if !ok {
		return 0, fault.New(fault.Invalid, "role.missing", "There is no such role.").At(field)
	}
	return actor.RoleID(id), nil
}

func (c *call) createPerson(b personBody) (personAnswer, error) {
	switch b.Invite {
	case "", "mail", "link", "none":
	default:
		return personAnswer{}, fault.New(fault.Invalid, "person.invite", "An invitation goes out by mail, by link or not at all (none).").At("invite")
	}
	role, err := c.role(b.Role, "role")
	if err != nil {
		return personAnswer{}, err
	}
	w := c.Workspace.Settings()
	if b.Language == "" {
		b.Language = w.Language
	}
	if b.TimeZone == "" {
		b.TimeZone = w.TimeZone
	}
	p, err := c.Accounts.CreatePerson(c.ctx, c.who, identity.Draft{Email: b.Email, Name: b.Name, Role: role, Language: b.Language, TimeZone: b.TimeZone})
	if err != nil {
		return personAnswer{}, err
	}
	c.forgetNames()
	if b.Invite == "none" {
		return c.personOf(p, nil)
	}
	l, err := c.link(p.ID, identity.Invite, b.Invite == "link")
	if err != nil {
		a, _ := c.personOf(p, nil)
		return a, err
	}
	if p, err = c.Accounts.Person(c.ctx, c.who, p.ID); err != nil {
		return personAnswer{}, err
	}
	a, err := c.personOf(p, nil)
	a.Link = &l
	return a, err
}

func (c *call) readPerson() (personAnswer, error) {
	id, err := c.personInPath()
	if err != nil {
		return personAnswer{}, err
	}
	p, err := c.Accounts.Person(c.ctx, c.who, id)
	if err != nil {
		return personAnswer{}, err
	}
	groups, err := c.memberships()
	if err != nil {
		return personAnswer{}, err
	}
	return c.personOf(p, groups)
}

type personPatch struct {
	Version  int64   `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Email    *string `json:"email,omitempty" required:"false"`
	Name     *string `json:"name,omitempty" required:"false"`
	Role     *string `json:"role,omitempty" required:"false"`
	State    *string `json:"state,omitempty" required:"false" enum:"active,deactivated"`
	Language *string `json:"language,omitempty" required:"false" enum:"en,ru,it,pl"`
	TimeZone *string `json:"time_zone,omitempty" required:"false"`
}

// grave tells whether the change gives or takes what a person may do, or makes
// another address the way into the account.
func (b personPatch) grave() bool { return b.Role != nil || b.State != nil || b.Email != nil }

func (c *call) updatePerson(b personPatch) (personAnswer, error) {
	id, err := c.personInPath()
	if err != nil {
		return personAnswer{}, err
	}
	if b.State != nil && *b.State != string(identity.Active) && *b.State != string(identity.Deactivated) {
		return personAnswer{}, fault.New(fault.Invalid, "person.state", "The state must be active or deactivated.").At("state")
	}
	p, err := c.Accounts.Person(c.ctx, c.who, id)
	if err != nil {
		return personAnswer{}, err
	}
	if b.Version == 0 {
		b.Version = p.Version
	}
	patch := identity.Patch{Email: b.Email, Name: b.Name, Language: b.Language, TimeZone: b.TimeZone}
	if patch != (identity.Patch{}) {
		if p, err = c.Accounts.UpdatePerson(c.ctx, c.who, id, b.Version, patch); err != nil {
			return personAnswer{}, err
		}
	}
	if b.Role != nil {
		role, err := c.role(*b.Role, "role")
		if err != nil {
			return personAnswer{}, err
		}
		if role != p.Role {
			if err := c.Accounts.SetRole(c.ctx, c.who, id, role); err != nil {
				return personAnswer{}, err
			}
		}
	}
	if b.State != nil && *b.State != string(p.State) {
		change := c.Accounts.Deactivate
		if *b.State == string(identity.Active) {
			change = c.Accounts.Reactivate
		}
		if err := change(c.ctx, c.who, id); err != nil {
			return personAnswer{}, err
		}
	}
	c.forgetNames()
	if p, err = c.Accounts.Person(c.ctx, c.who, id); err != nil {
		return personAnswer{}, err
	}
	groups, err := c.memberships()
	if err != nil {
		return personAnswer{}, err
	}
	return c.personOf(p, groups)
}

// toPerson does something to the person in the path.
func (c *call) toPerson(do func(context.Context, actor.Actor, actor.PersonID) error) error {
	id, err := c.personInPath()
	if err != nil {
		return err
	}
	defer c.forgetNames()
	return do(c.ctx, c.who, id)
}

func (c *call) deactivate() error { return c.toPerson(c.Accounts.Deactivate) }
func (c *call) reactivate() error { return c.toPerson(c.Accounts.Reactivate) }

type linkBody struct {
	Purpose string `json:"purpose,omitempty" required:"false" enum:"invite,reset" doc:"By default reset."`
	By      string `json:"by,omitempty" required:"false" enum:"mail,link" doc:"link shows an invitation even where mail can be sent; a reset is never shown there."`
}

type linkAnswer struct {
	URL    string `json:"url,omitempty" doc:"Absent if it was mailed."`
	Mailed bool   `json:"mailed"`
	Ends   string `json:"ends_at"`
}

func (c *call) createLink(b linkBody) (linkAnswer, error) {
	id, err := c.personInPath()
	if err != nil {
		return linkAnswer{}, err
	}
	purpose := identity.Reset
	if b.Purpose == string(identity.Invite) {
		purpose = identity.Invite
	}
	return c.link(id, purpose, b.By == "link" && purpose == identity.Invite)
}

// link makes a one-time link. Its beginning is from the settings and never from
// the request: a forged Host must not lead anybody elsewhere (attack 44). The
// token stands behind #, where no log and no referrer sees it (attack 49).
func (c *call) link(id actor.PersonID, purpose identity.Purpose, byHand bool) (linkAnswer, error) {
	var token string
	var ends time.Time
	var err error
	if byHand {
		token, ends, err = c.Accounts.LinkToHand(c.ctx, c.who, id)
	} else {
		token, ends, err = c.Accounts.Link(c.ctx, c.who, id, purpose)
	}
	a := linkAnswer{Mailed: token == "", Ends: instant(ends)}
	if token != "" {
		a.URL = c.URL + "/link#" + url.QueryEscape(token)
	}
	return a, err
}

func (c *call) revokeLink() error { return c.toPerson(c.Accounts.Revoke) }

// differencesShape are a person's own rights, said as roles say theirs.
type differencesShape struct {
	Version   int64                        `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Grades    map[string]map[string]string `json:"grades,omitempty" required:"false" doc:"By kind and action."`
	Days      map[string]map[string]*int   `json:"days,omitempty" required:"false" doc:"By kind and action; null takes the role's limit away."`
	Sights    []sightShape                 `json:"sights,omitempty" required:"false" nullable:"false"`
	Abilities map[string]bool              `json:"abilities,omitempty" required:"false" doc:"true gives, false takes away."`
}

func (c *call) differences() (differencesShape, error) {
	id, err := c.personInPath()
	if err != nil {
		return differencesShape{}, err
	}
	all, version, err := c.Rights.Differences(c.ctx, c.who, id)
	if err != nil {
		return differencesShape{}, err
	}
	d := differencesShape{Version: version, Grades: map[string]map[string]string{}, Days: map[string]map[string]*int{}, Sights: []sightShape{}, Abilities: map[string]bool{}}
	for _, one := range all {
		switch one.Aspect {
		case "grade":
			if d.Grades[one.Kind] == nil {
				d.Grades[one.Kind] = map[string]string{}
			}
			d.Grades[one.Kind][one.Action] = one.Grade
			if one.Remove {
				d.Grades[one.Kind][one.Action] = "denied"
			}
		case "days":
			if d.Days[one.Kind] == nil {
				d.Days[one.Kind] = map[string]*int{}
			}
			d.Days[one.Kind][one.Action] = &one.Days
			if one.Remove {
				d.Days[one.Kind][one.Action] = nil
			}
		case "sight":
			if one.Sight != nil {
				s := sightOf(*one.Sight)
				s.Remove = one.Remove
				d.Sights = append(d.Sights, s)
			}
		case "ability":
			d.Abilities[one.Ability] = !one.Remove
		}
	}
	return d, nil
}

func (c *call) setDifferences(b differencesShape) (differencesShape, error) {
	id, err := c.personInPath()
	if err != nil {
		return differencesShape{}, err
	}
	if b.Version == 0 {
		if _, b.Version, err = c.Rights.Differences(c.ctx, c.who, id); err != nil {
			return differencesShape{}, err
		}
	}
	if _, err := c.Rights.SetDifferences(c.ctx, c.who, id, b.Version, b.differences()); err != nil {
		return differencesShape{}, err
	}
	return c.differences()
}

// differences are the rights one by one, in a fixed order.
func (d differencesShape) differences() []rights.Difference {
	all := []rights.Difference{}
	for _, kind := range sorted(d.Grades) {
		for _, action := range sorted(d.Grades[kind]) {
			all = append(all, rights.Difference{Aspect: "grade", Kind: kind, Action: action, Grade: d.Grades[kind][action]})
		}
	}
	for _, kind := range sorted(d.Days) {
		for _, action := range sorted(d.Days[kind]) {
			one := rights.Difference{Aspect: "days", Kind: kind, Action: action}
			if n := d.Days[kind][action]; n != nil {
				one.Days = *n
			} else {
				one.Remove = true
			}
			all = append(all, one)
		}
	}
	for _, s := range d.Sights {
		rule := s.rule()
		all = append(all, rights.Difference{Aspect: "sight", Remove: s.Remove, Sight: &rule})
	}
	for _, a := range sorted(d.Abilities) {
		all = append(all, rights.Difference{Aspect: "ability", Ability: a, Remove: !d.Abilities[a]})
	}
	return all
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

type takeItem struct {
	Kind   string            `json:"kind"`
	View   int               `json:"view" doc:"How many records they see."`
	Export int               `json:"export" doc:"How many they may take out in files."`
	Capped bool              `json:"capped" doc:"There are at least that many."`
	Grades map[string]string `json:"grades" doc:"How far viewing and exporting reach."`
	Sights map[string]string `json:"sights" doc:"How much of phone numbers and mail addresses they see at most, by surface."`
}

type takeAnswer struct {
	Items []takeItem `json:"items" nullable:"false"`
}

func (c *call) take() (takeAnswer, error) {
	a := takeAnswer{Items: []takeItem{}}
	id, err := c.personInPath()
	if err != nil {
		return a, err
	}
	all, err := c.Records.Take(c.ctx, c.who, id)
	if err != nil {
		return a, err
	}
	for i := range all {
		t := &all[i]
		one := takeItem{
			Kind: t.Kind, View: t.Shown.N, Export: t.Exported.N, Capped: t.Shown.Capped || t.Exported.Capped,
			Grades: map[string]string{"view": t.View.Workspace.String(), "export": t.Export.Workspace.String()}, Sights: map[string]string{},
		}
		for on, span := range t.Contact {
			one.Sights[string(on)] = span.Most.String()
		}
		a.Items = append(a.Items, one)
	}
	return a, nil
}

// until is the end that a body names, or the zero time.
func until(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
