package exchange

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/sheet"
	"castellan/internal/store"
	"castellan/internal/value"
)

// What becomes of a line.
const (
	created = "create"
	updated = "update"
	skipped = "skip"
	refused = "refuse"
)

// tally is what became of the lines of a slice, by their places in it.
type tally struct {
	what   []string
	became []schema.RecordID // the client that the line is, if it was written; else zero
	more   [][]sheet.Problem // that came up on the way into the base
	count  map[string]int

	operation, companies int64
}

// put matches a slice of lines and writes it, on a desk that is real or a trial.
// It may be run again, so it changes neither the lines nor the import.
// lately are the lines that a trial has brought in before.
func (r *reader) put(d *records.Desk, all []*line, lately map[[sha256.Size]byte]schema.RecordID) (*tally, error) {
	t := &tally{what: make([]string, len(all)), became: make([]schema.RecordID, len(all)), more: make([][]sheet.Problem, len(all)), count: map[string]int{},
		operation: r.i.operation, companies: r.i.companies}
	met, err := r.meet(d, all, lately)
	if err != nil {
		return nil, err
	}
	keep := r.i.Settings.Duplicates != Fill && r.i.Settings.Duplicates != Update
	var written []int
	for n, l := range all {
		switch {
		case l.refused:
			t.what[n] = refused
		case met[n].client != 0 && keep, met[n].beyond:
			t.what[n] = skipped
		default:
			written = append(written, n)
		}
	}
	companies, err := r.firms(d, t, all, written)
	if err != nil {
		return nil, err
	}
	writes := make([]records.Write, len(written))
	for k, n := range written {
		l := all[n]
		w := records.Write{ID: met[n].client, Values: maps.Clone(l.values), With: records.FillEmpty, Group: r.i.Settings.Group}
		if r.i.Settings.Duplicates == Update {
			w.With = records.Unite
		}
		if id := companies[value.TextKey(l.draft.Company)]; id != 0 {
			w.Values["company"] = id
		}
		if w.ID == 0 && l.responsible != 0 {
			w.Values["responsible"] = l.responsible
		}
		r.name(&w)
		writes[k] = w
	}
	if err := r.write(d, t, all, written, writes); err != nil {
		return nil, err
	}
	for _, what := range t.what {
		t.count[what]++
	}
	return t, nil
}

// name gives a new client a name where the file has none.
func (r *reader) name(w *records.Write) {
	if w.ID != 0 {
		return
	}
	for _, part := range [...]string{"name", "given_name", "family_name"} {
		if w.Values[part] != nil {
			return
		}
	}
	w.Values["name"] = nameless(r.i.Settings.Language)
}

// write writes the lines, and those that held what no field takes a second time
// without it.
func (r *reader) write(d *records.Desk, t *tally, all []*line, written []int, writes []records.Write) (err error) {
	var outcomes []records.Outcome
	if t.operation, outcomes, err = d.Write("contact", t.operation, writes); err != nil {
		return err
	}
	var again []records.Write
	var places []int
	for k, o := range outcomes {
		n := written[k]
		if o.Err != nil && r.mend(&writes[k], o.Err, t, all[n], n) {
			again, places = append(again, writes[k]), append(places, n)
			continue
		}
		t.end(all[n], n, writes[k].ID, o)
	}
	if len(again) == 0 {
		return nil
	}
	if t.operation, outcomes, err = d.Write("contact", t.operation, again); err != nil {
		return err
	}
	for k, o := range outcomes {
		t.end(all[places[k]], places[k], again[k].ID, o)
	}
	return nil
}

// end notes what became of a line.
func (t *tally) end(l *line, n int, match schema.RecordID, o records.Outcome) {
	if o.Err != nil {
		t.what[n] = refused
		for _, public := range publicOf(o.Err) {
			t.more[n] = append(t.more[n], sheet.Problem{Line: l.row.Line, Column: -1, Code: notSaved, Public: fmt.Sprintf("Line %d: %s", l.row.Line, public), Refuses: true})
		}
		return
	}
	t.became[n] = o.ID
	switch {
	case match == 0:
		t.what[n] = created
	case o.Changed:
		t.what[n] = updated
	default:
		t.what[n] = skipped // it says nothing new
	}
}

// mend takes out of a write what was refused about single fields, and tells
// whether that may help. Of tags only those go that are none.
func (r *reader) mend(w *records.Write, err error, t *tally, l *line, n int) bool {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid {
		return false
	}
	wrong := f.Fields
	if len(wrong) == 0 {
		wrong = []fault.Fault{*f}
	}
	for _, one := range wrong {
		if w.Values[one.Field] == nil || one.Field == "responsible" {
			return false
		}
	}
	for _, one := range wrong {
		if tags, ok := w.Values[one.Field].([]string); ok && one.Field == "tags" {
			w.Values["tags"] = slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return r.m.Book.Fits("contact", "tags", []string{tag}) != nil })
		} else {
			delete(w.Values, one.Field)
		}
		t.more[n] = append(t.more[n], sheet.Problem{Line: l.row.Line, Column: -1, Heading: r.headingOf(one.Field), Code: notFitting, Public: fmt.Sprintf("Line %d: %s It was left out.", l.row.Line, one.Public)})
	}
	r.name(w)
	return true
}

// headingOf is what the file calls the column that becomes a field.
func (r *reader) headingOf(field string) string {
	for _, c := range r.mapping.Columns {
		if c.Field == field && c.Heading != "" {
			return c.Heading
		}
	}
	return field
}

