package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// What people do with the clients of the town: two appointments for each client,
// by 250 people who take eight a day, as many days as that makes; a pipeline
// with 2,000 open deals and nine times as many that are closed; and one client
// of whom there are 500 things to tell.
const (
	visitsEach = 2
	visitsADay = 8
	openDeals  = 2_000
	allDeals   = 20_000
	tellings   = 500
	week       = 12 // people whose week is looked at
)

var (
	visitNames    = strings.Split("Haircut,Colour,Massage,Manicure,Стрижка,Окрашивание,Массаж,Маникюр", ",")
	visitStatuses = strings.Fields("waiting confirmed came came came no_show cancelled came")
	firstDay      = time.UnixMilli(founded).UTC().Truncate(24 * time.Hour)
)

// days is for how many days the town has appointments.
func (p *plan) days() int { return max(1, visitsEach*p.Clients/(staff*visitsADay)) }

func (h *house) pourVisits(ctx context.Context, p *pourer) error {
	columns := strings.Fields("id version title title_key contact responsible starts_at ends_at status price created_at created_by updated_at updated_by")
	boss := int64(h.plan.People[boss])
	visit := func(i int) []any {
		d := dice(uint64(i) * 0x9e3779b9)
		day, turn := i/(staff*visitsADay), i/staff%visitsADay
		starts := firstDay.AddDate(0, 0, day).Add(time.Duration(8+turn) * time.Hour)
		name := visitNames[d.roll(len(visitNames))]
		made := starts.AddDate(0, 0, -7).UnixMicro() + int64(i)
		return []any{(founded+int64(i)*spacing/visitsEach)<<20 | 1, int64(1), name, value.TextKey(name), (founded + int64(d.roll(h.plan.Clients))*spacing) << 20,
			int64(h.plan.Staff[i%staff]), starts.UnixMicro(), starts.Add(45 * time.Minute).UnixMicro(), visitStatuses[d.roll(len(visitStatuses))], int64(4_500), made, boss, made, boss}
	}
	n := visitsEach * h.plan.Clients
	if err := p.pour(ctx, "appointment", columns, counted(n, visit)); err != nil {
		return err
	}
	return p.mark(ctx, "appointment", n, func(i int) (int64, []store.Cell) {
		v := visit(i)
		return v[0].(int64), []store.Cell{cell("contact", v[4]), cell("responsible", v[5]), cell("status", v[8])}
	})
}

func (h *house) pourDeals(ctx context.Context, p *pourer) error {
	pipeline := h.workspace.PipelinesOf("deal")[0]
	var open, closed []int64
	for _, s := range pipeline.Stages {
		if s.Outcome == "open" {
			open = append(open, s.ID)
		} else {
			closed = append(closed, s.ID)
		}
	}
	columns := strings.Fields("id version title title_key pipeline stage amount currency contact responsible created_at created_by updated_at updated_by")
	boss := int64(h.plan.People[boss])
	id := func(i int) int64 { return (founded+int64(i)*spacing)<<20 | 2 }
	all := min(allDeals, h.plan.Clients)
	deal := func(i int) []any {
		d := dice(uint64(i) * 0x85ebca6b)
		stage := closed[d.roll(len(closed))]
		if i%(allDeals/openDeals) == 0 {
			stage = open[d.roll(len(open))]
		}
		name := "Order of " + latinFamily[d.roll(len(latinFamily))]
		made := (founded + int64(i)*spacing) * 1000
		return []any{id(i), int64(1), name, value.TextKey(name), pipeline.ID, stage, int64(d.roll(1_000_000)), "EUR", (founded + int64(d.roll(h.plan.Clients))*spacing) << 20,
			int64(h.plan.Crowd[d.roll(len(h.plan.Crowd))]), made, boss, made + int64(d.roll(1_000_000))*1000, boss}
	}
	if err := p.pour(ctx, "deal", columns, counted(all, deal)); err != nil {
		return err
	}
	err := p.mark(ctx, "deal", all, func(i int) (int64, []store.Cell) {
		v := deal(i)
		return v[0].(int64), []store.Cell{cell("pipeline", v[4]), cell("stage", v[5]), cell("contact", v[8]), cell("responsible", v[9])}
	})
	if err != nil {
		return err
	}
	return p.pour(ctx, "share", shareColumns, several(all, func(i int) (rows [][]any) {
		d := dice(uint64(i) * 0xc2b2ae35)
		for _, o := range []struct {
			who   onlooker
			n, of int
		}{{some, 1, 20}, {most, 9, 10}} {
			if d.roll(o.of) < o.n {
				rows = append(rows, []any{int64(3), id(i), int64(schema.GroupPrincipal(int64(h.plan.Groups[o.who][d.roll(5)]))), int64(1), boss, founded, lent})
			}
		}
		return rows
	}))
}

