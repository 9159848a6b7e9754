package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/exchange"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
	"castellan/internal/vault"
)

// form changes whenever the town does, so that an older one is not taken for it.
const form = 2

const (
	owners   = 1000
	groups   = 200
	few      = 500 // clients that the first person sees
	staff    = 250 // who take appointments, eight a day each
	password = "harbour tulip ninety lantern"
)

// Whom the town is looked at by. Owner sees every client, the others through
// themselves and five groups each.
type onlooker string

const (
	boss   onlooker = "all"
	little onlooker = "500"
	some   onlooker = "1/20"
	most   onlooker = "9/10"

	// desk is at the salon's desk: a call centre's role, which sees every
	// client, not how to reach them, and everybody's appointments.
	desk onlooker = "desk"
)

var onlookers = []onlooker{little, some, most}

// plan is what of the town is remembered beside it.
type plan struct {
	Clients int
	People  map[onlooker]actor.PersonID
	Groups  map[onlooker][]actor.GroupID
	Crowd   []actor.PersonID // those who are responsible for the most
	Mid     []actor.GroupID  // groups of none of the onlookers
	Staff   []actor.PersonID // who takes appointments, the onlookers first
	Card    schema.RecordID  // a client with a long story, whom everybody but the first onlooker sees
}

func address(o onlooker) string {
	return "person" + strings.NewReplacer("/", "of").Replace(string(o)) + "@example.com"
}

// house is an open workspace, put together as the program does it.
type house struct {
	dir       string
	url       string // of the server, on PostgreSQL
	db        *store.DB
	vault     *vault.Vault
	scribe    *scribe.Scribe
	workspace *crm.Workspace
	rights    *rights.Book
	accounts  *identity.Accounts
	book      *records.Book
	imports   *exchange.Imports
	plan      plan
}

// open puts a workspace together at a place.
func open(ctx context.Context, o store.Options) (h *house, err error) {
	h = &house{dir: o.Dir, url: o.URL}
	if h.db, err = store.Open(ctx, o); err != nil {
		return nil, err
	}
	if h.vault, err = vault.Open(o.Dir, nil); err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	if h.scribe, err = scribe.Open(ctx, h.db, h.vault, scribe.Options{HeadFile: filepath.Join(o.Dir, "head", "ledger.head")}); err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	if h.workspace, err = crm.OpenWorkspace(ctx, h.db); err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.rights = rights.Open(rights.Options{DB: h.db, Scribe: h.scribe, Catalog: h.workspace.Catalog, GroupGone: records.GroupGone})
	h.workspace.Join(h.scribe, h.rights)
	h.accounts = identity.Open(identity.Options{DB: h.db, Vault: h.vault, Rights: h.rights, Scribe: h.scribe,
		Founding: func(ctx context.Context, tx *store.Tx, _ actor.Actor, f identity.Founding) error {
			return h.workspace.Found(ctx, tx, crm.Settings{Name: f.Workspace, Region: f.Region, Language: f.Language, TimeZone: f.TimeZone, Currency: "EUR"})
		}})
	h.book = records.Open(records.Options{DB: h.db, Scribe: h.scribe, Rights: h.rights, Vault: h.vault, Catalog: h.workspace.Catalog, Region: h.workspace.Region, Prepare: h.workspace.Prepare(), Settle: h.workspace.Settle()})
	h.imports = exchange.Open(exchange.Options{DB: h.db, Scribe: h.scribe, Vault: h.vault, Rights: h.rights, Book: h.book, Region: h.workspace.Region,
		Language: func() string { return h.workspace.Settings().Language },
		Person:   func(context.Context, string) (actor.PersonID, bool) { return 0, false }})
	if text, err := os.ReadFile(filepath.Join(o.Dir, "plan.json")); err == nil {
		if err := json.Unmarshal(text, &h.plan); err != nil {
			return nil, errors.Join(err, h.close())
		}
	}
	return h, nil
}

func (h *house) close() error {
	if h.imports != nil {
		h.imports.Close()
	}
	return errors.Join(h.scribe.Close(context.Background()), h.db.Close())
}

