package web

import (
	"bytes"
	"encoding/json"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

type shareAnswer struct {
	Principal string  `json:"principal" doc:"By which the share is ended: the id of the person or group."`
	Person    *named  `json:"person,omitempty"`
	Group     *named  `json:"group,omitempty"`
	Level     string  `json:"level" enum:"view,edit" doc:"Of a share with a person; what a group's members may do, their roles say."`
	EndsAt    *string `json:"ends_at" doc:"null: when somebody ends it."`
	By        named   `json:"by"`
	At        string  `json:"at"`

	Opens []opensAnswer `json:"opens" doc:"What it opens of what lies on the record or follows it: as much as whoever shared held of it. Beyond that everybody sees what their own role gives."`
}

type opensAnswer struct {
	Kind  string `json:"kind"`
	Grade string `json:"grade" enum:"denied,own,all" doc:"own: what whoever shared is responsible for."`
}

func (c *call) shares() (listOf[shareAnswer], error) {
	id, err := c.id()
	if err != nil {
		return listOf[shareAnswer]{}, err
	}
	shares, err := c.Records.Shares(c.ctx, c.who, c.route.kind.Name, id)
	if err != nil {
		return listOf[shareAnswer]{}, err
	}
	var all []shareAnswer
	for i := range shares {
		a, err := c.shareOf(&shares[i])
		if err != nil {
			return listOf[shareAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

func (c *call) shareOf(s *records.Share) (shareAnswer, error) {
	a := shareAnswer{Level: s.Level.String(), EndsAt: instantOr(s.Ends), At: instant(s.At), Opens: []opensAnswer{}}
	for _, o := range s.Opens {
		a.Opens = append(a.Opens, opensAnswer{o.Kind, o.Grade.String()})
	}
	var err error
	if s.Group != 0 {
		g, err := c.group(s.Group)
		if err != nil {
			return a, err
		}
		a.Group, a.Principal, a.Level = &g, g.ID, "view"
	} else {
		p, err := c.person(s.Person)
		if err != nil {
			return a, err
		}
		a.Person, a.Principal = &p, p.ID
	}
	a.By, err = c.person(s.By)
	return a, err
}

type shareBody struct {
	Person string     `json:"person,omitempty" required:"false"`
	Group  string     `json:"group,omitempty" required:"false"`
	Level  string     `json:"level,omitempty" required:"false" enum:"view,edit" doc:"By default view."`
	EndsAt *time.Time `json:"ends_at,omitempty" required:"false" doc:"By default when somebody ends it."`
}

// with reads with whom to share.
func (c *call) with(b shareBody) (records.Share, error) {
	var s records.Share
	if b.Person != "" {
		id, ok := c.Vault.ID("person", b.Person)
		if !ok {
			return s, fault.New(fault.Invalid, "share.person", "There is no such person.").At("person")
		}
		s.Person = actor.PersonID(id)
		s.Level = records.ShareView
		if b.Level == "edit" {
			s.Level = records.ShareEdit
		}
	}
	if b.Group != "" {
		id, ok := c.Vault.ID("group", b.Group)
		if !ok {
			return s, fault.New(fault.Invalid, "share.group", "There is no such group.").At("group")
		}
		s.Group = actor.GroupID(id)
	}
	if b.Level != "" && b.Level != "view" && b.Level != "edit" {
		return s, fault.New(fault.Invalid, "share.level", "The level must be view or edit.").At("level")
	}
	if b.EndsAt != nil {
		s.Ends = b.EndsAt.UTC()
	}
	return s, nil
}

func (c *call) share(b shareBody) (shareAnswer, error) {
	id, err := c.id()
	if err != nil {
		return shareAnswer{}, err
	}
	s, err := c.with(b)
	if err != nil {
		return shareAnswer{}, err
	}
	if err := c.Records.Share(c.ctx, c.who, c.route.kind.Name, id, s); err != nil {
		return shareAnswer{}, err
	}
	all, err := c.Records.Shares(c.ctx, c.who, c.route.kind.Name, id)
	if err != nil {
		return shareAnswer{}, err
	}
	for i := range all {
		if all[i].Person == s.Person && all[i].Group == s.Group {
			return c.shareOf(&all[i])
		}
	}
	s.By, s.At = c.who.Person, c.Now() // it has been ended meanwhile
	return c.shareOf(&s)
}

func (c *call) unshare() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	var s records.Share
	word := c.r.PathValue("principal")
	if n, ok := c.Vault.ID("person", word); ok {
		s.Person = actor.PersonID(n)
	} else if n, ok := c.Vault.ID("group", word); ok {
		s.Group = actor.GroupID(n)
	} else {
		return fault.NotFound()
	}
	return c.Records.Unshare(c.ctx, c.who, c.route.kind.Name, id, s)
}

type bulkBody struct {
	IDs    []string        `json:"ids,omitempty" required:"false" nullable:"false" doc:"The records; or a filter or search that finds them."`
	Filter string          `json:"filter,omitempty" required:"false"`
	Search string          `json:"search,omitempty" required:"false"`
	Bin    bool            `json:"bin,omitempty" required:"false" doc:"The filter looks into the bin."`
	All    bool            `json:"all,omitempty" required:"false" doc:"Every record that the asker may see, if there is neither ids nor filter nor search."`
	Action string          `json:"action" enum:"update,delete,restore,share,assign,tag,untag"`
	Patch  json.RawMessage `json:"patch,omitempty" required:"false" doc:"For update: fields. For assign: responsible. For tag and untag: tags, which are added or taken away. For share: person or group, level, ends_at."`
}

// grave tells whether many records would be gone, or in other hands, at once.
func (b bulkBody) grave() bool { return b.Action == "delete" || b.Action == "share" }

type refusedAnswer struct {
	ID     string `json:"id"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

type operationAnswer struct {
	Operation string          `json:"operation" doc:"By which it can be undone."`
	Done      int             `json:"done"`
	Refused   []refusedAnswer `json:"refused" nullable:"false"`
	Running   bool            `json:"running" doc:"There are many: the work goes on, and GET /operations/{operation} tells how far it has come."`
	Total     int             `json:"total" doc:"Of work that goes on: how many records."`
}

type progressAnswer struct {
	Operation string `json:"operation"`
	State     string `json:"state" enum:"running,done,failed" doc:"failed: whoever began it may no longer."`
	Total     int    `json:"total"`
	Done      int    `json:"done"`
	Refused   int    `json:"refused" doc:"Records that whoever began it may not change."`
}

func (c *call) progress() (progressAnswer, error) {
	id, err := c.numbered("operation", "operation")
	if err != nil {
		return progressAnswer{}, err
	}
	p, err := c.Records.BulkProgress(c.ctx, c.who, id)
	return progressAnswer{c.Vault.Public("operation", id), p.State, p.Total, p.Done, p.Refused}, err
}

func (c *call) bulk(b bulkBody) (operationAnswer, error) {
	var which records.Selection
	switch {
	case b.IDs != nil:
		if b.Filter != "" || b.Search != "" {
			return operationAnswer{}, fault.New(fault.Invalid, "bulk.which", "Name the records, or a filter that finds them, but not both.").At("ids")
		}
		for _, word := range b.IDs {
			id, ok := c.Records.Record(c.route.kind.Name, word)
			if !ok {
				return operationAnswer{}, fault.NotFound()
			}
			which.IDs = append(which.IDs, id)
		}
	case b.Filter != "" || b.Search != "" || b.All:
		q := records.Query{Search: b.Search, Bin: b.Bin, Zone: c.Workspace.Zone()}
		if err := condition(&q, b.Filter); err != nil {
			return operationAnswer{}, err
		}
		which.Query = &q
	default:
		return operationAnswer{}, fault.New(fault.Invalid, "bulk.which", "Name the records, or a filter that finds them.").At("ids")
	}
	what, v, with, err := c.bulkWhat(b)
	if err != nil {
		return operationAnswer{}, err
	}
	op, err := c.Records.Bulk(c.ctx, c.who, c.route.kind.Name, which, what, v, with)
	return c.operation(op, c.route.kind.Name), err
}

// bulkWhat reads what is to be done to each record.
func (c *call) bulkWhat(b bulkBody) (what string, v records.Values, with records.Share, err error) {
	switch b.Action {
	case "update", "assign", "tag", "untag":
		if v, err = c.values(b.Patch); err != nil {
			return "", nil, with, fault.New(fault.Invalid, "bulk.patch", "The patch must be an object with the fields to change.").At("patch")
		}
		only := map[string]string{"assign": c.route.kind.Responsible, "tag": "tags", "untag": "tags"}[b.Action]
		if _, named := v[only]; only != "" && (len(v) != 1 || !named) {
			return "", nil, with, fault.Newf(fault.Invalid, "bulk.patch", "The patch of this action holds %s and nothing else.", only).At("patch")
		}
		if b.Action == "tag" {
			return records.BulkAdd, v, with, nil
		}
		if b.Action == "untag" {
			return records.BulkTake, v, with, nil
		}
		return records.BulkUpdate, v, with, nil
	case "share":
		var body shareBody
		d := json.NewDecoder(bytes.NewReader(b.Patch))
		d.DisallowUnknownFields()
		if d.Decode(&body) != nil {
			return "", nil, with, fault.New(fault.Invalid, "bulk.patch", "The patch of this action names a person or a group, and perhaps a level and an end.").At("patch")
		}
		with, err = c.with(body)
		return records.BulkShare, nil, with, err
	case "delete":
		return records.BulkDelete, nil, with, nil
	case "restore":
		return records.BulkRestore, nil, with, nil
	}
	return "", nil, with, fault.New(fault.Invalid, "bulk.action", "The action must be one of update, delete, restore, share, assign, tag, untag.").At("action")
}

func (c *call) operation(op *records.Operation, kind string) operationAnswer {
	a := operationAnswer{Refused: []refusedAnswer{}}
	if op == nil {
		return a
	}
	a.Operation, a.Done, a.Running, a.Total = c.Vault.Public("operation", op.ID), op.Done, op.Running, op.Total
	for _, r := range op.Refused {
		one := refusedAnswer{ID: c.Records.RecordWord(kind, r.ID)}
		if f, ok := fault.As(r.Err); ok {
			one.Code, one.Detail = f.Code, f.Public
		}
		a.Refused = append(a.Refused, one)
	}
	return a
}

func (c *call) undo() (operationAnswer, error) {
	id, err := c.numbered("operation", "operation")
	if err != nil {
		return operationAnswer{}, err
	}
	op, err := c.Records.Undo(c.ctx, c.who, id)
	if err != nil {
		return operationAnswer{}, err
	}
	return c.operation(op, schema.AnyKind), nil
}
