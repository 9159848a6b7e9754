package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/identity"
	"castellan/internal/value"
)

// Names of schemas.
const (
	userSchema  = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group"
	listSchema  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// object is a resource as JSON. Names of attributes are spelt as in the schema;
// they are found whatever their case.
type object = map[string]any

// Error is a problem as SCIM writes it.
func Error(status int, code, detail string) []byte {
	o := object{"schemas": []any{errorSchema}, "status": strconv.Itoa(status), "detail": detail}
	if kind := ScimType(code); kind != "" {
		o["scimType"] = kind
	}
	b, err := json.Marshal(o)
	if err != nil { // only strings
		return []byte(`{}`)
	}
	return b
}

// draft is what a directory says of a user.
type draft struct {
	login, external       string
	given, family         string
	display, formatted    string
	email, language, zone string
	active                *bool
}

func (d *draft) kept() identity.Kept {
	name := d.display
	for _, other := range []string{d.formatted, strings.TrimSpace(d.given + " " + d.family), d.login} {
		if name == "" {
			name = other
		}
	}
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(d.language), "_", "-"), "-")
	return identity.Kept{Email: d.email, Name: name, Language: language, TimeZone: d.zone}
}

const longestWord = 512

// word reads a text of an object, in bounds.
func word(o object, name string) (string, error) {
	v := find(o, name)
	if v == nil {
		return "", nil
	}
	s, ok := v.(string)
	if !ok || len(s) > longestWord || value.Line(s) != strings.TrimSpace(s) {
		return "", invalid("invalidValue", fmt.Sprintf("%s must be one line of text.", name))
	}
	return strings.TrimSpace(s), nil
}

// find looks an attribute up whatever the case of its name.
func find(o object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for k, v := range o {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// truth reads a switch, also where it is written as a word, as Entra does.
func truth(v any) (yes, ok bool) {
	switch x := v.(type) {
	case bool:
		return x, true
	case string:
		if b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(x))); err == nil {
			return b, true
		}
	}
	return false, false
}

// readUser reads what a resource says.
func readUser(o object) (*draft, error) {
	d := &draft{}
	var err error
	name, _ := find(o, "name").(object)
	for _, part := range []struct {
		of   object
		name string
		to   *string
	}{
		{o, "userName", &d.login}, {o, "externalId", &d.external}, {o, "displayName", &d.display}, {o, "preferredLanguage", &d.language}, {o, "timezone", &d.zone},
		{name, "givenName", &d.given}, {name, "familyName", &d.family}, {name, "formatted", &d.formatted},
	} {
		if *part.to, err = word(part.of, part.name); err != nil {
			return nil, err
		}
	}
	if d.login == "" {
		return nil, invalid("invalidValue", "userName is missing.")
	}
	if v := find(o, "active"); v != nil {
		yes, ok := truth(v)
		if !ok {
			return nil, invalid("invalidValue", "active must be true or false.")
		}
		d.active = &yes
	}
	if d.email, err = readEmail(find(o, "emails")); err != nil {
		return nil, err
	}
	if d.email == "" {
		d.email = d.login
	}
	if _, err := value.ParseEmail(d.email); err != nil {
		return nil, invalid("invalidValue", "A user needs a mail address: in emails, or as userName.")
	}
	return d, nil
}

// readEmail takes the primary address, or the one of work, or the first.
func readEmail(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	all, ok := v.([]any)
	if !ok {
		return "", invalid("invalidValue", "emails must be a list.")
	}
	best, rank := "", 0
	for _, one := range all {
		e, ok := one.(object)
		if !ok {
			return "", invalid("invalidValue", "emails must be a list of objects.")
		}
		address, err := word(e, "value")
		if err != nil {
			return "", err
		}
		r := 1
		if kind, _ := find(e, "type").(string); strings.EqualFold(kind, "work") {
			r = 2
		}
		if yes, _ := truth(find(e, "primary")); yes {
			r = 3
		}
		if address != "" && r > rank {
			best, rank = address, r
		}
	}
	return best, nil
}

