// Package demo fills an empty workspace with made-up people, clients and stories.
//
// Nobody in it exists. Telephone numbers are from the range 555-0100 to
// 555-0199 that is given to nobody, mail addresses end in example.com. The
// stories are the same each time, so that screenshots, tests and whoever looks
// at a demo speak of the same people: Olga owns the firm, Marta leads the work,
// Ana serves her own clients and sees no numbers but by a click, Ben belongs to
// the region North and sees the numbers of its clients, Piotr keeps the books.
package demo

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/identity"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/vault"
)

// Rooms are those that a demo is made in. All must be given.
type Rooms struct {
	Accounts  *identity.Accounts
	Rights    *rights.Book
	Book      *records.Book
	Workspace *crm.Workspace
	Vault     *vault.Vault
	Now       func() time.Time
}

// SignIn is how one of the people comes in.
type SignIn struct {
	Email, Password string
	Name, About     string
}

// person is one of the cast.
type person struct {
	email, name, role, language, about string

	id actor.PersonID
}

// ErrNotEmpty says that the workspace has people already: a demo is never
// mixed into somebody's own data.
var ErrNotEmpty = errors.New("the workspace is not empty")

// Fill makes the demo. The password is the same for all, new in every demo,
// and nowhere kept but in the answer.
func Fill(ctx context.Context, r Rooms) ([]SignIn, error) {
	token, err := r.Accounts.SetupLink(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin a demo: %w", err)
	}
	if token == "" {
		return nil, ErrNotEmpty
	}
	password := "demo-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(r.Vault.Bytes(10)))
	started, err := r.Accounts.Setup(ctx, identity.Founding{Token: token, Email: "olga@example.com", Name: "Olga Orlova", Password: password,
		Language: "en", Workspace: "Lumen Studio", Region: "US", TimeZone: "Europe/Warsaw"})
	if err != nil {
		return nil, fmt.Errorf("found the demo: %w", err)
	}
	d := &demo{Rooms: r, ctx: ctx, owner: started.Actor}
	signIns := []SignIn{{"olga@example.com", password, "Olga Orlova", "owns the firm and sees everything"}}
	steps := []func() error{func() error { return d.people(password) }, d.groups, d.companies, d.clients, d.deals, d.tasks, d.comments, d.staff, d.services, d.appointments, d.talks, d.prospects, d.folders, d.invoices, d.processes, d.days}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("fill the demo: %w", err)
		}
	}
	for _, p := range d.cast {
		signIns = append(signIns, SignIn{p.email, password, p.name, p.about})
	}
	// Nobody sits at the session in which the demo was made.
	if err := r.Accounts.SignOut(ctx, started.Actor); err != nil {
		return nil, fmt.Errorf("leave the demo: %w", err)
	}
	return signIns, nil
}

type demo struct {
	Rooms
	ctx   context.Context
	owner actor.Actor

	cast    []*person
	north   actor.GroupID
	firms   []schema.RecordID
	clientz []schema.RecordID
	offers  []schema.RecordID
}

func (d *demo) as(i int) actor.Actor { return actor.Actor{Kind: actor.Person, Person: d.cast[i].id} }

const (
	marta = iota
	ana
	ben
	dario
	piotr
	ivan
)

func (d *demo) people(password string) error {
	roles, err := d.Rights.Roles(d.ctx, d.owner)
	if err != nil {
		return err
	}
	byKey := map[string]actor.RoleID{}
	for _, r := range roles {
		byKey[r.Built] = r.ID
	}
	d.cast = []*person{
		{email: "marta@example.com", name: "Marta Kowalska", role: "manager", language: "pl", about: "manager: sees every client; numbers of others' clients open on a click"},
		{email: "ana@example.com", name: "Ana Bianchi", role: "specialist", language: "it", about: "specialist: sees her own clients, phones masked"},
		{email: "ben@example.com", name: "Ben Carter", role: "specialist", language: "en", about: "specialist and lead of the region North: sees its clients with phones"},
		{email: "dario@example.com", name: "Dario Conti", role: "call_centre", language: "it", about: "call centre: finds a client by the whole number"},
		{email: "piotr@example.com", name: "Piotr Lis", role: "accountant", language: "pl", about: "accountant: sees companies and deals, no ways to reach anybody"},
		{email: "ivan@example.com", name: "Иван Ветров", role: "administrator", language: "ru", about: "administrator: people, roles, settings; does not export"},
	}
	for _, p := range d.cast {
		made, err := d.Accounts.CreatePerson(d.ctx, d.owner, identity.Draft{Email: p.email, Name: p.name, Role: byKey[p.role], Language: p.language, TimeZone: "Europe/Warsaw", Password: password})
		if err != nil {
			return fmt.Errorf("person %s: %w", p.role, err)
		}
		p.id = made.ID
	}
	return nil
}

