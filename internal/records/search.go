package records

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Hit is a record that a search of everything found, by what it is called.
type Hit struct {
	Kind  *schema.Kind
	ID    schema.RecordID
	Title string
	About string    // the client or company that it is about, or else its town, as far as the reader may see that
	At    time.Time // when it is, of what has a time
}

const (
	// fewHits is under how many a search looks for what may have been meant.
	fewHits = 3
	// mostMeant bounds the words that a mistyped one may stand for, in each kind.
	mostMeant = 8
	// mostGuessed bounds what is looked up in the vocabulary for one search.
	mostGuessed = 3000
	// atOnce is how many kinds are asked at a time.
	atOnce = 4
)

// Search looks into every kind by what is typed, as its own list would be
// searched on the surface, and gives at most so many records of each. Words are
// are also found, where that is little, as they are written in the other script
// and on the other keyboard, and then with one slip in each. What is guessed about the words
// changes nothing about who sees what: every guess is asked under the grant.
func (b *Book) Search(ctx context.Context, who actor.Actor, on Surface, typed string, most int) ([]Hit, error) {
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, nil
	}
	if len(typed) > longestSearch {
		return nil, tooLong()
	}
	var wanted []quarry
	for _, k := range b.catalog().Kinds() {
		g := st.Decide(k, policy.View, on, b.instant())
		if k.Within || g.FieldAnywhere(k.TitleField()) != policy.Plain {
			continue // what it is called may not be known
		}
		s, err := search(k, g, typed)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		wanted = append(wanted, quarry{kind: k, grant: g, search: *s, fields: telling(k, g)})
	}
	if err := b.hunt(ctx, wanted, most); err != nil {
		return nil, err
	}
	for _, ways := range []func([]string, string) ([][]string, [][]string){written, slipped} {
		found := 0
		for _, w := range wanted {
			found += len(w.rows)
		}
		if found >= fewHits {
			break
		}
		if err := b.guess(ctx, wanted, most, typed, ways); err != nil {
			return nil, err
		}
	}
	var all []Hit
	var met []scribe.Entry
	var pages []*Page
	for _, w := range wanted {
		e := scribe.Entry{Event: "record.searched", Who: who, Kind: w.kind.Name, Surface: string(on), Details: asked(store.Ask{Search: &w.search}, Query{})}
		for _, r := range w.rows {
			e.Records = append(e.Records, r.ID)
		}
		e.Shown = shown(&Page{Kind: w.kind, Fields: w.fields, Rows: w.rows})
		met = append(met, e)
		pages = append(pages, &Page{Kind: w.kind, Fields: w.fields, Rows: w.rows})
	}
	titles, told, err := b.titles(ctx, who, st, pages...)
	if err != nil {
		return nil, err
	}
	for _, w := range wanted {
		for i := range w.rows {
			all = append(all, w.hit(&w.rows[i], titles))
		}
	}
	return all, b.scribe.NoteAll(ctx, append(met, told...))
}

// hit is a row by what it is called, and what tells it from others that are called
// the same: whom it is about, and when.
func (w *quarry) hit(r *Row, titles map[schema.RecordID]string) Hit {
	h := Hit{Kind: w.kind, ID: r.ID}
	h.Title, _ = r.Values[0].(string)
	for i, f := range w.fields[1:] {
		switch v := r.Values[i+1].(type) {
		case string:
			h.About = v
		case int64:
			if f.Type == schema.DateTime {
				h.At = time.UnixMicro(v).UTC()
			} else if h.About == "" {
				h.About = titles[schema.RecordID(v)]
			}
		}
	}
	return h
}

// telling are the fields by which a hit is told from others, the title first: those
// that the reader may see on some record. A client's are its own, so that the search
// that everybody makes all day asks nothing more than before.
func telling(k *schema.Kind, g policy.Grant) []*schema.Field {
	fields := []*schema.Field{k.TitleField()}
	names := []string{"contact", "company"}
	if k.Field("city") != nil {
		names = []string{"city"}
	}
	if k.Time != nil {
		names = append(names, k.Time.Starts)
	}
	for _, name := range names {
		if f := k.Field(name); f != nil && g.FieldAnywhere(f) == policy.Plain {
			fields = append(fields, f)
		}
	}
	return fields
}

// quarry is a kind that is being searched.
type quarry struct {
	kind   *schema.Kind
	grant  policy.Grant
	search store.Search
	fields []*schema.Field // what is read of each, the title first
	rows   []Row
}

