package records

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Outgoing is what a file would hold, told before anything is taken out.
type Outgoing struct {
	Kind   *schema.Kind
	Fields []OutgoingField // in the order asked for
	Count  int

	// Rights are what lets the actor take this, in a word that is another as soon
	// as they are given more or less: another role, another grade, another sight
	// of a field. Carry holds a later slice against it.
	Rights string
}

// OutgoingField is a field of which something may be in a file.
type OutgoingField struct {
	Field *schema.Field
	Sight Sight // the least that is seen of it: what is not Plain is masked on some record, at least
}

// exporter is the standing of somebody who takes records out, with what it lets
// them take of a kind. A program gets no more than it may read one by one.
type exporter struct {
	st    *policy.Standing
	kind  *schema.Kind
	grant policy.Grant
	api   *policy.Grant // of a program
}

func (b *Book) exporter(ctx context.Context, who actor.Actor, kindName string) (*exporter, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.writer(ctx, who)
	if err != nil {
		return nil, err
	}
	if kind.Within {
		return nil, fault.Newf(fault.Invalid, "export.kind", "There is no list of all %s to be exported.", kind.Many.In("en")).At("kind")
	}
	x := &exporter{st: st, kind: kind, grant: st.Decide(kind, policy.Export, policy.ExportFile, b.instant())}
	if x.grant.Empty() {
		return nil, refused(x.grant.Reasons())
	}
	if who.Kind == actor.Program {
		g := st.Decide(kind, policy.View, policy.API, b.instant())
		x.api = &g
	}
	return x, nil
}

// lets tells whether anything of a field may be in a file.
func (x *exporter) lets(f *schema.Field) bool {
	if x.grant.FieldAnywhere(f) == policy.Hidden {
		return false
	}
	return x.api == nil || x.api.FieldEverywhere(f) == policy.Plain
}

// veil masks contact data typed into free text for a program that may not read it.
func (x *exporter) veil(p *Page) {
	if x.api == nil || x.api.ContactEverywhere() == policy.Plain {
		return
	}
	for i, f := range p.Fields {
		if !f.Free {
			continue
		}
		mask := value.MaskContacts
		if f.Type == schema.Lines {
			mask = value.MaskLines
		}
		for _, r := range p.Rows {
			if text, ok := r.Values[i].(string); ok {
				if masked, found := mask(text); found {
					r.Values[i] = masked
				}
			}
		}
	}
}

// columns are the fields of a file: those asked for, or all. Asking for one that
// may not be in it is like asking for one that there is not.
func (x *exporter) columns(names []string) ([]*schema.Field, error) {
	all, err := columns(x.kind, x.grant, names)
	if err != nil {
		f, _ := fault.As(err)
		return nil, f.At("columns")
	}
	for _, f := range all {
		if names != nil && !x.lets(f) {
			return nil, fault.New(fault.Invalid, "field.unknown", "There is no such field.").At("columns")
		}
	}
	return slices.DeleteFunc(all, func(f *schema.Field) bool { return !x.lets(f) }), nil
}

// ask is what the store is asked for the records of a file. Nothing is filtered,
// sorted or searched by that may not be in it (attacks 6, 36).
func (x *exporter) ask(b *Book, who actor.Actor, q Query) (store.Ask, error) {
	q.Bin, q.Cursor, q.Limit, q.Fields = false, "", listLimit, []string{}
	ask, _, err := b.ask(who, x.kind, x.grant, policy.ExportFile, q)
	if err != nil {
		return ask, err
	}
	ask.Limit = exportPage
	if ask.Filter != nil {
		for _, f := range query.Fields(ask.Filter) {
			if !x.lets(f) {
				return ask, fault.New(fault.Denied, "filter.field", "You may not filter by this field.").At("filter")
			}
		}
	}
	if f := ask.Order.Field; f != nil && q.Sort != "" && !x.lets(f) {
		return ask, fault.New(fault.Denied, "sort.field", "You may not sort by this field.").At("sort")
	}
	if ask.Search != nil && x.api != nil {
		narrow, err := search(x.kind, *x.api, q.Search)
		if err != nil {
			return ask, err
		}
		if narrow.Address == "" && narrow.Digits == "" && len(narrow.Words) == 0 {
			ask.Search = narrow
		}
	}
	return ask, nil
}

