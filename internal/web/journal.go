package web

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// journalRoutes are those of the appointment calendar and of the booking window.
// Which surface is asked is said here: a client's number may be shown on the
// card and not in the journal.
func (s *Server) journalRoutes() []route {
	days := []parameter{
		{name: "from", doc: "The first day, such as 2026-03-02, in the time zone of the workspace. By default today."},
		{name: "to", doc: "The day after the last one. By default the day after the first."},
		{name: "staff", doc: "Ids of people, with commas between them. By default everybody who takes appointments."},
	}
	visits, clients := kindNamed("appointment"), kindNamed("contact")
	of := func(k *schema.Kind, tag string, all []route) []route {
		for i := range all {
			all[i].kind, all[i].tag, all[i].door = k, tag, asRights
		}
		return all
	}
	all := of(visits, "Journal", []route{
		{method: "GET", path: "/api/v1/journal", name: "getJournal", summary: "Read the appointments of some days with their clients, who takes appointments and when they work, in one answer", surface: records.OnJournal, query: days, shape: writes[agendaAnswer]((*call).journal)},
		{method: "POST", path: "/api/v1/journal/series", name: "createSeries", summary: "Make an appointment and its repetitions in one step, all of them or none", surface: records.OnJournal, body: largeBody, timeout: longWork, shape: created(takes((*call).createSeries))},
		{method: "PATCH", path: "/api/v1/journal/series/{id}", name: "updateSeries", summary: "Change an appointment and those of its series that come after it, in one step", surface: records.OnJournal, headers: []parameter{ifMatch}, body: largeBody, timeout: longWork, shape: takes((*call).updateSeries)},
		{method: "DELETE", path: "/api/v1/journal/series/{id}", name: "deleteSeries", summary: "Move an appointment and those of its series that come after it to the bin, in one step", surface: records.OnJournal, headers: []parameter{ifMatch}, timeout: longWork, shape: answers((*call).deleteSeries)},
		{method: "GET", path: "/api/v1/dashboard/appointments", name: "getAppointmentsOfDay", summary: "Read the appointments of one day for a summary", surface: records.OnDashboard, query: []parameter{{name: "from", doc: "The day, such as 2026-03-02. By default today."}}, shape: writes[agendaAnswer]((*call).journal)},
		{method: "GET", path: "/api/v1/booking/slots", name: "listSlots", summary: "Tell when an appointment can begin on a day: within working hours, and beside nothing that the asker may know of", surface: records.OnBooking, query: []parameter{
			{name: "day", doc: "A day, such as 2026-03-02, in the time zone of the workspace. By default today."}, days[2],
			{name: "minutes", doc: "How long it lasts. By default 60.", number: true}, {name: "except", doc: "An appointment that is being moved: its own time counts as free."},
		}, shape: answers((*call).slots)},
	})
	return append(all, of(clients, "Booking", []route{
		{method: "POST", path: "/api/v1/journal/clients/{id}/reveal", name: "revealInJournal", summary: "Open fields of a client that are seen on asking in the journal; every opening is noted", surface: records.OnJournal, body: smallBody, shape: takes((*call).reveal)},
		{method: "GET", path: "/api/v1/booking/clients", name: "pickClients", summary: "Look for clients to book: what they are called and how they are reached, as a drop-down shows it", surface: records.OnDropDown, query: []parameter{{name: "search", doc: "Beginnings of words, three or more digits of a phone in a row, or the beginning of a mail address. By default those changed last."}}, shape: writes[recordPage]((*call).pickClients)},
		{method: "GET", path: "/api/v1/booking/clients/{id}", name: "getClientToBook", summary: "Read one client as the booking window shows it", surface: records.OnBooking, shape: writes[recordShape]((*call).readRecord)},
		{method: "POST", path: "/api/v1/booking/clients/{id}/reveal", name: "revealInBooking", summary: "Open fields of a client that are seen on asking in the booking window; every opening is noted", surface: records.OnBooking, body: smallBody, shape: takes((*call).reveal)},
	})...)
}

