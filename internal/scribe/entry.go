package scribe

import (
	"encoding/json"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/ledger"
)

// Entry is something that happened. What may have to be erased one day (values,
// names) goes into Details and nowhere else.
type Entry struct {
	Event   Event
	Who     actor.Actor
	Kind    string            // kind of record, or of what else Records number ("person", "role" …)
	Records []schema.RecordID // the records concerned, in the order shown
	Surface string
	Shown   []schema.Class // classes of which something was shown unmasked
	Details any            // becomes JSON; nil for none
}

// maxRecords is how many records one entry of the ledger names. An id takes ten
// bytes at most, so that this many always fit; what concerns more is written as
// several entries, which are on disk together or not at all.
const maxRecords = 5000

// item is an entry in canonical bytes on its way into the ledger, with what the
// ledger's columns repeat of it.
type item struct {
	src         int64 // the outbox row it came from; 0 for one that comes straight
	at          int64 // microseconds
	kind        ledger.ActorKind
	actor       int64
	event       string
	incarnation uint32
	entry       []byte
	salt        []byte
	details     []byte
}

// encode makes the canonical entries, and the commitments to their details.
func (s *Scribe) encode(e Entry, at time.Time) ([]item, error) {
	if _, known := Describe(e.Event); !known {
		return nil, fmt.Errorf("write entry: the catalogue has no event %q", e.Event)
	}
	l := ledger.Entry{
		Time: at.UTC().Truncate(time.Microsecond), Event: string(e.Event), Actor: actorOf(e.Who), Address: e.Who.Address,
		Kind: e.Kind, Surface: e.Surface, Incarnation: s.incarnation,
	}
	if len(e.Shown) > 0 {
		l.Shown = make([]string, len(e.Shown))
		for i, c := range e.Shown {
			l.Shown[i] = c.String()
		}
	}
	var details []byte
	if e.Details != nil {
		var err error
		if details, err = json.Marshal(e.Details); err != nil {
			return nil, fmt.Errorf("write entry %s: encode details: %w", e.Event, err)
		}
	}
	ids := make([]int64, len(e.Records))
	for i, id := range e.Records {
		ids[i] = int64(id)
	}
	all := make([]item, 0, max(1, (len(ids)+maxRecords-1)/maxRecords))
	for {
		n := min(len(ids), maxRecords)
		l.Records, ids = ids[:n], ids[n:]
		it := item{at: l.Time.UnixMicro(), kind: l.Actor.Kind, actor: l.Actor.ID, event: l.Event, incarnation: l.Incarnation}
		if details != nil {
			// Each part tells all of them: one alone may be all that is read,
			// or all that is shown to a court.
			salt := s.vault.Salt()
			it.salt, it.details = salt[:], details
			l.Commitment = ledger.Commit(salt, details)
		}
		if err := l.Check(); err != nil {
			return nil, fmt.Errorf("write entry %s: %w", e.Event, err)
		}
		// Enough for nearly all, so that the buffer does not grow.
		it.entry = l.Append(make([]byte, 0, 128+len(l.Event)+len(l.Kind)+len(l.Surface)+16*len(l.Shown)+8*n))
		all = append(all, it)
		if len(ids) == 0 {
			return all, nil
		}
	}
}

// decode finds again what encode knew.
func (it *item) decode() error {
	e, err := ledger.ParseEntry(it.entry)
	if err != nil {
		return err
	}
	it.at, it.kind, it.actor, it.event, it.incarnation = e.Time.UnixMicro(), e.Actor.Kind, e.Actor.ID, e.Event, e.Incarnation
	return nil
}

// move puts an entry into another incarnation: it waited while the operator
// accepted a loss.
func (it *item) move(incarnation uint32) error {
	e, err := ledger.ParseEntry(it.entry)
	if err != nil {
		return err
	}
	e.Incarnation = incarnation
	it.entry, it.incarnation = e.Append(nil), incarnation
	return nil
}

// actorOf is the actor in the words of the ledger. Somebody who looks through
// another's eyes acts under their own name, on behalf of the other.
func actorOf(a actor.Actor) ledger.Actor {
	l := ledger.Actor{Kind: ledger.ActorKind(a.Kind), ID: int64(a.Person), Session: int64(a.Session), Key: int64(a.Key), OnBehalf: int64(a.ViewAs)}
	if a.Kind == actor.Program {
		l.ID, l.OnBehalf = int64(a.Key), int64(a.Person)
	}
	return l
}
