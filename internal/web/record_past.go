package web

import (
	"encoding/json"
	"strconv"
	"time"

	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

type changeAnswer struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before,omitempty" required:"false"`
	After  json.RawMessage `json:"after,omitempty" required:"false"`
	Masked bool            `json:"masked,omitempty" doc:"The asker may not see the values."`
}

type stepAnswer struct {
	Version int64          `json:"version"`
	At      string         `json:"at"`
	By      doer           `json:"by"`
	Action  string         `json:"action" enum:"created,changed,deleted,restored"`
	Changes []changeAnswer `json:"changes" nullable:"false"`
}

// instant writes a time as the API does.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// instantOr is instant, or nil for the zero time.
func instantOr(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := instant(t)
	return &s
}

func (c *call) history() (listOf[stepAnswer], error) {
	id, err := c.id()
	if err != nil {
		return listOf[stepAnswer]{}, err
	}
	steps, err := c.Records.History(c.ctx, c.who, c.route.kind.Name, id)
	if err != nil {
		return listOf[stepAnswer]{}, err
	}
	s, err := c.scribbler(&records.Page{Kind: c.route.kind})
	if err != nil {
		return listOf[stepAnswer]{}, err
	}
	var all []stepAnswer
	for i := range steps {
		a, err := c.step(&s, &steps[i])
		if err != nil {
			return listOf[stepAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

func (c *call) step(s *scribbler, r *records.Revision) (stepAnswer, error) {
	by, err := c.doerOf(r.ByKind, r.By)
	a := stepAnswer{Version: r.Version, At: instant(r.At), By: by, Action: r.What, Changes: []changeAnswer{}}
	for _, ch := range r.Changes {
		one := changeAnswer{Field: ch.Field.Name, Masked: ch.Sight != records.Plain}
		if !one.Masked {
			one.Before, one.After = s.rendered(ch.Field, ch.Before, nil), s.rendered(ch.Field, ch.After, nil)
		}
		a.Changes = append(a.Changes, one)
	}
	return a, err
}

// versionInPath is the version that the path names.
func (c *call) versionInPath() (int64, error) {
	v, err := strconv.ParseInt(c.r.PathValue("version"), 10, 64)
	if err != nil || v < 1 {
		return 0, fault.NotFound()
	}
	return v, nil
}

func (c *call) earlier() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	v, err := c.versionInPath()
	if err != nil {
		return err
	}
	r, err := c.Records.State(c.ctx, c.who, c.route.kind.Name, id, v)
	if err != nil {
		return err
	}
	return c.one(r)
}

func (c *call) revert() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	v, err := c.versionInPath()
	if err != nil {
		return err
	}
	if err := c.Records.Revert(c.ctx, c.who, c.route.kind.Name, id, v); err != nil {
		return err
	}
	return c.readBack(id)
}

type momentAnswer struct {
	Type    string          `json:"type" doc:"created, changed, deleted, restored; or the kind of what was written on the record or linked to it."`
	At      string          `json:"at"`
	By      doer            `json:"by"`
	Version int64           `json:"version,omitempty"`
	Changes []changeAnswer  `json:"changes,omitempty" required:"false" nullable:"false"`
	ID      string          `json:"id,omitempty" doc:"Of what is linked."`
	Kind    string          `json:"kind,omitempty"`
	Title   string          `json:"title,omitempty" doc:"Of what is linked, as far as the asker sees it."`
	Text    string          `json:"text,omitempty" doc:"Of a comment."`
	Record  json.RawMessage `json:"record,omitempty" required:"false" doc:"What is linked, as the asker sees it."`

	Files []json.RawMessage `json:"files,omitempty" required:"false" nullable:"false" doc:"Files that a linked message brings, as the asker sees them."`
}

type timelineAnswer struct {
	Items []momentAnswer `json:"items" nullable:"false"`
	Next  *string        `json:"next" doc:"The cursor of the next page; null at the end."`
}

// timelinePage is how many moments one look brings, and more only of one moment
// (see records).
const timelinePage = 100

func (c *call) timeline() (timelineAnswer, error) {
	a := timelineAnswer{Items: []momentAnswer{}}
	id, err := c.id()
	if err != nil {
		return a, err
	}
	before, err := c.moment("cursor")
	if err != nil {
		return a, err
	}
	moments, err := c.Records.Timeline(c.ctx, c.who, c.route.kind.Name, id, before, c.query.Get("only"))
	if err != nil {
		return a, err
	}
	own, err := c.scribbler(&records.Page{Kind: c.route.kind})
	if err != nil {
		return a, err
	}
	for i := range moments {
		m := &moments[i]
		one := momentAnswer{At: instant(m.At)}
		if one.By, err = c.doerOf(m.ByKind, m.By); err != nil {
			return a, err
		}
		switch {
		case m.Step != nil:
			step, err := c.step(&own, m.Step)
			if err != nil {
				return a, err
			}
			one.Type, one.Version, one.Changes = step.Action, step.Version, step.Changes
		case m.Linked != nil:
			if err := c.linked(&one, m.Linked); err != nil {
				return a, err
			}
			for _, f := range m.Files {
				s, err := c.scribbler(&f.Page)
				if err != nil {
					return a, err
				}
				one.Files = append(one.Files, s.record(nil, &f.Rows[0], false, f.Binned))
			}
		}
		a.Items = append(a.Items, one)
	}
	if len(moments) >= timelinePage {
		next := instant(moments[len(moments)-1].At)
		a.Next = &next
	}
	return a, nil
}

func (c *call) linked(one *momentAnswer, r *records.Record) error {
	s, err := c.scribbler(&r.Page)
	if err != nil {
		return err
	}
	row := &r.Rows[0]
	one.Type, one.Kind, one.ID = r.Kind.Name, r.Kind.Name, c.Records.RecordWord(r.Kind.Name, row.ID)
	one.Record = s.record(nil, row, false, r.Binned)
	for i, f := range r.Fields {
		t, ok := row.Values[i].(string)
		if !ok {
			continue
		}
		switch f.Name {
		case r.Kind.Title:
			one.Title = t
		case "text":
			one.Text = t
		}
	}
	if r.Kind.Within {
		one.Text, one.Title = one.Title+one.Text, ""
	}
	return nil
}

type sightingAnswer struct {
	Who     doer     `json:"who"`
	First   string   `json:"first"`
	Last    string   `json:"last"`
	Times   int      `json:"times"`
	Classes []string `json:"classes" nullable:"false" doc:"Classes of fields that were shown unmasked at least once."`
	Changed bool     `json:"changed" doc:"Changed the record, too."`
}

type leftAnswer struct {
	By      doer   `json:"by"`
	At      string `json:"at"`
	Archive bool   `json:"archive" doc:"It was fetched from the archive of exports, and not taken when the file was made."`
	Export  string `json:"export,omitempty" doc:"The export, for whoever may know of it."`
	Name    string `json:"name,omitempty" doc:"What its file is called, for the same."`
}

type sightingsAnswer struct {
	Items []sightingAnswer `json:"items" nullable:"false"`
	Files []leftAnswer     `json:"files" nullable:"false" doc:"The files in which it was taken out, the latest first."`
}

func (c *call) sightings() (sightingsAnswer, error) {
	a := sightingsAnswer{Items: []sightingAnswer{}, Files: []leftAnswer{}}
	id, err := c.id()
	if err != nil {
		return a, err
	}
	all, err := c.Records.Seen(c.ctx, c.who, c.route.kind.Name, id)
	if err != nil {
		return a, err
	}
	for _, seen := range all {
		who, err := c.Log.Doer(c.ctx, c.who, seen.Kind, seen.ID)
		if err != nil {
			return a, err
		}
		classes := seen.Shown
		if classes == nil {
			classes = []string{}
		}
		a.Items = append(a.Items, sightingAnswer{c.toDoer(who), instant(seen.First), instant(seen.Last), seen.Times, classes, seen.Changed})
	}
	files, err := c.Exports.Holding(c.ctx, c.who, c.route.kind.Name, id)
	if err != nil {
		return a, err
	}
	for _, left := range files {
		by, err := c.Log.Doer(c.ctx, c.who, left.Kind, left.ID)
		if err != nil {
			return a, err
		}
		one := leftAnswer{By: c.toDoer(by), At: instant(left.At), Archive: left.Archive, Name: left.Name}
		if left.Export != 0 {
			one.Export = c.Vault.Public("export", left.Export)
		}
		a.Files = append(a.Files, one)
	}
	return a, nil
}

type revealBody struct {
	Fields []string `json:"fields" nullable:"false"`
}

type revealAnswer struct {
	Fields map[string]json.RawMessage `json:"fields"`
}

func (c *call) reveal(b revealBody) (revealAnswer, error) {
	id, err := c.id()
	if err != nil {
		return revealAnswer{}, err
	}
	open, err := c.Records.Reveal(c.ctx, c.who, c.route.kind.Name, id, b.Fields, c.surface())
	if err != nil {
		return revealAnswer{}, err
	}
	s, err := c.scribbler(&records.Page{Kind: c.route.kind})
	a := revealAnswer{map[string]json.RawMessage{}}
	for f, v := range open {
		a.Fields[f.Name] = s.rendered(f, v, nil)
	}
	return a, err
}

type accessAnswer struct {
	Person  named             `json:"person"`
	Sights  map[string]string `json:"sights" doc:"By field, as far as the asker may know of it."`
	Because []reasonAnswer    `json:"because" nullable:"false"`
}

// reasonAnswer is one step of a decision: a sentence, and what it is made of,
// for the page to say in the reader's language.
type reasonAnswer struct {
	Code     string            `json:"code"`
	Sentence string            `json:"sentence" doc:"In English; the page says it in the reader's language."`
	Kind     string            `json:"kind,omitempty"`
	Action   string            `json:"action,omitempty"`
	Before   string            `json:"before,omitempty" doc:"The action without which this one is not allowed."`
	Role     string            `json:"role,omitempty"`
	Labels   map[string]string `json:"labels,omitempty" required:"false" doc:"Of a ready role: its name by language."`
	Personal bool              `json:"personal,omitempty" doc:"The right differs from the role for this person."`
	Group    string            `json:"group,omitempty"`
	Grade    string            `json:"grade,omitempty"`
	Stage    bool              `json:"stage,omitempty" doc:"The right is one of the stage in which the record is."`
	Days     int               `json:"days,omitempty"`
	Level    string            `json:"level,omitempty"`
	Ability  string            `json:"ability,omitempty"`
	Field    string            `json:"field,omitempty"`
}

func reasonsOf(all []records.Reason) []reasonAnswer {
	said := []reasonAnswer{}
	for i := range all {
		said = append(said, reasonOf(&all[i]))
	}
	return said
}

func reasonOf(r *records.Reason) reasonAnswer {
	a := reasonAnswer{Code: string(r.Code), Sentence: r.English(), Kind: r.Kind, Role: r.RoleName, Personal: r.Personal,
		Group: r.GroupName, Stage: r.Stage != 0, Days: r.Days, Ability: string(r.Ability), Field: r.Field}
	if name, _, ok := records.ReadyRole(r.Built); ok {
		a.Labels = name
	}
	if r.Action != 0 {
		a.Action = r.Action.String()
	}
	if r.Before != 0 {
		a.Before = r.Before.String()
	}
	if r.Grade != 0 {
		a.Grade = r.Grade.String()
	}
	if r.Level != 0 {
		a.Level = r.Level.String()
	}
	return a
}

func (c *call) access() (listOf[accessAnswer], error) {
	id, err := c.id()
	if err != nil {
		return listOf[accessAnswer]{}, err
	}
	kind, people, err := c.Records.WhoCan(c.ctx, c.who, c.route.kind.Name, id)
	if err != nil {
		return listOf[accessAnswer]{}, err
	}
	known, err := c.known(kind)
	if err != nil {
		return listOf[accessAnswer]{}, err
	}
	var all []accessAnswer
	for _, p := range people {
		who, err := c.person(p.Person)
		if err != nil {
			return listOf[accessAnswer]{}, err
		}
		a := accessAnswer{who, map[string]string{}, reasonsOf(p.Because)}
		for i, f := range kind.Fields {
			if known[f.Name] && i < len(p.Sights) {
				a.Sights[f.Name] = p.Sights[i].String()
			}
		}
		all = append(all, a)
	}
	return list(all), nil
}

// known are the fields of a kind that the asker may know of.
func (c *call) known(kind *schema.Kind) (map[string]bool, error) {
	outline, err := c.Records.Outline(c.ctx, c.who)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, o := range outline {
		if o.Kind.Name == kind.Name {
			for f := range o.Fields {
				all[f.Name] = true
			}
		}
	}
	return all, nil
}

type whyAnswer struct {
	Allowed  bool           `json:"allowed"`
	Sight    string         `json:"sight,omitempty" doc:"Of the field asked about."`
	Because  []reasonAnswer `json:"because" nullable:"false"`
	Sentence string         `json:"sentence" doc:"The first reason."`
}

func (c *call) why() (whyAnswer, error) {
	id, err := c.id()
	if err != nil {
		return whyAnswer{}, err
	}
	person, action := c.who.Person, records.Action(0)
	if word := c.query.Get("person"); word != "" {
		var ok bool
		if person, ok = c.Records.Person(word); !ok {
			return whyAnswer{}, missing("person")
		}
	}
	word := c.query.Get("action")
	if word == "" {
		word = "view"
	}
	if err := action.UnmarshalText([]byte(word)); err != nil {
		return whyAnswer{}, fault.New(fault.Invalid, "query.action", "There is no such action.").At("action")
	}
	field := c.query.Get("field")
	if field != "" {
		known, err := c.known(c.route.kind)
		if err != nil {
			return whyAnswer{}, err
		}
		if !known[field] {
			return whyAnswer{}, fault.New(fault.Invalid, "field.unknown", "There is no such field.").At("field")
		}
	}
	v, err := c.Records.Why(c.ctx, c.who, c.route.kind.Name, id, person, action, c.surface(), field)
	if err != nil {
		return whyAnswer{}, err
	}
	a := whyAnswer{Allowed: v.Allowed, Because: reasonsOf(v.Reasons)}
	if field != "" {
		a.Sight = v.Sight.String()
	}
	if len(a.Because) > 0 {
		a.Sentence = a.Because[0].Sentence
	}
	return a, nil
}