func (d *demo) groups() error {
	lead, err := d.Rights.CreateRole(d.ctx, d.owner, rights.Role{Name: "Region lead", Rights: rights.Rights{
		Grades: map[string]map[string]string{
			"contact": {"view": "all", "edit": "all"}, "company": {"view": "all"}, "deal": {"view": "all", "edit": "all"},
		},
		Sights: []rights.Sight{
			{Class: "open", Own: "plain", Group: "plain", All: "plain"}, {Class: "personal", Own: "plain", Group: "plain", All: "plain"}, {Class: "contact", Own: "plain", Group: "plain", All: "plain"},
		},
	}})
	if err != nil {
		return fmt.Errorf("role of a region's lead: %w", err)
	}
	north, err := d.Rights.CreateGroup(d.ctx, d.owner, "North")
	if err != nil {
		return err
	}
	d.north = north.ID
	err = d.Rights.SetMembers(d.ctx, d.owner, north.ID, north.Version, []rights.Member{{Person: d.cast[ben].id, Role: lead.ID}, {Person: d.cast[marta].id}})
	if err != nil {
		return fmt.Errorf("members of the region: %w", err)
	}
	_, err = d.Rights.CreateGroup(d.ctx, d.owner, "South")
	return err
}

var (
	firmNames = []string{"Aurora Print", "Bramble & Sons", "Caffè Vesuvio", "Dębowa Kuchnia", "Ember Fitness", "Forno Antico", "Glasshouse Ltd", "Horyzont Travel", "Isola Verde", "Juniper Clinic", "Ключ и замок", "Лесная аптека"}
	given     = []string{"Emma", "Liam", "Sofia", "Noah", "Giulia", "Matteo", "Chiara", "Luca", "Zofia", "Jakub", "Hanna", "Antoni", "Алина", "Максим", "Вера", "Тимур"}
	family    = []string{"Harper", "Bennett", "Walsh", "Quinn", "Ferraro", "Galli", "Moretti", "Riva", "Wilk", "Sowa", "Dudek", "Zając", "Лебедева", "Громов", "Снегирёва", "Орешкин"}
	cities    = []string{"Kraków", "Milano", "Gdańsk", "Torino", "Dublin", "Казань", "Łódź", "Boston"}
	sources   = []string{"Website", "Recommendation", "Instagram", "Walk-in", "Phone call"}
	tagWords  = []string{"vip", "newsletter", "bridal", "corporate", "regular"}
	notes     = []string{"", "Prefers mornings.", "Allergic to nickel.", "Ask for the husband on +1 617 555 0148 if she does not answer.", "", "Comes with a dog.", "Old address: lost@example.com"}
)

func (d *demo) companies() error {
	var writes []records.Write
	for i, name := range firmNames {
		writes = append(writes, records.Write{Group: d.region(i), Values: records.Values{
			"name": name, "city": cities[i%len(cities)], "phones": []any{phone(900 + i)}, "emails": []any{fmt.Sprintf("office%d@example.com", i)},
			"industry": []string{"Retail", "Food", "Health", "Travel"}[i%4], "source": sources[i%len(sources)],
		}})
	}
	ids, err := d.batch("company", writes)
	d.firms = ids
	return err
}

// region puts every third record into the region North.
func (d *demo) region(i int) actor.GroupID {
	if i%3 == 0 {
		return d.north
	}
	return 0
}

// phone is a number that belongs to nobody.
func phone(i int) string {
	codes := []int{212, 305, 312, 415, 503, 617, 702, 808, 907, 919}
	return fmt.Sprintf("+1%d55501%02d", codes[i/100%len(codes)], i%100)
}

const clientCount = 240

func (d *demo) clients() error {
	keepers := []actor.PersonID{d.cast[ana].id, d.cast[ben].id, d.cast[marta].id, d.owner.Person}
	var writes []records.Write
	for i := range clientCount {
		part := i % len(given)
		g, f := given[part], family[(part/4*4)+(i/len(given)+part)%4]
		language := []string{"en", "it", "pl", "ru"}[part/4]
		v := records.Values{
			"given_name": g, "family_name": f, "language": language,
			"phones":      []any{map[string]any{"number": phone(i), "label": "mobile"}},
			"city":        cities[(i*5)%len(cities)],
			"source":      sources[(i*3)%len(sources)],
			"responsible": keepers[i%len(keepers)],
		}
		if i%4 != 3 {
			v["emails"] = []any{fmt.Sprintf("client%d@example.com", i+1)}
		}
		if i%5 == 0 {
			v["tags"] = []any{tagWords[i/5%len(tagWords)]}
		}
		if i%6 == 0 {
			v["company"] = d.firms[i/6%len(d.firms)]
			v["job_title"] = "Office manager"
		}
		if n := notes[i%len(notes)]; n != "" {
			v["note"] = n
		}
		if i%7 == 0 {
			v["birthday"] = fmt.Sprintf("19%02d-%02d-%02d", 60+i%40, 1+i%12, 1+i%28)
		}
		writes = append(writes, records.Write{Values: v, Group: d.region(i)})
	}
	ids, err := d.batch("contact", writes)
	d.clientz = ids
	return err
}

