package records_test

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// stagesOf are the stages of the first pipeline of deals.
func stagesOf(h *crmtest.House) (all []int64) {
	for _, s := range h.Workspace.PipelinesOf("deal")[0].Stages {
		all = append(all, s.ID)
	}
	return all
}

func TestBoardShowsCountsAndAddsUpWhatTheListShows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		stages := stagesOf(h)
		deal := func(p actor.PersonID, stage int64, amount, currency string) schema.RecordID {
			return h.Create(p, "deal", records.Values{"title": "Bridal", "stage": stage, "amount": amount, "currency": currency})
		}
		first := deal(crmtest.Owner, stages[0], "100.50", "EUR")
		second := deal(crmtest.Ana, stages[0], "200", "EUR")
		third := deal(crmtest.Ana, stages[0], "7", "PLN")
		fourth := deal(crmtest.Owner, stages[1], "1", "EUR")

		lanes, err := h.Book.Board(t.Context(), crmtest.As(crmtest.Owner), "deal", policy.List, stages, records.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if got := idsOn(lanes[0]); !slices.Equal(got, []schema.RecordID{third, second, first}) {
			t.Errorf("the first lane holds %v", got)
		}
		if got := idsOn(lanes[1]); !slices.Equal(got, []schema.RecordID{fourth}) {
			t.Errorf("the second lane holds %v", got)
		}
		slices.SortFunc(lanes[0].Totals, func(a, b records.Total) int { return int(a.Amount - b.Amount) })
		if want := []records.Total{{"PLN", 700}, {"EUR", 30050}}; !slices.Equal(lanes[0].Totals, want) || lanes[0].Count.N != 3 {
			t.Errorf("the first lane adds up to %v of %d", lanes[0].Totals, lanes[0].Count.N)
		}

		// Ana sees and adds up her own alone.
		lanes, err = h.Book.Board(t.Context(), crmtest.As(crmtest.Ana), "deal", policy.List, stages, records.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if got := idsOn(lanes[0]); !slices.Equal(got, []schema.RecordID{third, second}) || lanes[0].Count.N != 2 || lanes[1].Count.N != 0 {
			t.Errorf("Ana's board holds %v, counts %d and %d", got, lanes[0].Count.N, lanes[1].Count.N)
		}
		if page, err := h.Book.Board(t.Context(), crmtest.As(crmtest.Owner), "deal", policy.List, stages, records.Query{Limit: 1}); err != nil || page[0].Page.Next == "" || page[0].Count.N != 3 {
			t.Errorf("a lane with more than it shows: %v", err)
		}
		if _, err := h.Book.Board(t.Context(), crmtest.As(crmtest.Owner), "contact", policy.List, stages, records.Query{}); !fault.Is(err, fault.Missing) {
			t.Errorf("a kind without stages: %v", err)
		}
	})
}

// Whoever looks for something on a board reads what was found above it, not what
// stands in the stage besides.
func TestBoardOfASearchCountsWhatWasFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		stages := stagesOf(h)
		for i, title := range []string{"Bridal", "Bridal", "Bridal", "Haircut"} {
			h.Create(crmtest.Owner, "deal", records.Values{"title": title, "stage": stages[i/3], "amount": strconv.Itoa(i + 1), "currency": []string{"EUR", "PLN"}[i%2]})
		}
		h.Create(crmtest.Owner, "deal", records.Values{"title": "Massage", "stage": stages[0], "amount": "1000", "currency": "EUR"})
		ask := func(p actor.PersonID, q records.Query) []records.Lane {
			t.Helper()
			lanes, err := h.Book.Board(t.Context(), crmtest.As(p), "deal", policy.List, stages, q)
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(lanes[0].Totals, func(a, b records.Total) int { return int(a.Amount - b.Amount) })
			return lanes
		}
		lanes := ask(crmtest.Owner, records.Query{Search: "bridal"})
		if want := []records.Total{{"PLN", 200}, {"EUR", 400}}; lanes[0].Count != (records.Count{N: 3}) || !slices.Equal(lanes[0].Totals, want) || lanes[1].Count.N != 0 {
			t.Errorf("three of four were found in the first stage and none in the second: %v, %v, %v", lanes[0].Count, lanes[0].Totals, lanes[1].Count)
		}
		lanes = ask(crmtest.Owner, records.Query{Search: "bridal", Limit: 2})
		if lanes[0].Count != (records.Count{N: 2, Capped: true}) || lanes[0].Totals != nil {
			t.Errorf("more were found than are shown: %v, %v", lanes[0].Count, lanes[0].Totals)
		}
		h.Give(crmtest.Ben, "manager", func(in *policy.StandingInput) {
			in.Role.Sights = append(in.Role.Sights, policy.SightRule{Kind: "deal", Field: "amount", Own: policy.Plain, All: policy.Masked})
		})
		if lanes = ask(crmtest.Ben, records.Query{Search: "bridal"}); lanes[0].Count.N != 3 || lanes[0].Totals != nil {
			t.Errorf("masked amounts of %v are added up to %v", lanes[0].Count, lanes[0].Totals)
		}
	})
}

