package web

import (
	"net/netip"
	"strconv"

	"castellan/internal/fault"
	"castellan/internal/inspect"
	"castellan/internal/records"
)

// signInRoutes are the authorisation log.
func (s *Server) signInRoutes() []route {
	base := "/api/v1/security/sign-ins"
	return []route{
		{method: "GET", path: base, name: "listSignIns", tag: "Sessions", summary: "Read the authorisation log, newest first: everybody's for those who may read the ledger, else what concerns one's own account", door: anyone, query: []parameter{
			{name: "person", doc: "Whose account it was about, or who did it."}, {name: "outcome", doc: "What became of it.", enum: []string{"in", "proof", "refused", "out", "changed"}},
			{name: "address", doc: "From this address or network, such as 192.0.2.0/24."}, {name: "from", doc: "At this time or later."}, {name: "to", doc: "Before this time."},
			{name: "cursor", doc: "next of the page before.", number: true}, {name: "limit", doc: "How many at most, up to 200. By default 50.", number: true},
		}, shape: answers((*call).signIns)},
		{method: "GET", path: base + "/summary", name: "summarizeSignIns", tag: "Sessions", summary: "Count the sign-ins of some days by the hour, and tell whose tries are slowed now", door: need(records.ReadLedger), query: []parameter{
			{name: "days", doc: "How many days, up to 31. By default 7.", number: true},
		}, shape: answers((*call).signInSummary)},
	}
}

type signInItem struct {
	Seq     int64        `json:"seq"`
	Time    string       `json:"time"`
	Event   string       `json:"event"`
	Outcome string       `json:"outcome" enum:"in,proof,refused,out,changed"`
	Person  *named       `json:"person" doc:"Whose account it is about; null: nobody whom the house knows. What was typed is not kept."`
	By      doer         `json:"by" doc:"Who did it."`
	Reason  string       `json:"reason,omitempty" doc:"Why it was refused or has ended, how it began, by whom it was changed."`
	Address string       `json:"address,omitempty"`
	Place   *placeAnswer `json:"place,omitempty"`
	Device  deviceAnswer `json:"device"`
	New     bool         `json:"new,omitempty" doc:"By a device and from a network that were new for the person."`
}

type signInsAnswer struct {
	Items []signInItem `json:"items" nullable:"false"`
	Next  *string      `json:"next" doc:"The cursor of the next page; null at the end. A page may hold less than was asked for and still have one after it."`
}

func (c *call) signIns() (signInsAnswer, error) {
	a := signInsAnswer{Items: []signInItem{}}
	q := inspect.SignInQuestion{Outcome: inspect.Outcome(c.query.Get("outcome"))}
	if word := c.query.Get("person"); word != "" {
		var ok bool
		if q.Person, ok = c.Records.Person(word); !ok {
			return a, fault.New(fault.Invalid, "person.missing", "There is no such person.").At("person")
		}
	}
	var err error
	if q.Address, err = c.network("address"); err != nil {
		return a, err
	}
	if q.From, err = c.moment("from"); err != nil {
		return a, err
	}
	if q.To, err = c.moment("to"); err != nil {
		return a, err
	}
	if q.Limit, err = c.number("limit"); err != nil {
		return a, err
	}
	before, err := c.number("cursor")
	if err != nil {
		return a, err
	}
	q.Before = int64(before)
	all, next, err := c.Log.SignIns(c.ctx, c.who, q)
	if err != nil {
		return a, err
	}
	for i := range all {
		s := &all[i]
		one := signInItem{
			Seq: s.Seq, Time: instant(s.Time), Event: s.Event, Outcome: string(s.Outcome), By: c.toDoer(s.By), Reason: s.Reason,
			Address: s.Address, Place: c.placeOf(s.Address), Device: deviceOf(s.Device), New: s.New,
		}
		if s.Person != 0 {
			one.Person = &named{c.Vault.Public("person", int64(s.Person)), s.Name}
		}
		a.Items = append(a.Items, one)
	}
	if next != 0 {
		word := strconv.FormatInt(next, 10)
		a.Next = &word
	}
	return a, nil
}

// network is a parameter that is an address or a network, or none.
func (c *call) network(name string) (netip.Prefix, error) {
	word := c.query.Get(name)
	if word == "" {
		return netip.Prefix{}, nil
	}
	if p, err := netip.ParsePrefix(word); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(word); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, fault.New(fault.Invalid, "query.network", "This parameter must be an address such as 192.0.2.7, or a network such as 192.0.2.0/24.").At(name)
}

type signInSummary struct {
	From    string         `json:"from" doc:"The beginning of the first hour."`
	In      []int          `json:"in" nullable:"false" doc:"Sign-ins, hour by hour."`
	Refused []int          `json:"refused" nullable:"false" doc:"Refused tries, hour by hour."`
	Reasons map[string]int `json:"reasons" doc:"Why they were refused, and how often."`
	Whole   bool           `json:"whole" doc:"Whether all of these days were counted, and not only their latest part."`
	Slowed  []slowedItem   `json:"slowed" nullable:"false" doc:"Whose sign-ins wait now."`
	Unknown int            `json:"unknown" doc:"How many accounts that do not exist are tried so often that they are slowed now."`
}

type slowedItem struct {
	Person  named  `json:"person"`
	Network string `json:"network,omitempty" doc:"Whose tries wait. Without one: those of every network that the person has not come from lately."`
	Until   string `json:"until"`
}

func (c *call) signInSummary() (signInSummary, error) {
	days, err := c.number("days")
	if err != nil {
		return signInSummary{}, err
	}
	if days == 0 {
		days = 7
	}
	s, err := c.Log.Summary(c.ctx, c.who, days)
	if err != nil {
		return signInSummary{}, err
	}
	a := signInSummary{From: instant(s.From), In: make([]int, len(s.Hours)), Refused: make([]int, len(s.Hours)), Reasons: s.Reasons, Whole: s.Whole, Slowed: []slowedItem{}, Unknown: s.Slowed.Unknown}
	for i, h := range s.Hours {
		a.In[i], a.Refused[i] = h.In, h.Refused
	}
	for _, one := range s.Slowed.People {
		person, err := c.person(one.Person)
		if err != nil {
			return a, err
		}
		a.Slowed = append(a.Slowed, slowedItem{person, one.Network, instant(one.Until)})
	}
	return a, nil
}
