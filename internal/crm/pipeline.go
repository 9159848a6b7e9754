package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Pipeline is a row of stages that records of a kind pass through.
type Pipeline struct {
	ID      int64
	Version int64
	Kind    string // "deal" or "process"; stays as it was made
	Name    string
	Stages  []Stage  // in order
	Stale   int      // after so many days without a change something in an open stage has rested too long; 0: never
	Reasons []string // for which something is lost; with any, one must be named to lose something

	// Of a pipeline for processes: the tasks that one begins with, and the
	// pipelines of deals in which a won deal starts one by itself. It does so with
	// the rights of Author, who has set up what it does: nobody else's, however
	// much whoever wins the deal may (attack 28).
	Steps  []Step
	After  []int64
	Author actor.PersonID // zero: nobody
}

// Step is one task of a process.
type Step struct {
	Title    string `json:"title"`
	Activity string `json:"activity,omitempty"` // an option of the task's
	Days     int    `json:"days"`               // after the start
}

// Stage is one step of a pipeline.
type Stage struct {
	ID      int64 // zero: a new one
	Name    string
	Outcome string // "open", "won" or "lost": a deal in one of the last two is closed

	// Requires names the fields that must not be empty when something enters
	// the stage. What is in it already is left in peace.
	Requires []string
}

// Pipelines lists the pipelines in order. Everybody who works with deals sees
// them: they say nothing of any client.
func (w *Workspace) Pipelines() []Pipeline { return w.latest().pipelines }

// PipelinesOf lists those of one kind of record.
func (w *Workspace) PipelinesOf(kind string) []Pipeline {
	var all []Pipeline
	for _, p := range w.latest().pipelines {
		if p.Kind == kind {
			all = append(all, p)
		}
	}
	return all
}

// StepNames are what pipelines and stages are called, by the type of field that
// leads to them.
func (w *Workspace) StepNames() map[schema.Type]map[int64]string {
	all := map[schema.Type]map[int64]string{schema.Pipeline: {}, schema.Stage: {}}
	for _, p := range w.latest().pipelines {
		all[schema.Pipeline][p.ID] = p.Name
		for _, s := range p.Stages {
			all[schema.Stage][s.ID] = s.Name
		}
	}
	return all
}

// firstPipelines are those that a new workspace has.
func firstPipelines(language string) []Pipeline {
	names := map[string][][]string{
		"en": {{"Sales", "New", "Talking", "Offer made", "Won", "Lost"}, {"Onboarding", "Prepare", "Deliver", "Check", "Done", "Broken off"}},
		"ru": {{"Продажи", "Новая", "Переговоры", "Предложение сделано", "Успешно", "Отказ"}, {"Запуск", "Подготовка", "Выполнение", "Проверка", "Завершён", "Прерван"}},
		"it": {{"Vendite", "Nuova", "In trattativa", "Offerta inviata", "Vinta", "Persa"}, {"Avvio", "Preparazione", "Consegna", "Verifica", "Concluso", "Interrotto"}},
		"pl": {{"Sprzedaż", "Nowa", "Rozmowy", "Oferta złożona", "Wygrana", "Przegrana"}, {"Wdrożenie", "Przygotowanie", "Realizacja", "Sprawdzenie", "Zakończony", "Przerwany"}},
	}[language]
	if names == nil {
		return firstPipelines("en")
	}
	var all []Pipeline
	for i, kind := range []string{"deal", "process"} {
		p := Pipeline{Kind: kind, Name: names[i][0]}
		for j, outcome := range []string{"open", "open", "open", "won", "lost"} {
			p.Stages = append(p.Stages, Stage{Name: names[i][j+1], Outcome: outcome})
		}
		all = append(all, p)
	}
	return all
}