func idsOn(l records.Lane) (all []schema.RecordID) {
	for i := range l.Page.Rows {
		all = append(all, l.Page.Rows[i].ID)
	}
	return all
}

// Attack 4: a sum over amounts that are masked on some deals would tell of them.
func TestBoardAddsUpNothingThatIsMaskedSomewhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		h.Give(crmtest.Ben, "manager", func(in *policy.StandingInput) {
			in.Role.Sights = append(in.Role.Sights, policy.SightRule{Kind: "deal", Field: "amount", Own: policy.Plain, All: policy.Masked})
		})
		stages := stagesOf(h)
		h.Create(crmtest.Ben, "deal", records.Values{"title": "Mine", "amount": "10", "currency": "EUR"})
		h.Create(crmtest.Owner, "deal", records.Values{"title": "Not mine", "amount": "999", "currency": "EUR"})
		lanes, err := h.Book.Board(t.Context(), crmtest.As(crmtest.Ben), "deal", policy.List, stages, records.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if lanes[0].Totals != nil || lanes[0].Count.N != 2 {
			t.Errorf("the lane of %d adds up to %v", lanes[0].Count.N, lanes[0].Totals)
		}
		deal := h.Workspace.Catalog().Kind("deal")
		st, err := h.Standing(t.Context(), crmtest.As(crmtest.Ben))
		if err != nil {
			t.Fatal(err)
		}
		g := st.Decide(deal, policy.View, policy.List, db.Now())
		if _, _, err := db.Sums(t.Context(), g, nil, nil, deal.Field("amount"), 100); !fault.Is(err, fault.Denied) {
			t.Errorf("the store adds masked amounts up: %v", err)
		}
		if _, _, err := db.Sums(t.Context(), g, nil, []*schema.Field{deal.Field("amount")}, nil, 100); !fault.Is(err, fault.Denied) {
			t.Errorf("the store divides by masked amounts: %v", err)
		}
	})
}

// A board of several moments shows a deal that somebody drags twice or nowhere,
// and counts what it does not show.
func TestBoardIsOfOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		stages := stagesOf(h)[:3]
		owner := crmtest.As(crmtest.Owner)
		var deals []schema.RecordID
		for i := range 12 {
			deals = append(deals, h.Create(crmtest.Owner, "deal", records.Values{"title": "Bridal", "stage": stages[i%3], "amount": strconv.Itoa(1 << i), "currency": "EUR"}))
		}
		var moves atomic.Int64
		over := make(chan struct{})
		var dragging sync.WaitGroup
		dragging.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				// Each time to the next stage: a deal is never where it was.
				if err := h.Book.Update(t.Context(), owner, "deal", deals[n%12], 0, records.Values{"stage": stages[(n%12+n/12+1)%3]}); err != nil {
					t.Error(err)
					return
				}
				moves.Add(1)
			}
		})
		defer dragging.Wait()
		defer close(over)
		for boards := 0; boards < 150 || moves.Load() < 100; boards++ {
			lanes, err := h.Book.Board(t.Context(), owner, "deal", policy.List, stages, records.Query{})
			if err != nil {
				t.Fatal(err)
			}
			shown := map[schema.RecordID]int{}
			for _, l := range lanes {
				amount := slices.IndexFunc(l.Page.Fields, func(f *schema.Field) bool { return f.Name == "amount" })
				sum := int64(0)
				for _, row := range l.Page.Rows {
					shown[row.ID]++
					sum += row.Values[amount].(int64)
				}
				told := int64(0)
				for _, total := range l.Totals {
					told += total.Amount
				}
				if l.Count.N != len(l.Page.Rows) || told != sum {
					t.Fatalf("after %d boards and %d moves a stage shows %d deals of %d and tells of %d of %d", boards, moves.Load(), len(l.Page.Rows), sum, l.Count.N, told)
				}
			}
			for _, d := range deals {
				if shown[d] != 1 {
					t.Fatalf("after %d boards and %d moves a deal is in %d stages", boards, moves.Load(), shown[d])
				}
			}
			if t.Failed() {
				return
			}
		}
	})
}
