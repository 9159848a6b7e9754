package web_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

type figure struct {
	N      int
	Filter string
	Name   string
	Totals []struct{ Currency, Amount string }
}

type part struct {
	Figure figure
}

type dashboard struct {
	Stages, Weeks                           []part
	Won, WonLast, Visits, Overdue, DueToday *figure
}

func (p *person) dashboard() dashboard {
	p.Helper()
	var d struct {
		dashboard
		Late  *figure `json:"won_last"`
		Today *figure `json:"due_today"`
	}
	if err := json.Unmarshal([]byte(p.get("/api/v1/dashboard").is(200).body), &d); err != nil {
		p.Fatal(err)
	}
	d.WonLast, d.DueToday = d.Late, d.Today
	return d.dashboard
}

// counted is what a list with the filter of a figure has.
func (p *person) counted(kind, filter string) int {
	p.Helper()
	var c struct{ Count struct{ N int } }
	if err := json.Unmarshal([]byte(p.get("/api/v1/"+kind+query("filter", filter, "count", "exact", "limit", "1", "zone", "Europe/Warsaw")).is(200).body), &c); err != nil {
		p.Fatal(err)
	}
	// The count by itself begins the day where the list does.
	if n := p.get("/api/v1/" + kind + "/count" + query("filter", filter, "exact", "1", "zone", "Europe/Warsaw")).is(200).json()["n"]; n != float64(c.Count.N) {
		p.Errorf("%s with %q: the list counts %d, the count %v", kind, filter, c.Count.N, n)
	}
	return c.Count.N
}

func TestFiguresOfTheDashboardAreThoseOfListsUnderEveryRight(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b := t.hire("Anton", sales()), t.hire("Berta", sales())
		stages := map[string]string{}
		var pipelines struct {
			Items []struct {
				Kind   string
				Stages []struct{ ID, Outcome string }
			}
		}
		if err := json.Unmarshal([]byte(t.olga.get("/api/v1/pipelines").is(200).body), &pipelines); err != nil {
			t.Fatal(err)
		}
		for _, p := range pipelines.Items {
			for _, s := range p.Stages {
				if p.Kind == "deal" {
					stages[s.Outcome] = s.ID
				}
			}
		}
		now := time.Now()
		for i, p := range []*person{t.olga, a, a, b} {
			client := p.create("contacts", object{"name": fmt.Sprintf("Client %d", i)})
			p.create("deals", object{"title": fmt.Sprintf("Open %d", i), "contact": client, "amount": fmt.Sprintf("%d.50", 100+i), "currency": "EUR"})
			p.create("deals", object{"title": fmt.Sprintf("Won %d", i), "contact": client, "stage": stages["won"], "amount": "1000", "currency": "EUR"})
			p.create("tasks", object{"title": "Late", "due": now.Add(-72 * time.Hour).Format(time.RFC3339)})
			p.create("tasks", object{"title": "Done", "due": now.Add(-72 * time.Hour).Format(time.RFC3339), "done": true})
			p.create("tasks", object{"title": "Now", "due": now.Format(time.RFC3339)})
		}
		for _, c := range []struct {
			who                     *person
			clients, deals, overdue int
			won                     string
		}{{t.olga, 4, 4, 1, "4000.00"}, {a, 2, 2, 2, "2000.00"}, {b, 1, 1, 1, "1000.00"}} {
			d := c.who.dashboard()
			open, fresh := 0, 0
			for _, one := range d.Stages {
				s := one.Figure
				open += s.N
				if n := c.who.counted("deals", s.Filter); n != s.N {
					t.Errorf("%s of the dashboard has %d, its list %d", s.Filter, s.N, n)
				}
			}
			for _, one := range d.Weeks {
				w := one.Figure
				fresh += w.N
				if n := c.who.counted("contacts", w.Filter); n != w.N {
					t.Errorf("%s of the dashboard has %d, its list %d", w.Filter, w.N, n)
				}
			}
			for kind, f := range map[string]*figure{"deals": d.Won, "tasks": d.Overdue} {
				if f == nil {
					t.Fatalf("there is no figure of %s", kind)
				}
				if n := c.who.counted(kind, f.Filter); n != f.N {
					t.Errorf("%s of the dashboard has %d, its list %d", f.Filter, f.N, n)
				}
			}
			if open != c.deals || fresh != c.clients || d.Overdue.N != c.overdue || d.DueToday.N != c.overdue || len(d.Weeks) != 8 || d.WonLast.N != 0 {
				t.Errorf("open %d, fresh %d, overdue %d, today %d; want %+v", open, fresh, d.Overdue.N, d.DueToday.N, c)
			}
			if len(d.Won.Totals) != 1 || d.Won.Totals[0].Amount != c.won || d.Won.Totals[0].Currency != "EUR" {
				t.Errorf("won is %+v, want %s EUR", d.Won.Totals, c.won)
			}
			c.who.get("/api/v1/dashboard").is(200).lacks("Client 0", "Client 1", "Open 1", "Late")
		}
	})
}