func readPipelines(ctx context.Context, tx *store.Tx) ([]Pipeline, error) {
	rows, err := tx.Query(ctx, store.Text(`SELECT p.id, p.version, p.kind, p.name, p.stale_days, p.reasons, p.steps, p.starts_after, p.author, s.id, s.name, s.outcome, s.requires FROM pipeline p JOIN stage s ON s.pipeline = p.id
		WHERE p.closed_at IS NULL AND s.closed_at IS NULL ORDER BY p.place, p.id, s.place`))
	if err != nil {
		return nil, fmt.Errorf("read pipelines: %w", err)
	}
	defer rows.Close()
	var all []Pipeline
	for rows.Next() {
		var p Pipeline
		var s Stage
		var stale int64
		var author *int64
		var reasons, requires, steps, after string
		if err := rows.Scan(&p.ID, &p.Version, &p.Kind, &p.Name, &stale, &reasons, &steps, &after, &author, &s.ID, &s.Name, &s.Outcome, &requires); err != nil {
			return nil, fmt.Errorf("read pipelines: %w", err)
		}
		p.Stale = int(stale)
		if author != nil {
			p.Author = actor.PersonID(*author)
		}
		if err := errors.Join(json.Unmarshal([]byte(reasons), &p.Reasons), json.Unmarshal([]byte(requires), &s.Requires), json.Unmarshal([]byte(steps), &p.Steps), json.Unmarshal([]byte(after), &p.After)); err != nil {
			return nil, fmt.Errorf("read pipelines: %w", err)
		}
		if n := len(all); n == 0 || all[n-1].ID != p.ID {
			all = append(all, p)
		}
		last := &all[len(all)-1]
		last.Stages = append(last.Stages, s)
	}
	return all, rows.Err()
}

// check says what is wrong with a pipeline.
func (p Pipeline) check() error {
	if !slices.ContainsFunc(Kinds(), func(k schema.Kind) bool { return k.Name == p.Kind && k.Stage != "" }) {
		return fault.New(fault.Invalid, "pipeline.kind", "A pipeline is for deals or for post-sale processes.").At("kind")
	}
	if n := len([]rune(p.Name)); n == 0 || n > 100 {
		return fault.New(fault.Invalid, "pipeline.name", "A pipeline needs a name of at most 100 characters.").At("name")
	}
	if len(p.Stages) == 0 || len(p.Stages) > 50 {
		return fault.New(fault.Invalid, "pipeline.stages", "A pipeline has from 1 to 50 stages.").At("stages")
	}
	if p.Stale < 0 || p.Stale > 3650 {
		return fault.New(fault.Invalid, "pipeline.stale", "The days of rest are from 0 to 3650.").At("stale_days")
	}
	if len(p.Reasons) > 50 || slices.ContainsFunc(p.Reasons, func(r string) bool { n := len([]rune(r)); return n == 0 || n > 200 }) {
		return fault.New(fault.Invalid, "pipeline.reasons", "There are at most 50 reasons, each of at most 200 characters.").At("reasons")
	}
	open := 0
	for i, s := range p.Stages {
		at := fmt.Sprintf("stages.%d", i)
		if n := len([]rune(s.Name)); n == 0 || n > 100 {
			return fault.New(fault.Invalid, "stage.name", "A stage needs a name of at most 100 characters.").At(at)
		}
		switch s.Outcome {
		case "open":
			open++
		case "won", "lost":
		default:
			return fault.New(fault.Invalid, "stage.outcome", "A stage is open, won or lost.").At(at)
		}
	}
	if open == 0 {
		return fault.New(fault.Invalid, "pipeline.open", "A pipeline needs a stage that is open.").At("stages")
	}
	return p.checkSteps()
}

