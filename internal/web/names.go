package web

import (
	"context"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
)

// names are what people are called, kept for a moment: every list of records
// names those who are responsible. A colleague's name is no secret in the house.
type names struct{ held atomic.Pointer[namesHeld] }

type namesHeld struct {
	read  time.Time
	name  map[actor.PersonID]string
	shown map[actor.PersonID][]byte // as records refer to them, in JSON
}

// freshness is how long a change of a name may stay unseen.
const freshness = 5 * time.Second

// everyName gives the names as they were at most a moment ago.
func (s *Server) everyName(ctx context.Context, who actor.Actor) (*namesHeld, error) {
	now := s.Now()
	if h := s.names.held.Load(); h != nil && now.Sub(h.read) < freshness {
		return h, nil
	}
	all, err := s.Accounts.Names(ctx, who)
	if err != nil {
		return nil, err
	}
	h := &namesHeld{now, make(map[actor.PersonID]string, len(all)), make(map[actor.PersonID][]byte, len(all))}
	for _, n := range all {
		h.name[n.ID], h.shown[n.ID] = n.Name, s.appendPerson(nil, n.ID, n.Name)
	}
	s.names.held.Store(h)
	return h, nil
}

// forgetNames lets the next reader see a change at once.
func (s *Server) forgetNames() { s.names.held.Store(nil) }

// name is what one person is called, or empty.
func (c *call) name(id actor.PersonID) (string, error) {
	h, err := c.everyName(c.ctx, c.who)
	if err != nil {
		return "", err
	}
	return h.name[id], nil
}

// appendPerson refers to a person in JSON.
func (s *Server) appendPerson(b []byte, id actor.PersonID, name string) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, s.Records.PersonWord(id)...)
	b = append(b, `","name":`...)
	b = appendText(b, name)
	return append(b, '}')
}

// person refers to one person.
func (c *call) person(id actor.PersonID) (named, error) {
	n, err := c.name(id)
	return named{c.Vault.Public("person", int64(id)), n}, err
}