// publicOf are the sentences of a fault that may be shown.
func publicOf(err error) []string {
	f, ok := fault.As(err)
	if !ok {
		return []string{"This row could not be saved."}
	}
	if len(f.Fields) == 0 {
		return []string{f.Public}
	}
	var all []string
	for _, one := range f.Fields {
		all = append(all, one.Public)
	}
	return all
}

// meet finds the clients that the lines are: whom a line that said the same
// became, or who bears one of its marks.
func (r *reader) meet(d *records.Desk, all []*line, lately map[[sha256.Size]byte]schema.RecordID) ([]match, error) {
	var marks []records.Mark
	var hashes []any
	for _, l := range all {
		if !l.refused {
			marks = append(marks, l.marks...)
			hashes = append(hashes, l.hash[:])
		}
	}
	found, err := d.Match("contact", marks)
	if err != nil {
		return nil, err
	}
	before, err := r.before(d, hashes, lately)
	if err != nil {
		return nil, err
	}
	met := make([]match, len(all))
	for n, l := range all {
		if l.refused {
			continue
		}
		if met[n] = before[l.hash]; met[n].client != 0 {
			continue
		}
		for _, mark := range l.marks {
			if id, ok := found[mark]; ok {
				met[n].client = id
				break
			}
		}
	}
	return met, nil
}

// match is the client that a line is.
type match struct {
	client schema.RecordID // zero: nobody who is known
	beyond bool            // whoever imports brought the client in, and may not view them now
}

// before tells which lines came before, and as whom. A client who is in the bin,
// or whom an undone import made, may come again; so may one whom whoever imports
// may not view, unless it was they who brought the line.
func (r *reader) before(d *records.Desk, hashes []any, lately map[[sha256.Size]byte]schema.RecordID) (map[[sha256.Size]byte]match, error) {
	seen, own := map[[sha256.Size]byte]match{}, map[schema.RecordID]bool{}
	if len(hashes) == 0 {
		return seen, nil
	}
	for len(hashes) < atOnce { // one statement for every number
		hashes = append(hashes, hashes[len(hashes)-1])
	}
	rows, err := d.Tx().Query(r.ctx, store.Text("SELECT l.hash, l.record, i.person FROM import_line l JOIN import i ON i.id = l.import WHERE l.hash IN (?"+strings.Repeat(", ?", len(hashes)-1)+")"), hashes...)
	if err != nil {
		return nil, fmt.Errorf("look for lines that came before: %w", err)
	}
	defer rows.Close()
	var ids []schema.RecordID
	for rows.Next() {
		var hash []byte
		var id, person int64
		if err := rows.Scan(&hash, &id, &person); err != nil {
			return nil, fmt.Errorf("look for lines that came before: %w", err)
		}
		seen[[sha256.Size]byte(hash)] = match{client: schema.RecordID(id)}
		ids, own[schema.RecordID(id)] = append(ids, schema.RecordID(id)), person == int64(r.who.Person)
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("look for lines that came before: %w", err)
	}
	for _, h := range hashes {
		hash := [sha256.Size]byte(h.([]byte))
		if id := lately[hash]; id != 0 {
			seen[hash] = match{client: id}
			ids, own[id] = append(ids, id), true
		}
	}
	visible, err := d.Visible("contact", ids)
	if err != nil {
		return nil, err
	}
	for hash, m := range seen {
		if visible[m.client] {
			continue
		}
		lives := false
		if own[m.client] {
			if lives, err = d.Lives("contact", m.client); err != nil {
				return nil, err
			}
		}
		if m.beyond = true; lives {
			seen[hash] = m
		} else {
			delete(seen, hash)
		}
	}
	return seen, nil
}

// firms finds the companies that the lines name, and makes those that are not
// there if whoever imports may. Otherwise the client comes without, and that is
// told.
func (r *reader) firms(d *records.Desk, t *tally, all []*line, written []int) (map[string]schema.RecordID, error) {
	names := map[string]string{}
	var marks []records.Mark
	for _, n := range written {
		name := all[n].draft.Company
		key := value.TextKey(name)
		if _, ok := names[key]; !ok && key != "" {
			names[key] = name
			marks = append(marks, records.Mark{Field: "name", Key: key})
		}
	}
	if len(marks) == 0 {
		return nil, nil
	}
	ids := map[string]schema.RecordID{}
	found, err := d.Match("company", marks)
	if err != nil {
		return nil, err
	}
	var writes []records.Write
	var keys []string
	for _, mark := range marks {
		if id, ok := found[mark]; ok {
			ids[mark.Key] = id
			continue
		}
		keys = append(keys, mark.Key)
		writes = append(writes, records.Write{Values: records.Values{"name": names[mark.Key]}, Group: r.i.Settings.Group})
	}
	if len(writes) == 0 {
		return ids, nil
	}
	var outcomes []records.Outcome
	if t.companies, outcomes, err = d.Write("company", t.companies, writes); err != nil {
		return nil, err
	}
	why := map[string]string{}
	for n, o := range outcomes {
		if o.Err == nil {
			ids[keys[n]] = o.ID
		} else {
			why[keys[n]] = strings.Join(publicOf(o.Err), " ")
		}
	}
	for _, n := range written {
		if words := why[value.TextKey(all[n].draft.Company)]; words != "" {
			t.more[n] = append(t.more[n], sheet.Problem{Line: all[n].row.Line, Column: -1, Code: notCompany,
				Public: fmt.Sprintf("Line %d: the company could not be added, so it was left out. %s", all[n].row.Line, words)})
		}
	}
	return ids, nil
}
