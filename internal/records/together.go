package records

import (
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

// Work is several writes of one person that belong together, each decided by
// itself under their rights. All of it is kept, or nothing.
type Work struct{ p *pen }

// Together opens a transaction for work that belongs together.
func (b *Book) Together(ctx context.Context, who actor.Actor, do func(*Work) error) error {
	return b.write(ctx, who, func(p *pen) error { return do(&Work{p}) })
}

// Create is Book.Create.
func (w *Work) Create(kindName string, v Values) (schema.RecordID, error) {
	kind, err := w.p.b.kind(kindName)
	if err != nil {
		return 0, err
	}
	return w.p.create(kind, v)
}

// Update is Book.Update.
func (w *Work) Update(kindName string, id schema.RecordID, version int64, v Values) error {
	kind, err := w.p.b.kind(kindName)
	if err != nil {
		return err
	}
	return w.p.update(kind, id, version, v)
}

// Within does something of the house's own in the same transaction.
func (w *Work) Within(do func(tx *store.Tx) error) error { return do(w.p.tx) }

// Take gives what the named fields of a record hold, as Create takes it; what is
// empty is left out. A copy must not show its maker what the record itself does
// not (attack 15): a value that is masked to them is a fault, and one that opens
// on a click counts as opened and is noted.
func (w *Work) Take(kindName string, id schema.RecordID, names ...string) (Values, error) {
	p := w.p
	kind, err := p.b.kind(kindName)
	if err != nil {
		return nil, err
	}
	s, err := p.load(kind, id)
	if err != nil {
		return nil, err
	}
	seen, err := p.b.admit(p.ctx, p.tx, p.st, p.st.Decide(kind, policy.View, CardOf(kind), p.tx.Now()), s)
	if err != nil {
		return nil, err
	}
	if !seen.Allowed || s.stored.Binned {
		return nil, fault.NotFound()
	}
	taken := Values{}
	var opened []string
	var classes []schema.Class
	for _, name := range names {
		f := kind.Field(name)
		if f == nil {
			return nil, fmt.Errorf("take %s of %s: there is no such field", name, kind.Name)
		}
		c := s.stored.Cells[f.Index()]
		if c.Column == nil {
			continue
		}
		sight, class := seen.Sees(f), f.Class
		if f.Free && c.Masked != nil {
			sight, class = min(sight, seen.Contact), schema.Contact
		}
		if sight < policy.Click {
			return nil, fault.New(fault.Denied, "take.unseen", "Your role does not let you see all that would be taken over. Ask whoever is responsible for it to do this.").At(name)
		}
		if sight == policy.Click {
			opened = append(opened, name)
			if !slices.Contains(classes, class) {
				classes = append(classes, class)
			}
		}
		if taken[name], err = given(c); err != nil {
			return nil, err
		}
	}
	if len(opened) > 0 {
		e := scribe.Entry{Event: "record.revealed", Who: p.who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(CardOf(kind)), Shown: classes,
			Details: map[string]any{"fields": opened}}
		if err := p.b.scribe.Write(p.ctx, p.tx, e); err != nil {
			return nil, fmt.Errorf("write the ledger entry: %w", err)
		}
	}
	return taken, nil
}

// given is a cell as a write would bring it.
func given(c store.Cell) (any, error) {
	if n, ok := c.Column.(int64); ok {
		switch c.Field.Type {
		case schema.Person:
			return actor.PersonID(n), nil
		case schema.Relation:
			return schema.RecordID(n), nil
		case schema.Bool:
			return n != 0, nil
		case schema.DateTime:
			return time.UnixMicro(n).UTC().Format(time.RFC3339Nano), nil
		case schema.Money, schema.Number:
			return nil, fmt.Errorf("take %s: amounts are not taken over", c.Field.Name)
		}
		return n, nil
	}
	text, _ := c.Column.(string)
	if !c.Field.Type.Multi() {
		return text, nil
	}
	var err error
	var all []any
	switch c.Field.Type {
	case schema.Phones:
		var phones []value.Phone
		err = json.Unmarshal([]byte(text), &phones)
		for _, p := range phones {
			all = append(all, p)
		}
	case schema.Emails:
		var emails []value.Email
		err = json.Unmarshal([]byte(text), &emails)
		for _, e := range emails {
			all = append(all, e)
		}
	default:
		err = json.Unmarshal([]byte(text), &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.Field.Name, err)
	}
	return all, nil
}
