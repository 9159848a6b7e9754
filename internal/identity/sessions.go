package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"castellan/internal/actor"
	"castellan/internal/device"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// Session is one sign-in of a person, as people see it.
type Session struct {
	ID       actor.SessionID
	Person   actor.PersonID
	How      string // password, link, setup, provider
	Provider string // the name of the provider that vouched, if it is still there
	Address  string
	Agent    string // what the browser said of itself
	Device   device.Device
	Waits    bool // for a second factor: it opens nothing until then
	New      bool // the person had not come by this device and network for long
	Created  time.Time
	Used     time.Time // to the minute
	UsedFrom string
	Ends     time.Time // when it ends if it is not used before; zero: it has ended
	Ended    time.Time // zero: it lives
	Why      string    // signed_out, replaced, ended, asked, everyone, disowned, password, role, deactivated; "idle" or "old" if time ended it
	Current  bool      // the one in which the question is asked
}

const sessionColumns = `s.id, s.person, s.how, COALESCE((SELECT name FROM provider WHERE id = s.provider), ''), s.address, s.device, s.browser, s.browser_version, s.system, s.form, s.unfamiliar, s.half, s.created_at, s.used_at, s.used_from,
	COALESCE(s.ended_at, 0), COALESCE(s.ended_why, '')`

func (a *Accounts) readSessions(ctx context.Context, who actor.Actor, text store.Text, args ...any) ([]Session, error) {
	rows, err := a.DB.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer rows.Close()
	var all []Session
	for rows.Next() {
		var s Session
		var form string
		var unfamiliar, ended int64
		err := rows.Scan(&s.ID, &s.Person, &s.How, &s.Provider, &s.Address, &s.Agent, &s.Device.Browser, &s.Device.Version, &s.Device.System, &form, &unfamiliar, &s.Waits,
			&s.Created, &s.Used, &s.UsedFrom, &ended, &s.Why)
		if err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		if s.Address, s.UsedFrom = known(s.Address), known(s.UsedFrom); s.Address == "" {
			s.Address = s.UsedFrom
		}
		s.Device.Form, s.New = device.Form(form), unfamiliar == 1
		if s.Device == (device.Device{}) { // it began before devices were named
			s.Device = device.Of(s.Agent)
		}
		s.Current = s.ID == who.Session && who.Kind == actor.Person
		l, err := a.limits(ctx, s.Person)
		if err != nil {
			return nil, err
		}
		if s.Waits {
			l.absolute = min(l.absolute, halfLasts)
		}
		s.time(l, a.DB.Now(), ended)
		all = append(all, s)
	}
	return all, rows.Err()
}

// known is an address as it is shown: nothing if it was none.
func known(address string) string {
	if _, err := netip.ParseAddr(address); err != nil {
		return ""
	}
	return address
}

// time fills in when a session ended, also if nobody but time has ended it, or
// when time will end it.
func (s *Session) time(l limits, now time.Time, ended int64) {
	idle, old := s.Used.Add(l.idle), s.Created.Add(l.absolute)
	switch {
	case ended != 0:
		s.Ended = time.UnixMicro(ended).UTC()
	case !now.Before(old) && old.Before(idle):
		s.Ended, s.Why = old, "old"
	case !now.Before(idle):
		s.Ended, s.Why = idle, "idle"
	case old.Before(idle):
		s.Ends = old
	default:
		s.Ends = idle
	}
}

// Sessions lists the sessions of a person, newest first, past ones included: of
// oneself, or of anybody for those who hold ManagePeople or ManageSecurity.
func (a *Accounts) Sessions(ctx context.Context, who actor.Actor, person actor.PersonID) ([]Session, error) {
	if !self(who, person) {
		if err := a.mayWatch(ctx, who); err != nil {
			return nil, err
		}
	}
	return a.readSessions(ctx, who, `SELECT `+sessionColumns+` FROM session s WHERE s.person = ? ORDER BY s.id DESC LIMIT 1000`, person)
}

// mayWatch tells whether the actor may know how others are signed in.
func (a *Accounts) mayWatch(ctx context.Context, who actor.Actor) error {
	if a.Rights.May(ctx, who, policy.ManageSecurity) == nil {
		return nil
	}
	return a.Rights.May(ctx, who, policy.ManagePeople)
}

