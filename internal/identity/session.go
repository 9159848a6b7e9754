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
	Waits  *fault.Fault // not nil: the session waits for a second factor, and this is what it is answered until then
}

// session is what is remembered of one.
type session struct {
	id       actor.SessionID
	person   actor.PersonID
	language string
	created  time.Time
	proved   time.Time    // when the person last proved in it who they are
	vouched  bool         // the factor was proved at a provider that is believed
	factorAt time.Time    // when they proved a factor; zero: they have not
	ways     []FactorKind // by which the person can prove who they are, besides the password
	half     bool         // it began with a factor outstanding and was not let in since
	used     atomic.Int64 // when it was last written down, in microseconds
}

func (s *session) actor(address netip.Addr, device string) actor.Actor {
	return actor.Actor{Kind: actor.Person, Person: s.person, Session: s.id, Language: s.language, Address: address, Device: cut(device), Factor: s.factorAt, Proved: s.proved}
}

// unwritten is for how long a use is not written down again.
const unwritten = time.Minute

// Resolve tells who the bearer of a session's token is. A token that does not
// hold gives NotSignedIn, whatever the reason; a person who may not work from
// that address or at this hour is told so. The answer comes from memory:
// an end of the session made by this process holds at once, one made by another
// process within a second. A session that waits for a second factor is told so
// (see Recognise).
func (a *Accounts) Resolve(ctx context.Context, token string, address netip.Addr, device string) (actor.Actor, error) {
	s, err := a.bearer(ctx, token, address, device)
	if err != nil {
		return actor.Actor{}, err
	}
	return a.through(ctx, s, address, device)
}

// Still is Resolve for what a page does by itself while nobody is at it, such as
// listening to what changes: it is no use of the session, which ends at its time
// as if nothing had been asked.
func (a *Accounts) Still(ctx context.Context, token string, address netip.Addr, device string) (actor.Actor, error) {
	s, err := a.held(ctx, token, address, device)
	if err != nil {
		return actor.Actor{}, err
	}
	return a.through(ctx, s, address, device)
}

// through is who the bearer of a session is, unless it waits.
func (a *Accounts) through(ctx context.Context, s *session, address netip.Addr, device string) (actor.Actor, error) {
	needs, err := a.needs(ctx, s)
	if err != nil {
		return actor.Actor{}, err
	}
	if needs != NeedsNothing {
		return actor.Actor{}, outstanding(needs, s.ways)
	}
	return s.actor(address, device), nil
}

// bearer is the session of a token, whether it waits or not, and notes its use.
func (a *Accounts) bearer(ctx context.Context, token string, address netip.Addr, device string) (*session, error) {
	s, err := a.held(ctx, token, address, device)
	if err != nil {
		return nil, err
	}
	return s, a.use(ctx, s, address)
}

// held is the session of a token, whether it waits or not.
func (a *Accounts) held(ctx context.Context, token string, address netip.Addr, device string) (*session, error) {
	hash := vault.Hash(token)
	epoch, err := a.epoch.Current(ctx)
	if err != nil {
		return nil, err
	}
	s, known := a.sessions.find(hash, epoch)
	if known {
		if known, err = a.holds(ctx, s); err != nil {
			return nil, err
		}
	}
	if !known {
		if s, err = a.readSession(ctx, hash, address); err != nil {
			return nil, err
		}
	}
	return s, a.Admit(ctx, s.actor(address, device))
}

// holds tells whether time has not ended a session.
func (a *Accounts) holds(ctx context.Context, s *session) (bool, error) {
	l, err := a.limits(ctx, s.person)
	if err != nil {
		return false, err
	}
	now := a.DB.Now()
	if s.half && now.Sub(s.created) >= halfLasts {
		return false, nil
	}
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
	var epoch, used, factorAt int64
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if epoch, err = a.epoch.Under(ctx, tx); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, store.Text(`SELECT s.id, s.person, p.language, s.created_at, s.used_at, s.half, s.proved_at, COALESCE(s.factor_at, 0), CASE WHEN s.factor = 'provider' THEN 1 ELSE 0 END
			FROM session s JOIN person p ON p.id = s.person
			WHERE s.hash = ? AND s.ended_at IS NULL AND p.state = 'active'`), hash).Scan(&s.id, &s.person, &s.language, &s.created, &used, &s.half, &s.proved, &factorAt, &s.vouched)
		if err != nil {
			return err
		}
		s.ways, err = waysOf(ctx, tx, s.person)
		return err
	})
	if errors.Is(err, store.ErrNoRows) {
		return nil, a.nobody(address)
	}
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	s.factorAt = moment(factorAt)
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

// begin is enter for whoever has proved a password, or a link in its place.
func (a *Accounts) begin(ctx context.Context, tx *store.Tx, p Person, how string, address netip.Addr, device string) (Started, error) {
	return a.enter(ctx, tx, p, entrance{how: how, address: address, device: device})
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
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM email_change WHERE ends_at < ?`), tx.Now()); err != nil {
			return fmt.Errorf("tidy changes of address: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM notice WHERE created_at < ?`), long); err != nil {
			return fmt.Errorf("tidy notices: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM spent_challenge WHERE ends_at < ?`), tx.Now()); err != nil {
			return fmt.Errorf("tidy challenges: %w", err)
		}
		return nil
	})
}