func (h *house) as(o onlooker) actor.Actor {
	return actor.Actor{Kind: actor.Person, Person: h.plan.People[o]}
}

// grant is what an onlooker may do to clients, by their stored rights.
func (h *house) grant(ctx context.Context, o onlooker, on policy.Surface) (policy.Grant, error) {
	st, err := h.rights.Standing(ctx, h.as(o))
	if err != nil {
		return policy.Grant{}, err
	}
	return st.Decide(h.workspace.Catalog().Kind("contact"), policy.View, on, h.db.Now()), nil
}

// town gives the place of the town of that many clients, which it builds if it
// is not there. On PostgreSQL the files beside the database are there, too.
func town(ctx context.Context, engine store.Engine, clients int, cache, url string) (store.Options, error) {
	name := fmt.Sprintf("%s-%d-v%d", strings.ToLower(engine.String()), clients, form)
	o := store.Options{Dir: filepath.Join(cache, name)}
	if engine == store.Postgres {
		o.URL, o.Schema = url, fmt.Sprintf("bench_%d_v%d", clients, form)
		there, err := schemaThere(ctx, o)
		if err != nil {
			return o, err
		}
		if !there { // a new server: what was kept beside the old one is of no use
			if err := os.RemoveAll(o.Dir); err != nil {
				return o, err
			}
		}
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "plan.json")); err == nil {
		return o, nil
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return o, err
	}
	if engine == store.Postgres {
		if err := dropSchema(ctx, o); err != nil {
			return o, err
		}
	}
	fmt.Fprintf(os.Stderr, "building a town of %d clients on %s, once\n", clients, engine)
	h, err := open(ctx, o)
	if err != nil {
		return o, err
	}
	began := time.Now()
	if err := h.settle(ctx, clients); err != nil {
		return o, errors.Join(fmt.Errorf("build a town: %w", err), h.close())
	}
	fmt.Fprintf(os.Stderr, "built in %s\n", time.Since(began).Round(time.Second))
	text, err := json.Marshal(h.plan)
	if err != nil {
		return o, errors.Join(err, h.close())
	}
	if err := h.close(); err != nil {
		return o, err
	}
	return o, os.WriteFile(filepath.Join(o.Dir, "plan.json"), text, 0o600)
}

// settle founds the workspace, with people and groups as anybody would, and
// clients in bulk.
func (h *house) settle(ctx context.Context, clients int) error {
	token, err := h.accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	boot, err := h.accounts.Setup(ctx, identity.Founding{Token: token, Email: address(boss), Name: "Olga Owner", Password: password, Language: "en",
		Workspace: "Town", Region: "US", TimeZone: "Europe/Warsaw", Address: netip.MustParseAddr("127.0.0.1"), Device: "bench"})
	if err != nil {
		return err
	}
	who := boot.Actor
	h.plan = plan{Clients: clients, People: map[onlooker]actor.PersonID{boss: who.Person}, Groups: map[onlooker][]actor.GroupID{}}
	roles, err := h.rights.Roles(ctx, who)
	if err != nil {
		return err
	}
	ready := map[string]actor.RoleID{}
	for _, r := range roles {
		ready[r.Built] = r.ID
	}
	at, err := h.accounts.CreatePerson(ctx, who, identity.Draft{Email: address(desk), Name: "Dora Desk", Role: ready["call_centre"], Password: password})
	if err != nil {
		return err
	}
	h.plan.People[desk] = at.ID
	for i := range owners {
		d := identity.Draft{Email: fmt.Sprintf("worker%d@example.com", i), Name: fmt.Sprintf("Worker %d", i), Role: ready["specialist"]}
		if i < len(onlookers) {
			d.Email, d.Password = address(onlookers[i]), password
		}
		p, err := h.accounts.CreatePerson(ctx, who, d)
		if err != nil {
			return err
		}
		if i < len(onlookers) {
			h.plan.People[onlookers[i]] = p.ID
		} else {
			h.plan.Crowd = append(h.plan.Crowd, p.ID)
		}
	}
	for i := range groups {
		g, err := h.rights.CreateGroup(ctx, who, fmt.Sprintf("Group %d", i))
		if err != nil {
			return err
		}
		var members []rights.Member
		if i < 5*len(onlookers) {
			o := onlookers[i/5]
			h.plan.Groups[o] = append(h.plan.Groups[o], g.ID)
			members = append(members, rights.Member{Person: h.plan.People[o]})
		} else {
			h.plan.Mid = append(h.plan.Mid, g.ID)
		}
		for j := range 5 {
			members = append(members, rights.Member{Person: h.plan.Crowd[(i*5+j)%len(h.plan.Crowd)]})
		}
		if err := h.rights.SetMembers(ctx, who, g.ID, g.Version, members); err != nil {
			return err
		}
	}
	for _, o := range onlookers {
		h.plan.Staff = append(h.plan.Staff, h.plan.People[o])
	}
	h.plan.Staff = append(h.plan.Staff, h.plan.Crowd[:staff-len(onlookers)]...)
	return h.load(ctx)
}

