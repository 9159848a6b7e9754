package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/vault"
)

// Started is a new session. The token is shown this once.
type Started struct {
	Token  string
	Actor  actor.Actor
	Person Person
}

// session is what is remembered of one.
type session struct {
	id       actor.SessionID
	person   actor.PersonID
	language string
	created  time.Time
	used     atomic.Int64 // when it was last written down, in microseconds
}

// unwritten is for how long a use is not written down again.
const unwritten = time.Minute

// Resolve tells who the bearer of a session's token is. A token that does not
// hold gives NotSignedIn, whatever the reason; a person who may not work from
// that address or at this hour is told so. The answer comes from memory:
// an end of the session made by this process holds at once, one made by another
// process within a second.
func (a *Accounts) Resolve(ctx context.Context, token string, address netip.Addr, device string) (actor.Actor, error) {
	hash := vault.Hash(token)
	epoch, err := a.epoch.Current(ctx)
	if err != nil {
		return actor.Actor{}, err
	}
	s, known := a.sessions.find(hash, epoch)
	if known {
		if known, err = a.holds(ctx, s); err != nil {
			return actor.Actor{}, err
		}
	}
	if !known {
		if s, err = a.readSession(ctx, hash, address); err != nil {
			return actor.Actor{}, err
		}
	}
	who := actor.Actor{Kind: actor.Person, Person: s.person, Session: s.id, Language: s.language, Address: address, Device: cut(device)}
	if err := a.Admit(ctx, who); err != nil {
		return actor.Actor{}, err
	}
	return who, a.use(ctx, s, address)
}

// holds tells whether time has not ended a session.
func (a *Accounts) holds(ctx context.Context, s *session) (bool, error) {
	l, err := a.limits(ctx, s.person)
	if err != nil {
		return false, err
	}
	now := a.DB.Now()
	return now.Sub(s.created) < l.absolute && now.Sub(time.UnixMicro(s.used.Load())) < l.idle, nil
}

// limits are for how long the sessions of a person hold: what the house says,
// unless the terms of the workspace, of their role or of themselves say less.
type limits struct{ idle, absolute time.Duration }

func (a *Accounts) limits(ctx context.Context, person actor.PersonID) (limits, error) {
	l := limits{a.Idle, a.Absolute}
	t, err := a.Rights.Terms(ctx, actor.Actor{Kind: actor.Person, Person: person})
	if err != nil {
		return l, err
	}
	if t.Idle > 0 {
		l.idle = min(l.idle, t.Idle)
	}
	if t.Absolute > 0 {
		l.absolute = min(l.absolute, t.Absolute)
	}
	return l, nil
}

// readSession reads a session that is not remembered, or was remembered as too
// old: another process may have seen its use.
func (a *Accounts) readSession(ctx context.Context, hash [32]byte, address netip.Addr) (*session, error) {
	s := &session{}
	var epoch, used int64
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if epoch, err = a.epoch.Under(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, store.Text(`SELECT s.id, s.person, p.language, s.created_at, s.used_at FROM session s JOIN person p ON p.id = s.person
			WHERE s.hash = ? AND s.ended_at IS NULL AND p.state = 'active'`), hash).Scan(&s.id, &s.person, &s.language, &s.created, &used)
	})
	if errors.Is(err, store.ErrNoRows) {
		return nil, a.nobody(address)
	}
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	s.used.Store(used)
	a.sessions.drop(hash)
	if holds, err := a.holds(ctx, s); err != nil {
		return nil, err
	} else if !holds {
		return nil, a.nobody(address)
	}
	return a.sessions.keep(hash, s, epoch), nil
}

// nobody answers a token or key that does not hold, and slows whoever tries many.
func (a *Accounts) nobody(address netip.Addr) error {
	if wait, ok := a.unknown.Take(throttle.Network(address).String()); !ok {
		return often(wait)
	}
	return NotSignedIn()
}

// use writes down that a session was used, at most once a minute.
func (a *Accounts) use(ctx context.Context, s *session, address netip.Addr) error {
	now, before := a.DB.Now(), s.used.Load()
	if now.Sub(time.UnixMicro(before)) < unwritten || !s.used.CompareAndSwap(before, now.UnixMicro()) {
		return nil
	}
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text(`UPDATE session SET used_at = ?, used_from = ? WHERE id = ? AND ended_at IS NULL`), now, address.String(), s.id)
		return err
	})
	if err != nil {
		s.used.CompareAndSwap(now.UnixMicro(), before)
		return fmt.Errorf("write down the use of a session: %w", err)
	}
	return nil
}

