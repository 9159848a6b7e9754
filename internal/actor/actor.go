// Package actor says who acts, how surely the house knows it, and from where.
//
// Every method that reads or writes takes an Actor. It is made at the door
// (by identity, from a cookie or a key; or as System by the house itself) and
// handed down unchanged, so that the policy and the ledger speak of the same one.
package actor

import (
	"net/netip"
	"time"
)

// Kind is the kind of an actor. The zero Kind is a stranger, who may do nothing.
type Kind uint8

const (
	Stranger Kind = iota // not signed in
	Person               // a person with an account
	Program              // a program key; acts with its own role, on behalf of its owner
	System               // the house itself: jobs, start, clean-up
)

// String gives the name that the ledger and the API use.
func (k Kind) String() string {
	switch k {
	case Person:
		return "person"
	case Program:
		return "program"
	case System:
		return "system"
	}
	return "stranger"
}

// Ids of people, groups and roles are small and count from 1; those of keys
// and sessions are time-ordered. Each is a type, so that they cannot be swapped.
type (
	PersonID  int64
	GroupID   int64
	RoleID    int64
	KeyID     int64
	SessionID int64
)

// Actor is who acts. The zero Actor is a stranger.
type Actor struct {
	Kind     Kind
	Person   PersonID   // the person, or the owner of the program key
	Key      KeyID      // for programs
	Role     RoleID     // for programs: the key's own role; zero for people, whose role the house looks up
	Session  SessionID  // for people
	Address  netip.Addr // where the request came from, after trusted proxies
	Device   string     // the user agent, cut to 512 bytes
	Language string     // "en", "ru", "it", "pl": in which words to answer
	Factor   time.Time  // when the person last proved a second factor; zero if never in this session
	Proved   time.Time  // when the person last proved in this session who they are, by whatever is asked of them
	Half     bool       // the person has proved a password, and more is asked of them: they hold nothing yet
	ViewAs   PersonID   // the person through whose eyes the actor looks; reads only, logged under Person
	ViewRole RoleID     // the role with which the actor looks instead of their own; ViewAs is then Person
}

// House is the actor for what Castellan does by itself.
func House() Actor { return Actor{Kind: System} }