// tell lets 500 things happen with a client whom the onlookers see, through the
// door through which everybody writes.
func (h *house) tell(ctx context.Context) error {
	seen := func(c client, o onlooker) bool {
		return slices.ContainsFunc(c.shares, func(g actor.GroupID) bool { return slices.Contains(h.plan.Groups[o], g) })
	}
	i := h.plan.Clients / 2
	for c := h.plan.make(i); !seen(c, some) || !seen(c, most); c = h.plan.make(i) {
		i++
	}
	h.plan.Card = schema.RecordID(h.plan.make(i).id)
	word, boss := h.book.RecordWord("contact", h.plan.Card), h.as(boss)
	pipeline := h.workspace.PipelinesOf("deal")[0]
	for n := range tellings {
		var kind string
		var v records.Values
		at := time.UnixMilli(founded).Add(time.Duration(n) * time.Hour).UTC().Format(time.RFC3339)
		whose := h.plan.People[onlookers[n%len(onlookers)]]
		switch n % 10 {
		case 0, 1, 2, 3:
			kind, v = "comment", records.Values{"about_kind": "contact", "about": word, "text": fmt.Sprintf("Asked about offer %d, call back on +1 202 555 01%02d.", n, n%100)}
		case 4, 5:
			kind, v = "call", records.Values{"contact": word, "direction": "in", "outcome": "answered", "began_at": at, "responsible": whose}
		case 6:
			kind, v = "message", records.Values{"contact": word, "channel": "chat", "direction": "out", "subject": fmt.Sprintf("Offer %d", n), "body": "As we said on the phone.", "at": at, "responsible": whose}
		case 7:
			kind, v = "task", records.Values{"contact": word, "title": fmt.Sprintf("Call about offer %d", n), "due": at, "responsible": whose}
		case 8:
			kind, v = "appointment", records.Values{"contact": word, "starts_at": at, "beside": true, "responsible": whose}
		case 9:
			kind, v = "deal", records.Values{"contact": word, "title": fmt.Sprintf("Offer %d", n), "pipeline": pipeline.ID, "stage": pipeline.Stages[len(pipeline.Stages)-1].ID, "amount": "120.00", "responsible": whose}
		}
		if _, err := h.book.Create(ctx, boss, kind, v); err != nil {
			return fmt.Errorf("tell of a %s: %w", kind, err)
		}
	}
	return nil
}

// BenchmarkWork measures over HTTP, with session, rights, masks and log, what
// people look at all day: a week of twelve people, the board, the card of a
// client with a long story.
func BenchmarkWork(b *testing.B) {
	for _, e := range engines() {
		b.Run(strings.ToLower(e.String()), func(b *testing.B) {
			o := place(b, e)
			h, err := open(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			p := h.plan
			card := h.book.RecordWord("contact", p.Card)
			var people []string
			for _, id := range p.Staff[:week] {
				people = append(people, h.book.PersonWord(id))
			}
			if err := h.close(); err != nil {
				b.Fatal(err)
			}
			s := start(b, o)
			defer s.stop(b)
			journal := func() string {
				from := firstDay.AddDate(0, 0, rand.IntN(max(1, p.days()-7)))
				return "/api/v1/journal?from=" + from.Format(time.DateOnly) + "&to=" + from.AddDate(0, 0, 7).Format(time.DateOnly) + "&staff=" + url.QueryEscape(strings.Join(people, ","))
			}
			always := func(path string) func() string { return func() string { return path } }
			views := []struct {
				name   string
				ask    func() string
				people []onlooker
				least  func(map[string]any) int // how much there is to see
			}{
				{"a week of 12 people", journal, []onlooker{boss, desk, most}, func(a map[string]any) int { return len(a["items"].([]any)) }},
				{"a board of 2,000 open deals", always("/api/v1/deals/board"), []onlooker{boss, desk, some, most}, func(a map[string]any) int { return len(a["lanes"].([]any)) }},
				{"the card of a client with 500 entries", always("/api/v1/contacts/" + card), []onlooker{boss, desk, some, most}, func(a map[string]any) int { return len(a) }},
				{"its timeline", always("/api/v1/contacts/" + card + "/timeline"), []onlooker{boss, desk, some, most}, func(a map[string]any) int { return len(a["items"].([]any)) }},
			}
			cookies := map[onlooker]string{}
			for _, o := range []onlooker{boss, desk, some, most} {
				cookies[o] = s.signIn(b, o)
			}
			// The store begins to count who reaches what, and has a processor of its
			// own for it for some seconds.
			for _, view := range views {
				for _, o := range view.people {
					s.get(b, cookies[o], view.ask())
				}
			}
			time.Sleep(10 * time.Second)
			for _, view := range views {
				for _, o := range view.people {
					cookie := cookies[o]
					there := view.least(s.get(b, cookie, view.ask()))
					if there == 0 {
						b.Fatalf("%s: %s sees nothing", view.name, o)
					}
					l, err := dial(s.address)
					if err != nil {
						b.Fatal(err)
					}
					var took spans
					for n := -10; n < *samples; n++ {
						one, err := l.ask(request(view.ask(), cookie))
						if err != nil {
							b.Fatal(err)
						}
						if n >= 0 {
							took = append(took, one)
						}
					}
					l.Close()
					slices.SortFunc(took, cmp.Compare[time.Duration])
					measured.atMost(e, "work", fmt.Sprintf("%s, %s, p99", view.name, o), "ms", milliseconds(took.at(0.99)), 50)
					b.Logf("%s, %s, %s: %d in the answer, p50 %s p99 %s", e, view.name, o, there, took.median(), took.at(0.99))
				}
			}
		})
	}
}
