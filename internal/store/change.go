package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

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
	Mark       int64              // MarkOf the record; 0: not known, and a filter looks at the record
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
	all, err := tx.StoredAll(ctx, g, []schema.RecordID{id})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNoRows
	}
	return all[0], nil
}

// StoredAll is Stored for several records, in any order, without those that are
// not there.
func (tx *Tx) StoredAll(ctx context.Context, g policy.Grant, ids []schema.RecordID) ([]*Stored, error) {
	if g.House() == 0 {
		return nil, errGrant
	}
	kind := g.Kind()
	var text strings.Builder
	text.WriteString("SELECT id, version, deleted_at")
	for _, f := range kind.Fields {
		names, _ := Cell{Field: f}.columns(nil, nil)
		for _, name := range names {
			text.WriteString(", " + quoted(name))
		}
	}
	marks, args := Marks(ids)
	text.WriteString(" FROM " + quoted(kind.Name) + " WHERE id IN (" + marks + ")")
	rows, err := tx.Query(ctx, Text(text.String()), args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind.Name, err)
	}
	defer rows.Close()
	var all []*Stored
	for rows.Next() {
		held := rows.Values()
		r := &Stored{ID: schema.RecordID(held[0].(int64)), Version: held[1].(int64), Binned: held[2] != nil, Cells: make([]Cell, len(kind.Fields))}
		held = held[3:]
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
		all = append(all, r)
	}
	return all, rows.Close()
}

// Marks are the placeholders of a list of records and their arguments. Their
// number is rounded up, by naming the last record again, so that lists of every
// length share few statements.
func Marks(ids []schema.RecordID) (marks string, args []any) {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	args = make([]any, n)
	for i := range args {
		args[i] = int64(ids[min(i, len(ids)-1)])
	}
	return "?" + strings.Repeat(", ?", n-1), args
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
	return tx.insertRecords(ctx, g, []Fresh{{ID: id, Cells: cells, Place: place}})
}

// Fresh is a new record with what it is found by.
type Fresh struct {
	ID     schema.RecordID
	Cells  []Cell // of the same fields in the same order for all that are inserted at once
	Place  *Place
	Words  []string // as for PutSearch
	Digits []string
}

// InsertRecords writes new records of one kind at version 1, each with its rows
// in multi, access and search, in few statements: many rows at once cost a
// server little more than one. It is as InsertRecord and PutSearch for each.
func (tx *Tx) InsertRecords(ctx context.Context, g policy.Grant, all []Fresh) error {
	if err := tx.insertRecords(ctx, g, all); err != nil {
		return err
	}
	return tx.insertSearch(ctx, g.Kind(), all)
}

func (tx *Tx) insertRecords(ctx context.Context, g policy.Grant, all []Fresh) error {
	if err := permitted(g, policy.Create); err != nil {
		return err
	}
	if len(all) == 0 {
		return nil
	}
	kind, number := g.Kind(), int64(g.Kind().Number)
	columns := []string{"id", "version"}
	for _, c := range all[0].Cells {
		columns, _ = c.columns(columns, nil)
	}
	var rows, multi, byTime, byName []any
	for _, r := range all {
		rows = append(rows, int64(r.ID), int64(1))
		for _, c := range r.Cells {
			_, rows = c.columns(nil, rows)
			for _, key := range c.Multi {
				multi = append(multi, number, c.Field.Name, key, int64(r.ID))
			}
		}
		if r.Place != nil {
			for _, p := range r.Place.Principals {
				byTime = append(byTime, int64(p), number, r.Place.Updated, int64(r.ID), r.Place.mark())
				byName = append(byName, int64(p), number, r.Place.Name, int64(r.ID), r.Place.mark())
			}
		}
	}
	if len(rows) != len(all)*len(columns) {
		return fmt.Errorf("insert %s: the records do not have the same fields", kind.Name)
	}
	into := "INSERT INTO " + quoted(kind.Name) + ` ("` + strings.Join(columns, `", "`) + `")`
	if err := tx.Insert(ctx, into, tuple(len(columns)), "", rows); err != nil {
		return fmt.Errorf("insert %s: %w", kind.Name, err)
	}
	if err := tx.Insert(ctx, "INSERT INTO multi (kind, field, key, record)", tuple(4), "", multi); err != nil {
		return fmt.Errorf("index %s: %w", kind.Name, err)
	}
	if err := tx.Insert(ctx, "INSERT INTO access (principal, kind, updated_at, record, mark)", tuple(5), "", byTime); err != nil {
		return fmt.Errorf("open access to %s: %w", kind.Name, err)
	}
	if err := tx.Insert(ctx, "INSERT INTO access_name (principal, kind, name_key, record, mark)", tuple(5), "", byName); err != nil {
		return fmt.Errorf("open access to %s by name: %w", kind.Name, err)
	}
	return nil
}

