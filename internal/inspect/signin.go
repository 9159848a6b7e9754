package inspect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/device"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
)

// Outcome is what became of a try to get in, or what changed about getting in.
type Outcome string

const (
	In      Outcome = "in"      // somebody was let in
	Proof   Outcome = "proof"   // a password or a factor was proved, on the way in or again later
	Refused Outcome = "refused" // somebody was not
	Out     Outcome = "out"     // a session or a key has ended
	Changed Outcome = "changed" // of passwords, factors, links, accounts, terms
)

// outcomeOf tells whether an event is about getting in, and which sort it is.
// It goes by the first word of the event, so that whatever comes to the
// catalogue later is in this log by itself.
func outcomeOf(event string) (Outcome, bool) {
	noun, verb, _ := strings.Cut(event, ".")
	switch noun {
	case "session", "sessions", "setup", "link", "reset", "email", "key", "entry", "terms", "factor", "recovery", "stepup", "provider", "tie", "directory":
	case "person":
		switch verb {
		case "password_changed", "role_changed", "deactivated", "reactivated":
		default:
			return "", false
		}
	default:
		return "", false
	}
	switch {
	case event == "session.started":
		return In, true
	case verb == "refused" || verb == "locked":
		return Refused, true
	case verb == "proved" || verb == "passed" || verb == "used" || verb == "halfway":
		return Proof, true
	case strings.HasSuffix(verb, "ended") || event == "session.disowned":
		return Out, true
	}
	return Changed, true
}

// SignInQuestion narrows the authorisation log. Zero fields do not narrow it.
type SignInQuestion struct {
	Person  actor.PersonID // whose account it was about, or who did it
	Outcome Outcome
	From    time.Time
	To      time.Time
	Address netip.Prefix
	Before  int64 // entries with smaller numbers only
	Limit   int   // 0: 50; at most 200
}

// SignIn is one line of the authorisation log.
type SignIn struct {
	Seq     int64
	Time    time.Time
	Event   string
	Outcome Outcome
	Person  actor.PersonID // whose account it is about; zero: nobody whom the house knows
	Name    string
	By      Doer   // who did it
	Reason  string // why it was refused or has ended, how it began, who changed it
	Address string
	Device  device.Device
	New     bool // by a device and from a network that were new for the person
}