// batch writes as the owner, a slice at a time.
func (d *demo) batch(kind string, all []records.Write) ([]schema.RecordID, error) {
	var ids []schema.RecordID
	operation := int64(0)
	for from := 0; from < len(all); from += 50 {
		op, outcomes, err := d.Book.Batch(d.ctx, d.owner, kind, operation, all[from:min(len(all), from+50)])
		if err != nil {
			return nil, err
		}
		operation = op
		for i, o := range outcomes {
			if o.Err != nil {
				return nil, fmt.Errorf("%s %d: %w", kind, from+i, o.Err)
			}
			ids = append(ids, o.ID)
		}
	}
	return ids, nil
}

func (d *demo) deals() error {
	pipelines := d.Workspace.PipelinesOf("deal")
	if len(pipelines) == 0 {
		return errors.New("the demo has no pipeline")
	}
	stages := pipelines[0].Stages
	titles := []string{"Bridal package", "Season ticket", "Corporate day", "Colour and care", "Workshop", "Gift vouchers", "Refit of the salon", "Yearly contract"}
	var writes []records.Write
	for i := range 48 {
		v := records.Values{
			"title": titles[i%len(titles)], "stage": stages[i%len(stages)].ID, "amount": fmt.Sprintf("%d.50", 120+i*35), "currency": "EUR",
			"contact": d.clientz[i*5%len(d.clientz)], "responsible": []actor.PersonID{d.cast[ana].id, d.cast[ben].id, d.cast[marta].id}[i%3],
			"expected_close": d.Now().AddDate(0, 0, 7+i).Format(time.DateOnly),
		}
		if i%4 == 0 {
			v["company"] = d.firms[i/4%len(d.firms)]
		}
		writes = append(writes, records.Write{Values: v, Group: d.region(i)})
	}
	_, err := d.batch("deal", writes)
	return err
}

func (d *demo) tasks() error {
	what := []string{"Call back", "Send the offer", "Confirm the visit", "Ask for the wording of the consent", "Prepare the invoice"}
	kinds := []string{"call", "message", "meeting", "message", "other"}
	var writes []records.Write
	for i := range 36 {
		writes = append(writes, records.Write{Values: records.Values{
			"title": what[i%len(what)], "activity": kinds[i%len(kinds)], "due": d.Now().Add(time.Duration(i-8) * 9 * time.Hour).UTC().Truncate(time.Minute).Format(time.RFC3339),
			"contact": d.clientz[i*7%len(d.clientz)], "done": i%5 == 0,
			"responsible": []actor.PersonID{d.cast[ana].id, d.cast[ben].id, d.cast[marta].id}[i%3],
		}})
	}
	_, err := d.batch("task", writes)
	return err
}

func (d *demo) comments() error {
	texts := []string{"Called, will think about it until Friday.", "Liked the last visit very much.", "Wants to bring a friend next time: +1 702 555 0177.", "Paid in full.", "Asked to be forgotten; explain how."}
	for i := range 40 {
		_, err := d.Book.Create(d.ctx, d.owner, "comment", records.Values{"text": texts[i%len(texts)], "about_kind": "contact", "about": d.clientz[i*6%len(d.clientz)]})
		if err != nil {
			return fmt.Errorf("comment: %w", err)
		}
	}
	return nil
}

// days lets the people work a little, so that the log has something to tell.
func (d *demo) days() error {
	for i := range d.cast {
		for _, q := range []records.Query{{}, {Search: "e"}, {Sort: "name"}} {
			if _, err := d.Book.List(d.ctx, d.as(i), "contact", "list", q); err != nil {
				return fmt.Errorf("a day of %s: %w", d.cast[i].role, err)
			}
		}
	}
	for i := 0; i < 24; i += 4 { // Ana's own clients
		if _, err := d.Book.Read(d.ctx, d.as(ana), "contact", d.clientz[i], "card"); err != nil {
			return fmt.Errorf("Ana reads: %w", err)
		}
		if _, err := d.Book.Reveal(d.ctx, d.as(ana), "contact", d.clientz[i], []string{"phones"}, "card"); err != nil {
			return fmt.Errorf("Ana opens a number: %w", err)
		}
	}
	for i := range 6 {
		id := d.clientz[i*8]
		if err := d.Book.Update(d.ctx, d.as(marta), "contact", id, 0, records.Values{"city": cities[i], "note": "Moved; new keys with the neighbour."}); err != nil {
			return fmt.Errorf("Marta changes a client: %w", err)
		}
	}
	return d.Book.Delete(d.ctx, d.owner, "contact", d.clientz[clientCount-1], 0)
}