// hunt asks every kind, and adds what is found to what was.
func (b *Book) hunt(ctx context.Context, all []quarry, most int) error {
	together, ctx := errgroup.WithContext(ctx)
	together.SetLimit(atOnce)
	for i := range all {
		w := &all[i]
		together.Go(func() error {
			s := w.search
			rows, err := b.db.Page(ctx, w.grant, store.Ask{Columns: w.fields, Search: &s, Limit: most})
			if err != nil {
				return err
			}
			for _, r := range rows.Rows {
				known := slices.ContainsFunc(w.rows, func(o Row) bool { return o.ID == r.ID })
				if _, called := r.Values[0].(string); called && !known && len(w.rows) < most {
					w.rows = append(w.rows, r)
				}
			}
			return nil
		})
	}
	return together.Wait()
}

// written are the other ways to write each word, and what was typed as the
// other keyboard would have written it.
func written(words []string, typed string) (spelled, or [][]string) {
	spelled = make([][]string, len(words))
	for i, w := range words {
		if utf8.RuneCountInString(w) > 1 {
			spelled[i] = value.Transliterated(w)
		}
	}
	other, ok := value.OtherKeyboard(typed)
	if turned := value.Words(other); ok && !slices.ContainsFunc(turned, func(w string) bool { return utf8.RuneCountInString(w) < 2 }) {
		or = [][]string{turned}
	}
	return spelled, or
}

// slipped are the words that each word may be a slip of, and what it is otherwise.
func slipped(words []string, typed string) (spelled, or [][]string) {
	spelled, or = written(words, typed)
	n := 0
	for i, word := range words {
		other := spelled[i]
		for _, w := range append([]string{word}, other[:min(len(other), 1)]...) {
			slips := value.Slips(w)
			if n += len(slips); n <= mostGuessed {
				spelled[i] = append(spelled[i], slips...)
			}
		}
	}
	return spelled, or
}

// guess looks once more, for what may have been meant by the words. Only what
// some record of the kind begins with is looked for.
func (b *Book) guess(ctx context.Context, all []quarry, most int, typed string, ways func([]string, string) ([][]string, [][]string)) error {
	i := slices.IndexFunc(all, func(w quarry) bool { return len(w.search.Words) > 0 })
	if i < 0 {
		return nil
	}
	words := all[i].search.Words // the same for each kind
	spelled, or := ways(words, typed)
	begun, err := b.db.Begun(ctx, slices.Concat(append(append(slices.Clone(spelled), or...), words)...))
	if err != nil {
		return err
	}
	var again []quarry
	var of []int
	for i, w := range all {
		if len(w.search.Words) == 0 {
			continue
		}
		real := map[string]bool{}
		for _, word := range begun[w.kind.Number] {
			real[word] = true
		}
		if w.search = meant(words, spelled, or, real); len(w.search.Words)+len(w.search.Or) > 0 {
			again, of = append(again, w), append(of, i)
		}
	}
	if err := b.hunt(ctx, again, most); err != nil {
		return err
	}
	for j, i := range of {
		all[i].rows = again[j].rows
	}
	return nil
}

// meant is what is worth looking for: the words that are real, and those that
// are too short for anybody to know.
func meant(words []string, spelled, or [][]string, real map[string]bool) store.Search {
	may := func(w string) bool {
		return real[w] || utf8.RuneCountInString(w) < store.LeastLearned || !strings.ContainsFunc(w, unicode.IsLetter)
	}
	var s store.Search
	for i, w := range words {
		var kept []string
		for _, o := range append([]string{w}, spelled[i]...) { // the likeliest come first
			if may(o) && len(kept) < mostMeant && !slices.Contains(kept, o) {
				kept = append(kept, o)
			}
		}
		if len(kept) == 0 {
			s = store.Search{}
			break
		}
		s.Words, s.Spelled = append(s.Words, kept[0]), append(s.Spelled, kept[1:])
	}
	for _, reading := range or {
		if !slices.ContainsFunc(reading, func(w string) bool { return !may(w) }) {
			s.Or = append(s.Or, reading)
		}
	}
	return s
}

// longestSearch is how long what is typed may be, in bytes.
const longestSearch = 200

func tooLong() error {
	return fault.New(fault.Invalid, "search.long", "A search has at most 200 characters.").At("search")
}