// insertSearch is PutSearch for records that were never found before.
func (tx *Tx) insertSearch(ctx context.Context, k *schema.Kind, all []Fresh) error {
	var words []string
	for _, r := range all {
		words = append(words, r.Words...)
	}
	err := tx.learn(ctx, k, words)
	if err != nil {
		return err
	}
	if tx.Engine() == Postgres {
		if !hasWords(k) && !hasDigits(k) {
			return nil
		}
		var args []any
		for _, r := range all {
			args = append(args, int64(k.Number), int64(r.ID), lexemes(r.Words), strings.Join(r.Digits, " "))
		}
		err = tx.Insert(ctx, "INSERT INTO search (kind, record, words, digits)", "(?, ?, array_to_tsvector(?::text[]), ?)", "", args)
	} else {
		var words, digits []any
		for _, r := range all {
			if hasWords(k) && len(r.Words) > 0 {
				words = append(words, int64(r.ID), strings.Join(r.Words, " "))
			}
			if hasDigits(k) && len(r.Digits) > 0 {
				digits = append(digits, int64(r.ID), strings.Join(r.Digits, " "))
			}
		}
		if err = tx.Insert(ctx, "INSERT INTO "+quoted(k.Name+"_words")+" (rowid, words)", tuple(2), "", words); err == nil {
			err = tx.Insert(ctx, "INSERT INTO "+quoted(k.Name+"_digits")+" (rowid, digits)", tuple(2), "", digits)
		}
	}
	if err != nil {
		return fmt.Errorf("keep search words: %w", err)
	}
	return nil
}

// lexemes are words as PostgreSQL takes them.
func lexemes(words []string) []string {
	all := make([]string, 0, len(words))
	for _, w := range words {
		if w = cut(w, maxWord); w != "" {
			all = append(all, w)
		}
	}
	return all
}

// Bounds of one INSERT. SQLite takes 32,766 arguments.
const (
	manyRows = 64
	manyArgs = 30_000
)

// Insert writes many rows of one table with few statements. into is all up to
// VALUES, row is one row with a "?" for each argument, then is what may follow
// (ON CONFLICT …), and args are those of all rows. The rows go in by powers of
// two, so that a connection prepares few texts.
func (tx *Tx) Insert(ctx context.Context, into, row, then string, args []any) error {
	width := strings.Count(row, "?")
	for len(args) > 0 {
		n := 1
		for 2*n <= manyRows && 2*n*width <= min(len(args), manyArgs) {
			n *= 2
		}
		text := into + " VALUES " + row + strings.Repeat(", "+row, n-1)
		if then != "" {
			text += " " + then
		}
		if _, err := tx.Exec(ctx, Text(text), args[:n*width]...); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
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
	if err := tx.Insert(ctx, "INSERT INTO multi (kind, field, key, record)", tuple(4), "", args); err != nil {
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

// tuple writes "(?, ?)".
func tuple(width int) string { return "(?" + strings.Repeat(", ?", width-1) + ")" }

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
			if was.Updated != now.Updated || was.Mark != now.Mark {
				errs[0] = tx.one(ctx, Text("UPDATE access SET updated_at = ?, mark = ? WHERE principal = ? AND kind = ? AND updated_at = ? AND record = ?"), now.Updated, now.mark(), who, what, was.Updated, record)
			}
			if was.Name != now.Name || was.Mark != now.Mark {
				errs[1] = tx.one(ctx, Text("UPDATE access_name SET name_key = ?, mark = ? WHERE principal = ? AND kind = ? AND name_key = ? AND record = ?"), now.Name, now.mark(), who, what, was.Name, record)
			}
		}
		for _, err := range errs {
			if err := drifted(err); err != nil {
				return fmt.Errorf("move access to %s: %w", kind.Name, err)
			}
		}
	}
	if len(come) > 0 {
		byTime, byName := make([]any, 0, 5*len(come)), make([]any, 0, 5*len(come))
		for _, p := range come {
			byTime = append(byTime, int64(p), int64(kind.Number), now.Updated, int64(id), now.mark())
			byName = append(byName, int64(p), int64(kind.Number), now.Name, int64(id), now.mark())
		}
		if err := tx.Insert(ctx, "INSERT INTO access (principal, kind, updated_at, record, mark)", tuple(5), "", byTime); err != nil {
			return fmt.Errorf("open access to %s: %w", kind.Name, err)
		}
		if err := tx.Insert(ctx, "INSERT INTO access_name (principal, kind, name_key, record, mark)", tuple(5), "", byName); err != nil {
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

// Refused tells whether the database took offence at a value that a statement
// was to write, and at nothing else: without that row, the others may go in.
func Refused(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
			return true
		}
	}
	var post *pgconn.PgError
	if errors.As(err, &post) && len(post.Code) == 5 {
		switch post.Code[:2] {
		case "22", "23", "54": // data, constraints, limits
			return true
		}
	}
	return false
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
