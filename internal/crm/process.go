package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// process is what follows a sale: a delivery, a first month of service, a
// renewal. It moves through the stages of its pipeline as a deal does, and
// tasks belong to it.
func process() schema.Kind {
	return schema.Kind{
		Number: processNumber, Name: "process", Plural: "processes",
		One:   words("Post-sale process", "Послепродажный процесс", "Processo post-vendita", "Proces posprzedażowy"),
		Many:  words("Post-sale processes", "Послепродажные процессы", "Processi post-vendita", "Procesy posprzedażowe"),
		Title: "title", Responsible: "responsible", Days: "created_at",
		Pipeline: "pipeline", Stage: "stage",
		Fields: kept(
			title("title", schema.Open, words("Title", "Название", "Titolo", "Tytuł")),
			&schema.Field{Name: "pipeline", Type: schema.Pipeline, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Kind of process", "Вид процесса", "Tipo di processo", "Rodzaj procesu")},
			&schema.Field{Name: "stage", Type: schema.Stage, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Step", "Шаг", "Passo", "Krok")},
			toClient(),
			toCompany(),
			toDeal(),
			responsible(),
			&schema.Field{Name: "due", Type: schema.Date, Class: schema.Open,
				Labels: words("Due", "Срок", "Scadenza", "Termin")},
			&schema.Field{Name: "closed_at", Type: schema.DateTime, Class: schema.Open, House: true,
				Labels: words("Closed", "Завершён", "Chiuso", "Zakończono")},
			tags(),
			note(),
		),
	}
}

// checkSteps says what is wrong with what a process begins with.
func (p Pipeline) checkSteps() error {
	if p.Kind != "process" && len(p.Steps)+len(p.After) > 0 {
		return fault.New(fault.Invalid, "pipeline.steps", "Only post-sale processes begin with tasks and start by themselves.").At("steps")
	}
	if len(p.Steps) > 50 {
		return fault.New(fault.Invalid, "pipeline.steps_many", "A process begins with at most 50 tasks.").At("steps")
	}
	for i, s := range p.Steps {
		at := fmt.Sprintf("steps.%d", i)
		if n := len([]rune(s.Title)); n == 0 || n > 250 {
			return fault.New(fault.Invalid, "step.title", "A task needs a title of at most 250 characters.").At(at)
		}
		if s.Days < 0 || s.Days > 3650 {
			return fault.New(fault.Invalid, "step.days", "A task is due from 0 to 3650 days after the start.").At(at)
		}
		if s.Activity != "" && !slices.ContainsFunc(task().Fields, func(f *schema.Field) bool { _, known := f.Option(s.Activity); return f.Name == "activity" && known }) {
			return fault.New(fault.Invalid, "step.activity", "There is no such sort of task.").At(at)
		}
	}
	return nil
}

// starts sees that what starts by itself does so after deals, and with the
// rights of whoever has said so: who changes what it does takes it over.
func (p *Pipeline) starts(who actor.Actor, is *remembered) error {
	for _, id := range p.After {
		if !slices.ContainsFunc(is.pipelines, func(o Pipeline) bool { return o.ID == id && o.Kind == "deal" }) {
			return fault.New(fault.Invalid, "pipeline.after", "There is no such pipeline of deals.").At("starts_after")
		}
	}
	var was Pipeline
	if i := slices.IndexFunc(is.pipelines, func(o Pipeline) bool { return o.ID == p.ID }); i >= 0 {
		was = is.pipelines[i]
	}
	p.Author = was.Author
	switch {
	case len(p.After) == 0:
		p.Author = 0
	case !slices.Equal(p.Steps, was.Steps) || !slices.Equal(p.After, was.After):
		if who.Kind != actor.Person || who.Person == 0 {
			return fault.New(fault.Invalid, "pipeline.author", "What starts by itself does so with the rights of a person, and must be set up by one.").At("starts_after")
		}
		p.Author = who.Person
	}
	return nil
}

func (p Pipeline) author() any {
	if p.Author == 0 {
		return nil
	}
	return int64(p.Author)
}

const processJob = "crm.process"

type processArgs struct {
	Deal     int64 `json:"deal"`
	Pipeline int64 `json:"pipeline"`
}

// Automate lets processes start by themselves: the work is done by the runner,
// through the book.
func (w *Workspace) Automate(r *jobs.Runner, b *records.Book) {
	w.runner = r
	r.Handle(processJob, func(ctx context.Context, j jobs.Job) error { return w.startByItself(ctx, b, j) })
}

// Follow is what each kind does when a record of it has been written.
func (w *Workspace) Follow() map[string]records.Follow {
	return map[string]records.Follow{"deal": w.followDeal}
}

// followDeal notes, in the transaction that wins a deal, what is to start by
// itself. It is not started there: whoever wins the deal neither lends it their
// rights nor hears of what it may.
func (w *Workspace) followDeal(ctx context.Context, tx *store.Tx, d *records.Draft) error {
	stage, _ := d.Holds("stage").(int64)
	if was, _ := d.Held("stage").(int64); w.runner == nil || was == stage || !w.won(stage) {
		return nil
	}
	in, _ := d.Holds("pipeline").(int64)
	for _, p := range w.PipelinesOf("process") {
		if p.Author == 0 || !slices.Contains(p.After, in) {
			continue
		}
		n, err := tx.Exec(ctx, store.Text("INSERT INTO process_start (deal, pipeline, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"), int64(d.Record()), p.ID, tx.Now().UnixMicro())
		if err != nil {
			return fmt.Errorf("note that a process starts: %w", err)
		}
		if n == 0 {
			continue // it has been started from this deal already
		}
		if err := w.runner.Enqueue(ctx, tx, jobs.Order{Kind: processJob, Args: processArgs{int64(d.Record()), p.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// won tells whether a deal in the stage is won.
func (w *Workspace) won(stage int64) bool {
	return slices.ContainsFunc(w.PipelinesOf("deal"), func(p Pipeline) bool {
		return slices.ContainsFunc(p.Stages, func(s Stage) bool { return s.ID == stage && s.Outcome == "won" })
	})
}

// startByItself starts a process with the rights that its author has now, on
// this deal. What they may not see or make is not made, and the log says so.
func (w *Workspace) startByItself(ctx context.Context, b *records.Book, j jobs.Job) error {
	var args processArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of a process: %w", err)
	}
	if _, err := w.current(ctx); err != nil {
		return err
	}
	all := w.PipelinesOf("process")
	i := slices.IndexFunc(all, func(p Pipeline) bool { return p.ID == args.Pipeline && p.Author != 0 })
	if i < 0 {
		return w.db.Write(ctx, func(tx *store.Tx) error { return j.Finish(ctx, tx) })
	}
	p := all[i]
	err := b.Together(ctx, actor.Actor{Kind: actor.Person, Person: p.Author, Device: "process"}, func(work *records.Work) error {
		if _, err := w.start(work, schema.RecordID(args.Deal), p); err != nil {
			return err
		}
		return work.Within(func(tx *store.Tx) error { return j.Finish(ctx, tx) })
	})
	refused, ok := fault.As(err)
	if !ok {
		return err
	}
	return w.db.Write(ctx, func(tx *store.Tx) error {
		e := scribe.Entry{Event: "process.not_started", Who: actor.House(), Kind: "deal", Records: []schema.RecordID{schema.RecordID(args.Deal)},
			Details: map[string]any{"pipeline": p.ID, "author": int64(p.Author), "code": refused.Code}}
		if err := w.scribe.Write(ctx, tx, e); err != nil {
			return err
		}
		// So that it can start when the deal is won again.
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM process_start WHERE deal = ? AND pipeline = ?"), args.Deal, p.ID); err != nil {
			return fmt.Errorf("forget that a process starts: %w", err)
		}
		return j.Finish(ctx, tx)
	})
}

// StartProcess starts a process from a won deal by hand, with the rights of
// whoever does: they must see the deal, and may make processes and tasks.
func (w *Workspace) StartProcess(ctx context.Context, b *records.Book, who actor.Actor, deal schema.RecordID, pipeline int64) (schema.RecordID, error) {
	var made schema.RecordID
	err := b.Together(ctx, who, func(work *records.Work) error {
		all := w.PipelinesOf("process")
		i := slices.IndexFunc(all, func(p Pipeline) bool { return p.ID == pipeline })
		if i < 0 {
			// The deal first: whoever may not see it learns nothing of pipelines, either.
			if _, err := work.Take("deal", deal, "stage"); err != nil {
				return err
			}
			return fault.New(fault.Invalid, "process.pipeline", "There is no such process.").At("pipeline")
		}
		var err error
		made, err = w.start(work, deal, all[i])
		return err
	})
	return made, err
}

// start makes the process and its tasks, each decided by itself under the rights
// at hand, or none of it. They are called by the words of who set them up and
// lead to the deal and its client: nothing of those is copied into them (attack 15).
func (w *Workspace) start(work *records.Work, deal schema.RecordID, p Pipeline) (schema.RecordID, error) {
	v, err := work.Take("deal", deal, "contact", "company", "responsible", "stage")
	if err != nil {
		return 0, err
	}
	if stage, _ := v["stage"].(int64); !w.won(stage) {
		return 0, fault.New(fault.Conflict, "process.not_won", "A process starts from a deal that is won.")
	}
	var today time.Time
	if err := work.Within(func(tx *store.Tx) error { today = w.today(tx); return nil }); err != nil {
		return 0, err
	}
	on := func(more records.Values) records.Values {
		more["deal"] = deal
		for _, name := range []string{"contact", "company", "responsible"} {
			if held, ok := v[name]; ok {
				more[name] = held
			}
		}
		return more
	}
	fields := records.Values{"title": p.Name, "pipeline": p.ID}
	if last := slices.MaxFunc(append([]Step{{}}, p.Steps...), func(a, b Step) int { return a.Days - b.Days }); len(p.Steps) > 0 {
		fields["due"] = today.AddDate(0, 0, last.Days).Format(time.DateOnly)
	}
	process, err := work.Create("process", on(fields))
	if err != nil {
		return 0, err
	}
	for _, s := range p.Steps {
		// By the end of the working day at the workspace.
		due := time.Date(today.Year(), today.Month(), today.Day()+s.Days, 18, 0, 0, 0, today.Location())
		fields := records.Values{"title": s.Title, "due": written(due), "process": process}
		if s.Activity != "" {
			fields["activity"] = s.Activity
		}
		if _, err := work.Create("task", on(fields)); err != nil {
			return 0, err
		}
	}
	return process, nil
}
