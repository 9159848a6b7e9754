package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A salon for these tests: Anton and Berta take appointments from nine to six by
// the clock of Warsaw; Cecilia is a client of Berta with a number that nobody
// else may learn.
type salon struct {
	*town
	a, b    *person
	client  string // Cecilia, of Berta
	service string
	day     string // a Monday that lies ahead
}

const (
	cecilia      = "Cecilia Quartz"
	ceciliaPhone = "2125550199"
	whisper      = "prefers the back door"
)

// stylist keeps the appointments and clients of their own.
func stylist(abilities ...string) object {
	own := object{"create": "all", "view": "own", "edit": "own"}
	return object{
		"grades": object{"contact": own, "appointment": own, "service": object{"view": "all"}},
		"sights": []object{
			{"class": "open", "own": "plain", "group": "plain", "all": "plain"},
			{"class": "personal", "own": "plain", "group": "plain", "all": "plain"},
			{"class": "contact", "own": "masked", "group": "masked", "all": "masked"},
		},
		"abilities": abilities,
	}
}

func openSalon(t *town, role object) *salon {
	t.Helper()
	s := &salon{town: t, a: t.hire("Anton", role), b: t.hire("Berta", stylist())}
	week := [][]object{}
	for range 7 {
		week = append(week, []object{{"from": 9 * 60, "to": 18 * 60}})
	}
	for _, p := range []*person{s.a, s.b} {
		t.olga.put("/api/v1/staff/"+p.id, object{"week": week, "position": "Stylist"}).is(200)
	}
	s.service = t.olga.create("services", object{"name": "Colouring", "duration": 60, "price": "80.00"})
	s.client = s.b.create("contacts", object{"name": cecilia, "phones": []string{"(212) 555-0199"}, "emails": []string{"cecilia.secret@example.com"}})
	first := time.Now().UTC().AddDate(0, 0, 14)
	s.day = first.AddDate(0, 0, -(int(first.Weekday())+6)%7).Format(time.DateOnly)
	return s
}

// at is an hour of the day of the salon, in Warsaw, as a moment.
func (s *salon) at(hour, minute int) string {
	zone, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		s.Fatal(err)
	}
	day, err := time.ParseInLocation(time.DateOnly, s.day, zone)
	if err != nil {
		s.Fatal(err)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, zone).UTC().Format(time.RFC3339)
}

// book gives Berta an appointment with Cecilia.
func (s *salon) book(from, to int) string {
	s.Helper()
	return s.b.create("appointments", object{"contact": s.client, "service": s.service, "responsible": s.b.id,
		"starts_at": s.at(from, 0), "ends_at": s.at(to, 0), "note": whisper})
}

// secrets are the words that only Berta and the owner may read.
func (s *salon) secrets(ids ...string) []string {
	return append(ids, cecilia, "Cecilia", ceciliaPhone, "555-0199", "cecilia.secret", whisper, "Colouring", "80.00", s.client)
}

// surfacesOf are the ways in which appointments can be asked for.
func (s *salon) surfacesOf(id string) []string {
	days := "?from=" + s.day + "&staff=" + s.b.id
	return []string{
		"/api/v1/journal?from=" + s.day, "/api/v1/journal" + days, "/api/v1/dashboard/appointments" + days,
		"/api/v1/appointments", "/api/v1/appointments?clients=1&count=exact", "/api/v1/appointments/" + id, "/api/v1/appointments/" + id + "/history",
		"/api/v1/appointments/" + id + "/timeline", "/api/v1/contacts/" + s.client + "/timeline",
		"/api/v1/booking/slots?day=" + s.day, "/api/v1/booking/slots?day=" + s.day + "&staff=" + s.b.id + "&except=" + id,
		"/api/v1/booking/clients?search=cecilia", "/api/v1/booking/clients?search=" + ceciliaPhone, "/api/v1/booking/clients/" + s.client,
		"/api/v1/search?q=colouring", "/api/v1/search?q=cecilia", "/api/v1/appointments" + query("filter", `contact = "`+s.client+`"`),
		"/api/v1/appointments" + query("search", "colouring"), "/api/v1/appointments/count" + query("filter", `status = "waiting"`),
	}
}

