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

// encode makes the canonical entry, and the commitment to its details.
func (s *Scribe) encode(e Entry, at time.Time) (*pending, error) {
	if _, known := Describe(e.Event); !known {
		return nil, fmt.Errorf("write entry: the catalogue has no event %q", e.Event)
	}
	l := ledger.Entry{
		Time: at.UTC().Truncate(time.Microsecond), Event: string(e.Event), Actor: actorOf(e.Who), Address: e.Who.Address,
		Kind: e.Kind, Surface: e.Surface, Incarnation: s.incarnation,
	}
	if len(e.Records) > 0 {
		l.Records = make([]int64, len(e.Records))
		for i, id := range e.Records {
			l.Records[i] = int64(id)
		}
	}
	for _, c := range e.Shown {
		l.Shown = append(l.Shown, c.String())
	}
	p := &pending{}
	if e.Details != nil {
		text, err := json.Marshal(e.Details)
		if err != nil {
			return nil, fmt.Errorf("write entry %s: encode details: %w", e.Event, err)
		}
		salt := s.vault.Salt()
		p.salt, p.details = salt[:], text
		l.Commitment = ledger.Commit(salt, text)
	}
	if err := l.Check(); err != nil {
		return nil, fmt.Errorf("write entry %s: %w", e.Event, err)
	}
	p.entry = l.Append(nil)
	return p, nil
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

func nilIfEmpty(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
