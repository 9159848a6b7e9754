package records

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Twins are records that may be the same client: they bear the same phone number,
// mail address or name.
type Twins struct {
	By   *schema.Field
	Page *Page // of those that the actor may see, no more of them than on a list
}

// What of a record tells that it is the same as another.
func twinFields(kind *schema.Kind) []*schema.Field {
	var all []*schema.Field
	for _, f := range kind.Fields {
		if f.Type == schema.Phones || f.Type == schema.Emails {
			all = append(all, f)
		}
	}
	if title := kind.TitleField(); title.Keyed {
		all = append(all, title)
	}
	return all
}

const (
	alikeMost   = 10  // records told of for one field
	twinsPage   = 30  // groups of a page
	twinKeys    = 200 // keys that are looked at together
	twinLooks   = 10  // times that a page looks further
	twinBearers = 50  // records that are looked at for one key
	namesakes   = 2   // others of a name that are told of: a name that more bear says nothing
)

// Alike finds records that may be the same as one that is being written: by the
// phones, mail addresses and the name in v. but is the record itself, or zero.
//
// It is no oracle (attack 8): a record that the actor may not view is as if it
// were not there, and takes as long. By a number or an address it finds only where
// the actor sees that field of the other record plainly, or may find by the whole
// value anyway (FindExact).
func (b *Book) Alike(ctx context.Context, who actor.Actor, kindName string, v Values, but schema.RecordID) ([]Twins, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	if kind.Within {
		return nil, withinApart(kind)
	}
	keys := map[*schema.Field][]string{}
	for _, f := range twinFields(kind) {
		given, named := v[f.Name]
		if !named || given == nil {
			continue
		}
		c, err := b.settings().canonical(f, given)
		if err != nil {
			continue // it is half typed; the writing itself will say what is wrong
		}
		keys[f] = c.Multi
		if word, ok := c.Key.(string); ok && word != "" {
			keys[f] = []string{word}
		}
	}
	if but != 0 && len(v) == 0 {
		if keys, err = b.keysOfRecord(ctx, st, kind, but); err != nil {
			return nil, err
		}
	}
	g := st.Decide(kind, policy.View, ListOf(kind), b.instant())
	found := []Twins{}
	for _, f := range twinFields(kind) {
		if len(keys[f]) == 0 || len(keys[f]) > 40 {
			continue
		}
		bearers, err := bearers(ctx, b.db, f, slices.Compact(slices.Sorted(slices.Values(keys[f]))))
		if err != nil {
			return nil, err
		}
		var ids []schema.RecordID
		for _, one := range bearers {
			if one.id != but {
				ids = append(ids, one.id)
			}
		}
		p, err := b.told(ctx, st, g, f, ids, alikeMost)
		if err != nil {
			return nil, err
		}
		if f == kind.TitleField() {
			sure := map[schema.RecordID]bool{}
			for _, t := range found {
				for _, r := range t.Page.Rows {
					sure[r.ID] = true
				}
			}
			keepNamesakes(p, keys[f][0], sure, func(other *schema.Field) bool { return len(keys[other]) > 0 })
		}
		if len(p.Rows) > 0 {
			found = append(found, Twins{f, p})
		}
	}
	return found, b.noteTwins(ctx, who, kind, found)
}

// keepNamesakes leaves of those that share a name the ones of whom it says
// something. People of one name are many: a name is a hint only if it has several
// words and few bear it, and none against a number or an address that both have
// and that differ. Only what the actor sees is weighed, so that what is left out
// tells nothing of what is out of sight. sure are those found by more than a name,
// and has tells of a field whether the record itself has something there.
func keepNamesakes(p *Page, name string, sure map[schema.RecordID]bool, has func(*schema.Field) bool) {
	var left []Row
	alone := 0
	for _, r := range p.Rows {
		if sure[r.ID] {
			left = append(left, r)
			continue
		}
		differs := false
		for i, f := range p.Fields {
			differs = differs || f.Type.Multi() && (f.Type == schema.Phones || f.Type == schema.Emails) &&
				has(f) && r.Sights[i] == policy.Plain && r.Values[i] != nil
		}
		if !differs {
			left, alone = append(left, r), alone+1
		}
	}
	if alone > namesakes || !strings.Contains(name, " ") {
		left = slices.DeleteFunc(left, func(r Row) bool { return !sure[r.ID] })
	}
	p.Rows = left
}