// The dashboard said 15 where the journal counted 14: the one counted whoever did
// not come, the other did not. Who did not come had an appointment; only what was
// called off does not count.
func TestVisitsOfTodayAreThoseThatTheJournalCounts(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist())
		zone, err := time.LoadLocation("Europe/Warsaw")
		if err != nil {
			t.Fatal(err)
		}
		y, m, d := time.Now().In(zone).Date()
		for i, status := range []string{"waiting", "confirmed", "came", "no_show", "cancelled"} {
			at := time.Date(y, m, d, 9+i, 0, 0, 0, zone)
			t.olga.create("appointments", object{"responsible": s.b.id, "contact": s.client, "status": status,
				"starts_at": at.Format(time.RFC3339), "ends_at": at.Add(time.Hour).Format(time.RFC3339)})
		}
		// Neither yesterday's nor tomorrow's is of today, by the clock of the firm.
		for _, hour := range []int{-1, 24} {
			at := time.Date(y, m, d, hour, 0, 0, 0, zone)
			t.olga.create("appointments", object{"responsible": s.b.id, "contact": s.client,
				"starts_at": at.Format(time.RFC3339), "ends_at": at.Add(time.Hour).Format(time.RFC3339)})
		}
		for who, want := range map[*person]int{t.olga: 4, s.b: 4, s.a: 0} {
			var journal struct {
				Items []struct{ Status string }
			}
			if err := json.Unmarshal([]byte(who.get("/api/v1/journal").is(200).body), &journal); err != nil {
				t.Fatal(err)
			}
			counted := 0
			for _, visit := range journal.Items {
				if visit.Status != "cancelled" { // as journal-page.tsx counts
					counted++
				}
			}
			visits := who.dashboard().Visits
			if visits == nil || visits.N != want || counted != want {
				t.Errorf("the dashboard has %+v, the journal %d; want %d", visits, counted, want)
			} else if n := who.counted("appointments", visits.Filter); n != want {
				t.Errorf("the list of %s has %d, want %d", visits.Filter, n, want)
			}
		}
	})
}

func TestAttack9_DashboardCountsNothingThatMayNotBeSeen(t *testing.T) {
	everywhere(t, func(t *town) {
		t.olga.create("deals", object{"title": "Secret", "amount": "777.00", "currency": "EUR"})
		role := sales()
		role["grades"].(object)["deal"] = object{}
		nobody := t.hire("Nora", role)
		d := nobody.dashboard()
		for _, one := range append(d.Stages, part{*d.Won}) {
			f := one.Figure
			if f.N != 0 || f.Totals != nil {
				t.Errorf("who may view no deals is told of %+v", f)
			}
		}
		nobody.get("/api/v1/dashboard").is(200).lacks("777", "Secret")
		(&person{town: t}).get("/api/v1/dashboard").is(401)
	})
}
