package records

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Revision is one step in a record's life, as its reader may see it.
type Revision struct {
	Version int64 // the version that the step made
	At      time.Time
	ByKind  actor.Kind
	By      actor.PersonID
	What    string // "created", "changed", "deleted", "restored"
	Changes []FieldChange
}

// FieldChange is one field of a step. Before and After are in the form of the
// database and nil where the reader may not see the values.
type FieldChange struct {
	Field  *schema.Field
	Sight  Sight
	Before any
	After  any
}

// earlier is a state that was replaced.
type earlier struct {
	version int64
	at      int64 // when it was replaced
	byKind  int64
	by      int64
	held    map[string]any
}

// History gives the steps of a record, newest first. Fields that the reader may
// not see now are not shown in the past either.
func (b *Book) History(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID) ([]Revision, error) {
	var steps []Revision
	err := b.past(ctx, who, kindName, id, func(s *state, v policy.Verdict, past []earlier) error {
		steps = revisions(s, v, past)
		return nil
	})
	return steps, err
}

// State gives the record as it was at a version.
func (b *Book) State(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64) (*Record, error) {
	var r *Record
	err := b.past(ctx, who, kindName, id, func(s *state, v policy.Verdict, past []earlier) error {
		if version == s.stored.Version {
			r = present(s, v)
			return nil
		}
		i := slices.IndexFunc(past, func(e earlier) bool { return e.version == version })
		if i < 0 {
			return fault.NotFound()
		}
		was, err := s.at(past[i])
		if err != nil {
			return err
		}
		r = present(was, v)
		return nil
	})
	return r, err
}

// Revert brings a record back to what it held at a version. It is a change like
// any other: it needs the right to edit, and what it replaces is kept.
func (b *Book) Revert(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64) error {
	if _, err := b.needs(ctx, who, policy.RevertRecords); err != nil {
		return err
	}
	return b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		return p.revert(kind, id, version, "record.reverted")
	})
}

func (p *pen) revert(kind *schema.Kind, id schema.RecordID, version int64, event scribe.Event) error {
	s, g, err := p.reach(kind, id, policy.Edit)
	if err != nil {
		return err
	}
	past, err := pastOf(p.ctx, p.tx, kind, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(past, func(e earlier) bool { return e.version == version })
	if i < 0 || s.stored.Binned {
		return fault.NotFound()
	}
	was, err := s.at(past[i])
	if err != nil {
		return err
	}
	view, err := p.b.admit(p.ctx, p.tx, p.st, p.st.Decide(kind, policy.View, CardOf(kind), p.tx.Now()), s)
	if err != nil {
		return err
	}
	var cells []store.Cell
	for _, f := range kind.Fields {
		if kept := f.Name == "created_at" || f.Name == "created_by" || f.Name == "updated_at" || f.Name == "updated_by"; !kept && view.Sees(f) != policy.Hidden {
			cells = append(cells, was.stored.Cells[f.Index()])
		}
	}
	return p.change(g, s, cells, event, map[string]any{"version": version})
}

// past loads a record that the reader may view, with its earlier states, and
// notes the reading before the answer is used.
func (b *Book) past(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, use func(*state, policy.Verdict, []earlier) error) error {
	kind, err := b.kind(kindName)
	if err != nil {
		return err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return err
	}
	var shown []schema.Class
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		s, v, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
		if err != nil {
			return err
		}
		past, err := pastOf(ctx, tx, kind, id)
		if err != nil {
			return err
		}
		shown = classesShown(kind, v.Sights)
		return use(s, v, past)
	})
	if err != nil {
		return err
	}
	return b.scribe.Note(ctx, scribe.Entry{Event: "record.history_read", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(CardOf(kind)), Shown: shown})
}

// visible loads a record that the standing may view on the surface; a record in
// the bin is visible to those who may delete it.
func (b *Book) visible(ctx context.Context, tx *store.Tx, st *policy.Standing, kind *schema.Kind, id schema.RecordID, on Surface) (*state, policy.Verdict, error) {
	s, err := b.load(ctx, tx, kind, id)
	if err != nil {
		return nil, policy.Verdict{}, err
	}
	action := policy.View
	if s.stored.Binned {
		action = policy.Delete
	}
	v, err := b.admit(ctx, tx, st, st.Decide(kind, action, on, tx.Now()), s)
	if err == nil && !v.Allowed {
		err = fault.NotFound()
	}
	return s, v, err
}

