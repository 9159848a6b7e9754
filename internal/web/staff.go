package web

import (
	"slices"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) staffRoutes() []route {
	return []route{
		{method: "GET", path: "/api/v1/staff", name: "listStaff", tag: "Staff", summary: "List who takes appointments and when they work, in the order of the journal's columns", door: anyone, shape: answers((*call).staff)},
		{method: "PUT", path: "/api/v1/staff", name: "orderStaff", tag: "Staff", summary: "Put the columns of the journal in order", door: need(records.ManageSchedule), body: smallBody, shape: takes((*call).orderStaff)},
		{method: "PUT", path: "/api/v1/staff/{id}", name: "saveStaff", tag: "Staff", summary: "Let a person take appointments, or change when they work", door: need(records.ManageSchedule), body: smallBody, shape: takes((*call).saveStaff)},
		{method: "DELETE", path: "/api/v1/staff/{id}", name: "removeStaff", tag: "Staff", summary: "Let a person take no more appointments; those that they have stay theirs", door: need(records.ManageSchedule), shape: does((*call).removeStaff)},
	}
}

type spanPart struct {
	From int `json:"from" doc:"Minutes from midnight by the clock of the workspace."`
	To   int `json:"to"`
}

type dayPart struct {
	Date  string     `json:"date" doc:"Such as 2026-12-24."`
	Spans []spanPart `json:"spans" nullable:"false" doc:"None: a day off."`
	Note  string     `json:"note,omitempty" required:"false" doc:"For those who manage the schedule."`
}

type staffAnswer struct {
	Person   named        `json:"person"`
	Version  int64        `json:"version"`
	Position string       `json:"position"`
	Colour   string       `json:"colour"`
	Week     [][]spanPart `json:"week" nullable:"false" doc:"Seven days, Monday first."`
	Days     []dayPart    `json:"days" nullable:"false" doc:"Days that differ from the week."`
	Except   []string     `json:"except" nullable:"false" doc:"Services that the person does not give; ids."`
}

func parts(all []crm.Span) []spanPart {
	shown := []spanPart{}
	for _, s := range all {
		shown = append(shown, spanPart(s))
	}
	return shown
}

func spans(all []spanPart) []crm.Span {
	kept := []crm.Span{}
	for _, s := range all {
		kept = append(kept, crm.Span(s))
	}
	return kept
}

func (c *call) staff() (listOf[staffAnswer], error) {
	// Why somebody is away is for those who plan.
	plans := c.Rights.May(c.ctx, c.who, records.ManageSchedule) == nil
	var all []staffAnswer
	for _, s := range c.Workspace.Staff() {
		who, err := c.person(s.Person)
		if err != nil {
			return list(all), err
		}
		a := staffAnswer{Person: who, Version: s.Version, Position: s.Position, Colour: s.Colour, Week: [][]spanPart{}, Days: []dayPart{}, Except: []string{}}
		for _, day := range s.Week {
			a.Week = append(a.Week, parts(day))
		}
		for _, d := range s.Days {
			day := dayPart{Date: d.Date, Spans: parts(d.Spans)}
			if plans {
				day.Note = d.Note
			}
			a.Days = append(a.Days, day)
		}
		for _, id := range s.Except {
			a.Except = append(a.Except, c.Records.RecordWord("service", id))
		}
		all = append(all, a)
	}
	return list(all), nil
}

// staffID is the person in the path.
func (c *call) staffID() (actor.PersonID, error) {
	id, ok := c.Records.Person(c.r.PathValue("id"))
	if !ok {
		return 0, missing("person")
	}
	return id, nil
}

type staffBody struct {
	Version  int64        `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Position string       `json:"position,omitempty" required:"false"`
	Colour   string       `json:"colour,omitempty" required:"false" doc:"One of the colours of services."`
	Week     [][]spanPart `json:"week" nullable:"false" doc:"Seven days, Monday first."`
	Days     []dayPart    `json:"days,omitempty" required:"false" nullable:"false" doc:"Days that differ from the week."`
	Except   []string     `json:"except,omitempty" required:"false" nullable:"false" doc:"Services that the person does not give; ids."`
}

func (c *call) saveStaff(b staffBody) (staffAnswer, error) {
	id, err := c.staffID()
	if err != nil {
		return staffAnswer{}, err
	}
	next := crm.Staff{Person: id, Version: b.Version, Position: b.Position, Colour: b.Colour}
	if len(b.Week) != len(next.Week) {
		return staffAnswer{}, fault.New(fault.Invalid, "staff.week", "A week has seven days.").At("week")
	}
	for i, day := range b.Week {
		next.Week[i] = spans(day)
	}
	for _, d := range b.Days {
		next.Days = append(next.Days, crm.Day{Date: d.Date, Spans: spans(d.Spans), Note: d.Note})
	}
	for _, word := range b.Except {
		service, ok := c.Records.Record("service", word)
		if !ok {
			return staffAnswer{}, fault.New(fault.Invalid, "staff.service", "There is no such service.").At("except")
		}
		next.Except = append(next.Except, service)
	}
	if err := c.Workspace.SaveStaff(c.ctx, c.who, next); err != nil {
		return staffAnswer{}, err
	}
	all, err := c.staff()
	if err != nil {
		return staffAnswer{}, err
	}
	word := c.Records.PersonWord(id)
	i := slices.IndexFunc(all.Items, func(s staffAnswer) bool { return s.Person.ID == word })
	if i < 0 {
		return staffAnswer{}, missing("person")
	}
	return all.Items[i], nil
}

func (c *call) removeStaff() error {
	id, err := c.staffID()
	if err != nil {
		return err
	}
	return c.Workspace.RemoveStaff(c.ctx, c.who, id)
}

type orderBody struct {
	Order []string `json:"order" nullable:"false" doc:"Ids of people."`
}

func (c *call) orderStaff(b orderBody) (listOf[staffAnswer], error) {
	var order []actor.PersonID
	for _, word := range b.Order {
		id, ok := c.Records.Person(word)
		if !ok {
			return listOf[staffAnswer]{}, missing("person")
		}
		order = append(order, id)
	}
	if err := c.Workspace.OrderStaff(c.ctx, c.who, order); err != nil {
		return listOf[staffAnswer]{}, err
	}
	return c.staff()
}
