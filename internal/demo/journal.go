package demo

import (
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/records"
)

// staff are those who take appointments: four columns of the journal.
func (d *demo) staff() error {
	long := []crm.Span{{From: 9 * 60, To: 13 * 60}, {From: 14 * 60, To: 19 * 60}}
	short := []crm.Span{{From: 10 * 60, To: 16 * 60}}
	week := [7][]crm.Span{long, long, long, long, long, short, {}}
	late := [7][]crm.Span{{}, {{From: 12 * 60, To: 20 * 60}}, {{From: 12 * 60, To: 20 * 60}}, {{From: 12 * 60, To: 20 * 60}}, {{From: 12 * 60, To: 20 * 60}}, {{From: 10 * 60, To: 18 * 60}}, {}}
	for _, s := range []crm.Staff{
		{Person: d.cast[ana].id, Position: "Stylist", Colour: "teal", Week: week},
		{Person: d.cast[ben].id, Position: "Colourist", Colour: "indigo", Week: late},
		{Person: d.cast[marta].id, Position: "Cosmetologist", Colour: "grape", Week: week},
		{Person: d.owner.Person, Position: "Founder", Colour: "orange", Week: [7][]crm.Span{{}, short, short, short, {}, {}, {}}},
	} {
		if err := d.Workspace.SaveStaff(d.ctx, d.owner, s); err != nil {
			return fmt.Errorf("hours: %w", err)
		}
	}
	return nil
}

// offer is a service of the demo.
type offer struct {
	name, category, price, colour string
	minutes                       int
}

var offers = []offer{
	{"Haircut", "Hair", "45.00", "teal", 45}, {"Haircut and blow-dry", "Hair", "60.00", "teal", 60}, {"Colouring", "Hair", "120.00", "grape", 120},
	{"Highlights", "Hair", "150.00", "grape", 150}, {"Manicure", "Nails", "35.00", "pink", 60}, {"Pedicure", "Nails", "45.00", "pink", 75},
	{"Facial", "Face", "70.00", "lime", 60}, {"Brows", "Face", "25.00", "lime", 30}, {"Bridal consultation", "Bridal", "0.00", "orange", 30},
}

func (d *demo) services() error {
	for _, o := range offers {
		id, err := d.Book.Create(d.ctx, d.owner, "service", records.Values{"name": o.name, "category": o.category, "price": o.price, "colour": o.colour, "duration": int64(o.minutes)})
		if err != nil {
			return fmt.Errorf("service: %w", err)
		}
		d.offers = append(d.offers, id)
	}
	return nil
}

// appointments are those of last week and of this one and the next: past ones
// came or did not, those to come wait or are confirmed.
func (d *demo) appointments() error {
	zone, err := time.LoadLocation(d.Workspace.Settings().TimeZone)
	if err != nil {
		return fmt.Errorf("zone of the demo: %w", err)
	}
	now := d.Now().In(zone)
	monday := now.AddDate(0, 0, -int(now.Weekday()+6)%7-7)
	first := time.Date(monday.Year(), monday.Month(), monday.Day(), 0, 0, 0, 0, zone)
	n := 0
	for column, s := range d.Workspace.Staff() {
		for _, open := range s.Works(first, first.AddDate(0, 0, 21), zone) {
			at := open.From
			for at.Before(open.To) {
				n++
				i := (n*7 + column*3) % len(offers)
				ends := at.Add(time.Duration(offers[i].minutes) * time.Minute)
				if ends.After(open.To) {
					break
				}
				if n%4 != 0 { // some time is left free
					if err := d.appointment(s.Person, at, ends, now, i, n); err != nil {
						return err
					}
				}
				at = ends.Add(time.Duration(n%3*15) * time.Minute)
			}
		}
	}
	return nil
}

func (d *demo) appointment(whose actor.PersonID, at, ends, now time.Time, i, n int) error {
	status := []string{"waiting", "confirmed"}[n%2]
	switch {
	case ends.Before(now) && n%9 == 0:
		status = "no_show"
	case n%13 == 0:
		status = "cancelled"
	case ends.Before(now):
		status = "came"
	}
	// Clients are kept by turns by Ana, Ben, Marta and Olga: each serves their own.
	keeper := map[actor.PersonID]int{d.cast[ana].id: 0, d.cast[ben].id: 1, d.cast[marta].id: 2, d.owner.Person: 3}[whose]
	v := records.Values{
		"contact": d.clientz[(n*4+keeper)%(clientCount-4)/4*4+keeper], "service": d.offers[i], "responsible": whose, "status": status,
		"starts_at": at.UTC().Format(time.RFC3339), "ends_at": ends.UTC().Format(time.RFC3339),
	}
	if n%11 == 0 {
		v["note"] = "Running late; will call from +1 415 555 0133."
	}
	if _, err := d.Book.Create(d.ctx, d.owner, "appointment", v); err != nil {
		return fmt.Errorf("appointment: %w", err)
	}
	return nil
}