// begin makes a session of a person who has proved who they are. It is always a
// new one: a token that the browser brought along is never taken over.
func (a *Accounts) begin(ctx context.Context, tx *store.Tx, p Person, how string, address netip.Addr, device string) (Started, error) {
	return a.beginBy(ctx, tx, p, way{how: how}, address, device)
}

// way is how somebody has proved who they are.
type way struct {
	how      string     // password, link, setup, provider
	provider ProviderID // that vouched for them; zero: none
	factor   bool       // a second factor was proved with it
}

func (a *Accounts) beginBy(ctx context.Context, tx *store.Tx, p Person, by way, address netip.Addr, device string) (Started, error) {
	token, hash := a.Vault.Token()
	id := actor.SessionID(tx.NewID())
	who := actor.Actor{Kind: actor.Person, Person: p.ID, Session: id, Language: p.Language, Address: address, Device: cut(device)}
	var provider *int64
	if by.provider != 0 {
		n := int64(by.provider)
		provider = &n
	}
	_, err := tx.Exec(ctx, store.Text(`INSERT INTO session (id, hash, person, how, provider, address, network, device, created_at, used_at, used_from)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		id, hash, p.ID, by.how, provider, address.String(), throttle.Network(address).String(), who.Device, tx.Now(), tx.Now(), address.String())
	if err != nil {
		return Started{}, fmt.Errorf("begin session: %w", err)
	}
	unfamiliar, err := a.meet(ctx, tx, who)
	if err != nil {
		return Started{}, err
	}
	err = a.tell(ctx, tx, who, "session.started", "session", int64(id), struct {
		How      string     `json:"how"`
		Provider ProviderID `json:"provider,omitempty"`
		Device   *told      `json:"device,omitempty"`
		New      bool       `json:"new,omitempty"`
	}{by.how, by.provider, tellDevice(who.Device), unfamiliar})
	return Started{token, who, p}, err
}

// SignOut ends the session in which it is called.
func (a *Accounts) SignOut(ctx context.Context, who actor.Actor) error {
	if who.Kind != actor.Person || who.Session == 0 {
		return NotSignedIn()
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error { return a.endSession(ctx, tx, who, who.Session, who.Person, "signed_out") })
}

// may tells whether the actor may change the account of a person. A person who
// does not exist is refused with the same words as a missing ability is.
func (a *Accounts) may(ctx context.Context, tx *store.Tx, who actor.Actor, person actor.PersonID) error {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return err
	}
	if err := look.Need(who, policy.ManagePeople); err != nil {
		return err
	}
	if person == 0 {
		return fault.New(fault.Missing, "session.unknown", "There is no such session.")
	}
	return look.Over(who, person)
}

func (a *Accounts) endSession(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.SessionID, person actor.PersonID, why string) error {
	n, err := tx.Exec(ctx, store.Text(`UPDATE session SET ended_at = ?, ended_why = ? WHERE id = ? AND ended_at IS NULL`), tx.Now(), why, id)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if n == 0 {
		return nil
	}
	if err := a.forget(ctx, tx); err != nil {
		return err
	}
	return a.tell(ctx, tx, who, "session.ended", "person", int64(person), struct {
		Session actor.SessionID `json:"session"`
		How     string          `json:"how"`
	}{id, why})
}

// endSessions ends all sessions of a person but the actor's own, and says how many.
func (a *Accounts) endSessions(ctx context.Context, tx *store.Tx, who actor.Actor, person actor.PersonID, why string) (int64, error) {
	n, err := tx.Exec(ctx, store.Text(`UPDATE session SET ended_at = ?, ended_why = ? WHERE person = ? AND id <> ? AND ended_at IS NULL`),
		tx.Now(), why, person, who.Session)
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	if err := a.forget(ctx, tx); err != nil {
		return 0, err
	}
	return n, a.tell(ctx, tx, who, "sessions.ended", "person", int64(person), struct {
		Number int64  `json:"number"`
		Why    string `json:"why"`
	}{n, why})
}

// Past is for how long ended sessions are kept for their owners to look at. The
// ledger keeps its own account of them.
const Past = 180 * 24 * time.Hour

// Tidy removes what nobody needs any more: sessions and notices of long ago and
// links that ran out. It is for the house's regular work.
func (a *Accounts) Tidy(ctx context.Context) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		long := tx.Now().Add(-Past)
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM session WHERE used_at < ? AND created_at < ?`), long, long); err != nil {
			return fmt.Errorf("tidy sessions: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM one_time_link WHERE ends_at < ?`), tx.Now()); err != nil {
			return fmt.Errorf("tidy links: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM notice WHERE created_at < ?`), long); err != nil {
			return fmt.Errorf("tidy notices: %w", err)
		}
		return nil
	})
}