func TestAttack23_JournalShowsNothingOfOthersAppointments(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist())
		id := s.book(10, 11)
		for _, path := range s.surfacesOf(id) {
			words := s.secrets(id)
			if strings.Contains(path, id) {
				words = words[1:] // the id was in the question
			}
			if strings.Contains(path, "search?q=colouring") {
				words = slices.DeleteFunc(words, func(word string) bool { return word == "Colouring" }) // a service, which everybody sees
			}
			s.a.get(path).lacks(words...)
		}
		frame := s.a.get("/api/v1/journal?from=" + s.day + "&staff=" + s.b.id).is(200)
		if got := frame.json(); len(got["items"].([]any))+len(got["busy"].([]any))+len(got["staff"].([]any))+len(got["hours"].([]any)) != 0 {
			t.Errorf("somebody who sees their own appointments learns of others': %s", frame.body)
		}
		if n := len(s.a.get("/api/v1/booking/slots?day=" + s.day + "&staff=" + s.b.id).is(200).items()); n != 0 {
			t.Errorf("free times of a colleague tell of %d that are not taken, to somebody who may not know when they are busy", n)
		}
		if count := s.a.get("/api/v1/appointments/count").is(200).json()["n"]; count != float64(0) {
			t.Errorf("appointments of others are counted: %v", count)
		}
		// It is not empty because nothing is there.
		s.b.get("/api/v1/journal?from="+s.day).is(200).has(cecilia, "Colouring", whisper)
	})
}

func TestAttack23_BusyTimeTellsHowLongAndNothingElse(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist("journal.busy"))
		one := s.book(10, 12)
		path := "/api/v1/journal?from=" + s.day
		slots := "/api/v1/booking/slots?day=" + s.day + "&staff=" + s.b.id
		whole, free := s.a.get(path).is(200).lacks(s.secrets(one)...), s.a.get(slots).is(200).lacks(s.secrets(one)...)
		busy := whole.json()["busy"].([]any)
		if len(busy) != 1 || !strings.HasPrefix(busy[0].(map[string]any)["from"].(string), strings.TrimSuffix(s.at(10, 0), "Z")) {
			t.Fatalf("busy time: %v", busy)
		}
		for _, slot := range free.items() {
			if at := slot["at"].(string); at > s.at(9, 0) && at < strings.TrimSuffix(s.at(12, 0), "Z") {
				t.Errorf("a slot at %s lies in taken time", at)
			}
		}
		// Two appointments side by side, of two clients, look like one.
		s.b.patch("/api/v1/appointments/"+one, object{"ends_at": s.at(11, 0)}).is(200)
		other := s.b.create("contacts", object{"name": "Dora Quartz"})
		two := s.b.create("appointments", object{"contact": other, "responsible": s.b.id, "starts_at": s.at(11, 0), "ends_at": s.at(12, 0)})
		if split := s.a.get(path).is(200).lacks(append(s.secrets(one, two), "Dora")...); split.body != whole.body {
			t.Errorf("how many appointments fill a time can be told:\n%s\n%s", whole.body, split.body)
		}
		if split := s.a.get(slots).is(200); split.body != free.body {
			t.Errorf("free times tell how many appointments fill the others:\n%s\n%s", free.body, split.body)
		}
		// Nor does the state of it show, but for that it takes time no more.
		s.b.patch("/api/v1/appointments/"+one, object{"status": "came"}).is(200)
		if came := s.a.get(path).is(200); came.body != whole.body {
			t.Errorf("busy time tells whether the client came:\n%s\n%s", whole.body, came.body)
		}
	})
}

