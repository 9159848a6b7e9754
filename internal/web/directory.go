package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/directory"
	"castellan/internal/fault"
	"castellan/internal/records"
)

// DirectoryPath is where the firm's directory finds SCIM.
const DirectoryPath = "/api/scim/v2"

// scimMedia is what SCIM calls its JSON.
const scimMedia = "application/scim+json"

func (s *Server) directoryRoutes() []route {
	sync, manage := need(records.SyncAccounts), need(records.ManageSecurity)
	lists := []parameter{
		{name: "filter", doc: "Such as userName eq \"anna@example.com\" (RFC 7644, 3.4.2.2)."}, {name: "startIndex", doc: "1 is the first."}, {name: "count", doc: "How many at most, up to 500. By default 100."},
		{name: "attributes", doc: "Only these, with commas between them."}, {name: "excludedAttributes", doc: "All but these."},
	}
	shows := lists[3:]
	var all []route
	for _, kind := range []struct {
		path, name, one, many string
		list                  func(*call, directory.Query) ([]byte, error)
		read                  func(*call, string, directory.Query) ([]byte, error)
		make                  func(*call, []byte) ([]byte, string, error)
		put, patch            func(*call, string, []byte) ([]byte, error)
		remove                func(*call, string) error
	}{
		{"/Users", "User", "an account", "accounts",
			func(c *call, q directory.Query) ([]byte, error) { return c.Directory.Users(c.ctx, c.who, q) },
			func(c *call, id string, q directory.Query) ([]byte, error) {
				return c.Directory.User(c.ctx, c.who, id, q)
			},
			func(c *call, b []byte) ([]byte, string, error) { return c.Directory.CreateUser(c.ctx, c.who, b) },
			func(c *call, id string, b []byte) ([]byte, error) {
				return c.Directory.ReplaceUser(c.ctx, c.who, id, b)
			},
			func(c *call, id string, b []byte) ([]byte, error) { return c.Directory.PatchUser(c.ctx, c.who, id, b) },
			func(c *call, id string) error { return c.Directory.DeleteUser(c.ctx, c.who, id) }},
		{"/Groups", "Group", "a group", "groups",
			func(c *call, q directory.Query) ([]byte, error) { return c.Directory.Groups(c.ctx, c.who, q) },
			func(c *call, id string, q directory.Query) ([]byte, error) {
				return c.Directory.Group(c.ctx, c.who, id, q)
			},
			func(c *call, b []byte) ([]byte, string, error) { return c.Directory.CreateGroup(c.ctx, c.who, b) },
			func(c *call, id string, b []byte) ([]byte, error) {
				return c.Directory.ReplaceGroup(c.ctx, c.who, id, b)
			},
			func(c *call, id string, b []byte) ([]byte, error) { return c.Directory.PatchGroup(c.ctx, c.who, id, b) },
			func(c *call, id string) error { return c.Directory.DeleteGroup(c.ctx, c.who, id) }},
	} {
		path, one := DirectoryPath+kind.path, DirectoryPath+kind.path+"/{id}"
		changed := func(do func(*call, string, []byte) ([]byte, error)) shape {
			return scim(func(c *call) ([]byte, error) {
				b, err := c.scimBody()
				if err != nil {
					return nil, err
				}
				defer c.forgetNames()
				return do(c, c.r.PathValue("id"), b)
			}, true)
		}
		all = append(all,
			route{method: "GET", path: path, name: "scimList" + kind.name + "s", summary: "List " + kind.many, door: sync, query: lists, foreign: true, shape: scim(func(c *call) ([]byte, error) {
				q, err := c.scimQuery()
				if err != nil {
					return nil, err
				}
				return kind.list(c, q)
			}, false)},
			route{method: "POST", path: path, name: "scimCreate" + kind.name, summary: "Make " + kind.one, door: sync, body: smallBody, foreign: true, shape: created(scim(func(c *call) ([]byte, error) {
				b, err := c.scimBody()
				if err != nil {
					return nil, err
				}
				defer c.forgetNames()
				out, at, err := kind.make(c, b)
				if err == nil {
					c.w.Header().Set("Location", at)
				}
				return out, err
			}, true))},
			route{method: "GET", path: one, name: "scimRead" + kind.name, summary: "Read " + kind.one, door: sync, query: shows, foreign: true, shape: scim(func(c *call) ([]byte, error) {
				q, err := c.scimQuery()
				if err != nil {
					return nil, err
				}
				return kind.read(c, c.r.PathValue("id"), q)
			}, false)},
			route{method: "PUT", path: one, name: "scimReplace" + kind.name, summary: "Make " + kind.one + " as the body says", door: sync, body: scimLarge, foreign: true, shape: changed(kind.put)},
			route{method: "PATCH", path: one, name: "scimPatch" + kind.name, summary: "Change parts of " + kind.one, door: sync, body: scimLarge, foreign: true, shape: changed(kind.patch)},
			route{method: "DELETE", path: one, name: "scimDelete" + kind.name, summary: "Delete " + kind.one + "; an account is closed and kept", door: sync, foreign: true, shape: does(func(c *call) error {
				defer c.forgetNames()
				return kind.remove(c, c.r.PathValue("id"))
			})},
		)
	}
	about := func(path, name, summary string, do func(*call) ([]byte, error)) route {
		return route{method: "GET", path: DirectoryPath + path, name: name, summary: summary, door: sync, foreign: true, shape: scim(do, false)}
	}
	all = append(all,
		about("/ServiceProviderConfig", "scimConfig", "Tell what the server can", func(c *call) ([]byte, error) { return c.Directory.ServiceProviderConfig() }),
		about("/ResourceTypes", "scimResourceTypes", "List kinds of resources", func(c *call) ([]byte, error) { return c.Directory.ResourceTypes("") }),
		about("/ResourceTypes/{id}", "scimResourceType", "Describe a kind of resource", func(c *call) ([]byte, error) { return c.Directory.ResourceTypes(c.r.PathValue("id")) }),
		about("/Schemas", "scimSchemas", "List schemas", func(c *call) ([]byte, error) { return c.Directory.Schemas("") }),
		about("/Schemas/{id}", "scimSchema", "Describe a schema", func(c *call) ([]byte, error) { return c.Directory.Schemas(c.r.PathValue("id")) }),
	)
	for i := range all {
		all[i].tag, all[i].scim = "SCIM", true
	}
	return append(all,
		route{method: "GET", path: "/api/v1/directory", name: "getDirectory", tag: "Directory", summary: "Tell how accounts are kept in step with the firm's directory", door: manage, shape: answers((*call).directorySettings)},
		route{method: "PUT", path: "/api/v1/directory", name: "setDirectory", tag: "Directory", summary: "Say which roles the directory gives", door: manage, body: smallBody, fresh: true, shape: takes((*call).setDirectory)},
	)
}

