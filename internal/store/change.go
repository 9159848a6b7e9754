package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"castellan/internal/policy"
	"castellan/internal/schema"
)

// A Cell is one field of a record in the form in which it lies in the database.
type Cell struct {
	Field  *schema.Field
	Column any      // nil, string or int64
	Key    any      // the folded twin of a Keyed field
	Masked any      // the masked twin of a Free field; nil where nothing needs masking
	Multi  []string // the keys of a multi field
}

// A Place is where a live record stands in lists under rights: through whom it
// is reached, and by what it is ordered. Records in the bin and records that
// live within others have none.
type Place struct {
	Principals []schema.Principal // each once
	Updated    int64              // microseconds, the order "newest first"
	Name       string             // the folded title, the order "by name"
}

// ErrStale says that the record is not at the version that was to be changed,
// or not there, or not in the state that the change is for.
var ErrStale = errors.New("the record has changed meanwhile")

// A Stored is one record as it lies in the database: for the house, which
// decides and writes by it, never for anybody's eyes.
type Stored struct {
	ID      schema.RecordID
	Version int64
	Binned  bool   // in the bin
	Cells   []Cell // by index of the kind's fields; Multi is not filled
}

// Stored reads a whole record, in the bin or not, or gives ErrNoRows. It takes
// a grant of the house only.
func (tx *Tx) Stored(ctx context.Context, g policy.Grant, id schema.RecordID) (*Stored, error) {
	if g.House() == 0 {
		return nil, errGrant
	}
	kind := g.Kind()
	var text strings.Builder
	text.WriteString("SELECT version, deleted_at")
	for _, f := range kind.Fields {
		names, _ := Cell{Field: f}.columns(nil, nil)
		for _, name := range names {
			text.WriteString(", " + quoted(name))
		}
	}
	text.WriteString(" FROM " + quoted(kind.Name) + " WHERE id = ?")
	rows, err := tx.Query(ctx, Text(text.String()), int64(id))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind.Name, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, errors.Join(rows.Err(), ErrNoRows)
	}
	held := rows.Values()
	r := &Stored{ID: id, Version: held[0].(int64), Binned: held[1] != nil, Cells: make([]Cell, len(kind.Fields))}
	held = held[2:]
	next := func() any {
		v := held[0]
		held = held[1:]
		return v
	}
	for i, f := range kind.Fields {
		c := Cell{Field: f, Column: next()}
		if f.Keyed {
			c.Key = next()
		}
		if f.Free {
			c.Masked = next()
		}
		r.Cells[i] = c
	}
	return r, rows.Close()
}

// errGrant is our own mistake: a statement was asked for that no decision allows.
var errGrant = errors.New("no grant permits this statement")

// permitted refuses a grant that permits nothing, or something else.
func permitted(g policy.Grant, a policy.Action) error {
	if !g.Lets(g.Kind(), a) {
		return fmt.Errorf("%s: %w", a, errGrant)
	}
	return nil
}

// InsertRecord writes a new record at version 1. Whether the grant admits this
// very record is for the caller to have asked.
func (tx *Tx) InsertRecord(ctx context.Context, g policy.Grant, id schema.RecordID, cells []Cell, place *Place) error {
	if err := permitted(g, policy.Create); err != nil {
		return err
	}
	kind := g.Kind()
	columns := []string{"id", "version"}
	args := []any{int64(id), int64(1)}
	for _, c := range cells {
		columns, args = c.columns(columns, args)
	}
	var text strings.Builder
	text.WriteString("INSERT INTO " + quoted(kind.Name) + " (")
	for i, c := range columns {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(quoted(c))
	}
	text.WriteString(") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")")
	if _, err := tx.Exec(ctx, Text(text.String()), args...); err != nil {
		return fmt.Errorf("insert %s: %w", kind.Name, err)
	}
	for _, c := range cells {
		if err := tx.putMulti(ctx, kind, c.Field.Name, id, c.Multi); err != nil {
			return err
		}
	}
	return tx.place(ctx, kind, id, nil, place)
}