// rights are the word that stands for what the actor may take.
func (x *exporter) rights(who actor.Actor) string {
	var s strings.Builder
	role, _ := x.st.Role()
	fmt.Fprintf(&s, "%d/%d;%s", who.Role, role.ID, x.st.Grade(x.kind, policy.Export))
	for _, f := range x.kind.Fields {
		if x.lets(f) {
			fmt.Fprintf(&s, ";%s=%d,%d", f.Name, x.grant.FieldEverywhere(f), x.grant.FieldAnywhere(f))
		}
	}
	fmt.Fprintf(&s, ";%d", x.grant.ContactEverywhere())
	return s.String()
}

// exportPage is how many ids are gathered at once; MostCarried how many records
// Carry takes.
const (
	exportPage  = 1000
	MostCarried = 500
)

// Outgoing tells what a file of these records would hold, and notes that it was
// counted. Whoever may export none of the kind is refused.
func (b *Book) Outgoing(ctx context.Context, who actor.Actor, kindName string, which Selection, fields []string) (*Outgoing, error) {
	x, err := b.exporter(ctx, who, kindName)
	if err != nil {
		return nil, err
	}
	o := &Outgoing{Kind: x.kind, Rights: x.rights(who)}
	all, err := x.columns(fields)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		o.Fields = append(o.Fields, OutgoingField{f, x.grant.FieldEverywhere(f)})
	}
	e := scribe.Entry{Event: "record.counted", Who: who, Kind: x.kind.Name, Surface: string(policy.ExportFile)}
	if which.Query == nil {
		for some := range slices.Chunk(which.IDs, exportPage) {
			rows, err := b.db.Rows(ctx, x.grant, some, store.Ask{})
			if err != nil {
				return nil, err
			}
			o.Count += len(rows.Rows)
		}
		return o, b.scribe.Note(ctx, e)
	}
	ask, err := x.ask(b, who, *which.Query)
	if err != nil {
		return nil, err
	}
	n, err := b.count(ctx, x.grant, ask, Exact)
	if err != nil {
		return nil, err
	}
	o.Count = n.N
	if details := asked(ask, *which.Query); details != nil {
		e.Details = details
	}
	return o, b.scribe.Note(ctx, e)
}

// Choose gathers the ids of the records that a file is made of, in their order,
// and no more than most. Which they are is settled here, once: a record that is
// changed while the file is made is in it once, wherever it would stand by then.
func (b *Book) Choose(ctx context.Context, who actor.Actor, kindName string, which Selection, most int) ([]schema.RecordID, error) {
	x, err := b.exporter(ctx, who, kindName)
	if err != nil {
		return nil, err
	}
	if which.Query == nil {
		return which.IDs, nil
	}
	ask, err := x.ask(b, who, *which.Query)
	if err != nil {
		return nil, err
	}
	var all []schema.RecordID
	for {
		rows, err := b.db.Page(ctx, x.grant, ask)
		if err != nil {
			return nil, err
		}
		all = append(all, idsOf(rows.Rows)...)
		if len(all) > most {
			return nil, fault.Newf(fault.Large, "export.many", "At most %d records can be in one file.", most)
		}
		if rows.Next == nil {
			return all, nil
		}
		ask.After = rows.Next
	}
}