func TestAttack20_AppointmentsOfOthersAreClosedByEveryDoor(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist("journal.busy", "records.bin"))
		id := s.book(10, 11)
		read := func() string { return t.olga.get("/api/v1/appointments/" + id).is(200).body }
		before := read()
		for _, change := range []object{{"status": "came"}, {"starts_at": s.at(14, 0)}, {"responsible": s.a.id}, {"note": "x"}} {
			s.a.patch("/api/v1/appointments/"+id, change).is(404).lacks(s.secrets()...)
			s.a.patch("/api/v1/journal/series/"+id, object{"fields": change}).is(404).lacks(s.secrets()...)
		}
		s.a.delete("/api/v1/appointments/" + id).is(404).lacks(s.secrets()...)
		s.a.delete("/api/v1/journal/series/" + id).is(404).lacks(s.secrets()...)
		for _, path := range []string{"/api/v1/journal/clients/", "/api/v1/booking/clients/"} {
			s.a.post(path+s.client+"/reveal", object{"fields": []string{"phones"}}).is(404).lacks(s.secrets()...)
		}
		// To book for Berta is refused alike at a taken time and at a free one.
		taken := s.a.post("/api/v1/appointments", object{"responsible": s.b.id, "starts_at": s.at(10, 0)}).is(403).lacks(s.secrets()...)
		free := s.a.post("/api/v1/appointments", object{"responsible": s.b.id, "starts_at": s.at(15, 0)}).is(403)
		if a, b := taken.json()["code"], free.json()["code"]; a != b {
			t.Errorf("the refusal tells taken time from free: %v, %v", a, b)
		}
		if read() != before {
			t.Errorf("a refused request left a trace:\n%s\n%s", before, read())
		}
	})
}

func TestClientOutOfSightHasNoNameInTheJournal(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist())
		// The reception books Berta's client with Anton, who may not see her.
		id := t.olga.create("appointments", object{"contact": s.client, "service": s.service, "responsible": s.a.id, "starts_at": s.at(10, 0), "price": "12.00"})
		for _, path := range []string{"/api/v1/journal?from=" + s.day, "/api/v1/dashboard/appointments?from=" + s.day, "/api/v1/appointments?clients=1", "/api/v1/appointments/" + id,
			"/api/v1/appointments/" + id + "/history", "/api/v1/appointments/" + id + "/timeline", "/api/v1/search?q=cecilia", "/api/v1/booking/clients?search=cec"} {
			s.a.get(path).is(200).lacks(cecilia, "Cecilia", ceciliaPhone, "cecilia.secret")
		}
		s.a.get("/api/v1/journal?from="+s.day).has(id, "Colouring")
		s.a.get("/api/v1/booking/clients/" + s.client).is(404).lacks("Cecilia")
	})
}

func TestAttack16_NumbersAreMaskedOnEachSurfaceByItself(t *testing.T) {
	everywhere(t, func(t *town) {
		for i, surface := range []string{"journal", "booking", "dropdown", "dashboard", "appointments", "card"} {
			role := stylist()
			// The number is open on one surface alone.
			role["sights"] = append(role["sights"].([]object), object{"class": "contact", "surface": surface, "own": "plain", "group": "plain", "all": "plain"})
			p := t.hire(fmt.Sprintf("Surface%d", i), role)
			t.olga.put("/api/v1/staff/"+p.id, object{"week": [][]object{{}, {}, {}, {}, {}, {}, {}}}).is(200)
			name := "Person " + surface
			client := p.create("contacts", object{"name": name, "phones": []string{"(212) 555-0123"}, "emails": []string{email}})
			day := "2031-03-03"
			p.create("appointments", object{"contact": client, "responsible": p.id, "starts_at": day + "T10:00:00Z"})
			for on, path := range map[string]string{
				"journal": "/api/v1/journal?from=" + day, "dashboard": "/api/v1/dashboard/appointments?from=" + day, "appointments": "/api/v1/appointments?clients=1",
				"booking": "/api/v1/booking/clients/" + client, "dropdown": "/api/v1/booking/clients?search=person", "card": "/api/v1/contacts/" + client,
			} {
				got := p.get(path).is(200).has(name)
				if on == surface {
					got.has(digits, email)
				} else {
					got.lacks(digits, "555-0123", email)
				}
			}
			// What is open elsewhere is not opened here.
			for on, path := range map[string]string{"journal": "/api/v1/journal/clients/", "booking": "/api/v1/booking/clients/"} {
				if on != surface {
					p.post(path+client+"/reveal", object{"fields": []string{"phones"}}).is(403).lacks(digits)
				}
			}
		}
	})
}

