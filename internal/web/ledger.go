package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"castellan/internal/fault"
	"castellan/internal/inspect"
	"castellan/internal/records"
	"castellan/internal/schema"
)

func (s *Server) ledgerRoutes() []route {
	base := "/api/v1/ledger"
	return []route{
		{method: "GET", path: base, name: "readLedger", tag: "Ledger", summary: "Read what happened, newest first: everything for those who may read the ledger, else what one did oneself", door: anyone, query: []parameter{
			{name: "person", doc: "Who did it."}, {name: "record", doc: "To which record."}, {name: "event", doc: "What was done; several with commas between them."},
			{name: "from", doc: "At this time or later."}, {name: "to", doc: "Before this time."}, {name: "cursor", doc: "next of the page before.", number: true}, {name: "limit", doc: "How many at most, up to 200. By default 50.", number: true},
		}, shape: answers((*call).ledger)},
		{method: "GET", path: base + "/events", name: "listEvents", tag: "Ledger", summary: "List every kind of entry", door: anyone, shape: answers((*call).events)},
		{method: "GET", path: base + "/checkpoint", name: "getCheckpoint", tag: "Ledger", summary: "The newest signed head (C2SP tlog-checkpoint), for keeping elsewhere", door: anyone, shape: text("text/plain; charset=utf-8", (*call).checkpoint)},
		{method: "GET", path: base + "/key", name: "getLedgerKey", tag: "Ledger", summary: "The public key by which checkpoints are verified", door: anyone, shape: text("text/plain; charset=utf-8", (*call).ledgerKey)},
		{method: "GET", path: base + "/{seq}/proof", name: "getProof", tag: "Ledger", summary: "Proof that an entry is in the log (C2SP tlog-proof)", door: need(records.ReadLedger), shape: text("text/plain; charset=utf-8", (*call).proof)},
	}
}

type subjectAnswer struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty" doc:"Of people, roles and groups."`
}

type entryAnswer struct {
	Seq      int64           `json:"seq"`
	Time     string          `json:"time"`
	Actor    doer            `json:"actor"`
	Event    string          `json:"event"`
	Sentence string          `json:"sentence" doc:"In English; the page says it in the reader's language."`
	Kind     string          `json:"kind,omitempty"`
	Records  []subjectAnswer `json:"records,omitempty" required:"false" nullable:"false"`
	More     int             `json:"more,omitempty" doc:"Records that are not listed."`
	Surface  string          `json:"surface,omitempty"`
	Shown    []string        `json:"shown,omitempty" required:"false" nullable:"false" doc:"Classes of fields that were shown unmasked."`
	Address  string          `json:"address,omitempty"`
	Details  json.RawMessage `json:"details,omitempty" required:"false" doc:"Of entries about clients, names of fields and never what they held."`
}

type ledgerAnswer struct {
	Items []entryAnswer `json:"items" nullable:"false"`
	Next  *string       `json:"next" doc:"The cursor of the next page; null at the end."`
}

func (c *call) ledger() (ledgerAnswer, error) {
	a := ledgerAnswer{Items: []entryAnswer{}}
	q, err := c.ledgerQuestion()
	if err != nil {
		return a, err
	}
	told, more, err := c.Log.Read(c.ctx, c.who, q)
	if err != nil {
		return a, err
	}
	for i := range told {
		t := &told[i]
		one := entryAnswer{
			Seq: t.Seq, Time: instant(t.Time), Actor: c.toDoer(t.Who), Event: t.Event, Sentence: t.Sentence, Kind: t.Kind, More: t.More,
			Surface: t.Surface, Shown: t.Shown, Address: t.Address, Details: t.Details,
		}
		for _, s := range t.Subjects {
			if t.Kind != "" {
				one.Records = append(one.Records, subjectAnswer{c.Vault.Public(t.Kind, s.ID), s.Name})
			}
		}
		a.Items = append(a.Items, one)
	}
	if more && len(told) > 0 {
		next := strconv.FormatInt(told[len(told)-1].Seq, 10)
		a.Next = &next
	}
	return a, nil
}

func (c *call) ledgerQuestion() (q inspect.Question, err error) {
	if word := c.query.Get("person"); word != "" {
		var ok bool
		if q.Person, ok = c.Records.Person(word); !ok {
			return q, fault.New(fault.Invalid, "person.missing", "There is no such person.").At("person")
		}
	}
	if word := c.query.Get("record"); word != "" {
		kind, _, _ := strings.Cut(word, "_")
		id, ok := c.Vault.ID(kind, word)
		if !ok {
			return q, fault.New(fault.Invalid, "record.missing", "There is no such record.").At("record")
		}
		q.Kind, q.Record = kind, schema.RecordID(id)
	}
	if words := c.query.Get("event"); words != "" {
		q.Events = strings.Split(words, ",")
	}
	if q.From, err = c.moment("from"); err != nil {
		return q, err
	}
	if q.To, err = c.moment("to"); err != nil {
		return q, err
	}
	if q.Limit, err = c.number("limit"); err != nil {
		return q, err
	}
	before, err := c.number("cursor")
	q.Before = int64(before)
	return q, err
}

// toDoer shows who did something.
func (c *call) toDoer(d inspect.Doer) doer {
	a := doer{Kind: d.Kind.String(), Name: d.Name, Owner: d.Owner}
	switch {
	case d.Key != 0:
		a.ID = c.Vault.Public("key", int64(d.Key))
	case d.Person != 0:
		a.ID = c.Vault.Public("person", int64(d.Person))
	}
	return a
}

type eventAnswer struct {
	Name     string `json:"name"`
	Sentence string `json:"sentence"`
	Details  string `json:"details"`
	Read     bool   `json:"read" doc:"A reading rather than a change."`
}

func (c *call) events() (listOf[eventAnswer], error) {
	var all []eventAnswer
	for _, e := range c.Log.Events() {
		all = append(all, eventAnswer(e))
	}
	return list(all), nil
}

func (c *call) checkpoint() ([]byte, error) { return c.Log.Checkpoint() }

func (c *call) ledgerKey() ([]byte, error) { return []byte(c.Log.Key() + "\n"), nil }

func (c *call) proof() ([]byte, error) {
	seq, err := strconv.ParseInt(c.r.PathValue("seq"), 10, 64)
	if err != nil || seq < 0 {
		return nil, fault.New(fault.Missing, "ledger.entry", "There is no such entry, or it is not sealed yet.")
	}
	return c.Log.Proof(c.ctx, c.who, seq)
}