// SignIns reads the authorisation log, newest first: every success, failure, end
// and change for those who hold ReadLedger, and what concerns their own account,
// refused tries included, for those who hold ReadOwnLedger. next is where the
// page after begins; 0 at the end. A page may hold fewer lines than asked for,
// or none, and still have one after it: what is rare is looked for in pieces.
func (l *Log) SignIns(ctx context.Context, who actor.Actor, q SignInQuestion) (all []SignIn, next int64, err error) {
	everything, err := l.reach(ctx, who)
	if err != nil {
		return nil, 0, err
	}
	if !everything {
		if who.Kind != actor.Person {
			return nil, 0, l.Rights.May(ctx, who, policy.ReadLedger)
		}
		q.Person = who.Person
	}
	if q.Limit == 0 {
		q.Limit = readPage
	}
	if q.Limit < 0 || q.Limit > readLimit {
		return nil, 0, fault.Newf(fault.Invalid, "page.large", "A page has at most %d entries.", readLimit).At("limit")
	}
	l.settle(ctx)
	told, next, err := l.signIns(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	words, err := l.words(ctx, who)
	if err != nil {
		return nil, 0, err
	}
	for i := range told {
		all = append(all, tellSignIn(&told[i], words))
	}
	details := map[string]any{"view": "sign_ins", "entries": len(all)}
	if q.Person != 0 {
		details["person"] = q.Person
	}
	return all, next, l.Scribe.Note(ctx, scribe.Entry{Event: "ledger.read", Who: who, Details: details})
}

// signIns merges the ways in which an entry can be about a person: they did it,
// or it was done to their account.
func (l *Log) signIns(ctx context.Context, q SignInQuestion) (all []scribe.Told, next int64, err error) {
	base := scribe.Question{From: q.From, To: q.To, Before: q.Before}
	for _, d := range scribe.Catalogue() {
		if o, ok := outcomeOf(string(d.Event)); ok && (q.Outcome == "" || q.Outcome == o) {
			base.Events = append(base.Events, d.Event)
		}
	}
	asks := []scribe.Question{base}
	if q.Person != 0 {
		did, done := base, base
		did.Actor = &actor.Actor{Kind: actor.Person, Person: q.Person}
		done.Kind, done.Record = "person", schema.RecordID(q.Person)
		asks = []scribe.Question{did, done}
	}
	floor := int64(0) // everything from here up was looked at in each way
	for _, ask := range asks {
		found, down, err := l.sift(ctx, ask, q.Limit, func(t *scribe.Told) bool {
			return !q.Address.IsValid() || q.Address.Contains(t.Entry.Address.Unmap().WithZone(""))
		})
		if err != nil {
			return nil, 0, err
		}
		all, floor = append(all, found...), max(floor, down)
	}
	slices.SortFunc(all, func(a, b scribe.Told) int { return cmp.Compare(b.Seq, a.Seq) })
	all = slices.CompactFunc(all, func(a, b scribe.Told) bool { return a.Seq == b.Seq })
	all = slices.DeleteFunc(all, func(t scribe.Told) bool { return t.Seq < floor })
	if len(all) > q.Limit {
		all = all[:q.Limit]
		floor = all[q.Limit-1].Seq
	}
	return all, floor, nil
}

// mostSifted bounds how many entries one question looks at.
const mostSifted = 10_000

// sift reads entries until it has one more than wanted, nothing is left, or
// enough was looked at. floor is the number down to which it has looked; 0: to
// the beginning.
func (l *Log) sift(ctx context.Context, ask scribe.Question, want int, keep func(*scribe.Told) bool) (all []scribe.Told, floor int64, err error) {
	ask.Limit = readLimit
	for looked := 0; looked < mostSifted && len(all) <= want; looked += ask.Limit {
		told, more, err := l.Scribe.Read(ctx, ask)
		if err != nil {
			return nil, 0, fmt.Errorf("read the ledger: %w", err)
		}
		for i := range told {
			floor = told[i].Seq
			if keep(&told[i]) {
				all = append(all, told[i])
			}
		}
		if !more {
			return all, 0, nil
		}
		ask.Before = floor
	}
	return all, floor, nil
}

// said are the parts of details that this log tells.
type said struct {
	Reason  string `json:"reason"`
	How     string `json:"how"`
	Why     string `json:"why"`
	By      string `json:"by"`
	Kind    string `json:"kind"`
	Purpose string `json:"purpose"`
	New     bool   `json:"new"`
	Device  struct {
		Browser string      `json:"browser"`
		Version string      `json:"version"`
		System  string      `json:"system"`
		Form    device.Form `json:"form"`
	} `json:"device"`
}

func tellSignIn(t *scribe.Told, w *words) SignIn {
	e := &t.Entry
	one := SignIn{Seq: t.Seq, Time: e.Time, Event: e.Event}
	one.Outcome, _ = outcomeOf(e.Event)
	one.By = doerOf(e, w)
	switch {
	case e.Kind == "person" && len(e.Records) > 0:
		one.Person = actor.PersonID(e.Records[0])
	case one.By.Kind == actor.Person || one.By.Kind == actor.Program:
		one.Person = one.By.Person
	}
	one.Name = w.people[int64(one.Person)]
	if e.Address.IsValid() {
		one.Address = e.Address.String()
	}
	var d said
	if json.Unmarshal(t.Details, &d) == nil {
		one.Reason = cmp.Or(d.Reason, d.How, d.Why, d.By, d.Kind, d.Purpose)
		one.Device, one.New = device.Device{Browser: d.Device.Browser, Version: d.Device.Version, System: d.Device.System, Form: d.Device.Form}, d.New
	}
	return one
}

// Summary is the authorisation log of some days, to be looked at rather than read.
type Summary struct {
	From    time.Time      // the beginning of the first hour
	Hours   []Hour         // one after the other, to now
	Reasons map[string]int // of what was refused
	Whole   bool           // all of those days were counted, and not only the latest part
	Slowed  identity.Brakes
}

// Hour is what happened in one hour.
type Hour struct{ In, Refused int }

// mostCounted bounds how many entries a summary counts.
const mostCounted = 50_000

// Summary counts the last days, at most 31. It takes ReadLedger.
func (l *Log) Summary(ctx context.Context, who actor.Actor, days int) (Summary, error) {
	if err := l.Rights.May(ctx, who, policy.ReadLedger); err != nil {
		return Summary{}, err
	}
	if days < 1 || days > 31 {
		return Summary{}, fault.New(fault.Invalid, "summary.days", "A summary is of 1 to 31 days.").At("days")
	}
	now := l.Accounts.DB.Now().UTC()
	s := Summary{From: now.Truncate(time.Hour).Add(time.Hour - time.Duration(days)*24*time.Hour), Hours: make([]Hour, days*24), Reasons: map[string]int{}, Whole: true}
	ask := scribe.Question{From: s.From, Limit: 1000}
	for _, d := range scribe.Catalogue() {
		if o, ok := outcomeOf(string(d.Event)); ok && (o == In || o == Refused) {
			ask.Events = append(ask.Events, d.Event)
		}
	}
	l.settle(ctx)
	for counted := 0; ; {
		told, more, err := l.Scribe.Read(ctx, ask)
		if err != nil {
			return s, fmt.Errorf("read the ledger: %w", err)
		}
		for i := range told {
			s.count(&told[i])
			ask.Before = told[i].Seq
		}
		if !more {
			break
		}
		if counted += len(told); counted >= mostCounted {
			s.Whole = false
			break
		}
	}
	var err error
	if s.Slowed, err = l.Accounts.Slowed(ctx, who); err != nil {
		return s, err
	}
	return s, l.Scribe.Note(ctx, scribe.Entry{Event: "ledger.read", Who: who, Details: map[string]any{"view": "sign_in_summary", "days": days}})
}

func (s *Summary) count(t *scribe.Told) {
	at := int(t.Entry.Time.Sub(s.From) / time.Hour)
	if at < 0 || at >= len(s.Hours) {
		return
	}
	if o, _ := outcomeOf(t.Entry.Event); o == In {
		s.Hours[at].In++
		return
	}
	s.Hours[at].Refused++
	var d said
	if json.Unmarshal(t.Details, &d) == nil && d.Reason != "" {
		s.Reasons[d.Reason]++
	} else {
		s.Reasons["other"]++
	}
}