// keysOfRecord are the keys of a record that the actor has opened.
func (b *Book) keysOfRecord(ctx context.Context, st *policy.Standing, kind *schema.Kind, id schema.RecordID) (map[*schema.Field][]string, error) {
	keys := map[*schema.Field][]string{}
	err := b.db.Read(ctx, func(tx *store.Tx) error {
		s, v, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
		if err != nil {
			return err
		}
		for _, f := range twinFields(kind) {
			if !mayCompare(st, f, v.Sees(f)) {
				continue
			}
			c := s.stored.Cells[f.Index()]
			keys[f] = c.Multi
			if word, ok := c.Key.(string); ok && word != "" {
				keys[f] = []string{word}
			}
		}
		return nil
	})
	return keys, err
}

// mayCompare tells whether the actor may hold a field against others: it is plain
// to them, or they may find records by its whole value.
func mayCompare(st *policy.Standing, f *schema.Field, sight Sight) bool {
	if sight == policy.Plain {
		return true
	}
	may, _ := st.Can(policy.FindExact)
	return may && f.Type.Multi() && sight != policy.Hidden
}

// told is a page of those of the records that the grant admits and that may be
// held against others by the field.
func (b *Book) told(ctx context.Context, st *policy.Standing, g policy.Grant, f *schema.Field, ids []schema.RecordID, most int) (*Page, error) {
	kind := f.Kind()
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	ids = ids[:min(len(ids), twinBearers)]
	p := &Page{Kind: kind, Rows: []Row{}}
	fields, err := columns(kind, g, nil)
	if err != nil || len(fields) == 0 || !slices.Contains(fields, f) {
		return p, err
	}
	// One that is not there is asked for, too, so that nothing and something out of
	// sight take the same way.
	rows, err := b.db.Rows(ctx, g, append([]schema.RecordID{-1}, ids...), store.Ask{Columns: fields})
	if err != nil {
		return nil, err
	}
	p.Fields, p.May = rows.Fields, b.may(st, kind, ListOf(kind))
	at := slices.Index(rows.Fields, f)
	for _, r := range rows.Rows {
		if mayCompare(st, f, r.Sights[at]) && len(p.Rows) < most {
			p.Rows = append(p.Rows, r)
		}
	}
	return p, nil
}

// noteTwins notes whom the actor was told of, before they are.
func (b *Book) noteTwins(ctx context.Context, who actor.Actor, kind *schema.Kind, found []Twins) error {
	e := scribe.Entry{Event: "record.compared", Who: who, Kind: kind.Name, Surface: string(ListOf(kind))}
	var names []string
	for _, t := range found {
		names = append(names, t.By.Name)
		e.Records = append(e.Records, idsOf(t.Page.Rows)...)
		for _, c := range shown(t.Page) {
			if !slices.Contains(e.Shown, c) {
				e.Shown = append(e.Shown, c)
			}
		}
	}
	slices.Sort(e.Records)
	e.Records = slices.Compact(e.Records)
	if len(names) > 0 {
		e.Details = map[string]any{"fields": slices.Compact(names)}
	}
	return b.scribe.Note(ctx, e)
}

// place of a page of probable duplicates: which field, and the key after which it
// goes on.
type twinPlace struct {
	Field int    `json:"f"`
	Key   string `json:"k"`
}

