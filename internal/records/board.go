package records

import (
	"context"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Lane is one stage of a board: what is in it, newest change first, and how
// much that is.
type Lane struct {
	Stage  int64
	Page   *Page
	Count  Count
	Totals []Total // by currency; nil where amounts may not all be seen
}

// Total is money in one currency, in minor units.
type Total struct {
	Currency string
	Amount   int64
}

// boardCap is how many records of a board are counted and added up.
const boardCap = 10_000

// Board shows the records of a kind in the stages that are named, under the
// rights of a list, and notes which before it returns. Each lane begins with
// q.Limit records; the rest of a lane is a List with the condition on its
// stage. What is masked is not added up. Of a search, what a lane shows is counted
// and added up, and no more is said where it has more than that.
func (b *Book) Board(ctx context.Context, who actor.Actor, kindName string, on Surface, stages []int64, q Query) ([]Lane, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if kind.StageField() == nil {
		return nil, fault.NotFound()
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	g := st.Decide(kind, policy.View, on, b.instant())
	q.Sort, q.Cursor, q.Bin, q.Count = "", "", false, NoCount
	ask, place, err := b.ask(who, kind, g, on, q)
	if err != nil {
		return nil, err
	}
	if g.FieldAnywhere(kind.StageField()) != policy.Plain {
		return nil, fault.New(fault.Denied, "board.stage", "You may not see in which stage these records are.")
	}
	lanes := make([]Lane, len(stages))
	for i, stage := range stages {
		lanes[i].Stage = stage
	}
	pages, err := b.lanes(ctx, g, ask, place, lanes)
	if err != nil {
		return nil, err
	}
	var all []schema.RecordID
	var met []schema.Class
	for _, p := range pages {
		p.May = b.may(st, kind, on)
		all = append(all, idsOf(p.Rows)...)
		for _, c := range shown(p) {
			if !slices.Contains(met, c) {
				met = append(met, c)
			}
		}
	}
	titles, linked, err := b.titles(ctx, who, st, pages...)
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		p.Titles = titles
	}
	e := scribe.Entry{Event: "record.listed", Who: who, Kind: kind.Name, Records: all, Surface: string(on), Shown: met}
	if details := asked(ask, q); details != nil {
		e.Details = details
	}
	return lanes, b.scribe.NoteAll(ctx, append(linked, e))
}

// lanes fills in with what each lane begins, how many records it has, and their
// money where all of it may be seen. All of it is of one moment: a record that is
// moved meanwhile stands in one lane, and is counted there.
func (b *Book) lanes(ctx context.Context, g policy.Grant, ask store.Ask, place string, lanes []Lane) ([]*Page, error) {
	kind, whole := g.Kind(), ask.Filter
	asks := make([]store.Ask, len(lanes))
	stages := make([]int64, len(lanes))
	for i := range lanes {
		stages[i] = lanes[i].Stage
		asks[i] = ask
		asks[i].Filter = inStages(kind, whole, stages[i])
	}
	counted := summing(kind, g, inStages(kind, whole, stages...))
	sums := counted
	if ask.Search != nil {
		sums = nil // which know of no search
	}
	read, summary, err := b.db.PagesSummed(ctx, g, asks, sums)
	if err != nil {
		return nil, err
	}
	pages := make([]*Page, len(lanes))
	for i, rows := range read {
		p := &Page{Kind: kind, Fields: rows.Fields, Rows: rows.Rows}
		if rows.Next != nil {
			if p.Next, err = b.seal(place, rows.Next); err != nil {
				return nil, err
			}
		}
		lanes[i].Page, pages[i] = p, p
		switch {
		case counted == nil:
		case ask.Search != nil:
			lanes[i].addShown(counted.Of)
		default:
			lanes[i].Count.Capped = summary.Capped
			lanes[i].add(summary.Sums, counted.Of != nil)
		}
	}
	return pages, nil
}

// add adds up what is the lane's.
func (l *Lane) add(sums []store.Sum, money bool) {
	for _, s := range sums {
		if s.By[0] != l.Stage {
			continue
		}
		l.Count.N += s.N
		if money && s.Total != 0 {
			word, _ := s.By[1].(string)
			l.Totals = append(l.Totals, Total{word, s.Total})
		}
	}
}

// addShown counts what the lane shows and adds it up, if that is all of it.
func (l *Lane) addShown(amount *schema.Field) {
	l.Count = Count{N: len(l.Page.Rows), Capped: l.Page.Next != ""}
	at := slices.Index(l.Page.Fields, amount)
	in := slices.IndexFunc(l.Page.Fields, func(f *schema.Field) bool { return f.Name == "currency" })
	if l.Count.Capped || at < 0 || in < 0 {
		return
	}
	for i := range l.Page.Rows {
		n, _ := l.Page.Rows[i].Values[at].(int64)
		word, _ := l.Page.Rows[i].Values[in].(string)
		if n == 0 {
			continue
		}
		if t := slices.IndexFunc(l.Totals, func(t Total) bool { return t.Currency == word }); t >= 0 {
			l.Totals[t].Amount += n
		} else {
			l.Totals = append(l.Totals, Total{word, n})
		}
	}
}

func inStages(kind *schema.Kind, also query.Cond, stages ...int64) query.Cond {
	in := query.In{Field: kind.StageField()}
	for _, s := range stages {
		in.Values = append(in.Values, query.Int(s))
	}
	if also == nil {
		return in
	}
	return query.And{in, also}
}

// summing is what of a board is counted and added up: nothing where stages may
// not all be seen, and no money where amounts may not.
func summing(kind *schema.Kind, g policy.Grant, filter query.Cond) *store.Summing {
	stage, amount, currency := kind.StageField(), kind.Field("amount"), kind.Field("currency")
	if g.FieldEverywhere(stage) != policy.Plain {
		return nil
	}
	s := &store.Summing{Filter: filter, By: []*schema.Field{stage}, Most: boardCap}
	if amount != nil && currency != nil && g.FieldEverywhere(amount) == policy.Plain && g.FieldEverywhere(currency) == policy.Plain {
		s.By, s.Of = append(s.By, currency), amount
	}
	return s
}
