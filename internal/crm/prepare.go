package crm

import (
	"context"
	"slices"
	"strings"
	"time"

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
	special := map[string]records.Prepare{
		"contact": w.prepareContact, "deal": w.prepareStaged("deal"), "task": prepareTask, "comment": prepareComment,
		"call": w.prepareCall, "message": w.prepareMessage, "process": w.prepareStaged("process"), "prospect": prepareProspect, "service": prepareService,
	}
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

// Settle is what each kind does with a record as it is about to be.
func (w *Workspace) Settle() map[string]records.Settle {
	return map[string]records.Settle{"service": settleService, "appointment": w.settleAppointment, "file": settleFile, "invoice": w.settleInvoice, "legal_entity": settleLegalEntity}
}

// Guard is what each kind says before a record is changed, in whatever way.
func (w *Workspace) Guard() map[string]records.Guard {
	return map[string]records.Guard{"file": guardFile, "invoice": guardInvoice, "legal_entity": guardLegalEntity}
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

// prepareStaged puts a record into the first stage of its pipeline unless a
// stage is named, sees that the stage is one of the pipeline, and closes the
// record when the stage is won or lost.
func (w *Workspace) prepareStaged(kind string) records.Prepare {
	return func(ctx context.Context, tx *store.Tx, before *store.Stored, v records.Values) error {
		pipelines := w.PipelinesOf(kind)
		if len(pipelines) == 0 {
			return fault.New(fault.Invalid, kind+".pipeline", "There is no pipeline yet. Somebody who may manage pipelines must make one first.").At("pipeline")
		}
		_, moved := v["stage"]
		_, switched := v["pipeline"]
		if before != nil && !moved && !switched {
			return nil
		}
		id, _ := numbered(before, v, "pipeline")
		stage, named := numbered(before, v, "stage")
		if id == 0 && !switched && before == nil {
			id = pipelineOf(pipelines, stage)
		}
		i := slices.IndexFunc(pipelines, func(p Pipeline) bool { return p.ID == id })
		if i < 0 {
			return fault.New(fault.Invalid, kind+".pipeline", "There is no such pipeline.").At("pipeline")
		}
		if !named || switched && !moved {
			stage = pipelines[i].Stages[0].ID
		}
		j := slices.IndexFunc(pipelines[i].Stages, func(s Stage) bool { return s.ID == stage })
		if j < 0 {
			return fault.New(fault.Invalid, kind+".stage", "The stage is not one of the pipeline.").At("stage")
		}
		into := pipelines[i].Stages[j]
		if was, _ := numbered(before, nil, "stage"); was != stage {
			if err := w.mayEnter(kind, pipelines[i], into, before, v); err != nil {
				return err
			}
			if err := enterable(ctx, tx, kind, stage); err != nil {
				return err
			}
		}
		v["pipeline"], v["stage"], v["closed_at"] = id, stage, nil
		if into.Outcome != "open" {
			v["closed_at"] = written(tx.Now())
		}
		return nil
	}
}

// mayEnter asks for what the stage requires, all of it at once, and for the
// reason where something is lost and the pipeline names reasons.
func (w *Workspace) mayEnter(kind string, p Pipeline, s Stage, before *store.Stored, v records.Values) error {
	needs := s.Requires
	if k := w.Catalog().Kind(kind); s.Outcome == "lost" && len(p.Reasons) > 0 && k.Field("lost_reason") != nil && !slices.Contains(needs, "lost_reason") {
		needs = append(slices.Clone(needs), "lost_reason")
	}
	var wrong []fault.Fault
	for _, name := range needs {
		f := w.Catalog().Kind(kind).Field(name)
		if f != nil && !filled(before, v, name) {
			wrong = append(wrong, *fault.Newf(fault.Invalid, "stage.requires", "%s must be filled in before this stage.", f.Labels.In("en")).At(name))
		}
	}
	if err := fault.Join(wrong); err != nil {
		return err
	}
	return nil
}

// filled tells whether a field holds anything after the write.
func filled(before *store.Stored, v records.Values, name string) bool {
	if given, named := v[name]; named {
		switch g := given.(type) {
		case nil:
			return false
		case string:
			return strings.TrimSpace(g) != ""
		case []any:
			return len(g) > 0
		}
		return true
	}
	return before != nil && slices.ContainsFunc(before.Cells, func(c store.Cell) bool { return c.Field.Name == name && c.Column != nil && c.Column != "" })
}

// pipelineOf is the pipeline of a stage, or else the first.
func pipelineOf(all []Pipeline, stage int64) int64 {
	for _, p := range all {
		if slices.ContainsFunc(p.Stages, func(s Stage) bool { return s.ID == stage }) {
			return p.ID
		}
	}
	return all[0].ID
}

// numbered is what a field holds after the write, as a number.
func numbered(before *store.Stored, v records.Values, name string) (int64, bool) {
	if given, named := v[name]; named {
		id, ok := given.(int64)
		return id, ok
	}
	if before == nil {
		return 0, false
	}
	for _, c := range before.Cells {
		if c.Field.Name == name {
			id, ok := c.Column.(int64)
			return id, ok
		}
	}
	return 0, false
}

// written is a moment as values of a write hold it.
func written(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000Z07:00") }

// prepareTask notes when a task was done.
func prepareTask(_ context.Context, tx *store.Tx, _ *store.Stored, v records.Values) error {
	switch done := v["done"].(type) {
	case bool:
		v["done_at"] = nil
		if done {
			v["done_at"] = written(tx.Now())
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