// Duplicates gives a page of records that are probably the same, among those that
// the actor may see: group by group, by phones first, then by mail addresses and
// names. It compares only what Alike compares.
func (b *Book) Duplicates(ctx context.Context, who actor.Actor, kindName, cursor string) (found []Twins, next string, err error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, "", err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, "", err
	}
	if kind.Within {
		return nil, "", withinApart(kind)
	}
	sealed := "twins:" + kind.Name
	at := twinPlace{}
	if cursor != "" {
		bad := fault.New(fault.Invalid, "page.cursor", "This is not the cursor of this list. Begin with the first page.").At("cursor")
		text, err := b.vault.OpenCursor(sealed, cursor)
		if err != nil || json.Unmarshal(text, &at) != nil {
			return nil, "", bad
		}
	}
	g := st.Decide(kind, policy.View, ListOf(kind), b.instant())
	fields := twinFields(kind)
	known := map[string]bool{}
	for look := 0; look < twinLooks && len(found) < twinsPage && at.Field < len(fields); look++ {
		f := fields[at.Field]
		if g.FieldAnywhere(f) == policy.Hidden {
			at = twinPlace{Field: at.Field + 1}
			continue
		}
		groups, err := b.sameKeys(ctx, f, at.Key)
		if err != nil {
			return nil, "", err
		}
		full := false
		for _, one := range groups {
			at.Key = one.key
			p, err := b.told(ctx, st, g, f, one.ids, twinBearers)
			if err != nil {
				return nil, "", err
			}
			same := fmt.Sprint(idsOf(p.Rows))
			if len(p.Rows) < 2 || known[same] || !tells(f, one.key, p) {
				continue
			}
			known[same] = true
			found = append(found, Twins{f, p})
			if full = len(found) >= twinsPage; full {
				break
			}
		}
		if !full && len(groups) < twinKeys {
			at = twinPlace{Field: at.Field + 1}
		}
	}
	if at.Field < len(fields) {
		text, err := json.Marshal(at)
		if err != nil {
			return nil, "", fmt.Errorf("encode cursor: %w", err)
		}
		next = b.vault.SealCursor(sealed, text)
	}
	return found, next, b.noteTwins(ctx, who, kind, found)
}

// tells says whether it means anything that these records share the key: a name
// that many bear, or of one word, does not.
func tells(f *schema.Field, key string, p *Page) bool {
	return f != f.Kind().TitleField() || len(p.Rows) <= namesakes+1 && strings.Contains(key, " ")
}

type sameKey struct {
	key string
	ids []schema.RecordID
}

// sameKeys are keys after one that several records bear, whoever may see them.
func (b *Book) sameKeys(ctx context.Context, f *schema.Field, after string) ([]sameKey, error) {
	table, key, record, where := "multi", "key", "record", "kind = ? AND field = ?"
	args := []any{int64(f.Kind().Number), f.Name}
	if !f.Type.Multi() {
		table, key, record, where, args = f.Kind().Name, f.KeyColumn(), "id", "deleted_at IS NULL AND "+f.KeyColumn()+" IS NOT NULL", nil
	}
	inner := "SELECT " + key + " FROM " + table + " WHERE " + where + " AND " + key + " > ? GROUP BY " + key + fmt.Sprintf(" HAVING COUNT(*) > 1 ORDER BY %s LIMIT %d", key, twinKeys)
	args = append(args, after)
	whole := append(slices.Clone(args[:len(args)-1]), args...)
	rows, err := b.db.Query(ctx, store.Text("SELECT "+key+", "+record+" FROM "+table+" WHERE "+where+" AND "+key+" IN (SELECT "+key+" FROM ("+inner+") AS same) ORDER BY 1, 2"), whole...)
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	defer rows.Close()
	var all []sameKey
	for rows.Next() {
		v := rows.Values()
		word, _ := v[0].(string)
		id, _ := v[1].(int64)
		if len(all) == 0 || all[len(all)-1].key != word {
			all = append(all, sameKey{key: word})
		}
		last := &all[len(all)-1]
		last.ids = append(last.ids, schema.RecordID(id))
	}
	return all, rows.Err()
}