// resource is a user as the directory sees it.
func (k *desk) resource(u *user, groups []*group) object {
	word := k.Vault.Public("person", int64(u.ID))
	name := object{"formatted": u.Name}
	if u.given != "" {
		name["givenName"] = u.given
	}
	if u.family != "" {
		name["familyName"] = u.family
	}
	in := []any{}
	for _, g := range groups {
		for _, m := range g.members {
			if m.Person == u.ID {
				id := k.Vault.Public("group", int64(g.ID))
				in = append(in, object{"value": id, "display": g.Name, "type": "direct", "$ref": k.URL + "/Groups/" + id})
			}
		}
	}
	o := object{
		"schemas": []any{userSchema}, "id": word, "userName": u.login, "displayName": u.Name, "name": name, "active": u.State == identity.Active,
		"emails":            []any{object{"value": u.Email, "type": "work", "primary": true}},
		"preferredLanguage": u.Language, "timezone": u.TimeZone, "groups": in,
		"meta": k.meta("User", "/Users/"+word, u.Created, u.synced, u.Version),
	}
	if u.external != "" {
		o["externalId"] = u.external
	}
	return o
}

func (d *Directory) meta(kind, path string, made, changed time.Time, version int64) object {
	m := object{"resourceType": kind, "location": d.URL + path, "version": fmt.Sprintf("W/%q", strconv.FormatInt(version, 10))}
	if !made.IsZero() {
		m["created"] = made.UTC().Format(time.RFC3339Nano)
	}
	if !changed.IsZero() {
		m["lastModified"] = changed.UTC().Format(time.RFC3339Nano)
	}
	return m
}

// groupDraft is what a directory says of a group.
type groupDraft struct {
	name, external string
	members        []string
}

const mostMembers = 10_000

func readGroup(o object) (*groupDraft, error) {
	d := &groupDraft{}
	var err error
	if d.name, err = word(o, "displayName"); err != nil {
		return nil, err
	}
	if d.name == "" {
		return nil, invalid("invalidValue", "displayName is missing.")
	}
	if d.external, err = word(o, "externalId"); err != nil {
		return nil, err
	}
	switch all := find(o, "members").(type) {
	case nil:
	case []any:
		if len(all) > mostMembers {
			return nil, invalid("tooMany", "A group has at most 10000 members.")
		}
		for _, one := range all {
			m, ok := one.(object)
			if !ok {
				return nil, invalid("invalidValue", "members must be a list of objects.")
			}
			id, err := word(m, "value")
			if err != nil {
				return nil, err
			}
			if !slices.Contains(d.members, id) {
				d.members = append(d.members, id)
			}
		}
	default:
		return nil, invalid("invalidValue", "members must be a list.")
	}
	return d, nil
}

// groupResource is a group as the directory sees it.
func (k *desk) groupResource(g *group, names map[actor.PersonID]*user) object {
	word := k.Vault.Public("group", int64(g.ID))
	members := []any{}
	for _, m := range g.members {
		u := names[m.Person]
		if u == nil || u.removed {
			continue
		}
		id := k.Vault.Public("person", int64(m.Person))
		members = append(members, object{"value": id, "display": u.Name, "type": "User", "$ref": k.URL + "/Users/" + id})
	}
	o := object{
		"schemas": []any{groupSchema}, "id": word, "displayName": g.Name, "members": members,
		"meta": k.meta("Group", "/Groups/"+word, time.Time{}, g.synced, g.Version),
	}
	if g.external != "" {
		o["externalId"] = g.external
	}
	return o
}

// Query is what a list is asked with.
type Query struct {
	Filter     string
	Start      int // 1 is the first; less counts as 1
	Count      int // at most; negative: as many as are usual
	Attributes []string
	Excluded   []string
}

const (
	pageUsual = 100
	pageMost  = 500
)

// page is a list as SCIM writes it.
func page(all []object, q Query) ([]byte, error) {
	start := max(q.Start, 1)
	count := q.Count
	if count < 0 {
		count = pageUsual
	}
	count = min(count, pageMost)
	from := min(start-1, len(all))
	shown := []any{}
	for _, o := range all[from:min(from+count, len(all))] {
		shown = append(shown, q.cut(o))
	}
	return write(object{"schemas": []any{listSchema}, "totalResults": len(all), "startIndex": start, "itemsPerPage": len(shown), "Resources": shown})
}

// always are the attributes that a resource is never without.
var always = []string{"schemas", "id", "meta"}

// cut leaves out what was not asked for.
func (q Query) cut(o object) object {
	if len(q.Attributes) == 0 && len(q.Excluded) == 0 {
		return o
	}
	names := func(all []string) []string {
		var top []string
		for _, a := range all {
			a = strings.TrimSpace(a)
			if i := strings.LastIndexByte(a, ':'); i >= 0 && strings.HasPrefix(strings.ToLower(a), "urn:") {
				a = a[i+1:]
			}
			a, _, _ = strings.Cut(a, ".")
			top = append(top, strings.ToLower(a))
		}
		return top
	}
	wanted, unwanted := names(q.Attributes), names(q.Excluded)
	left := object{}
	for name, v := range o {
		if slices.Contains(always, name) || (len(wanted) == 0 || slices.Contains(wanted, strings.ToLower(name))) && !slices.Contains(unwanted, strings.ToLower(name)) {
			left[name] = v
		}
	}
	return left
}

