package records

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// bulkKind is the job that does large bulk work.
const bulkKind = "records.bulk"

type bulkArgs struct {
	Operation int64 `json:"operation"`
}

// bulkSettings are what large bulk work is to do.
type bulkSettings struct {
	Values Values `json:"values,omitempty"`
	With   Share  `json:"with"`
}

// Progress is how far large bulk work has come.
type Progress struct {
	State                string // running, done, failed
	Total, Done, Refused int
}

// bulkLater writes down what is to be done and to which records, for a job to do.
// What is refused is decided record by record when its turn comes, under the
// rights that its maker has then.
func (b *Book) bulkLater(ctx context.Context, who actor.Actor, kind *schema.Kind, ids []schema.RecordID, what string, v Values, with Share) (*Operation, error) {
	text, err := json.Marshal(bulkSettings{v, with})
	if err != nil {
		return nil, fmt.Errorf("begin bulk work: %w", err)
	}
	op := &Operation{Running: true, Total: len(ids)}
	return op, b.write(ctx, who, func(p *pen) error {
		if op.ID, err = p.operation(0, kind, what); err != nil {
			return err
		}
		_, err := p.tx.Exec(ctx, store.Text("INSERT INTO bulk_work (operation, made_by, state, settings, total, done, refused) VALUES (?, ?, 'running', ?, ?, 0, 0)"),
			op.ID, who.Person, string(text), len(ids))
		if err != nil {
			return fmt.Errorf("begin bulk work: %w", err)
		}
		todo := make([]any, 0, 2*len(ids))
		for _, id := range ids {
			todo = append(todo, op.ID, int64(id))
		}
		if err := p.tx.Insert(ctx, "INSERT INTO bulk_todo (operation, record)", "(?, ?)", "", todo); err != nil {
			return fmt.Errorf("begin bulk work: %w", err)
		}
		return b.runner.Enqueue(ctx, p.tx, jobs.Order{Kind: bulkKind, Args: bulkArgs{op.ID}})
	})
}

// bulkOn does what is left of large bulk work. It may begin again at any point:
// what is done is taken off the list in the same transaction.
func (b *Book) bulkOn(ctx context.Context, j jobs.Job) error {
	var args bulkArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of bulk work: %w", err)
	}
	var number int
	var what, state, text string
	var by actor.PersonID
	err := b.db.QueryRow(ctx, store.Text("SELECT o.kind, o.what, w.made_by, w.state, w.settings FROM bulk_work w JOIN operation o ON o.id = w.operation WHERE w.operation = ?"), args.Operation).
		Scan(&number, &what, &by, &state, &text)
	if err != nil {
		return fmt.Errorf("read bulk work: %w", err)
	}
	kind := b.catalog().Numbered(number)
	if kind == nil || state != "running" {
		return nil
	}
	var s bulkSettings
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("read bulk work: %w", err)
	}
	s.Values.numbered(kind)
	who := actor.Actor{Kind: actor.Person, Person: by, Device: "bulk"}
	end := "done"
	if err := b.bulkRest(ctx, who, kind, args.Operation, what, s); err != nil {
		if _, refused := fault.As(err); !refused {
			return err
		}
		end = "failed" // whoever began it may no longer
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE bulk_work SET state = ?, settings = '{}', finished_at = ? WHERE operation = ?"), end, tx.Now(), args.Operation)
		if err != nil {
			return fmt.Errorf("finish bulk work: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM bulk_todo WHERE operation = ?"), args.Operation); err != nil {
			return fmt.Errorf("finish bulk work: %w", err)
		}
		return j.Finish(ctx, tx)
	})
}

func (b *Book) bulkRest(ctx context.Context, who actor.Actor, kind *schema.Kind, operation int64, what string, s bulkSettings) error {
	if _, err := b.needs(ctx, who, policy.ChangeInBulk); err != nil {
		return err
	}
	var everyone []*policy.Standing
	if what == BulkShare {
		if _, err := b.needs(ctx, who, policy.ShareRecords); err != nil {
			return err
		}
		var err error
		if everyone, err = b.rights.Standings(ctx); err != nil {
			return fmt.Errorf("find standings: %w", err)
		}
	}
	for {
		ids, err := b.bulkLeft(ctx, operation)
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = b.operate(ctx, who, kind, operation, what, len(ids), func(p *pen, i int) (schema.RecordID, error) {
			return ids[i], p.bulkOne(kind, ids[i], what, s.Values, s.With, everyone)
		}, func(p *pen, from, to, refused int) error {
			for _, id := range ids[from:to] {
				if _, err := p.tx.Exec(ctx, store.Text("DELETE FROM bulk_todo WHERE operation = ? AND record = ?"), operation, int64(id)); err != nil {
					return fmt.Errorf("write down bulk work: %w", err)
				}
			}
			_, err := p.tx.Exec(ctx, store.Text("UPDATE bulk_work SET done = done + ?, refused = refused + ? WHERE operation = ?"), to-from-refused, refused, operation)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// bulkLeft are some of the records that are left.
func (b *Book) bulkLeft(ctx context.Context, operation int64) ([]schema.RecordID, error) {
	rows, err := b.db.Query(ctx, store.Text("SELECT record FROM bulk_todo WHERE operation = ? ORDER BY record LIMIT 1000"), operation)
	if err != nil {
		return nil, fmt.Errorf("read bulk work: %w", err)
	}
	defer rows.Close()
	var all []schema.RecordID
	for rows.Next() {
		all = append(all, schema.RecordID(rows.Values()[0].(int64)))
	}
	return all, rows.Err()
}

// numbered reads ids of pipelines and stages, which were numbers before they were
// written down.
func (v Values) numbered(kind *schema.Kind) {
	for name, one := range v {
		n, ok := one.(json.Number)
		f := kind.Field(name)
		if !ok || f == nil || f.Type != schema.Pipeline && f.Type != schema.Stage {
			continue
		}
		if id, err := n.Int64(); err == nil {
			v[name] = id
		}
	}
}

// BulkProgress tells how far large bulk work has come, to whoever began it.
func (b *Book) BulkProgress(ctx context.Context, who actor.Actor, operation int64) (Progress, error) {
	var p Progress
	var by actor.PersonID
	err := b.db.QueryRow(ctx, store.Text("SELECT made_by, state, total, done, refused FROM bulk_work WHERE operation = ?"), operation).Scan(&by, &p.State, &p.Total, &p.Done, &p.Refused)
	if errors.Is(err, store.ErrNoRows) || err == nil && (by != who.Person || who.ViewAs != 0) {
		return Progress{}, fault.NotFound()
	}
	if err != nil {
		return Progress{}, fmt.Errorf("read bulk work: %w", err)
	}
	return p, nil
}