// UpdateRecord changes the cells that are given, moves the record to the next
// version, and keeps its rows in multi and access in step. old holds the cells
// as they were, in the order of cells. It gives ErrStale if the record is not
// at the version.
func (tx *Tx) UpdateRecord(ctx context.Context, g policy.Grant, id schema.RecordID, version int64, old, cells []Cell, was, place *Place) error {
	if err := permitted(g, policy.Edit); err != nil {
		return err
	}
	kind := g.Kind()
	columns, args := []string{}, []any{}
	for _, c := range cells {
		columns, args = c.columns(columns, args)
	}
	var text strings.Builder
	text.WriteString("UPDATE " + quoted(kind.Name) + " SET version = version + 1")
	for _, c := range columns {
		text.WriteString(", " + quoted(c) + " = ?")
	}
	text.WriteString(" WHERE id = ? AND version = ? AND deleted_at IS NULL")
	if err := tx.one(ctx, Text(text.String()), append(args, int64(id), version)...); err != nil {
		return fmt.Errorf("update %s: %w", kind.Name, err)
	}
	for i, c := range cells {
		if !c.Field.Type.Multi() {
			continue
		}
		if err := tx.dropMulti(ctx, kind, c.Field.Name, id, without(old[i].Multi, c.Multi)); err != nil {
			return err
		}
		if err := tx.putMulti(ctx, kind, c.Field.Name, id, without(c.Multi, old[i].Multi)); err != nil {
			return err
		}
	}
	return tx.place(ctx, kind, id, was, place)
}

// BinRecord moves a live record to the bin: it keeps all it holds but is
// reached by nobody.
func (tx *Tx) BinRecord(ctx context.Context, g policy.Grant, id schema.RecordID, version, at, by int64, was *Place) error {
	if err := permitted(g, policy.Delete); err != nil {
		return err
	}
	kind := g.Kind()
	text := "UPDATE " + quoted(kind.Name) + " SET version = version + 1, deleted_at = ?, deleted_by = ? WHERE id = ? AND version = ? AND deleted_at IS NULL"
	if err := tx.one(ctx, Text(text), at, by, int64(id), version); err != nil {
		return fmt.Errorf("move %s to the bin: %w", kind.Name, err)
	}
	return tx.place(ctx, kind, id, was, nil)
}

// UnbinRecord brings a record back from the bin.
func (tx *Tx) UnbinRecord(ctx context.Context, g policy.Grant, id schema.RecordID, version int64, place *Place) error {
	if err := permitted(g, policy.Delete); err != nil {
		return err
	}
	kind := g.Kind()
	text := "UPDATE " + quoted(kind.Name) + " SET version = version + 1, deleted_at = NULL, deleted_by = NULL WHERE id = ? AND version = ? AND deleted_at IS NOT NULL"
	if err := tx.one(ctx, Text(text), int64(id), version); err != nil {
		return fmt.Errorf("bring %s back: %w", kind.Name, err)
	}
	return tx.place(ctx, kind, id, nil, place)
}

// MoveRecord keeps a record's access rows in step when the shares change and
// the record itself does not.
func (tx *Tx) MoveRecord(ctx context.Context, g policy.Grant, id schema.RecordID, was, place *Place) error {
	if err := permitted(g, policy.Edit); err != nil {
		return err
	}
	return tx.place(ctx, g.Kind(), id, was, place)
}

// one runs a statement that must change one row.
func (tx *Tx) one(ctx context.Context, s Statement, args ...any) error {
	n, err := tx.Exec(ctx, s, args...)
	if err == nil && n != 1 {
		err = ErrStale
	}
	return err
}