// A client as the generator makes it; the same number gives the same client.
type client struct {
	id          int64
	name        string
	given       string
	family      string
	phones      string
	emails      string
	number      string
	city        string
	source      string
	tags        string
	birthday    string
	note        string
	job         string
	responsible actor.PersonID
	shares      []actor.GroupID
	created     int64
	updated     int64
}

// dice are numbers that look like chance and are the same every time.
type dice uint64

func (d *dice) roll(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

var (
	latinGiven     = strings.Fields("Ada Alan Anna Bruno Carla Clara David Elena Emil Eva Felix Greta Hugo Ida Ivo Jan Julia Karl Lea Leo Lena Marco Marta Max Mia Nico Nora Olaf Oskar Paola Pia Rita Rosa Sara Silvia Sofia Teo Tina Ugo Vera Viktor Wanda Zofia Adam Agata Bogdan Dorota Ewa Filip Hanna")
	latinFamily    = strings.Fields("Bianchi Conti Costa Esposito Ferrari Fontana Galli Greco Lombardi Mancini Moretti Ricci Rinaldi Romano Rossi Russo Santoro Vitale Nowak Kowalska Wojcik Kaminski Lewandowski Zielinski Szymanska Dabrowski Kozlowski Jankowski Mazur Krawczyk Smith Jones Taylor Brown Wilson Evans Walker Wright Green Baker Meyer Weber Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein")
	cyrillicGiven  = strings.Fields("Анна Иван Мария Олег Елена Пётр Ольга Фёдор Ирина Павел Светлана Юрий Татьяна Сергей Наталья Андрей Дарья Алексей Ксения Артём Вера Борис Галина Виктор Жанна Глеб Зоя Денис Инна Егор Кира Захар Лидия Игорь Майя Кирилл Нина Лев Полина Максим Раиса Никита София Роман Таисия Семён Ульяна Тимур Яна Яков")
	cyrillicFamily = strings.Fields("Иваненко Петренко Ковальчук Шевчук Бойко Мельник Кравец Ткач Гончар Лысенко Савченко Руденко Марченко Мороз Гаврилюк Павлюк Король Орлова Воронцова Соколова Зайцева Лебедева Королёва Ершова Щукина Климова Фомина Беляева Гусева Титова Рябова Панина Дроздова Ежова Жукова Кузина Лапина Маслова Носова Осипова Полякова Рыжова Сомова Тарасова Уварова Филина Харина Цветкова Чижова Шилова")
	cities         = strings.Fields("Warszawa Kraków Łódź Wrocław Poznań Gdańsk Berlin Hamburg München Köln Milano Roma Torino Napoli Bologna London Leeds Paris Lyon Madrid Москва Казань Самара Омск Пермь Минск Киев Львів Одеса Рига Вильнюс Алматы Тбилиси Ереван Praha Brno Wien Graz Zürich Bern")
	sources        = strings.Fields("web phone friend fair newsletter partner")
	jobs           = strings.Fields("clerk baker nurse pilot tailor driver painter waiter lawyer dentist")
)

const (
	founded = int64(1_700_000_000_000) // when the first client came, in milliseconds
	spacing = int64(50)
)

// make gives the client with a number.
func (p *plan) make(i int) client {
	d := dice(uint64(i) * 0x1234567_89abcdef)
	c := client{id: (founded + int64(i)*spacing) << 20}
	if i%2 == 0 {
		c.given, c.family = latinGiven[d.roll(len(latinGiven))], latinFamily[d.roll(len(latinFamily))]
	} else {
		c.given, c.family = cyrillicGiven[d.roll(len(cyrillicGiven))], cyrillicFamily[d.roll(len(cyrillicFamily))]
	}
	// Many people are namesakes; a third has a second family name.
	c.name = c.given + " " + c.family
	if d.roll(3) == 0 {
		all := latinFamily
		if i%2 == 1 {
			all = cyrillicFamily
		}
		c.name += "-" + all[d.roll(len(all))]
	}
	c.number = fmt.Sprintf("+1%d555%04d", 201+i/10000%790, i%10000)
	c.phones = `[{"number":"` + c.number + `"}]`
	if d.roll(4) == 0 {
		c.phones = `[{"number":"` + c.number + `","label":"work"},{"number":"` + fmt.Sprintf("+1%d5550%d", 201+d.roll(790), 100+d.roll(100)) + `"}]`
	}
	c.emails = fmt.Sprintf(`[{"address":"client%d.%s@example.com"}]`, i, latinFamily[d.roll(len(latinFamily))][:3])
	c.emails = strings.ToLower(c.emails)
	c.city, c.source, c.job = cities[d.roll(len(cities))], sources[d.roll(len(sources))], jobs[d.roll(len(jobs))]
	if d.roll(10) == 0 {
		c.tags = `["vip"]`
	} else if d.roll(5) == 0 {
		c.tags = `["regular"]`
	}
	c.birthday = fmt.Sprintf("19%02d-%02d-%02d", 40+d.roll(60), 1+d.roll(12), 1+d.roll(28))
	c.note = "Prefers the morning. Came through " + c.source + "; asks for an offer in spring and one more in autumn."
	c.created = (founded + int64(i)*spacing) * 1000
	c.updated = c.created + int64(d.roll(p.Clients+1))*spacing*1000
	// Whose it is. The onlookers' shares are fractions of all clients.
	fraction := func(n, of int) bool { return d.roll(of) < n }
	c.responsible = p.Crowd[d.roll(len(p.Crowd))]
	switch {
	case fraction(few/5, p.Clients):
		c.responsible = p.People[little]
	case fraction(1, 1000):
		c.responsible = p.People[some]
	case fraction(1, 1000):
		c.responsible = p.People[most]
	}
	share := func(g actor.GroupID) {
		for _, old := range c.shares {
			if old == g {
				return
			}
		}
		c.shares = append(c.shares, g)
	}
	if fraction(few*4/5, p.Clients) {
		share(p.Groups[little][d.roll(5)])
	}
	if fraction(1, 20) {
		share(p.Groups[some][d.roll(5)])
	}
	if fraction(9, 10) {
		share(p.Groups[most][d.roll(5)])
		if fraction(1, 4) {
			share(p.Groups[most][d.roll(5)])
		}
	}
	if fraction(4, 5) {
		share(p.Mid[d.roll(len(p.Mid))])
	}
	return c
}

// columns of contact that the generator fills, in the order of cells.
var columns = strings.Fields("id version name name_key given_name family_name phones emails job_title city city_key birthday gender language tags source source_key responsible discount note created_at created_by updated_at updated_by")

func (c *client) cells(boss actor.PersonID) []any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	language := "en"
	if c.given > "а" {
		language = "ru"
	}
	return []any{c.id, int64(1), c.name, value.TextKey(c.name), c.given, c.family, c.phones, c.emails, c.job, c.city, value.TextKey(c.city), c.birthday, "other", language,
		text(c.tags), c.source, c.source, int64(c.responsible), int64(5_000_000), c.note, c.created, int64(boss), c.updated, int64(boss)}
}
