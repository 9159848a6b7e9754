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
	read time.Time
	name map[actor.PersonID]string
}

// freshness is how long a change of a name may stay unseen.
const freshness = 5 * time.Second

// everyName gives the names as they were at most a moment ago.
func (s *Server) everyName(ctx context.Context, who actor.Actor) (map[actor.PersonID]string, error) {
	now := s.Now()
	if h := s.names.held.Load(); h != nil && now.Sub(h.read) < freshness {
		return h.name, nil
	}
	all, err := s.Accounts.Names(ctx, who)
	if err != nil {
		return nil, err
	}
	h := &namesHeld{now, make(map[actor.PersonID]string, len(all))}
	for _, n := range all {
		h.name[n.ID] = n.Name
	}
	s.names.held.Store(h)
	return h.name, nil
}

// forgetNames lets the next reader see a change at once.
func (s *Server) forgetNames() { s.names.held.Store(nil) }

// name is what one person is called, or empty.
func (c *call) name(id actor.PersonID) (string, error) {
	all, err := c.everyName(c.ctx, c.who)
	return all[id], err
}

// person refers to one person.
func (c *call) person(id actor.PersonID) (named, error) {
	n, err := c.name(id)
	return named{c.Vault.Public("person", int64(id)), n}, err
}
