package web

import (
	"strings"
	"time"

	"castellan/internal/records"
)

func (s *Server) dashboardRoutes() []route {
	return []route{{
		method: "GET", path: "/api/v1/dashboard", name: "getDashboard", tag: "Dashboard", door: asRights, surface: records.OnDashboard,
		summary: "Count and add up what the asker may see: no record and no name is told", shape: answers((*call).dashboard),
	}}
}

// A figure is absent where the asker may not count it.
type dashboardAnswer struct {
	Day      string        `json:"day" doc:"Today, in the time zone of the workspace."`
	Stages   []stageFigure `json:"stages,omitempty" required:"false" nullable:"false" doc:"Open deals by stage, in the order of the pipelines."`
	Won      *figure       `json:"won,omitempty" required:"false" doc:"Deals won in this month."`
	WonLast  *figure       `json:"won_last,omitempty" required:"false" doc:"Deals won in the month before."`
	Visits   *figure       `json:"visits,omitempty" required:"false" doc:"Appointments of today that are not called off."`
	Overdue  *figure       `json:"overdue,omitempty" required:"false" doc:"Own tasks whose day is over."`
	DueToday *figure       `json:"due_today,omitempty" required:"false" doc:"Own tasks of today."`
	Weeks    []weekFigure  `json:"weeks,omitempty" required:"false" nullable:"false" doc:"New clients in each of the last weeks, the oldest first."`
}

type figure struct {
	N      int           `json:"n"`
	Capped bool          `json:"capped" doc:"There are more."`
	Totals []totalAnswer `json:"totals,omitempty" required:"false" nullable:"false"`
	Filter string        `json:"filter" doc:"The filter of the list that has as many."`
}

type stageFigure struct {
	Pipeline string `json:"pipeline"`
	Stage    string `json:"stage"`
	Name     string `json:"name"`
	Figure   figure `json:"figure"`
}

type weekFigure struct {
	From   string `json:"from" doc:"Its Monday."`
	Figure figure `json:"figure"`
}

const dashboardWeeks = 8

func (c *call) dashboard() (dashboardAnswer, error) {
	zone := c.Workspace.Zone()
	y, m, d := c.Now().In(zone).Date()
	day := func(y int, m time.Month, d int) string {
		return time.Date(y, m, d, 0, 0, 0, 0, zone).Format(time.DateOnly)
	}
	today := time.Date(y, m, d, 0, 0, 0, 0, zone)
	monday := d - (int(today.Weekday())+6)%7
	a := dashboardAnswer{Day: day(y, m, d)}
	won := c.stagesOf("won")
	open := `(done is empty or done = false) and responsible = me`
	filters := []struct {
		into  **figure
		kind  string
		text  string
		money bool
	}{
		{&a.Won, "deal", `closed_at >= ` + day(y, m, 1) + ` and closed_at < ` + day(y, m+1, 1) + ` and ` + won, true},
		{&a.WonLast, "deal", `closed_at >= ` + day(y, m-1, 1) + ` and closed_at < ` + day(y, m, 1) + ` and ` + won, true},
		{&a.Visits, "appointment", `starts_at = ` + day(y, m, d) + ` and status != cancelled`, false},
		{&a.Overdue, "task", open + ` and due < ` + day(y, m, d), false},
		{&a.DueToday, "task", open + ` and due = ` + day(y, m, d), false},
	}
	var asks []records.Measure
	ask := func(kind, filter string, money, staged bool) {
		asks = append(asks, records.Measure{Kind: kind, Query: records.Query{Filter: filter, Zone: zone}, Money: money, Staged: staged})
	}
	for _, f := range filters {
		ask(f.kind, f.text, f.money, false)
	}
	ask("deal", c.stagesOf("open"), true, true)
	for i := range dashboardWeeks {
		ask("contact", week(day, y, m, monday, i), false, false)
	}
	all, err := c.Records.Tally(c.ctx, c.who, c.surface(), asks)
	if err != nil {
		return a, err
	}
	for i, f := range filters {
		*f.into = figureOf(all[i], f.text)
	}
	if deals := all[len(filters)]; deals != nil {
		a.Stages = []stageFigure{}
		for _, p := range c.Workspace.PipelinesOf("deal") {
			for _, s := range p.Stages {
				if s.Outcome != "open" {
					continue
				}
				one := stageFigure{Pipeline: p.Name, Stage: c.Vault.Public("stage", s.ID), Name: s.Name}
				one.Figure = figure{Filter: `stage = ` + one.Stage, Capped: deals.Count.Capped}
				for _, t := range deals.Stages {
					if t.Stage == s.ID {
						one.Figure.N, one.Figure.Totals = t.N, totals(t.Totals)
					}
				}
				a.Stages = append(a.Stages, one)
			}
		}
	}
	for i := range dashboardWeeks {
		f := figureOf(all[len(filters)+1+i], week(day, y, m, monday, i))
		if f == nil {
			break
		}
		a.Weeks = append(a.Weeks, weekFigure{day(y, m, monday-7*(dashboardWeeks-1-i)), *f})
	}
	return a, nil
}

// week is the filter of the i-th of the last weeks.
func week(day func(int, time.Month, int) string, y int, m time.Month, monday, i int) string {
	from := monday - 7*(dashboardWeeks-1-i)
	return `created_at >= ` + day(y, m, from) + ` and created_at < ` + day(y, m, from+7)
}

// stagesOf is the filter for the stages of an outcome.
func (c *call) stagesOf(outcome string) string {
	words := ""
	for _, p := range c.Workspace.PipelinesOf("deal") {
		for _, s := range p.Stages {
			if s.Outcome == outcome {
				if words != "" {
					words += ", "
				}
				words += c.Vault.Public("stage", s.ID)
			}
		}
	}
	if words == "" {
		return `stage is empty` // no stage has the outcome, and every deal has a stage
	}
	return `stage in (` + words + `)`
}

func figureOf(t *records.Tally, filter string) *figure {
	if t == nil {
		return nil
	}
	return &figure{N: t.Count.N, Capped: t.Count.Capped, Totals: totals(t.Totals), Filter: filter}
}

type totalAnswer struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
}

func totals(all []records.Total) []totalAnswer {
	var t []totalAnswer
	for _, one := range all {
		t = append(t, totalAnswer{one.Currency, strings.Trim(string(appendDecimal(nil, one.Amount, 2, true)), `"`)})
	}
	return t
}
