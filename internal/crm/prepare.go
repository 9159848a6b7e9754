package crm

import (
	"context"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Prepare is what each kind does with the values of a write before they are
// checked.
func (w *Workspace) Prepare() map[string]records.Prepare {
	all := map[string]records.Prepare{}
	special := map[string]records.Prepare{"contact": w.prepareContact, "deal": w.prepareDeal, "task": prepareTask, "comment": prepareComment}
	for _, k := range Kinds() {
		all[k.Name] = func(ctx context.Context, tx *store.Tx, before *store.Stored, v records.Values) error {
			if own := special[k.Name]; own != nil {
				if err := own(ctx, tx, before, v); err != nil {
					return err
				}
			}
			return w.prepareCustom(k.Name, before, v)
		}
	}
	return all
}

// prepareCustom asks for required custom fields: of a new record, and of a
// change that empties one. Records from before the field are left in peace.
func (w *Workspace) prepareCustom(kind string, before *store.Stored, v records.Values) error {
	var wrong []fault.Fault
	for _, f := range w.Fields(kind) {
		given, named := v[f.Name]
		if f.Required && (before == nil && !named || named && (given == nil || given == "")) {
			wrong = append(wrong, *fault.Newf(fault.Invalid, "field.required", "%s must not be empty.", f.Labels.In("en")).At(f.Name))
		}
	}
	if err := fault.Join(wrong); err != nil {
		return err
	}
	return nil
}

// held is what a field holds after the write, as text.
func held(before *store.Stored, v records.Values, name string) string {
	if given, named := v[name]; named {
		s, _ := given.(string)
		return strings.TrimSpace(s)
	}
	if before == nil {
		return ""
	}
	for _, c := range before.Cells {
		if c.Field.Name == name {
			s, _ := c.Column.(string)
			return s
		}
	}
	return ""
}

// prepareContact keeps a client's name and its parts in step: from the parts
// comes the name in the order of the client's language, from a name alone come
// the parts. Who has no name at all is called by what is known: nothing is
// made up, so a first phone or address stands in for it, masked like any
// number in a text.
func (w *Workspace) prepareContact(_ context.Context, _ *store.Tx, before *store.Stored, v records.Values) error {
	language := held(before, v, "language")
	if language == "" {
		language = w.Settings().Language
	}
	_, named := v["name"]
	parts := false
	for _, p := range [...]string{"given_name", "middle_name", "family_name"} {
		_, given := v[p]
		parts = parts || given
	}
	switch {
	case parts && !(named && held(before, v, "name") != "" && before == nil):
		name := value.DisplayName(held(before, v, "given_name"), held(before, v, "middle_name"), held(before, v, "family_name"), language)
		if name != "" {
			v["name"] = name
		}
	case named && !parts:
		if name := held(before, v, "name"); name != "" {
			v["given_name"], v["middle_name"], v["family_name"] = value.SplitName(name, language)
		}
	}
	return nil
}

// prepareDeal puts a deal into the first stage of its pipeline unless a stage is
// named, sees that the stage is one of the pipeline, and closes the deal when
// the stage is won or lost.
func (w *Workspace) prepareDeal(_ context.Context, tx *store.Tx, before *store.Stored, v records.Values) error {
	pipelines := w.Pipelines()
	if len(pipelines) == 0 {
		return fault.New(fault.Invalid, "deal.pipeline", "There is no pipeline yet. Somebody who may manage pipelines must make one first.").At("pipeline")
	}
	number := func(name string) (int64, bool) {
		if given, named := v[name]; named {
			id, ok := given.(int64)
			return id, ok
		}
		if before != nil {
			for _, c := range before.Cells {
				if c.Field.Name == name {
					id, ok := c.Column.(int64)
					return id, ok
				}
			}
		}
		return 0, false
	}
	_, moved := v["stage"]
	_, switched := v["pipeline"]
	if before != nil && !moved && !switched {
		return nil
	}
	pipeline, _ := number("pipeline")
	if pipeline == 0 && !switched && before == nil {
		pipeline = pipelines[0].ID
		if stage, ok := number("stage"); ok {
			for _, p := range pipelines {
				for _, s := range p.Stages {
					if s.ID == stage {
						pipeline = p.ID
					}
				}
			}
		}
	}
	for _, p := range pipelines {
		if p.ID != pipeline {
			continue
		}
		stage, named := number("stage")
		if !named || switched && !moved {
			stage = p.Stages[0].ID
		}
		for _, s := range p.Stages {
			if s.ID != stage {
				continue
			}
			v["pipeline"], v["stage"], v["closed_at"] = pipeline, stage, nil
			if s.Outcome != "open" {
				v["closed_at"] = tx.Now().Format("2006-01-02T15:04:05.000000Z07:00")
			}
			return nil
		}
		return fault.New(fault.Invalid, "deal.stage", "The stage is not one of the deal's pipeline.").At("stage")
	}
	return fault.New(fault.Invalid, "deal.pipeline", "There is no such pipeline.").At("pipeline")
}

// prepareTask notes when a task was done.
func prepareTask(_ context.Context, tx *store.Tx, _ *store.Stored, v records.Values) error {
	switch done := v["done"].(type) {
	case bool:
		v["done_at"] = nil
		if done {
			v["done_at"] = tx.Now().Format("2006-01-02T15:04:05.000000Z07:00")
		}
	}
	return nil
}

// prepareComment keeps a comment where it was made and its author's.
func prepareComment(_ context.Context, _ *store.Tx, before *store.Stored, v records.Values) error {
	for _, name := range [...]string{"about", "about_kind", "responsible"} {
		if _, named := v[name]; named && before != nil {
			return fault.New(fault.Invalid, "comment.moved", "A comment stays where it was made, and its author's.").At(name)
		}
	}
	if kind, _ := v["about_kind"].(string); before == nil && (kind == "" || kind == (schema.Kind{}).Name || kind == "comment") {
		return fault.New(fault.Invalid, "comment.about", "A comment needs a record that it is about.").At("about")
	}
	return nil
}
