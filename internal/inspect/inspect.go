// Package inspect tells whoever may know what the ledger holds.
//
// The scribe answers any question about the log; here it is decided who may ask
// it. Those who hold policy.ReadLedger read everything, those who hold
// policy.ReadOwnLedger what they did themselves, and every reading is itself an
// entry.
//
// A newcomer would get wrong that reading the log is no way round a mask. The
// details of an entry about client records hold values before and after; from
// here leave only the names of the fields. Whoever may see the values finds them
// in the history of the record, where the policy decides about each field.
package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/vault"
	"castellan/ledger"
)

// Options are what a Log needs. All must be given.
type Options struct {
	Scribe   *scribe.Scribe
	Rights   *rights.Book
	Accounts *identity.Accounts
	Vault    *vault.Vault
	Catalog  func() *schema.Catalog
}

// Log is the ledger as people may read it. It is safe for concurrent use.
type Log struct{ Options }

// Open makes a log over an open ledger.
func Open(o Options) *Log { return &Log{o} }

// Question narrows what is read. Zero fields do not narrow it.
type Question struct {
	Person actor.PersonID
	Kind   string // with Record
	Record schema.RecordID
	Events []string
	From   time.Time
	To     time.Time
	Before int64 // entries with smaller numbers only
	Limit  int   // 0: 50; at most 200
}

// Doer is who did something.
type Doer struct {
	Kind   actor.Kind
	Person actor.PersonID // the person, or the owner of the program
	Key    actor.KeyID
	Name   string
	Owner  string // of a program: what its owner is called
}

// Subject is what an entry is about.
type Subject struct {
	ID   int64
	Name string // of a person, role or group; empty for records of clients
}

// Told is one entry, as far as the reader may know it.
type Told struct {
	Seq      int64
	Time     time.Time
	Who      Doer
	Event    string
	Sentence string // in English
	Kind     string
	Subjects []Subject
	More     int // subjects that are not listed
	Surface  string
	Shown    []string
	Address  string
	Details  json.RawMessage // nil if there are none, or none any more
}

const (
	readPage  = 50
	readLimit = 200
	settling  = 2 * time.Second
	// mostSubjects bounds what one entry lists.
	mostSubjects = 50
)

// Read answers newest first. more says that there may be older entries.
func (l *Log) Read(ctx context.Context, who actor.Actor, q Question) (all []Told, more bool, err error) {
	everything, err := l.reach(ctx, who)
	if err != nil {
		return nil, false, err
	}
	ask := scribe.Question{Kind: q.Kind, Record: q.Record, From: q.From, To: q.To, Before: q.Before, Limit: q.Limit}
	if ask.Limit == 0 {
		ask.Limit = readPage
	}
	if ask.Limit < 0 || ask.Limit > readLimit {
		return nil, false, fault.Newf(fault.Invalid, "page.large", "A page has at most %d entries.", readLimit).At("limit")
	}
	for _, e := range q.Events {
		if _, ok := scribe.Describe(scribe.Event(e)); !ok {
			return nil, false, fault.New(fault.Invalid, "ledger.event", "There is no such event. See /api/v1/ledger/events.").At("event")
		}
		ask.Events = append(ask.Events, scribe.Event(e))
	}
	switch {
	case !everything && who.Kind == actor.Program:
		ask.Actor = &actor.Actor{Kind: actor.Program, Key: who.Key, Person: who.Person}
	case !everything:
		ask.Actor = &actor.Actor{Kind: actor.Person, Person: who.Person}
	case q.Person != 0:
		ask.Actor = &actor.Actor{Kind: actor.Person, Person: q.Person}
	}
	l.settle(ctx)
	told, more, err := l.Scribe.Read(ctx, ask)
	if err != nil {
		return nil, false, fmt.Errorf("read the ledger: %w", err)
	}
	words, err := l.words(ctx, who)
	if err != nil {
		return nil, false, err
	}
	for i := range told {
		all = append(all, l.tell(&told[i], words))
	}
	details := map[string]any{"entries": len(all)}
	if q.Person != 0 {
		details["person"] = q.Person
	}
	if len(q.Events) > 0 {
		details["events"] = q.Events
	}
	e := scribe.Entry{Event: "ledger.read", Who: who, Details: details}
	if q.Record != 0 {
		e.Kind, e.Records = q.Kind, []schema.RecordID{q.Record}
	}
	return all, more, l.Scribe.Note(ctx, e)
}