// columns adds the cell's columns and their values.
func (c Cell) columns(names []string, values []any) ([]string, []any) {
	names, values = append(names, c.Field.Name), append(values, c.Column)
	if c.Field.Keyed {
		names, values = append(names, c.Field.KeyColumn()), append(values, c.Key)
	}
	if c.Field.Free {
		names, values = append(names, c.Field.MaskedColumn()), append(values, c.Masked)
	}
	return names, values
}

// quoted writes an identifier. Kinds and fields are checked by schema.New, so
// there is nothing to escape; the marks keep words of SQL from being read as such.
func quoted(name string) string { return `"` + name + `"` }

func without(all, some []string) []string {
	var left []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			left = append(left, s)
		}
	}
	return left
}

func (tx *Tx) putMulti(ctx context.Context, kind *schema.Kind, field string, id schema.RecordID, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	args := make([]any, 0, 4*len(keys))
	for _, key := range keys {
		args = append(args, int64(kind.Number), field, key, int64(id))
	}
	if _, err := tx.Exec(ctx, Text("INSERT INTO multi (kind, field, key, record) VALUES "+tuples(4, len(keys))), args...); err != nil {
		return fmt.Errorf("index %s of %s: %w", field, kind.Name, err)
	}
	return nil
}

func (tx *Tx) dropMulti(ctx context.Context, kind *schema.Kind, field string, id schema.RecordID, keys []string) error {
	for _, key := range keys {
		err := tx.one(ctx, Text("DELETE FROM multi WHERE kind = ? AND field = ? AND key = ? AND record = ?"), int64(kind.Number), field, key, int64(id))
		if err := drifted(err); err != nil {
			return fmt.Errorf("drop index of %s of %s: %w", field, kind.Name, err)
		}
	}
	return nil
}

// tuples writes "(?, ?), (?, ?)".
func tuples(width, n int) string {
	one := "(?" + strings.Repeat(", ?", width-1) + ")"
	return one + strings.Repeat(", "+one, n-1)
}

// place moves the record's access rows from where it stood to where it stands.
// Each row that goes must have been there: access that has drifted from the
// records is a leak, and better found by the write that meets it.
func (tx *Tx) place(ctx context.Context, kind *schema.Kind, id schema.RecordID, was, now *Place) error {
	if was == nil {
		was = &Place{}
	}
	if now == nil {
		now = &Place{}
	}
	var come []schema.Principal
	for _, p := range now.Principals {
		if !slices.Contains(was.Principals, p) {
			come = append(come, p)
		}
	}
	for _, p := range was.Principals {
		who, what, record := int64(p), int64(kind.Number), int64(id)
		var errs [2]error
		if !slices.Contains(now.Principals, p) {
			errs[0] = tx.one(ctx, Text("DELETE FROM access WHERE principal = ? AND kind = ? AND updated_at = ? AND record = ?"), who, what, was.Updated, record)
			errs[1] = tx.one(ctx, Text("DELETE FROM access_name WHERE principal = ? AND kind = ? AND name_key = ? AND record = ?"), who, what, was.Name, record)
		} else {
			if was.Updated != now.Updated {
				errs[0] = tx.one(ctx, Text("UPDATE access SET updated_at = ? WHERE principal = ? AND kind = ? AND updated_at = ? AND record = ?"), now.Updated, who, what, was.Updated, record)
			}
			if was.Name != now.Name {
				errs[1] = tx.one(ctx, Text("UPDATE access_name SET name_key = ? WHERE principal = ? AND kind = ? AND name_key = ? AND record = ?"), now.Name, who, what, was.Name, record)
			}
		}
		for _, err := range errs {
			if err := drifted(err); err != nil {
				return fmt.Errorf("move access to %s: %w", kind.Name, err)
			}
		}
	}
	if len(come) > 0 {
		byTime, byName := make([]any, 0, 4*len(come)), make([]any, 0, 4*len(come))
		for _, p := range come {
			byTime = append(byTime, int64(p), int64(kind.Number), now.Updated, int64(id))
			byName = append(byName, int64(p), int64(kind.Number), now.Name, int64(id))
		}
		if _, err := tx.Exec(ctx, Text("INSERT INTO access (principal, kind, updated_at, record) VALUES "+tuples(4, len(come))), byTime...); err != nil {
			return fmt.Errorf("open access to %s: %w", kind.Name, err)
		}
		if _, err := tx.Exec(ctx, Text("INSERT INTO access_name (principal, kind, name_key, record) VALUES "+tuples(4, len(come))), byName...); err != nil {
			return fmt.Errorf("open access to %s by name: %w", kind.Name, err)
		}
	}
	return nil
}