func write(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write resource: %w", err)
	}
	return b, nil
}

// parse reads the body of a request. That its JSON is sound was seen before.
func parse(body []byte) (object, error) {
	var o object
	if err := json.Unmarshal(body, &o); err != nil || o == nil {
		return nil, invalid("invalidSyntax", "The body must be a JSON object.")
	}
	return o, nil
}

// Users lists users.
func (d *Directory) Users(ctx context.Context, who actor.Actor, q Query) (out []byte, err error) {
	want, err := parseFilter(q.Filter)
	if err != nil {
		return nil, err
	}
	err = d.read(ctx, who, func(k *desk) error {
		all, err := k.users()
		if err != nil {
			return err
		}
		groups, err := k.groups()
		if err != nil {
			return err
		}
		var found []object
		for _, u := range all {
			if u.removed {
				continue
			}
			if o := k.resource(u, groups); want.fits(o) {
				found = append(found, o)
			}
		}
		out, err = page(found, q)
		return err
	})
	return out, err
}

// User reads one user.
func (d *Directory) User(ctx context.Context, who actor.Actor, id string, q Query) (out []byte, err error) {
	err = d.read(ctx, who, func(k *desk) error {
		out, err = k.shownUser(id, q)
		return err
	})
	return out, err
}

func (k *desk) shownUser(id string, q Query) ([]byte, error) {
	u, err := k.user(id)
	if err != nil {
		return nil, err
	}
	groups, err := k.groups()
	if err != nil {
		return nil, err
	}
	return write(q.cut(k.resource(u, groups)))
}

// CreateUser makes an account, or gives one back that the directory had deleted.
// It gives the resource and where it is.
func (d *Directory) CreateUser(ctx context.Context, who actor.Actor, body []byte) (out []byte, at string, err error) {
	o, err := parse(body)
	if err != nil {
		return nil, "", err
	}
	want, err := readUser(o)
	if err != nil {
		return nil, "", err
	}
	err = d.write(ctx, who, func(k *desk) error {
		copied := *want
		u, err := k.makeUser(&copied)
		if err != nil {
			return err
		}
		id := k.Vault.Public("person", int64(u.ID))
		at = d.URL + "/Users/" + id
		out, err = k.shownUser(id, Query{})
		return err
	})
	return out, at, err
}

// ReplaceUser makes an account as the body says.
func (d *Directory) ReplaceUser(ctx context.Context, who actor.Actor, id string, body []byte) ([]byte, error) {
	o, err := parse(body)
	if err != nil {
		return nil, err
	}
	return d.changeUser(ctx, who, id, func(object) (object, error) { return o, nil })
}

// PatchUser changes parts of an account.
func (d *Directory) PatchUser(ctx context.Context, who actor.Actor, id string, body []byte) ([]byte, error) {
	ops, err := parsePatch(body)
	if err != nil {
		return nil, err
	}
	return d.changeUser(ctx, who, id, func(o object) (object, error) {
		shown, name := o["displayName"], nameOf(o)
		if err := ops.apply(o, userSchema); err != nil {
			return nil, err
		}
		// What people see follows the parts of a name that were changed, where
		// it is not said itself.
		now := nameOf(o)
		if o["displayName"] == shown && (now.formatted != "" || now != name && shown == name.whole()) {
			delete(o, "displayName")
		}
		return o, nil
	})
}

type nameParts struct{ formatted, given, family string }

func nameOf(o object) nameParts {
	name, _ := find(o, "name").(object)
	part := func(of string) string { s, _ := find(name, of).(string); return s }
	return nameParts{part("formatted"), part("givenName"), part("familyName")}
}

func (n nameParts) whole() string { return strings.TrimSpace(n.given + " " + n.family) }