// LiveSessions lists who is signed in now, the latest sign-in first: sessions
// that began before the one named (0: from the newest), at most so many. more
// says that there may be others. It takes ManagePeople or ManageSecurity.
func (a *Accounts) LiveSessions(ctx context.Context, who actor.Actor, before actor.SessionID, most int) (all []Session, more bool, err error) {
	if err := a.mayWatch(ctx, who); err != nil {
		return nil, false, err
	}
	if most <= 0 || most > mostSessions {
		most = mostSessions
	}
	now := a.DB.Now()
	for {
		text := store.Text(`SELECT ` + sessionColumns + ` FROM session s WHERE s.ended_at IS NULL AND s.half = 0 AND s.used_at > ? AND s.created_at > ? ORDER BY s.id DESC LIMIT ?`)
		args := []any{now.Add(-a.Idle), now.Add(-a.Absolute), most + 1}
		if before != 0 {
			text = store.Text(`SELECT ` + sessionColumns + ` FROM session s WHERE s.ended_at IS NULL AND s.half = 0 AND s.used_at > ? AND s.created_at > ? AND s.id < ? ORDER BY s.id DESC LIMIT ?`)
			args = []any{now.Add(-a.Idle), now.Add(-a.Absolute), before, most + 1}
		}
		read, err := a.readSessions(ctx, who, text, args...)
		if err != nil {
			return nil, false, err
		}
		for i := range read {
			if before = read[i].ID; !read[i].Ended.IsZero() {
				continue // the limits of its person are shorter than those of the house
			}
			if len(all) == most {
				return all, true, nil
			}
			all = append(all, read[i])
		}
		if len(read) <= most {
			return all, false, nil
		}
	}
}

// mostSessions is how many sessions one answer holds at most.
const mostSessions = 200

// EndSession ends one session: one's own, that of somebody whose account one may
// change, or anybody's for those who hold ManageSecurity: who ends a session
// takes nothing and becomes nobody.
func (a *Accounts) EndSession(ctx context.Context, who actor.Actor, id actor.SessionID) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		var person actor.PersonID
		err := tx.QueryRow(ctx, store.Text(`SELECT person FROM session WHERE id = ? AND ended_at IS NULL`), id).Scan(&person)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return fmt.Errorf("read session: %w", err)
		}
		if !self(who, person) {
			if err := a.mayEnd(ctx, tx, who, person); err != nil {
				return err
			}
		}
		return a.endSession(ctx, tx, who, id, person, "ended")
	})
}

// mayEnd tells whether the actor may end the sessions of somebody else.
func (a *Accounts) mayEnd(ctx context.Context, tx *store.Tx, who actor.Actor, person actor.PersonID) error {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return err
	}
	if person != 0 && look.Need(who, policy.ManageSecurity) == nil {
		return nil
	}
	return a.may(ctx, tx, who, person)
}

// EndAllOf ends every session of a person but the one in which it is asked: of
// oneself, or of somebody else as EndSession does.
func (a *Accounts) EndAllOf(ctx context.Context, who actor.Actor, person actor.PersonID) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		if !self(who, person) {
			if err := a.mayEnd(ctx, tx, who, person); err != nil {
				return err
			}
		}
		_, err := a.endSessions(ctx, tx, who, person, "asked")
		return err
	})
}

// EndEveryone is the emergency brake: it ends every session of the workspace but
// the one in which it is asked, whoever's they are, and says how many. It takes
// ManageSecurity and a person: a leaked key must not be able to throw all out
// again and again.
func (a *Accounts) EndEveryone(ctx context.Context, who actor.Actor) (ended int64, err error) {
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Need(who, policy.ManageSecurity); err != nil {
			return err
		}
		if who.Kind == actor.Program {
			return fault.New(fault.Denied, "session.people_only", "Only a person ends the sessions of everybody.")
		}
		ended, err = tx.Exec(ctx, store.Text(`UPDATE session SET ended_at = ?, ended_why = 'everyone' WHERE id <> ? AND ended_at IS NULL`), tx.Now(), who.Session)
		if err != nil {
			return fmt.Errorf("end everybody's sessions: %w", err)
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "sessions.all_ended", "", 0, struct {
			Number int64 `json:"number"`
		}{ended})
	})
	return ended, err
}

// Leave ends the session of a token that its bearer has replaced by signing in
// anew. A token that does not hold changes nothing.
func (a *Accounts) Leave(ctx context.Context, token string, anew actor.Actor) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		was := actor.Actor{Kind: actor.Person, Address: anew.Address, Device: anew.Device}
		err := tx.QueryRow(ctx, store.Text(`SELECT id, person FROM session WHERE hash = ? AND ended_at IS NULL`), vault.Hash(token)).Scan(&was.Session, &was.Person)
		if errors.Is(err, store.ErrNoRows) || err == nil && was.Session == anew.Session {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		return a.endSession(ctx, tx, was, was.Session, was.Person, "replaced")
	})
}

// Disown is what a person answers to the news of a session: this was not me. It
// ends that session and every other one of theirs but the one in which they say
// so. Whoever it was knows the password, so the page then asks for a new one.
func (a *Accounts) Disown(ctx context.Context, who actor.Actor, id actor.SessionID) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		var person actor.PersonID
		err := tx.QueryRow(ctx, store.Text(`SELECT person FROM session WHERE id = ?`), id).Scan(&person)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return fmt.Errorf("read session: %w", err)
		}
		switch {
		case !self(who, person):
			return fault.New(fault.Missing, "session.unknown", "There is no such session.")
		case id == who.Session:
			return fault.New(fault.Conflict, "session.current", "This is the session that you are in.")
		}
		if _, err := a.endSessions(ctx, tx, who, person, "disowned"); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "session.disowned", "person", int64(person), struct {
			Session actor.SessionID `json:"session"`
		}{id})
	})
}
