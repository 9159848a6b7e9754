package web

import (
	"net/netip"

	"castellan/internal/actor"
	"castellan/internal/device"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/records"
)

// deviceRoutes are about where people are signed in, and by what.
func (s *Server) deviceRoutes() []route {
	of, one := "/api/v1/people/{id}/sessions", "/api/v1/sessions/{id}"
	return []route{
		{method: "GET", path: of, name: "listSessions", tag: "Sessions", summary: "List the sessions of a person, past ones included: one's own, or anybody's for those who manage people or security", door: anyone, shape: answers((*call).sessions)},
		{method: "DELETE", path: of, name: "endSessions", tag: "Sessions", summary: "End every session of a person but the one in which it is asked", door: anyone, shape: does((*call).endSessions)},
		{method: "DELETE", path: one, name: "endSession", tag: "Sessions", summary: "End one session", door: anyone, shape: does((*call).endSession)},
		{method: "POST", path: one + "/disown", name: "disownSession", tag: "Sessions", summary: "Say of a session of one's own account that it was somebody else: it ends, and so do all others but the one in which it is said", door: anyone, shape: does((*call).disown)},
		{method: "GET", path: "/api/v1/security/sessions", name: "listLiveSessions", tag: "Sessions", summary: "List who is signed in now, for those who manage people or security", door: anyone, query: []parameter{
			{name: "cursor", doc: "next of the page before."}, {name: "limit", doc: "How many at most, up to 200, which is the default.", number: true},
		}, shape: answers((*call).liveSessions)},
		{method: "DELETE", path: "/api/v1/security/sessions", name: "endEveryone", tag: "Sessions", summary: "The emergency brake: end the sessions of everybody but the one in which it is asked", door: need(records.ManageSecurity), fresh: true, shape: answers((*call).endEveryone)},
	}
}

// deviceAnswer is a device in a few words.
type deviceAnswer struct {
	Browser string `json:"browser,omitempty"`
	Version string `json:"version,omitempty"`
	System  string `json:"system,omitempty"`
	Form    string `json:"form,omitempty" enum:"desktop,phone,tablet,program"`
}

func deviceOf(d device.Device) deviceAnswer {
	return deviceAnswer{d.Browser, d.Version, d.System, string(d.Form)}
}

// placeAnswer is where an address lies, as far as a file that the house was given says.
type placeAnswer struct {
	Country string `json:"country" doc:"ISO 3166 code."`
	City    string `json:"city,omitempty"`
}

// placeOf is nil if the place is not known.
func (c *call) placeOf(address string) *placeAnswer {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return nil
	}
	p := c.Atlas.Find(a, c.who.Language)
	if p.Country == "" {
		return nil
	}
	return &placeAnswer{p.Country, p.City}
}

type sessionItem struct {
	ID       string       `json:"id"`
	Person   *named       `json:"person,omitempty" doc:"In the list of everybody."`
	How      string       `json:"how" doc:"password, link, setup, provider."`
	Provider string       `json:"provider,omitempty" doc:"Which provider vouched."`
	Address  string       `json:"address"`
	UsedFrom string       `json:"last_used_from" doc:"The address from which it was last used."`
	Place    *placeAnswer `json:"place,omitempty"`
	Device   deviceAnswer `json:"device"`
	Agent    string       `json:"agent" doc:"What the browser said of itself."`
	Waits    bool         `json:"waits,omitempty" doc:"It waits for a second factor and opens nothing until then."`
	New      bool         `json:"new,omitempty" doc:"The person had not come by this device and network in the 90 days before."`
	Created  string       `json:"created_at"`
	Used     string       `json:"last_used_at"`
	Ends     *string      `json:"ends_at" doc:"When it ends by itself if it is not used before; null once it has ended."`
	Ended    *string      `json:"ended_at"`
	Why      string       `json:"why,omitempty" doc:"Why it ended."`
	Current  bool         `json:"current"`
}

func (c *call) sessionOf(s *identity.Session) sessionItem {
	return sessionItem{
		ID: c.Vault.Public("session", int64(s.ID)), How: s.How, Provider: s.Provider, Address: s.Address, UsedFrom: s.UsedFrom, Place: c.placeOf(s.UsedFrom), Device: deviceOf(s.Device), Agent: s.Agent, Waits: s.Waits, New: s.New,
		Created: instant(s.Created), Used: instant(s.Used), Ends: instantOr(s.Ends), Ended: instantOr(s.Ended), Why: s.Why, Current: s.Current,
	}
}

func (c *call) sessions() (listOf[sessionItem], error) {
	id, err := c.personInPath()
	if err != nil {
		return listOf[sessionItem]{}, err
	}
	sessions, err := c.Accounts.Sessions(c.ctx, c.who, id)
	var all []sessionItem
	for i := range sessions {
		all = append(all, c.sessionOf(&sessions[i]))
	}
	return list(all), err
}

func (c *call) endSessions() error { return c.toPerson(c.Accounts.EndAllOf) }

func (c *call) endSession() error {
	id, err := c.numbered("session", "id")
	if err != nil {
		return err
	}
	return c.Accounts.EndSession(c.ctx, c.who, actor.SessionID(id))
}

func (c *call) disown() error {
	id, err := c.numbered("session", "id")
	if err != nil {
		return err
	}
	return c.Accounts.Disown(c.ctx, c.who, actor.SessionID(id))
}

type liveAnswer struct {
	Items []sessionItem `json:"items" nullable:"false"`
	Next  *string       `json:"next" doc:"The cursor of the next page; null at the end."`
}

func (c *call) liveSessions() (liveAnswer, error) {
	a := liveAnswer{Items: []sessionItem{}}
	var before int64
	if word := c.query.Get("cursor"); word != "" {
		var ok bool
		if before, ok = c.Vault.ID("session", word); !ok {
			return a, fault.New(fault.Invalid, "query.cursor", "This is not the next of a page before.").At("cursor")
		}
	}
	limit, err := c.number("limit")
	if err != nil {
		return a, err
	}
	sessions, more, err := c.Accounts.LiveSessions(c.ctx, c.who, actor.SessionID(before), limit)
	if err != nil {
		return a, err
	}
	for i := range sessions {
		one := c.sessionOf(&sessions[i])
		person, err := c.person(sessions[i].Person)
		if err != nil {
			return a, err
		}
		one.Person = &person
		a.Items = append(a.Items, one)
	}
	if more && len(a.Items) > 0 {
		a.Next = &a.Items[len(a.Items)-1].ID
	}
	return a, nil
}

type endedAnswer struct {
	Ended int64 `json:"ended" doc:"How many sessions have ended."`
}

func (c *call) endEveryone() (endedAnswer, error) {
	n, err := c.Accounts.EndEveryone(c.ctx, c.who)
	return endedAnswer{n}, err
}