// SavePipeline makes a pipeline, or changes one: stages without an id are new,
// stages that are no longer named are closed, which is refused while deals are
// in them. It gives the id. It needs ManagePipelines.
func (w *Workspace) SavePipeline(ctx context.Context, who actor.Actor, next Pipeline) (int64, error) {
	if err := next.check(); err != nil {
		return 0, err
	}
	kind := w.Catalog().Kind(next.Kind)
	for i, s := range next.Stages {
		for _, name := range s.Requires {
			if f := kind.Field(name); f == nil || f.House || f.Type == schema.Stage || f.Type == schema.Pipeline || f.Type == schema.Bool {
				return 0, fault.New(fault.Invalid, "stage.requires", "A stage may ask for fields that people fill in.").At(fmt.Sprintf("stages.%d", i))
			}
		}
	}
	id := next.ID
	err := w.change(ctx, who, policy.ManagePipelines, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		if err := next.starts(who, is); err != nil {
			return nil, err
		}
		if next.ID == 0 {
			next.ID = int64(tx.NewID())
			id = next.ID
			return &scribe.Entry{Event: "pipeline.created", Kind: "pipeline", Records: []schema.RecordID{schema.RecordID(id)}, Details: next}, writePipeline(ctx, tx, next)
		}
		i := slices.IndexFunc(is.pipelines, func(p Pipeline) bool { return p.ID == next.ID })
		if i < 0 {
			return nil, errGone("pipeline")
		}
		was := is.pipelines[i]
		if next.Kind != was.Kind {
			return nil, fault.New(fault.Invalid, "pipeline.kind", "A pipeline stays with the kind of record that it was made for.").At("kind")
		}
		if next.Version != 0 && next.Version != was.Version {
			return nil, fault.New(fault.Conflict, "pipeline.changed", "Somebody has changed the pipeline meanwhile. Look at it again before you save.")
		}
		return &scribe.Entry{Event: "pipeline.changed", Kind: "pipeline", Records: []schema.RecordID{schema.RecordID(id)}, Details: map[string]any{"before": was, "after": next}}, rewritePipeline(ctx, tx, was, next)
	})
	return id, err
}

// DeletePipeline removes a pipeline with its stages. It is refused while
// something stands in it, in the bin included, and of the last one of a kind:
// nothing could be made any more. Processes that start after it by themselves do
// no longer. What is written about it in the log and in the past of records keeps
// its name. It needs ManagePipelines.
func (w *Workspace) DeletePipeline(ctx context.Context, who actor.Actor, id int64) error {
	return w.change(ctx, who, policy.ManagePipelines, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		i := slices.IndexFunc(is.pipelines, func(p Pipeline) bool { return p.ID == id })
		if i < 0 {
			return nil, errGone("pipeline")
		}
		was := is.pipelines[i]
		if !slices.ContainsFunc(is.pipelines, func(o Pipeline) bool { return o.ID != id && o.Kind == was.Kind }) {
			return nil, fault.New(fault.Conflict, "pipeline.last", "The last pipeline of its kind stays. Make another one first.")
		}
		var held int64
		if err := tx.QueryRow(ctx, store.Text("SELECT (SELECT count(*) FROM (SELECT 1 FROM deal WHERE pipeline = ? LIMIT 1) d) + (SELECT count(*) FROM (SELECT 1 FROM process WHERE pipeline = ? LIMIT 1) p)"), id, id).Scan(&held); err != nil {
			return nil, fmt.Errorf("look for records in a pipeline: %w", err)
		}
		if held > 0 {
			return nil, fault.New(fault.Conflict, "pipeline.held", "A pipeline cannot be removed while something stands in it, in the bin included. Move it to another pipeline first.")
		}
		now := tx.Now().UnixMicro()
		if _, err := tx.Exec(ctx, store.Text("UPDATE stage SET closed_at = ? WHERE pipeline = ? AND closed_at IS NULL"), now, id); err != nil {
			return nil, fmt.Errorf("close the stages of a pipeline: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text("UPDATE pipeline SET closed_at = ?, version = version + 1 WHERE id = ?"), now, id); err != nil {
			return nil, fmt.Errorf("close pipeline: %w", err)
		}
		freed := []int64{}
		for _, o := range is.pipelines {
			if !slices.Contains(o.After, id) {
				continue
			}
			o.After = slices.DeleteFunc(slices.Clone(o.After), func(each int64) bool { return each == id })
			if len(o.After) == 0 {
				o.Author = 0
			}
			if _, err := tx.Exec(ctx, store.Text("UPDATE pipeline SET starts_after = ?, author = ?, version = version + 1 WHERE id = ?"), listed(o.After), o.author(), o.ID); err != nil {
				return nil, fmt.Errorf("have a process start no longer: %w", err)
			}
			freed = append(freed, o.ID)
		}
		return &scribe.Entry{Event: "pipeline.deleted", Kind: "pipeline", Records: []schema.RecordID{schema.RecordID(id)}, Details: map[string]any{"before": was, "starts_no_longer": freed}}, nil
	})
}