func TestWhoMayNotChangeAppointmentsOnlyLooks(t *testing.T) {
	everywhere(t, func(t *town) {
		role := stylist()
		role["grades"].(object)["appointment"] = object{"view": "all"}
		role["grades"].(object)["contact"] = object{"view": "all"}
		s := openSalon(t, role)
		id := s.book(10, 11)
		got := s.a.get("/api/v1/journal?from="+s.day).is(200).has(id, cecilia)
		got.lacks(ceciliaPhone, "cecilia.secret")
		item := got.json()["items"].([]any)[0].(map[string]any)
		if can, given := item["can"].(map[string]any); given && (can["edit"] == true || can["delete"] == true) {
			t.Errorf("handles are offered to who may not use them: %v", can)
		}
		before := t.olga.get("/api/v1/appointments/" + id).is(200).body
		s.a.patch("/api/v1/appointments/"+id, object{"status": "came"}).is(403)
		s.a.patch("/api/v1/journal/series/"+id, object{"fields": object{"status": "came"}}).is(403)
		s.a.delete("/api/v1/appointments/" + id).is(403)
		s.a.delete("/api/v1/journal/series/" + id).is(403)
		s.a.post("/api/v1/appointments", object{"responsible": s.a.id, "starts_at": s.at(15, 0)}).is(403)
		s.a.post("/api/v1/journal/series", object{"fields": object{"responsible": s.a.id, "starts_at": s.at(15, 0)}, "repeat": object{"every": "week", "count": 2}}).is(403)
		if after := t.olga.get("/api/v1/appointments/" + id).is(200).body; after != before {
			t.Errorf("a refused change was made:\n%s\n%s", before, after)
		}
	})
}

func TestSpecialistSaysWhetherTheirClientCame(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist())
		ana := t.employ("Ana", t.ready("specialist"))
		t.olga.put("/api/v1/staff/"+ana.id, object{"week": [][]object{{}, {}, {}, {}, {}, {}, {}}}).is(200)
		own := t.olga.create("appointments", object{"service": s.service, "responsible": ana.id, "starts_at": s.at(10, 0)})
		ana.patch("/api/v1/appointments/"+own, object{"status": "came"}).is(200).has(`"came"`)
		ana.patch("/api/v1/appointments/"+own, object{"starts_at": s.at(12, 0)}).is(200)
		// The journal itself says so: without it the page shows no way to do it.
		item := ana.get("/api/v1/journal?from=" + s.day).is(200).json()["items"].([]any)[0].(map[string]any)
		if can, _ := item["can"].(map[string]any); item["id"] != own || can["edit"] != true || can["delete"] != false {
			t.Errorf("the journal tells a specialist of their own appointment %v", item["can"])
		}
		// Not another's, nor away from themselves, nor into the bin.
		ana.patch("/api/v1/appointments/"+s.book(10, 11), object{"status": "came"}).is(404)
		ana.patch("/api/v1/appointments/"+own, object{"responsible": s.b.id}).is(403)
		ana.delete("/api/v1/appointments/" + own).is(403)
		if got := t.olga.get("/api/v1/appointments/" + own).is(200); got.at("responsible", "id") != ana.id || got.at("status") != "came" {
			t.Errorf("the appointment is not as it was left: %s", got.body)
		}
	})
}

