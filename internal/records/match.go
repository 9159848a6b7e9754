package records

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// Mark is something by which a record may be the same as another: a key of a
// multi field (a phone, a mail address) or of a keyed text (an id in a former
// system).
type Mark struct {
	Field string
	Key   string // folded, as Key gives it
}

// Match finds the records of a kind that bear one of the marks, among those that
// the actor may view on a list: a match must not tell of a client whom the actor
// may not know of (attack 8). Those who import hold RunImport. The oldest record
// wins where several bear the same mark.
func (b *Book) Match(ctx context.Context, who actor.Actor, kindName string, marks []Mark) (map[Mark]schema.RecordID, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.needs(ctx, who, policy.RunImport)
	if err != nil {
		return nil, err
	}
	found, err := b.bearersOf(ctx, b.db, kind, marks)
	if err != nil {
		return nil, err
	}
	return b.oldest(ctx, b.db, st.Decide(kind, policy.View, ListOf(kind), b.instant()), found)
}

// asker is what can be asked: the database, or a transaction.
type asker interface {
	Query(ctx context.Context, s store.Statement, args ...any) (*store.Rows, error)
	Rows(ctx context.Context, g policy.Grant, ids []schema.RecordID, ask store.Ask) (*store.RecordRows, error)
}

// bearersOf finds all records that bear one of the marks, whoever may see them.
func (b *Book) bearersOf(ctx context.Context, from asker, kind *schema.Kind, marks []Mark) (map[Mark][]schema.RecordID, error) {
	byField := map[string][]string{}
	for _, m := range marks {
		byField[m.Field] = append(byField[m.Field], m.Key)
	}
	found := map[Mark][]schema.RecordID{}
	for name, keys := range byField {
		f := kind.Field(name)
		if f == nil || !f.Type.Multi() && !f.Keyed {
			return nil, fmt.Errorf("match %s: field %q has no keys", kind.Name, name)
		}
		slices.Sort(keys)
		for part := range slices.Chunk(slices.Compact(keys), 128) {
			bearers, err := bearers(ctx, from, f, part)
			if err != nil {
				return nil, err
			}
			for _, one := range bearers {
				m := Mark{name, one.key}
				found[m] = append(found[m], one.id)
			}
		}
	}
	return found, nil
}

// oldest gives the oldest of the records that the grant admits, for each mark.
func (b *Book) oldest(ctx context.Context, from asker, g policy.Grant, found map[Mark][]schema.RecordID) (map[Mark]schema.RecordID, error) {
	var ids []schema.RecordID
	for _, all := range found {
		ids = append(ids, all...)
	}
	seen := map[schema.RecordID]bool{}
	if err := b.seen(ctx, from, g, ids, seen); err != nil {
		return nil, err
	}
	answer := map[Mark]schema.RecordID{}
	for m, all := range found {
		for _, id := range all {
			if held, ok := answer[m]; seen[id] && (!ok || id < held) {
				answer[m] = id
			}
		}
	}
	return answer, nil
}

// seen adds those of the records that the grant admits.
func (b *Book) seen(ctx context.Context, from asker, g policy.Grant, ids []schema.RecordID, into map[schema.RecordID]bool) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for part := range slices.Chunk(ids, 500) {
		rows, err := from.Rows(ctx, g, part, store.Ask{})
		if err != nil {
			return err
		}
		for _, r := range rows.Rows {
			into[r.ID] = true
		}
	}
	return nil
}

type bearer struct {
	key string
	id  schema.RecordID
}

// bearers looks each key up by itself, in one statement. Given as a list, the
// keys would have PostgreSQL read a whole index for as long as it knows nothing
// of a table that an import is filling.
func bearers(ctx context.Context, from asker, f *schema.Field, keys []string) ([]bearer, error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("match %s: %w", f.Kind().Name, err)
	}
	each, args := "SELECT m.key AS key, m.record AS id FROM multi AS m WHERE m.kind = ? AND m.field = ? AND m.key = k.value", []any{string(list), int64(f.Kind().Number), f.Name}
	plain := "SELECT m.key, m.record FROM json_each(?) AS k CROSS JOIN multi AS m WHERE m.kind = ? AND m.field = ? AND m.key = k.value"
	if !f.Type.Multi() {
		table, key := f.Kind().Name, "m."+f.KeyColumn()
		each, args = "SELECT "+key+" AS key, m.id AS id FROM "+table+" AS m WHERE m.deleted_at IS NULL AND "+key+" = k.value", args[:1]
		plain = "SELECT " + key + ", m.id FROM json_each(?) AS k CROSS JOIN " + table + " AS m WHERE m.deleted_at IS NULL AND " + key + " = k.value"
	}
	rows, err := from.Query(ctx, store.Twin{
		SQLite:   plain,
		Postgres: "SELECT b.key, b.id FROM json_array_elements_text(?::json) AS k(value) CROSS JOIN LATERAL (" + each + " OFFSET 0) AS b",
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("match %s: %w", f.Kind().Name, err)
	}
	defer rows.Close()
	var all []bearer
	for rows.Next() {
		v := rows.Values()
		key, _ := v[0].(string)
		id, _ := v[1].(int64)
		all = append(all, bearer{key, schema.RecordID(id)})
	}
	return all, rows.Err()
}

// With says how the values of a Write meet what a record holds already.
type With uint8

const (
	Replace   With = iota // the new value counts
	FillEmpty             // only what is empty is filled
	Unite                 // lists get what they do not hold yet; elsewhere the new value counts
	Lessen                // lists lose what is named; nothing else is touched
)

// meet reduces the values of a write to what is to change. Lists are united by
// their keys, so that the same number in another spelling is not added.
func (p *pen) meet(s *state, v Values, how With) (Values, error) {
	if how == Replace {
		return v, nil
	}
	settings := p.b.settings()
	left := Values{}
	for name, given := range v {
		f := s.kind.Field(name)
		if f == nil {
			left[name] = given // refused later, in the words for it
			continue
		}
		held := s.stored.Cells[f.Index()]
		if how == Lessen {
			if err := p.lessen(f, held, given, left); err != nil {
				return nil, err
			}
			continue
		}
		switch {
		case held.Column == nil:
			left[name] = given
		case how == FillEmpty:
		case !f.Type.Multi():
			left[name] = given
		default:
			was, err := decode(f, held.Column)
			if err != nil {
				return nil, err
			}
			all := list(was)
			for _, one := range list(given) {
				c, err := settings.canonical(f, []any{one})
				if err != nil {
					return nil, err
				}
				if len(without(c.Multi, held.Multi)) > 0 {
					all = append(all, one)
				}
			}
			if len(all) > len(list(was)) {
				left[name] = all
			}
		}
	}
	return left, nil
}

// lessen puts what is left of a list without the values named.
func (p *pen) lessen(f *schema.Field, held store.Cell, given any, left Values) error {
	settings := p.b.settings()
	gone, err := settings.canonical(f, given)
	if err != nil || held.Column == nil || !f.Type.Multi() {
		return err
	}
	was, err := decode(f, held.Column)
	if err != nil {
		return err
	}
	rest := []any{}
	for _, one := range list(was) {
		c, err := settings.canonical(f, []any{one})
		if err != nil {
			return err
		}
		if len(without(c.Multi, gone.Multi)) > 0 {
			rest = append(rest, one)
		}
	}
	if len(rest) < len(list(was)) {
		left[f.Name] = rest
	}
	return nil
}

func without(all, some []string) []string {
	var left []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			left = append(left, s)
		}
	}
	return left
}