// Carry gives those of the records that the actor may export at this moment, in
// the order of ids and at most MostCarried of them, and notes each before it
// returns: they leave in a file. rights is what Outgoing told when the file was
// asked for; if it would tell something else by now, nothing is given. What is
// not Plain on a record is nil. file is the export that they leave in, by which
// the ledger tells it later; 0 is none.
//
// Linked records are named only where they may be exported, too: who takes out
// appointments must not take the names of all clients with them.
func (b *Book) Carry(ctx context.Context, who actor.Actor, kindName string, ids []schema.RecordID, fields []string, rights string, file int64) (*Page, error) {
	x, err := b.exporter(ctx, who, kindName)
	if err != nil {
		return nil, err
	}
	if rights != "" && x.rights(who) != rights {
		return nil, fault.New(fault.Denied, "export.rights", "What you may export has changed since. Ask for the file again.")
	}
	ask := store.Ask{}
	if ask.Columns, err = x.columns(fields); err != nil {
		return nil, err
	}
	rows, err := b.db.Rows(ctx, x.grant, ids, ask)
	if err != nil {
		return nil, err
	}
	place := make(map[schema.RecordID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(rows.Rows, func(l, r Row) int { return place[l.ID] - place[r.ID] })
	p := &Page{Kind: x.kind, Fields: rows.Fields, Rows: rows.Rows}
	x.veil(p)
	if p.Titles, err = b.outgoingTitles(ctx, who, x.st, p, file); err != nil {
		return nil, err
	}
	return p, b.noteExported(ctx, who, p, file)
}

func (b *Book) noteExported(ctx context.Context, who actor.Actor, p *Page, file int64) error {
	if len(p.Rows) == 0 {
		return nil
	}
	e := scribe.Entry{Event: "record.exported", Who: who, Kind: p.Kind.Name, Records: idsOf(p.Rows), Surface: string(policy.ExportFile), Shown: shown(p)}
	if file != 0 {
		e.Details = map[string]any{"export": file}
	}
	return b.scribe.Note(ctx, e)
}

// outgoingTitles are how linked records are called, for those that may leave.
func (b *Book) outgoingTitles(ctx context.Context, who actor.Actor, st *policy.Standing, p *Page, file int64) (map[schema.RecordID]string, error) {
	wanted := map[*schema.Kind][]schema.RecordID{}
	for i, f := range p.Fields {
		target := b.catalog().Kind(f.Target)
		if f.Type != schema.Relation || target == nil {
			continue
		}
		for _, r := range p.Rows {
			if id, ok := r.Values[i].(int64); ok {
				wanted[target] = append(wanted[target], schema.RecordID(id))
			}
		}
	}
	titles := map[schema.RecordID]string{}
	for kind, ids := range wanted {
		slices.Sort(ids)
		ids = slices.Compact(ids)
		g := st.Decide(kind, policy.Export, policy.ExportFile, b.instant())
		for some := range slices.Chunk(ids, exportPage) {
			rows, err := b.db.Rows(ctx, g, some, store.Ask{Columns: []*schema.Field{kind.TitleField()}})
			if err != nil {
				return nil, err
			}
			named := &Page{Kind: kind, Fields: rows.Fields}
			for _, r := range rows.Rows {
				if t, ok := r.Values[0].(string); ok {
					titles[r.ID] = t
					named.Rows = append(named.Rows, r)
				}
			}
			if err := b.noteExported(ctx, who, named, file); err != nil {
				return nil, err
			}
		}
	}
	return titles, nil
}

// Export hands every record that the actor may export to use, page by page, as
// Carry gives them.
func (b *Book) Export(ctx context.Context, who actor.Actor, kindName string, q Query, use func(*Page) error) error {
	ids, err := b.Choose(ctx, who, kindName, Selection{Query: &q}, exactCap)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(ids, MostCarried) {
		p, err := b.Carry(ctx, who, kindName, some, q.Fields, "", 0)
		if err != nil {
			return err
		}
		if err := use(p); err != nil {
			return err
		}
	}
	return nil
}

// MayExport tells whether the actor may export anything of the kind, and lists
// nothing; an empty name asks about any kind.
func (b *Book) MayExport(ctx context.Context, who actor.Actor, kindName string) (bool, error) {
	st, err := b.standing(ctx, who)
	if err != nil {
		return false, err
	}
	for _, kind := range b.catalog().Kinds() {
		if (kindName == "" || kind.Name == kindName) && !kind.Within && !st.Decide(kind, policy.Export, policy.ExportFile, b.instant()).Empty() {
			return true, nil
		}
	}
	return false, nil
}

// ExportRights are Outgoing.Rights as they are now.
func (b *Book) ExportRights(ctx context.Context, who actor.Actor, kindName string) (string, error) {
	x, err := b.exporter(ctx, who, kindName)
	if err != nil {
		return "", err
	}
	return x.rights(who), nil
}