func TestSeriesIsMadeMovedAndTakenBackAsOne(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist())
		made := s.b.post("/api/v1/journal/series", object{"fields": object{"contact": s.client, "service": s.service, "responsible": s.b.id, "starts_at": s.at(10, 0)},
			"repeat": object{"every": "week", "count": 3}}).is(201)
		ids := made.json()["ids"].([]any)
		if len(ids) != 3 {
			t.Fatalf("%d appointments in a series of three", len(ids))
		}
		second := ids[1].(string)
		version := s.b.get("/api/v1/appointments/" + second).json()["version"]
		starts, err := time.Parse(time.RFC3339, s.b.get("/api/v1/appointments/"+second).at("starts_at"))
		if err != nil {
			t.Fatal(err)
		}
		later := starts.Add(90 * time.Minute)
		moved := s.b.with("If-Match", fmt.Sprintf(`"%v"`, version)).patch("/api/v1/journal/series/"+second, object{"fields": object{"starts_at": later.Format(time.RFC3339)}}).is(200)
		if moved.json()["done"] != float64(2) {
			t.Errorf("this one and the later ones: %s", moved.body)
		}
		s.b.get("/api/v1/appointments/" + ids[0].(string)).is(200).has(strings.TrimSuffix(s.at(10, 0), "Z"))
		s.b.post("/api/v1/operations/"+moved.at("operation")+"/undo", nil).is(200)
		if back := s.b.get("/api/v1/appointments/" + second).at("starts_at"); !strings.HasPrefix(back, starts.UTC().Format("2006-01-02T15:04")) {
			t.Errorf("after the undo it begins at %s", back)
		}
		// A series into taken time is refused as a whole, and names places, not what is there.
		refused := s.b.post("/api/v1/journal/series", object{"fields": object{"responsible": s.b.id, "starts_at": s.at(10, 30)}, "repeat": object{"every": "week", "count": 2}}).is(409)
		refused.has("time.taken", "occurrences.1").lacks(s.secrets()...)
	})
}

func TestServicesThatSomebodyDoesNotGiveAreKeptWithTheirHours(t *testing.T) {
	everywhere(t, func(t *town) {
		s := openSalon(t, stylist())
		week := [][]object{{}, {}, {}, {}, {}, {}, {}}
		saved := t.olga.put("/api/v1/staff/"+s.a.id, object{"week": week, "except": []string{s.service, s.service}}).is(200)
		if got := saved.json()["except"].([]any); len(got) != 1 || got[0] != s.service {
			t.Errorf("services that are not given: %v", got)
		}
		t.olga.put("/api/v1/staff/"+s.a.id, object{"week": week, "except": []string{"colouring"}}).is(422, 400).has("except")
		t.olga.get("/api/v1/staff").is(200).has(s.service)
		s.a.put("/api/v1/staff/"+s.a.id, object{"week": week}).is(403)
	})
}

func TestOfferedWordsAreReadByAllAndSetByWhoMayChangeFields(t *testing.T) {
	everywhere(t, func(t *town) {
		ana := t.employ("Ana", t.ready("specialist"))
		t.olga.get("/api/v1/settings/words").is(200).has(`"tags":[]`, `"sources":[]`)
		t.olga.put("/api/v1/settings/words", object{"tags": []string{" Bride ", "Groom"}, "sources": []string{"Wedding fair"}}).is(200).has(`"tags":["Bride","Groom"]`)
		ana.get("/api/v1/settings/words").is(200).has("Wedding fair")
		ana.put("/api/v1/settings/words", object{"tags": []string{}, "sources": []string{}}).is(403)
		t.olga.put("/api/v1/settings/words", object{"tags": []string{"Bride", "bride"}, "sources": []string{}}).is(422).has("tags.1")
		t.olga.put("/api/v1/settings/words", object{"tags": []string{"call 212 555 0199"}, "sources": []string{}}).is(422).has("offered.contact")
		t.olga.put("/api/v1/settings/words", object{"tags": "Bride"}).is(400, 422)
		t.olga.get("/api/v1/settings/words").is(200).has(`"tags":["Bride","Groom"]`, `"sources":["Wedding fair"]`)
	})
}