// errDrift marks derived rows that were not where the record says they are.
var errDrift = errors.New("access or index rows have drifted from the record")

// drifted keeps a missing derived row from being told to the person as somebody
// else's change.
func drifted(err error) error {
	if errors.Is(err, ErrStale) {
		return errDrift
	}
	return err
}

// AddColumns adds the columns of a new field to its kind's table, and the index
// that serves filters by it. Old rows have nothing in them. It takes a grant of
// the house.
func (tx *Tx) AddColumns(ctx context.Context, g policy.Grant, f *schema.Field) error {
	if g.House() == 0 {
		return errGrant
	}
	kind, text := g.Kind().Name, `TEXT`
	number := `INTEGER`
	if tx.Engine() == Postgres {
		text, number = `TEXT COLLATE "C"`, `BIGINT`
	}
	add := func(name, columnType string) error {
		_, err := tx.Exec(ctx, Text("ALTER TABLE "+quoted(kind)+" ADD COLUMN "+quoted(name)+" "+columnType))
		return err
	}
	columnType, key := text, f.Name
	if f.Type.Numeric() {
		columnType = number
	}
	err := add(f.Name, columnType)
	if err == nil && f.Keyed {
		key = f.KeyColumn()
		err = add(key, text)
	}
	if err == nil && f.Free {
		err = add(f.MaskedColumn(), text)
	}
	if err == nil && f.Indexed {
		_, err = tx.Exec(ctx, Text("CREATE INDEX "+quoted(kind+"_"+f.Name)+" ON "+quoted(kind)+" ("+quoted(key)+", updated_at, id) WHERE deleted_at IS NULL AND "+quoted(key)+" IS NOT NULL"))
	}
	if err != nil {
		return fmt.Errorf("add columns to %s: %w", kind, err)
	}
	return nil
}

// Holds tells whether any record, in the bin or not, has the key in a choice
// field. It takes a grant of the house.
func (tx *Tx) Holds(ctx context.Context, g policy.Grant, f *schema.Field, key string) (bool, error) {
	if g.House() == 0 {
		return false, errGrant
	}
	text, args := Text("SELECT count(*) FROM (SELECT 1 FROM "+quoted(g.Kind().Name)+" WHERE "+quoted(f.Name)+" = ? LIMIT 1) held"), []any{key}
	if f.Type.Multi() {
		text, args = "SELECT count(*) FROM (SELECT 1 FROM multi WHERE kind = ? AND field = ? AND key = ? LIMIT 1) held", []any{int64(g.Kind().Number), f.Name, key}
	}
	var n int64
	if err := tx.QueryRow(ctx, text, args...).Scan(&n); err != nil {
		return false, fmt.Errorf("look for an option in use: %w", err)
	}
	return n > 0, nil
}

// DropPrincipal takes every record away from a principal at once: a group that
// is deleted. The records themselves stay as they are.
func (tx *Tx) DropPrincipal(ctx context.Context, p schema.Principal) error {
	for _, table := range []string{"share", "access", "access_name"} {
		if _, err := tx.Exec(ctx, Text("DELETE FROM "+table+" WHERE principal = ?"), int64(p)); err != nil {
			return fmt.Errorf("take records away from a principal: %w", err)
		}
	}
	return nil
}