// kindNamed is a built-in kind.
func kindNamed(name string) *schema.Kind {
	all := crm.Kinds()
	if i := slices.IndexFunc(all, func(k schema.Kind) bool { return k.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// day is a parameter that is a day, at its beginning in the zone of the workspace.
func (c *call) day(name string, zone *time.Location) (time.Time, error) {
	text := c.query.Get(name)
	if text == "" {
		y, m, d := c.Now().In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, zone), nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || at.Year() < 1900 || at.Year() > 9000 {
		return at, fault.New(fault.Invalid, "query.day", "This parameter must be a day such as 2026-03-01.").At(name)
	}
	return at, nil
}

// staffAsked are those who are asked about: named, or everybody who takes
// appointments.
func (c *call) staffAsked() ([]actor.PersonID, error) {
	var all []actor.PersonID
	words := c.query.Get("staff")
	if words == "" {
		for _, s := range c.Workspace.Staff() {
			all = append(all, s.Person)
		}
		return all, nil
	}
	for word := range strings.SplitSeq(words, ",") {
		id, ok := c.Records.Person(word)
		if !ok {
			return nil, fault.New(fault.Invalid, "query.staff", "This parameter must name people, with commas between them.").At("staff")
		}
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all, nil
}

type rosterAnswer struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Position string `json:"position,omitempty"`
	Colour   string `json:"colour,omitempty"`
}

type stretchAnswer struct {
	Staff string `json:"staff" doc:"Whose; an id."`
	From  string `json:"from"`
	To    string `json:"to"`
}

// agendaAnswer is how the journal looks; appointments and clients are records.
type agendaAnswer struct {
	Items   []json.RawMessage `json:"items" nullable:"false" doc:"Appointments, by their beginning."`
	Clients []json.RawMessage `json:"clients" nullable:"false" doc:"Their clients, as this surface shows them."`
	agendaFrame
}

// agendaFrame is what stands around the appointments.
type agendaFrame struct {
	TimeZone string          `json:"time_zone"`
	From     string          `json:"from"`
	To       string          `json:"to"`
	Staff    []rosterAnswer  `json:"staff" nullable:"false" doc:"In the order of the columns."`
	Hours    []stretchAnswer `json:"hours" nullable:"false" doc:"When they work."`
	Busy     []stretchAnswer `json:"busy" nullable:"false" doc:"When else they are busy, for those who may know that and not with what."`
}

// agenda reads some days of the journal.
func (c *call) agenda(from, to time.Time) (*records.Agenda, agendaFrame, error) {
	frame := agendaFrame{TimeZone: c.Workspace.Settings().TimeZone, From: instant(from), To: instant(to), Staff: []rosterAnswer{}, Hours: []stretchAnswer{}, Busy: []stretchAnswer{}}
	people, err := c.staffAsked()
	if err != nil {
		return nil, frame, err
	}
	a, err := c.Records.Agenda(c.ctx, c.who, "appointment", c.surface(), people, from, to)
	if err != nil {
		return nil, frame, err
	}
	zone := c.Workspace.Zone()
	staff := c.Workspace.Staff()
	for _, id := range a.People {
		who, err := c.person(id)
		if err != nil {
			return nil, frame, err
		}
		column := rosterAnswer{ID: who.ID, Name: who.Name}
		if i := slices.IndexFunc(staff, func(s crm.Staff) bool { return s.Person == id }); i >= 0 {
			column.Position, column.Colour = staff[i].Position, staff[i].Colour
			for _, h := range staff[i].Works(from, to, zone) {
				frame.Hours = append(frame.Hours, stretchAnswer{who.ID, instant(h.From), instant(h.To)})
			}
		}
		frame.Staff = append(frame.Staff, column)
	}
	for _, b := range a.Busy {
		frame.Busy = append(frame.Busy, stretchAnswer{c.Records.PersonWord(b.Person), instant(b.From), instant(b.To)})
	}
	return a, frame, nil
}

func (c *call) journal() error {
	zone := c.Workspace.Zone()
	from, err := c.day("from", zone)
	if err != nil {
		return err
	}
	to := from.AddDate(0, 0, 1)
	if c.query.Get("to") != "" {
		if to, err = c.day("to", zone); err != nil {
			return err
		}
	}
	a, frame, err := c.agenda(from, to)
	if err != nil {
		return err
	}
	around, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	lent := c.buffers.get()
	b, err := c.appendRecords(append((*lent)[:0], `{"items":[`...), &a.Page)
	if err == nil {
		b, err = c.appendRecords(append(b, `],"clients":[`...), a.Clients)
	}
	if err == nil {
		b = append(append(b, "],"...), around[1:]...)
		err = c.write("application/json", b)
	}
	c.buffers.put(lent, b)
	return err
}

type slotAnswer struct {
	Staff string `json:"staff" doc:"Whose; an id."`
	At    string `json:"at" doc:"When it can begin."`
}

const (
	slotStep = 15 * time.Minute
	slotMost = 200 // of each person
)

func (c *call) slots() (listOf[slotAnswer], error) {
	zone := c.Workspace.Zone()
	day, err := c.day("day", zone)
	if err != nil {
		return listOf[slotAnswer]{}, err
	}
	minutes, err := c.number("minutes")
	if err != nil {
		return listOf[slotAnswer]{}, err
	}
	if minutes == 0 {
		minutes = 60
	}
	if minutes > int(schema.Longest/time.Minute) {
		return listOf[slotAnswer]{}, fault.New(fault.Invalid, "query.minutes", "An appointment lasts at most 24 hours.").At("minutes")
	}
	except := schema.RecordID(0)
	if word := c.query.Get("except"); word != "" {
		var ok bool
		if except, ok = c.Records.Record("appointment", word); !ok {
			return listOf[slotAnswer]{}, fault.NotFound()
		}
	}
	from, to := day, day.AddDate(0, 0, 1)
	a, _, err := c.agenda(from, to)
	if err != nil {
		return listOf[slotAnswer]{}, err
	}
	taken := map[actor.PersonID][]crm.Stretch{}
	for _, b := range append(a.Takes(except), a.Busy...) {
		taken[b.Person] = append(taken[b.Person], crm.Stretch{From: b.From, To: b.To})
	}
	var all []slotAnswer
	for _, s := range c.Workspace.Staff() {
		if !slices.Contains(a.People, s.Person) {
			continue
		}
		for _, at := range crm.Slots(s.Works(from, to, zone), taken[s.Person], time.Duration(minutes)*time.Minute, slotStep, slotMost) {
			all = append(all, slotAnswer{c.Records.PersonWord(s.Person), instant(at)})
		}
	}
	return list(all), nil
}

func (c *call) pickClients() error {
	p, err := c.Records.Pick(c.ctx, c.who, c.route.kind.Name, c.surface(), c.query.Get("search"), 12)
	if err != nil {
		return err
	}
	return c.page(p)
}

type repeatBody struct {
	Every    string `json:"every" enum:"day,week,month"`
	Interval int    `json:"interval,omitempty" required:"false" doc:"Every second week: 2. By default 1."`
	Weekdays []int  `json:"weekdays,omitempty" required:"false" nullable:"false" doc:"Of weeks: 0 is Monday. By default that of the first."`
	Count    int    `json:"count,omitempty" required:"false" doc:"How many in all."`
	Until    string `json:"until,omitempty" required:"false" doc:"The last day, such as 2026-06-30."`
}

func (b repeatBody) repeat() (crm.Repeat, error) {
	r := crm.Repeat{Every: b.Every, Interval: b.Interval, Weekdays: b.Weekdays, Count: b.Count}
	if b.Until == "" {
		return r, nil
	}
	var err error
	if r.Until, err = time.Parse(time.DateOnly, b.Until); err != nil {
		return r, fault.New(fault.Invalid, "repeat.until", "The last day must be a day such as 2026-06-30.").At("repeat")
	}
	return r, nil
}

type seriesBody struct {
	Fields    json.RawMessage `json:"fields" doc:"Those of the first appointment."`
	Repeat    repeatBody      `json:"repeat"`
	SkipTaken bool            `json:"skip_taken,omitempty" required:"false" doc:"Leave out those whose time is taken."`
}

type seriesAnswer struct {
	Operation string   `json:"operation" doc:"By which it is undone."`
	Done      int      `json:"done"`
	Left      int      `json:"left" doc:"How many were left out because their time is taken."`
	IDs       []string `json:"ids" nullable:"false"`
}

func (c *call) createSeries(b seriesBody) (seriesAnswer, error) {
	first, err := c.values(b.Fields)
	if err != nil {
		return seriesAnswer{}, err
	}
	starts, err := timeIn(first, "starts_at")
	if err != nil {
		return seriesAnswer{}, err
	}
	repeat, err := b.Repeat.repeat()
	if err != nil {
		return seriesAnswer{}, err
	}
	times, err := repeat.Times(starts, c.Workspace.Zone())
	if err != nil {
		return seriesAnswer{}, err
	}
	lasts := time.Duration(0)
	if _, named := first["ends_at"]; named {
		ends, err := timeIn(first, "ends_at")
		if err != nil {
			return seriesAnswer{}, err
		}
		lasts = ends.Sub(starts)
	}
	var all []records.Values
	for _, at := range times {
		v := records.Values{}
		for name, value := range first {
			v[name] = value
		}
		v["starts_at"] = at.UTC().Format(time.RFC3339Nano)
		if lasts != 0 {
			v["ends_at"] = at.Add(lasts).UTC().Format(time.RFC3339Nano)
		}
		all = append(all, v)
	}
	op, made, err := c.Records.Series(c.ctx, c.who, c.route.kind.Name, all, b.SkipTaken)
	if err != nil {
		return seriesAnswer{}, err
	}
	a := c.seriesOf(op)
	for _, id := range made {
		a.IDs = append(a.IDs, c.Records.RecordWord(c.route.kind.Name, id))
	}
	return a, nil
}

func (c *call) seriesOf(op *records.Operation) seriesAnswer {
	return seriesAnswer{Operation: c.Vault.Public("operation", op.ID), Done: op.Done, Left: len(op.Refused), IDs: []string{}}
}

// timeIn is a member that is a time.
func timeIn(v records.Values, name string) (time.Time, error) {
	text, _ := v[name].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fault.New(fault.Invalid, "field.datetime", "This must be a time such as 2026-03-01T09:30:00Z.").At(name)
	}
	return at, nil
}

type fieldsBody struct {
	Fields json.RawMessage `json:"fields" doc:"Those that change."`
}

func (c *call) updateSeries(b fieldsBody) (seriesAnswer, error) {
	id, err := c.id()
	if err != nil {
		return seriesAnswer{}, err
	}
	v, err := c.values(b.Fields)
	if err != nil {
		return seriesAnswer{}, err
	}
	version, err := c.version(v)
	if err != nil {
		return seriesAnswer{}, err
	}
	op, err := c.Records.ChangeSeries(c.ctx, c.who, c.route.kind.Name, id, version, v, c.Workspace.Zone())
	if err != nil {
		return seriesAnswer{}, err
	}
	return c.seriesOf(op), nil
}

func (c *call) deleteSeries() (seriesAnswer, error) {
	id, err := c.id()
	if err != nil {
		return seriesAnswer{}, err
	}
	version, err := c.version(nil)
	if err != nil {
		return seriesAnswer{}, err
	}
	op, err := c.Records.DeleteSeries(c.ctx, c.who, c.route.kind.Name, id, version)
	if err != nil {
		return seriesAnswer{}, err
	}
	return c.seriesOf(op), nil
}