func (d *Directory) changeUser(ctx context.Context, who actor.Actor, id string, change func(object) (object, error)) (out []byte, err error) {
	err = d.write(ctx, who, func(k *desk) error {
		u, err := k.user(id)
		if err != nil {
			return err
		}
		// What the house derives is no word of the directory's.
		before := k.resource(u, nil)
		name, _ := before["name"].(object)
		delete(name, "formatted")
		after, err := change(before)
		if err != nil {
			return err
		}
		want, err := readUser(after)
		if err != nil {
			return err
		}
		if err := k.inStep(u, want); err != nil {
			return err
		}
		out, err = k.shownUser(id, Query{})
		return err
	})
	return out, err
}

// DeleteUser closes an account, which from then on is not there for the directory.
func (d *Directory) DeleteUser(ctx context.Context, who actor.Actor, id string) error {
	return d.write(ctx, who, func(k *desk) error {
		u, err := k.user(id)
		if err != nil {
			return err
		}
		return k.removeUser(u)
	})
}

// Groups lists groups.
func (d *Directory) Groups(ctx context.Context, who actor.Actor, q Query) (out []byte, err error) {
	want, err := parseFilter(q.Filter)
	if err != nil {
		return nil, err
	}
	err = d.read(ctx, who, func(k *desk) error {
		groups, err := k.groups()
		if err != nil {
			return err
		}
		names, err := k.byID()
		if err != nil {
			return err
		}
		var found []object
		for _, g := range groups {
			if o := k.groupResource(g, names); want.fits(o) {
				found = append(found, o)
			}
		}
		out, err = page(found, q)
		return err
	})
	return out, err
}

func (k *desk) byID() (map[actor.PersonID]*user, error) {
	all, err := k.users()
	names := map[actor.PersonID]*user{}
	for _, u := range all {
		names[u.ID] = u
	}
	return names, err
}

// Group reads one group.
func (d *Directory) Group(ctx context.Context, who actor.Actor, id string, q Query) (out []byte, err error) {
	err = d.read(ctx, who, func(k *desk) error {
		out, err = k.shownGroup(id, q)
		return err
	})
	return out, err
}

func (k *desk) shownGroup(id string, q Query) ([]byte, error) {
	g, err := k.group(id)
	if err != nil {
		return nil, err
	}
	names, err := k.byID()
	if err != nil {
		return nil, err
	}
	return write(q.cut(k.groupResource(g, names)))
}

// CreateGroup makes a group. It gives the resource and where it is.
func (d *Directory) CreateGroup(ctx context.Context, who actor.Actor, body []byte) (out []byte, at string, err error) {
	o, err := parse(body)
	if err != nil {
		return nil, "", err
	}
	want, err := readGroup(o)
	if err != nil {
		return nil, "", err
	}
	err = d.write(ctx, who, func(k *desk) error {
		g := &group{}
		if err := k.groupInStep(g, want); err != nil {
			return err
		}
		id := k.Vault.Public("group", int64(g.ID))
		at = d.URL + "/Groups/" + id
		out, err = k.shownGroup(id, Query{})
		return err
	})
	return out, at, err
}

// ReplaceGroup makes a group as the body says.
func (d *Directory) ReplaceGroup(ctx context.Context, who actor.Actor, id string, body []byte) ([]byte, error) {
	o, err := parse(body)
	if err != nil {
		return nil, err
	}
	return d.changeGroup(ctx, who, id, func(object) (object, error) { return o, nil })
}

// PatchGroup changes parts of a group.
func (d *Directory) PatchGroup(ctx context.Context, who actor.Actor, id string, body []byte) ([]byte, error) {
	ops, err := parsePatch(body)
	if err != nil {
		return nil, err
	}
	return d.changeGroup(ctx, who, id, func(o object) (object, error) { return o, ops.apply(o, groupSchema) })
}

func (d *Directory) changeGroup(ctx context.Context, who actor.Actor, id string, change func(object) (object, error)) (out []byte, err error) {
	err = d.write(ctx, who, func(k *desk) error {
		g, err := k.group(id)
		if err != nil {
			return err
		}
		names, err := k.byID()
		if err != nil {
			return err
		}
		after, err := change(k.groupResource(g, names))
		if err != nil {
			return err
		}
		want, err := readGroup(after)
		if err != nil {
			return err
		}
		if err := k.groupInStep(g, want); err != nil {
			return err
		}
		out, err = k.shownGroup(id, Query{})
		return err
	})
	return out, err
}

// DeleteGroup deletes a group that the directory made.
func (d *Directory) DeleteGroup(ctx context.Context, who actor.Actor, id string) error {
	return d.write(ctx, who, func(k *desk) error {
		g, err := k.group(id)
		if err != nil {
			return err
		}
		return k.removeGroup(g)
	})
}