// scimLarge is enough for the members of a large group.
const scimLarge = largeBody

// scim is a route that speaks SCIM.
func scim(do func(*call) ([]byte, error), body bool) shape {
	s := text(scimMedia+"; charset=utf-8", do)
	if body {
		s.takes = scimMedia
	}
	return s
}

// scimBody reads JSON that nobody can read in two ways.
func (c *call) scimBody() ([]byte, error) {
	media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || media != scimMedia && media != "application/json" {
		return nil, fault.New(fault.Invalid, "body.media", "The body must be JSON, and the request must say so (Content-Type: application/scim+json).")
	}
	b, err := c.raw()
	if err != nil {
		return nil, err
	}
	return b, wellFormed(b, false)
}

func (c *call) scimQuery() (q directory.Query, err error) {
	q = directory.Query{Filter: c.query.Get("filter"), Start: 1, Count: -1}
	for name, to := range map[string]*int{"startIndex": &q.Start, "count": &q.Count} {
		word := c.query.Get(name)
		if word == "" {
			continue
		}
		n, err := strconv.Atoi(word)
		if err != nil {
			return q, fault.New(fault.Invalid, "scim.invalidValue", "This parameter must be a whole number.").At(name)
		}
		*to = max(n, 0)
	}
	for name, to := range map[string]*[]string{"attributes": &q.Attributes, "excludedAttributes": &q.Excluded} {
		if word := c.query.Get(name); word != "" {
			*to = strings.Split(word, ",")
		}
	}
	return q, nil
}