// enterable refuses a stage that has been closed since the workspace was last
// read: what is written meanwhile in another process must not end where no board
// shows it. Asked within the transaction, it also keeps the stage from being
// closed beside it.
func enterable(ctx context.Context, tx *store.Tx, kind string, stage int64) error {
	var open int64
	if err := tx.QueryRow(ctx, store.Text("SELECT count(*) FROM stage WHERE id = ? AND closed_at IS NULL"), stage).Scan(&open); err != nil {
		return fmt.Errorf("look for a stage: %w", err)
	}
	if open == 0 {
		return fault.New(fault.Invalid, kind+".stage", "The stage is not one of the pipeline.").At("stage")
	}
	return nil
}

func writePipeline(ctx context.Context, tx *store.Tx, p Pipeline) error {
	if p.ID == 0 {
		p.ID = int64(tx.NewID())
	}
	if _, err := tx.Exec(ctx, store.Text("INSERT INTO pipeline (id, kind, name, place, version, stale_days, reasons, steps, starts_after, author) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?)"),
		p.ID, p.Kind, p.Name, p.ID, int64(p.Stale), listed(p.Reasons), listed(p.Steps), listed(p.After), p.author()); err != nil {
		return fmt.Errorf("write pipeline: %w", err)
	}
	for place, s := range p.Stages {
		if err := writeStage(ctx, tx, p.ID, place, s); err != nil {
			return err
		}
	}
	return nil
}

// listed is how a list lies in the database.
func listed[T string | int64 | Step](all []T) string {
	if len(all) == 0 {
		return "[]"
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "[]" // words and numbers are always text
	}
	return string(text)
}

func writeStage(ctx context.Context, tx *store.Tx, pipeline int64, place int, s Stage) error {
	_, err := tx.Exec(ctx, store.Text("INSERT INTO stage (id, pipeline, name, place, outcome, requires) VALUES (?, ?, ?, ?, ?, ?)"),
		int64(tx.NewID()), pipeline, s.Name, int64(place), s.Outcome, listed(s.Requires))
	if err != nil {
		return fmt.Errorf("write stage: %w", err)
	}
	return nil
}

func rewritePipeline(ctx context.Context, tx *store.Tx, was, next Pipeline) error {
	if _, err := tx.Exec(ctx, store.Text("UPDATE pipeline SET name = ?, stale_days = ?, reasons = ?, steps = ?, starts_after = ?, author = ?, version = version + 1 WHERE id = ?"),
		next.Name, int64(next.Stale), listed(next.Reasons), listed(next.Steps), listed(next.After), next.author(), next.ID); err != nil {
		return fmt.Errorf("change pipeline: %w", err)
	}
	for place, s := range next.Stages {
		if s.ID == 0 {
			if err := writeStage(ctx, tx, next.ID, place, s); err != nil {
				return err
			}
			continue
		}
		if !slices.ContainsFunc(was.Stages, func(o Stage) bool { return o.ID == s.ID }) {
			return errGone("stage")
		}
		if _, err := tx.Exec(ctx, store.Text("UPDATE stage SET name = ?, place = ?, outcome = ?, requires = ? WHERE id = ?"), s.Name, int64(place), s.Outcome, listed(s.Requires), s.ID); err != nil {
			return fmt.Errorf("change stage: %w", err)
		}
	}
	for _, s := range was.Stages {
		if slices.ContainsFunc(next.Stages, func(o Stage) bool { return o.ID == s.ID }) {
			continue
		}
		var held int64
		if err := tx.QueryRow(ctx, store.Text("SELECT (SELECT count(*) FROM (SELECT 1 FROM deal WHERE stage = ? LIMIT 1) d) + (SELECT count(*) FROM (SELECT 1 FROM process WHERE stage = ? LIMIT 1) p)"), s.ID, s.ID).Scan(&held); err != nil {
			return fmt.Errorf("look for records in a stage: %w", err)
		}
		if held > 0 {
			return fault.New(fault.Conflict, "stage.held", "A stage cannot be removed while something is in it, in the bin included. Move it to another stage first.").At("stages")
		}
		if _, err := tx.Exec(ctx, store.Text("UPDATE stage SET closed_at = ? WHERE id = ?"), tx.Now().UnixMicro(), s.ID); err != nil {
			return fmt.Errorf("close stage: %w", err)
		}
	}
	return nil
}
