package web

import (
	"slices"
	"strings"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

func (s *Server) kindRoutes() []route {
	fields := "/api/v1/kinds/{kind}/fields"
	return []route{
		{method: "GET", path: "/api/v1/kinds", name: "listKinds", tag: "Kinds", summary: "List the kinds of record and their fields, as far as the asker may see them", door: asRights, shape: answers((*call).kinds)},
		{method: "POST", path: fields, name: "addField", tag: "Kinds", summary: "Add a field of one's own to a kind", door: need(records.ManageFields), body: smallBody, shape: created(takes((*call).addField))},
		{method: "PATCH", path: fields + "/{name}", name: "changeField", tag: "Kinds", summary: "Change the labels, choices, class or duty of a field of one's own", door: need(records.ManageFields), body: smallBody, shape: takes((*call).changeField)},
		{method: "DELETE", path: fields + "/{name}", name: "removeField", tag: "Kinds", summary: "Withdraw a field of one's own", door: need(records.ManageFields), shape: does((*call).removeField)},
	}
}

type optionAnswer struct {
	Key    string            `json:"key"`
	Labels map[string]string `json:"labels"`
}

type fieldAnswer struct {
	Name     string            `json:"name"`
	Type     string            `json:"type" enum:"text,longtext,integer,number,money,bool,date,datetime,choice,choices,phones,emails,tags,url,person,relation,pipeline,stage"`
	Class    string            `json:"class" enum:"special,contact,personal,open" doc:"How sensitive it is; rights are given to classes."`
	Label    string            `json:"label" doc:"In the language of the asker."`
	Labels   map[string]string `json:"labels"`
	Options  []optionAnswer    `json:"options,omitempty" nullable:"false"`
	Target   string            `json:"target,omitempty" doc:"The kind that a relation leads to, * for any; of a pipeline or stage, the kind whose pipelines are meant."`
	Follows  string            `json:"follows,omitempty" doc:"In a merge its value comes from the record that this other field's comes from."`
	Required bool              `json:"required"`
	Custom   bool              `json:"custom"`
	House    bool              `json:"house" doc:"Kept by Castellan; cannot be written."`
	Writable bool              `json:"writable"`
	Filter   bool              `json:"filter"`
	Sort     bool              `json:"sort"`
	Search   bool              `json:"search"`
	Max      int               `json:"max,omitempty"`
	Sight    map[string]string `json:"sight" doc:"The most that the asker sees of it on any record, by surface (list, card): plain, click, masked."`
}

type kindAnswer struct {
	Name        string            `json:"name"`
	Plural      string            `json:"plural"`
	One         map[string]string `json:"one"`
	Many        map[string]string `json:"many"`
	Fields      []fieldAnswer     `json:"fields" nullable:"false"`
	Title       string            `json:"title" doc:"The field by which people call a record."`
	Responsible string            `json:"responsible"`
	Stage       string            `json:"stage,omitempty"`
	Pipeline    string            `json:"pipeline,omitempty"`
	Within      bool              `json:"within,omitempty" doc:"Records of this kind live on another record and are listed with it."`
	Actions     map[string]string `json:"actions" doc:"By action: denied, own, group or all."`
}

func gradesOf(o records.Outline) map[string]string {
	grades := make(map[string]string, len(o.Actions))
	for a, g := range o.Actions {
		grades[a.String()] = g.String()
	}
	return grades
}

func (c *call) kinds() (listOf[kindAnswer], error) {
	outline, err := c.Records.Outline(c.ctx, c.who)
	if err != nil {
		return listOf[kindAnswer]{}, err
	}
	language := c.language()
	var all []kindAnswer
	for _, o := range outline {
		k := o.Kind
		a := kindAnswer{
			Name: k.Name, Plural: k.Plural, One: k.One, Many: k.Many, Title: k.Title, Responsible: k.Responsible, Stage: k.Stage, Pipeline: k.Pipeline,
			Within: k.Within, Actions: gradesOf(o), Fields: []fieldAnswer{},
		}
		for _, f := range k.Fields {
			if sight, seen := o.Fields[f]; seen {
				a.Fields = append(a.Fields, fieldOf(f, sight, o, language))
			}
		}
		all = append(all, a)
	}
	return list(all), nil
}

func fieldOf(f *schema.Field, sight map[records.Surface]records.Sight, o records.Outline, language string) fieldAnswer {
	plain := sight[records.OnList] == records.Plain
	text := f.Type == schema.Text || f.Type == schema.LongText || f.Type == schema.URL
	create, edit := grade(o, "create"), grade(o, "edit")
	a := fieldAnswer{
		Name: f.Name, Type: f.Type.String(), Class: f.Class.String(), Label: f.Labels.In(language), Labels: f.Labels, Target: f.Target, Follows: f.Follows,
		Required: f.Required, Custom: f.Custom, House: f.House, Max: f.Max, Sight: map[string]string{},
		Writable: !f.House && (create != "denied" || edit != "denied"),
		Filter:   plain && (!text || f.Keyed), Sort: plain && f.Sort, Search: plain && f.Search != schema.Unsearched,
	}
	if f.Type == schema.Pipeline || f.Type == schema.Stage {
		a.Target = f.Kind().Name
	}
	for on, s := range sight {
		a.Sight[string(on)] = s.String()
	}
	for _, opt := range f.Options {
		a.Options = append(a.Options, optionAnswer{opt.Key, opt.Labels})
	}
	return a
}

func grade(o records.Outline, action string) string {
	for a, g := range o.Actions {
		if a.String() == action {
			return g.String()
		}
	}
	return "denied"
}

// language is that of the asker: what the browser prefers of those that we
// speak, else that of the workspace.
func (c *call) language() string {
	for part := range strings.SplitSeq(c.r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(tag, "-")
		if slices.Contains(crm.Languages(), strings.ToLower(tag)) {
			return strings.ToLower(tag)
		}
	}
	return c.Workspace.Settings().Language
}

type optionBody struct {
	Key    string            `json:"key"`
	Labels map[string]string `json:"labels"`
}

type fieldBody struct {
	Name     string            `json:"name,omitempty" required:"false" doc:"By default made of the label. It always begins with x_."`
	Label    string            `json:"label,omitempty" required:"false" doc:"In the language of the workspace, if there are no labels by language."`
	Labels   map[string]string `json:"labels,omitempty" required:"false" doc:"By language."`
	Type     string            `json:"type" enum:"text,longtext,integer,number,money,bool,date,datetime,choice,choices,phones,emails,tags,url,person,relation"`
	Class    string            `json:"class,omitempty" required:"false" enum:"special,contact,personal,open" doc:"By default special, the most guarded one."`
	Options  []optionBody      `json:"options,omitempty" required:"false" nullable:"false"`
	Target   string            `json:"target,omitempty" required:"false"`
	Required bool              `json:"required,omitempty" required:"false"`
}

func (c *call) addField(b fieldBody) (fieldAnswer, error) {
	t, ok := schema.TypeNamed(b.Type)
	if !ok {
		return fieldAnswer{}, fault.New(fault.Invalid, "field.type", "There is no such type of field.").At("type")
	}
	draft := crm.CustomField{Kind: c.r.PathValue("kind"), Name: b.Name, Type: t, Target: b.Target, Required: b.Required}
	if err := c.fill(&draft, b.Label, b.Labels, b.Class, b.Options); err != nil {
		return fieldAnswer{}, err
	}
	f, err := c.Workspace.DeclareField(c.ctx, c.who, draft)
	if err != nil {
		return fieldAnswer{}, err
	}
	return c.custom(f)
}

type fieldPatch struct {
	Label    string            `json:"label,omitempty" required:"false"`
	Labels   map[string]string `json:"labels,omitempty" required:"false"`
	Class    string            `json:"class,omitempty" required:"false" enum:"special,contact,personal,open"`
	Options  []optionBody      `json:"options,omitempty" required:"false" nullable:"false"`
	Required *bool             `json:"required,omitempty" required:"false"`
	Type     string            `json:"type,omitempty" required:"false" doc:"May be named but not changed."`
	Target   string            `json:"target,omitempty" required:"false" doc:"May be named but not changed."`
}

func (c *call) changeField(b fieldPatch) (fieldAnswer, error) {
	f, err := c.customNamed(c.r.PathValue("name"))
	if err != nil {
		return fieldAnswer{}, err
	}
	if b.Type != "" && b.Type != f.Type.String() || b.Target != "" && b.Target != f.Target {
		return fieldAnswer{}, fault.New(fault.Invalid, "field.type", "The type of a field cannot change: it already holds something.").At("type")
	}
	if b.Required != nil {
		f.Required = *b.Required
	}
	if err := c.fill(&f, b.Label, b.Labels, b.Class, b.Options); err != nil {
		return fieldAnswer{}, err
	}
	if err := c.Workspace.ChangeField(c.ctx, c.who, f); err != nil {
		return fieldAnswer{}, err
	}
	return c.custom(f)
}

func (c *call) removeField() error {
	f, err := c.customNamed(c.r.PathValue("name"))
	if err != nil {
		return err
	}
	return c.Workspace.WithdrawField(c.ctx, c.who, f.Kind, f.Name)
}

func (c *call) customNamed(name string) (crm.CustomField, error) {
	all := c.Workspace.Fields(c.r.PathValue("kind"))
	if i := slices.IndexFunc(all, func(f crm.CustomField) bool { return f.Name == name }); i >= 0 {
		return all[i], nil
	}
	return crm.CustomField{}, missing("field")
}

// fill puts the parts of a field that were given into it.
func (c *call) fill(f *crm.CustomField, label string, labels map[string]string, class string, options []optionBody) error {
	if label != "" || labels != nil {
		next := schema.Labels{}
		for language, l := range labels {
			next[language] = l
		}
		if label != "" {
			if language := c.Workspace.Settings().Language; next[language] == "" {
				next[language] = label
			}
			if next["en"] == "" {
				next["en"] = label
			}
		}
		f.Labels = next
	}
	if class != "" {
		k, ok := schema.ClassNamed(class)
		if !ok {
			return fault.New(fault.Invalid, "field.class", "There is no such class.").At("class")
		}
		f.Class = k
	}
	if options != nil {
		f.Options = nil
		for _, o := range options {
			f.Options = append(f.Options, schema.Option{Key: o.Key, Labels: o.Labels})
		}
	}
	return nil
}

// custom shows a field as whoever manages fields sees it.
func (c *call) custom(f crm.CustomField) (fieldAnswer, error) {
	outline, err := c.Records.Outline(c.ctx, c.who)
	if err != nil {
		return fieldAnswer{}, err
	}
	for _, o := range outline {
		if found := o.Kind.Field(f.Name); o.Kind.Name == f.Kind && found != nil {
			return fieldOf(found, o.Fields[found], o, c.language()), nil
		}
	}
	// A field that its maker may not see: it has no rights yet.
	a := fieldAnswer{Name: f.Name, Type: f.Type.String(), Class: f.Class.String(), Label: f.Labels.In(c.language()), Labels: f.Labels, Target: f.Target, Required: f.Required, Custom: true, Sight: map[string]string{}}
	for _, o := range f.Options {
		a.Options = append(a.Options, optionAnswer{o.Key, o.Labels})
	}
	return a, nil
}