func pastOf(ctx context.Context, tx *store.Tx, kind *schema.Kind, id schema.RecordID) ([]earlier, error) {
	return readPast(ctx, tx, "SELECT version, at, actor_kind, actor, state FROM history WHERE kind = ? AND record = ? ORDER BY version DESC", kind, id)
}

func readPast(ctx context.Context, tx *store.Tx, text store.Text, kind *schema.Kind, id schema.RecordID, more ...any) ([]earlier, error) {
	rows, err := tx.Query(ctx, text, append([]any{int64(kind.Number), int64(id)}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer rows.Close()
	var all []earlier
	for rows.Next() {
		var e earlier
		var text []byte
		if err := rows.Scan(&e.version, &e.at, &e.byKind, &e.by, &text); err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&e.held); err != nil {
			return nil, fmt.Errorf("read a state of %s: %w", kind.Name, err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// at is the state as it was. Fields that did not exist then are empty.
func (s *state) at(e earlier) (*state, error) {
	cells := make([]store.Cell, 0, len(s.kind.Fields))
	for _, f := range s.kind.Fields {
		column := e.held[f.Name]
		if n, ok := column.(json.Number); ok {
			i, err := n.Int64()
			if err != nil {
				return nil, fmt.Errorf("read a state of %s: field %s: %w", s.kind.Name, f.Name, err)
			}
			column = i
		}
		c, err := recell(f, column)
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	was := s.with(cells)
	was.stored.Version = e.version
	return was, nil
}

// recell makes the twins and keys of a column anew.
func recell(f *schema.Field, column any) (store.Cell, error) {
	c := store.Cell{Field: f, Column: column}
	if text, ok := column.(string); ok {
		open := text
		if f.Free {
			mask := value.MaskContacts
			if f.Type == schema.Lines {
				mask = value.MaskLines
			}
			if masked, found := mask(text); found {
				c.Masked, open = masked, masked
			}
		}
		if f.Keyed {
			c.Key = value.TextKey(open)
		}
	}
	var err error
	c.Multi, err = keysOf(f, column)
	return c, err
}

// revisions tells the steps between the states, newest first.
func revisions(s *state, v policy.Verdict, past []earlier) []Revision {
	var steps []Revision
	after := s
	binned := s.stored.Binned
	for _, e := range past {
		before, err := s.at(e)
		if err != nil {
			continue
		}
		step := Revision{Version: e.version + 1, At: time.UnixMicro(e.at).UTC(), ByKind: actor.Kind(e.byKind), By: actor.PersonID(e.by), What: "changed"}
		for _, f := range s.kind.Fields {
			sight := v.Sees(f)
			was, is := before.stored.Cells[f.Index()], after.stored.Cells[f.Index()]
			// What the house keeps says nothing of its own, except how a record stands.
			if f.House && f.Type != schema.Choice || sight == policy.Hidden || was.Column == is.Column {
				continue
			}
			ch := FieldChange{Field: f, Sight: sight}
			if sight == policy.Plain {
				ch.Before, ch.After = shownText(was, v.Contact), shownText(is, v.Contact)
			}
			step.Changes = append(step.Changes, ch)
		}
		if len(step.Changes) == 0 && binned {
			step.What, binned = "deleted", false
		}
		steps = append(steps, step)
		after = before
	}
	made, _ := s.stored.Cells[s.kind.Field("created_at").Index()].Column.(int64)
	by, _ := s.stored.Cells[s.kind.Field("created_by").Index()].Column.(int64)
	first := Revision{Version: 1, At: time.UnixMicro(made).UTC(), ByKind: actor.Person, By: actor.PersonID(by), What: "created"}
	if by == 0 {
		first.ByKind = actor.System
	}
	return append(steps, first)
}

// shownText is a cell's value for a reader who sees the field: numbers typed
// into free text only if the reader sees contact data.
func shownText(c store.Cell, contact Sight) any {
	if contact != policy.Plain && c.Masked != nil {
		return c.Masked
	}
	return c.Column
}

// classesShown are the classes of which something was shown unmasked.
func classesShown(kind *schema.Kind, sights []Sight) []schema.Class {
	var seen [4]bool
	for i, s := range sights {
		if s == policy.Plain {
			seen[kind.Fields[i].Class] = true
		}
	}
	var all []schema.Class
	for c, yes := range seen {
		if yes && schema.Class(c) != schema.Open {
			all = append(all, schema.Class(c))
		}
	}
	return all
}