// settle lets what was done a moment ago get its place in the log, so that who
// looks for it finds it. A log that is slow is read as it is.
func (l *Log) settle(ctx context.Context) {
	soon, stop := context.WithTimeout(ctx, settling)
	defer stop()
	_ = l.Scribe.Flush(soon) // then the newest entries come with the next look
}

// reach tells whether the asker reads everything; if not, then what they did
// themselves, or nothing at all.
func (l *Log) reach(ctx context.Context, who actor.Actor) (everything bool, err error) {
	st, err := l.Rights.Standing(ctx, who)
	if err != nil {
		return false, err
	}
	if may, _ := st.Can(policy.ReadLedger); may {
		return true, nil
	}
	// Through another's eyes one would read one's own entries and take them for theirs.
	if may, _ := st.Can(policy.ReadOwnLedger); may && who.ViewAs == 0 {
		return false, nil
	}
	return false, l.Rights.May(ctx, who, policy.ReadLedger)
}

// words are the names of people, programs, sign-in providers, roles and groups.
type words struct {
	people    map[int64]string
	keys      map[int64]string
	providers map[int64]string
	groups    map[int64]string
	roles     map[int64]string
}

func (l *Log) words(ctx context.Context, who actor.Actor) (*words, error) {
	w := &words{map[int64]string{}, map[int64]string{}, map[int64]string{}, map[int64]string{}, map[int64]string{}}
	people, err := l.Accounts.Names(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		w.people[int64(p.ID)] = p.Name
	}
	keys, err := l.Accounts.KeyNames(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		w.keys[int64(k.ID)] = k.Name
	}
	providers, err := l.Accounts.ProviderNames(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range providers {
		w.providers[int64(p.ID)] = p.Name
	}
	groups, err := l.Rights.Groups(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		w.groups[int64(g.ID)] = g.Name
	}
	roles, err := l.Rights.Roles(ctx, who)
	if err != nil && !fault.Is(err, fault.Denied) {
		return nil, err
	}
	for i := range roles {
		w.roles[int64(roles[i].ID)] = roles[i].Name
	}
	return w, nil
}

func (w *words) of(kind string, id int64) string {
	switch kind {
	case "person":
		return w.people[id]
	case "key":
		return w.keys[id]
	case "provider":
		return w.providers[id]
	case "group":
		return w.groups[id]
	case "role":
		return w.roles[id]
	}
	return ""
}

func (l *Log) tell(t *scribe.Told, w *words) Told {
	e := &t.Entry
	told := Told{Seq: t.Seq, Time: e.Time, Event: e.Event, Kind: e.Kind, Surface: e.Surface, Shown: e.Shown}
	told.Who = doerOf(e, w)
	if e.Address.IsValid() {
		told.Address = e.Address.String()
	}
	for _, id := range e.Records {
		if len(told.Subjects) == mostSubjects {
			break
		}
		told.Subjects = append(told.Subjects, Subject{id, w.of(e.Kind, id)})
	}
	told.More = len(e.Records) - len(told.Subjects)
	told.Details = l.cut(e.Kind, t.Details)
	told.Sentence = sentence(&told)
	return told
}

// doerOf is who did what an entry tells.
func doerOf(e *ledger.Entry, w *words) Doer {
	d := Doer{Kind: actor.Kind(e.Actor.Kind), Person: actor.PersonID(e.Actor.ID), Key: actor.KeyID(e.Actor.Key)}
	switch d.Kind {
	case actor.Program:
		d.Person, d.Name, d.Owner = actor.PersonID(e.Actor.OnBehalf), w.keys[e.Actor.Key], w.people[e.Actor.OnBehalf]
	case actor.Person:
		d.Name = w.people[e.Actor.ID]
	case actor.System:
		d.Name = "Castellan"
	}
	return d
}

// sentence is the entry in words.
func sentence(t *Told) string {
	d, ok := scribe.Describe(scribe.Event(t.Event))
	if !ok {
		return t.Event
	}
	name := t.Who.Name
	if name == "" {
		name = "Somebody"
	}
	if t.Who.Kind == actor.Program {
		name = "The program " + name + " of " + t.Who.Owner
	}
	about := t.Kind
	if about == "" {
		about = "something"
	}
	if len(t.Subjects) > 0 && t.Subjects[0].Name != "" {
		about = t.Subjects[0].Name
	}
	return strings.NewReplacer("{who}", name, "{record}", about).Replace(d.Sentence)
}

// cut takes the values out of details about records of clients, and leaves the
// names of the fields.
func (l *Log) cut(kind string, details json.RawMessage) json.RawMessage {
	if len(details) == 0 || l.Catalog().Kind(kind) == nil {
		return details
	}
	var held map[string]json.RawMessage
	if json.Unmarshal(details, &held) != nil {
		return nil
	}
	if given, ok := held["fields"]; ok {
		var values map[string]json.RawMessage
		var names []string
		if json.Unmarshal(given, &values) == nil {
			names = slices.Sorted(maps.Keys(values))
		} else if json.Unmarshal(given, &names) != nil {
			names = nil
		}
		kept, err := json.Marshal(names)
		if err != nil {
			return nil
		}
		held["fields"] = kept
	}
	for name := range held {
		if !slices.Contains(harmless, name) {
			delete(held, name)
		}
	}
	left, err := json.Marshal(held)
	if err != nil {
		return nil
	}
	return left
}

// harmless are the parts of details about records that hold no values: names of
// fields, numbers, ids of people and groups. A part that is not named here does
// not leave.
var harmless = []string{"fields", "filter", "search", "sort", "operation", "action", "refused", "version", "field", "person", "group", "level", "ends", "question", "principal", "with", "until"}

// Doer names an actor of whom a reader may know, as in who has seen a record.
func (l *Log) Doer(ctx context.Context, who actor.Actor, kind actor.Kind, id int64) (Doer, error) {
	d := Doer{Kind: kind, Name: "Castellan"}
	switch kind {
	case actor.Person:
		d.Person = actor.PersonID(id)
		d.Name = ""
		people, err := l.Accounts.Names(ctx, who)
		if err != nil {
			return d, err
		}
		for _, p := range people {
			if p.ID == d.Person {
				d.Name = p.Name
			}
		}
	case actor.Program:
		d.Key, d.Name = actor.KeyID(id), "Program"
		keys, err := l.Accounts.KeyNames(ctx, who)
		if err != nil {
			return d, err
		}
		for _, k := range keys {
			if k.ID == d.Key {
				d.Name, d.Person = k.Name, k.Owner
			}
		}
	}
	return d, nil
}

// Event is one line of the catalogue.
type Event struct {
	Name     string
	Sentence string
	Details  string
	Read     bool
}

// Events lists everything that is ever noted.
func (l *Log) Events() []Event {
	var all []Event
	for _, d := range scribe.Catalogue() {
		all = append(all, Event{string(d.Event), d.Sentence, d.Details, d.Read})
	}
	return all
}

// Checkpoint is the newest signed head. It says how long the log is and what its
// hash is, and nothing of what it holds, so everybody who is signed in may keep it.
func (l *Log) Checkpoint() ([]byte, error) {
	head := l.Scribe.Checkpoint()
	if len(head) == 0 {
		return nil, fault.New(fault.Busy, "ledger.young", "The first checkpoint is being signed. Try again in a second.")
	}
	return head, nil
}

// Key is the public key by which checkpoints are verified.
func (l *Log) Key() string { return l.Vault.LedgerKey() }

// Proof is that an entry is in the log, for whoever may read the whole log.
func (l *Log) Proof(ctx context.Context, who actor.Actor, seq int64) ([]byte, error) {
	if err := l.Rights.May(ctx, who, policy.ReadLedger); err != nil {
		return nil, err
	}
	proof, err := l.Scribe.Proof(ctx, seq)
	var f *fault.Fault
	if err != nil && !errors.As(err, &f) {
		return nil, fault.New(fault.Missing, "ledger.entry", "There is no such entry, or it is not sealed yet.").Because(err)
	}
	return proof, err
}
