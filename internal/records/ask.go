package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// askKind is the job that passes a request for access on.
const askKind = "records.ask"

type askArgs struct {
	Kind    string            `json:"kind"`
	Person  actor.PersonID    `json:"person"`
	Records []schema.RecordID `json:"records"`
}

const (
	askBearers = 5                  // records that bear one number, whose people are asked
	askAgain   = 7 * 24 * time.Hour // until the same is asked again
)

// AskForAccess asks whoever is responsible for a record with this phone number or
// mail address to share it. It is answered the same whether there is such a record
// or not, and takes as long (attack 8): the asking itself is done by a job, which
// leaves a task with whoever is responsible. What they do is theirs.
func (b *Book) AskForAccess(ctx context.Context, who actor.Actor, kindName, fieldName, typed string) error {
	kind, err := b.kind(kindName)
	if err != nil {
		return err
	}
	st, err := b.writer(ctx, who)
	if err != nil {
		return err
	}
	if who.Kind != actor.Person {
		return fault.New(fault.Denied, "ask.person", "Only a person asks for access.")
	}
	if g := st.Decide(kind, policy.Create, CardOf(kind), b.instant()); g.Empty() {
		return refused(g.Reasons())
	}
	f := kind.Field(fieldName)
	if f == nil || f.Type != schema.Phones && f.Type != schema.Emails {
		return fault.New(fault.Invalid, "find.field", "Records are found by a phone number or by a mail address.").At("field")
	}
	key, ok := b.Key(f, typed)
	if !ok {
		return fault.New(fault.Invalid, "find.whole", "Write the whole number or address.").At(fieldName)
	}
	found, err := bearers(ctx, b.db, f, []string{key})
	if err != nil {
		return err
	}
	args := askArgs{Kind: kind.Name, Person: who.Person, Records: []schema.RecordID{}}
	for _, one := range found[:min(len(found), askBearers)] {
		args.Records = append(args.Records, one.id)
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		if b.runner != nil {
			if err := b.runner.Enqueue(ctx, tx, jobs.Order{Kind: askKind, Args: args}); err != nil {
				return err
			}
		}
		// The entry names no record: whoever asked may read their own entries.
		e := scribe.Entry{Event: "access.asked", Who: who, Kind: kind.Name, Surface: string(CardOf(kind)), Details: map[string]any{"field": f.Name}}
		if err := b.scribe.Write(ctx, tx, e); err != nil {
			return fmt.Errorf("write the ledger entry: %w", err)
		}
		return nil
	})
}

// passOn leaves a task with whoever is responsible for each of the records that
// the asker may not see.
func (b *Book) passOn(ctx context.Context, j jobs.Job) error {
	var args askArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of a request for access: %w", err)
	}
	kind, task := b.catalog().Kind(args.Kind), b.catalog().Kind("task")
	st, err := b.rights.Standing(ctx, actor.Actor{Kind: actor.Person, Person: args.Person})
	if err != nil {
		return fmt.Errorf("find standing: %w", err)
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		for _, id := range args.Records {
			if kind == nil || task == nil || task.Field(kind.Name) == nil {
				break
			}
			if err := b.passOnOne(ctx, tx, st, kind, task, id, args.Person); err != nil {
				return err
			}
		}
		return j.Finish(ctx, tx)
	})
}

func (b *Book) passOnOne(ctx context.Context, tx *store.Tx, st *policy.Standing, kind, task *schema.Kind, id schema.RecordID, asker actor.PersonID) error {
	s, err := b.load(ctx, tx, kind, id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := b.admit(ctx, tx, st, st.Decide(kind, policy.View, CardOf(kind), tx.Now()), s)
	if err != nil || v.Allowed || s.stored.Binned || s.responsible() == 0 {
		return err
	}
	since := tx.Now().Add(-askAgain)
	n, err := tx.Exec(ctx, store.Text(`INSERT INTO access_ask (kind, record, person, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, record, person) DO UPDATE SET at = excluded.at WHERE access_ask.at < ?`), int64(kind.Number), int64(id), asker, tx.Now(), since)
	if err != nil {
		return fmt.Errorf("remember a request for access: %w", err)
	}
	if n == 0 {
		return nil // asked already
	}
	var name, language string
	err = tx.QueryRow(ctx, store.Text("SELECT a.name, r.language FROM person a, person r WHERE a.id = ? AND r.id = ? AND r.state = 'active'"), asker, s.responsible()).Scan(&name, &language)
	if errors.Is(err, store.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find whom to ask: %w", err)
	}
	title := schema.Labels{
		"en": "%s asks for access to this record: share it, or hand it over",
		"ru": "%s просит доступ к этой записи: поделитесь ею или передайте её",
		"it": "%s chiede accesso a questa scheda: condividila o cedila",
		"pl": "%s prosi o dostęp do tego rekordu: udostępnij go lub przekaż",
	}
	made, err := b.houseTask(ctx, tx, task, Values{"title": fmt.Sprintf(title.In(language), name), kind.Name: id, task.Responsible: s.responsible()})
	if err != nil {
		return err
	}
	e := scribe.Entry{Event: "access.passed_on", Who: actor.Actor{Kind: actor.System}, Kind: kind.Name, Records: []schema.RecordID{id},
		Details: map[string]any{"person": asker, "task": made}}
	if err := b.scribe.Write(ctx, tx, e); err != nil {
		return fmt.Errorf("write the ledger entry: %w", err)
	}
	return nil
}

// houseTask makes a task that nobody has written: of the house, for a person.
func (b *Book) houseTask(ctx context.Context, tx *store.Tx, kind *schema.Kind, v Values) (schema.RecordID, error) {
	p := &pen{b: b, ctx: ctx, tx: tx, who: actor.Actor{Kind: actor.System}}
	return p.keepAs(policy.Whole(kind, policy.ForDuplicates), v, nil)
}

// cellsOf brings what the house says into the form of the database.
func (b *Book) cellsOf(kind *schema.Kind, v Values) ([]store.Cell, error) {
	var cells []store.Cell
	settings := b.settings()
	for _, f := range kind.Fields {
		given, named := v[f.Name]
		if !named {
			continue
		}
		c, err := settings.canonical(f, given)
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	return cells, nil
}