// scimStatus is the status of a fault where SCIM says another than the API does.
func scimStatus(f *fault.Fault, status int) int {
	if f.Kind == fault.Invalid {
		if directory.ScimType(f.Code) == "uniqueness" {
			return http.StatusConflict
		}
		return http.StatusBadRequest
	}
	return status
}

type directoryGroup struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role,omitempty" doc:"That its members get. Of several, the first in this list counts."`
	Kept bool   `json:"kept" doc:"The directory keeps this group."`
}

type directoryKey struct {
	ID   string  `json:"id"`
	Name string  `json:"name"`
	Used *string `json:"last_used_at"`
}

type directoryAnswer struct {
	Version int64            `json:"version"`
	URL     string           `json:"url" doc:"What the directory is told as the address of SCIM."`
	Role    string           `json:"role,omitempty" doc:"Of people whom the directory brings; absent: it brings none."`
	Groups  []directoryGroup `json:"groups" nullable:"false"`
	Active  int              `json:"active" doc:"How many open accounts the directory keeps."`
	Closed  int              `json:"closed"`
	Kept    int              `json:"kept_groups"`
	Last    *string          `json:"last_change_at"`
	Keys    []directoryKey   `json:"keys" nullable:"false" doc:"By which the directory comes; only to those who manage keys."`
}

func (c *call) directoryOf(s *directory.Settings) (directoryAnswer, error) {
	a := directoryAnswer{Version: s.Version, URL: c.URL + DirectoryPath, Groups: []directoryGroup{}, Active: s.Active, Closed: s.Closed, Kept: s.Kept, Last: instantOr(s.Last), Keys: []directoryKey{}}
	if s.Role != 0 {
		a.Role = c.Vault.Public("role", int64(s.Role))
	}
	for _, g := range s.Groups {
		one := directoryGroup{ID: c.Vault.Public("group", int64(g.Group)), Name: g.Name, Kept: g.Kept}
		if g.Role != 0 {
			one.Role = c.Vault.Public("role", int64(g.Role))
		}
		a.Groups = append(a.Groups, one)
	}
	keys, err := c.Directory.Keys(c.ctx, c.who)
	if err != nil && !fault.Is(err, fault.Denied) {
		return a, err
	}
	for i := range keys {
		if keys[i].Ended.IsZero() && (keys[i].Ends.IsZero() || keys[i].Ends.After(c.Now())) {
			a.Keys = append(a.Keys, directoryKey{c.Vault.Public("key", int64(keys[i].ID)), keys[i].Name, instantOr(keys[i].Used)})
		}
	}
	return a, nil
}

func (c *call) directorySettings() (directoryAnswer, error) {
	s, err := c.Directory.Settings(c.ctx, c.who)
	if err != nil {
		return directoryAnswer{}, err
	}
	return c.directoryOf(&s)
}

type directoryBody struct {
	Version int64                `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Role    string               `json:"role,omitempty" required:"false"`
	Groups  []directoryGroupBody `json:"groups,omitempty" required:"false" nullable:"false" doc:"Groups whose members get a role, in the order in which they count."`
}

type directoryGroupBody struct {
	ID   string `json:"id"`
	Role string `json:"role"`
}

func (c *call) setDirectory(b directoryBody) (directoryAnswer, error) {
	var role actor.RoleID
	var err error
	if b.Role != "" {
		if role, err = c.role(b.Role, "role"); err != nil {
			return directoryAnswer{}, err
		}
	}
	var groups []directory.GroupRole
	for _, g := range b.Groups {
		id, ok := c.Vault.ID("group", g.ID)
		if !ok {
			return directoryAnswer{}, fault.New(fault.Invalid, "group.missing", "There is no such group.").At("groups")
		}
		given, err := c.role(g.Role, "groups")
		if err != nil {
			return directoryAnswer{}, err
		}
		groups = append(groups, directory.GroupRole{Group: actor.GroupID(id), Role: given})
	}
	if b.Version == 0 {
		s, err := c.Directory.Settings(c.ctx, c.who)
		if err != nil {
			return directoryAnswer{}, err
		}
		b.Version = s.Version
	}
	s, err := c.Directory.SetSettings(c.ctx, c.who, b.Version, role, groups)
	if err != nil {
		return directoryAnswer{}, err
	}
	return c.directoryOf(&s)
}
