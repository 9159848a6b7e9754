package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/throttle"
)

// Needs is what is outstanding before a session lets its person in.
type Needs string

const (
	NeedsNothing   Needs = ""
	NeedsFactor    Needs = "factor" // to prove the factor that the person has
	NeedsEnrolment Needs = "enrol"  // to add the factor that is demanded of them
)

// halfLasts is for how long a session that began with a factor outstanding
// waits for it: long enough to install an app.
const halfLasts = 30 * time.Minute

// outstanding is the answer to a session that waits, at every door but those of
// the waiting. It says what would do.
func outstanding(needs Needs, ways []FactorKind) *fault.Fault {
	f := fault.New(fault.Unknown, "session.factor", "The password is right. Prove your second factor to come in.")
	if needs == NeedsEnrolment {
		f = fault.New(fault.Unknown, "session.enrol", "A second factor is demanded of you. Add one to come in.")
	}
	for _, w := range ways {
		f.Ways = append(f.Ways, string(w))
	}
	return f
}

// needs tells what is outstanding in a session. It is asked with every request,
// and answered from memory: a demand that somebody makes today holds for the
// sessions of this morning.
func (a *Accounts) needs(ctx context.Context, s *session) (Needs, error) {
	if s.vouched {
		return NeedsNothing, nil // a provider has asked for a factor, and is believed
	}
	if s.armed() {
		if s.factorAt.IsZero() {
			return NeedsFactor, nil
		}
		return NeedsNothing, nil
	}
	demanded, err := a.demanded(ctx, s.person)
	if err != nil || !demanded {
		return NeedsNothing, err
	}
	return NeedsEnrolment, nil
}

// armed tells whether the person has a factor. Recovery codes are none.
func (s *session) armed() bool { return len(s.ways) > 0 && s.ways[0] != Recovery }

// waysOf are the kinds of proof that a person has.
func waysOf(ctx context.Context, tx *store.Tx, person actor.PersonID) ([]FactorKind, error) {
	rows, err := tx.Query(ctx, store.Text(`SELECT DISTINCT kind FROM factor WHERE person = ? ORDER BY kind`), person)
	if err != nil {
		return nil, fmt.Errorf("read kinds of factor: %w", err)
	}
	defer rows.Close()
	var all []FactorKind
	for rows.Next() {
		var k FactorKind
		if err := rows.Scan(&k); err != nil {
			return nil, fmt.Errorf("read kinds of factor: %w", err)
		}
		all = append(all, k)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(all) == 0 {
		return nil, err
	}
	left, err := recoveryLeft(ctx, tx, person)
	if left > 0 {
		all = append(all, Recovery)
	}
	return all, err
}

// provedFactor tells whether a factor was proved in the session of the actor.
func provedFactor(ctx context.Context, tx *store.Tx, who actor.Actor) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM session WHERE id = ? AND person = ? AND ended_at IS NULL AND factor_at IS NOT NULL`), who.Session, who.Person).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	return n > 0, nil
}

// Visitor is the bearer of a session's token, also of one that waits. The actor
// of one that waits is marked as half, and no room but this one opens to it.
type Visitor struct {
	Actor actor.Actor
	Needs Needs
	Ways  []FactorKind
}

// Outstanding is what the bearer is answered at doors that do not open to them yet.
func (v Visitor) Outstanding() error { return outstanding(v.Needs, v.Ways) }

// Recognise is Resolve for the doors at which sessions that wait may knock.
func (a *Accounts) Recognise(ctx context.Context, token string, address netip.Addr, device string) (Visitor, error) {
	s, err := a.bearer(ctx, token, address, device)
	if err != nil {
		return Visitor{}, err
	}
	needs, err := a.needs(ctx, s)
	if err != nil {
		return Visitor{}, err
	}
	who := s.actor(address, device)
	who.Half = needs != NeedsNothing
	return Visitor{who, needs, s.ways}, nil
}

// Proof is one proof of who somebody is; one of its parts is given.
type Proof struct {
	Code     string          // of the authenticator app
	Recovery string          // a code from the list
	Password string          // only to step up, and only for whoever has no factor
	Passkey  json.RawMessage // the browser's answer
	State    string          // what came with the question to the passkey
	Site     Site
}

func (p Proof) kind() (FactorKind, error) {
	var kinds []FactorKind
	for k, given := range map[FactorKind]bool{App: p.Code != "", Recovery: p.Recovery != "", Password: p.Password != "", Passkey: len(p.Passkey) > 0} {
		if given {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) != 1 {
		return "", fault.New(fault.Invalid, "proof.one", "Give one proof: a code, a recovery code, a passkey or the password.")
	}
	return kinds[0], nil
}

// ProveFactor lets a session that waits in, by a proof of the person's factor.
// The session gets a new token (attack 48).
func (a *Accounts) ProveFactor(ctx context.Context, v Visitor, p Proof) (Started, error) {
	kind, err := p.kind()
	if err != nil {
		return Started{}, err
	}
	if v.Needs != NeedsFactor || kind == Password {
		return Started{}, fault.New(fault.Conflict, "factor.idle", "No second factor is asked for here.")
	}
	var s Started
	err = a.proving(ctx, v.Actor, kind, p, func(tx *store.Tx) error {
		s = Started{Actor: v.Actor}
		s.Actor.Half, s.Actor.Factor, s.Actor.Proved = false, tx.Now(), tx.Now()
		if s.Person, err = personAt(ctx, tx, v.Actor.Person); err != nil {
			return err
		}
		said := beginning{Factor: kind, Device: tellDevice(v.Actor.Device)}
		if err := tx.QueryRow(ctx, store.Text(`SELECT how, unfamiliar FROM session WHERE id = ?`), v.Actor.Session).Scan(&said.How, &said.New); err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if s.Token, err = a.prove(ctx, tx, v.Actor, kind); err != nil {
			return err
		}
		return a.tell(ctx, tx, s.Actor, "session.started", "session", int64(v.Actor.Session), said)
	})
	if err != nil {
		return Started{}, err
	}
	return s, nil
}

// beginning is what the ledger keeps of a session's beginning.
type beginning struct {
	How      string     `json:"how"`
	Provider ProviderID `json:"provider,omitempty"`
	Needs    Needs      `json:"needs,omitempty"`
	Factor   FactorKind `json:"factor,omitempty"`
	Device   *told      `json:"device,omitempty"`
	New      bool       `json:"new,omitempty"`
}

// prove writes down in the session that its person has proved a factor. One
// that waited for it gets a new token, and the old one holds no more.
func (a *Accounts) prove(ctx context.Context, tx *store.Tx, who actor.Actor, by FactorKind) (token string, err error) {
	n, err := tx.Exec(ctx, store.Text(`UPDATE session SET proved_at = ?, factor = ?, factor_at = ? WHERE id = ? AND person = ? AND ended_at IS NULL`),
		tx.Now(), by, tx.Now(), who.Session, who.Person)
	if err != nil {
		return "", fmt.Errorf("write a proof down: %w", err)
	}
	if n == 0 {
		return "", NotSignedIn()
	}
	if !who.Half {
		return "", nil
	}
	token, hash := a.Vault.Token()
	if _, err := tx.Exec(ctx, store.Text(`UPDATE session SET hash = ?, half = 0 WHERE id = ?`), hash, who.Session); err != nil {
		return "", fmt.Errorf("renew the token of a session: %w", err)
	}
	return token, a.forget(ctx, tx)
}

// entrance is how somebody comes in.
type entrance struct {
	how     string
	factor  FactorKind // proved in coming in; empty: none
	by      ProviderID // the provider that vouched; zero: none
	address netip.Addr
	device  string
}

// enter makes a session of a person who has proved who they are, as far as they
// have. It is always a new one: a token that the browser brought along is never
// taken over. Whoever has a factor and has not proved it, and whoever lacks one
// that is demanded, gets a session that waits (see Recognise).
func (a *Accounts) enter(ctx context.Context, tx *store.Tx, p Person, e entrance) (Started, error) {
	token, hash := a.Vault.Token()
	id := actor.SessionID(tx.NewID())
	ways, err := waysOf(ctx, tx, p.ID)
	if err != nil {
		return Started{}, err
	}
	born := &session{id: id, person: p.ID, language: p.Language, proved: tx.Now(), ways: ways, vouched: e.factor == vouch}
	var provider *int64
	if e.by != 0 {
		n := int64(e.by)
		provider = &n
	}
	var factor *FactorKind
	var factorAt *time.Time
	if e.factor != "" {
		born.factorAt, factor, factorAt = tx.Now(), &e.factor, &born.proved
	}
	needs, err := a.needs(ctx, born)
	if err != nil {
		return Started{}, err
	}
	who := born.actor(e.address, e.device)
	who.Half = needs != NeedsNothing
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO session (id, hash, person, how, provider, address, network, device, created_at, used_at, used_from, half, proved_at, factor, factor_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		id, hash, p.ID, e.how, provider, e.address.String(), throttle.Network(e.address).String(), who.Device, tx.Now(), tx.Now(), e.address.String(), who.Half, tx.Now(), factor, factorAt)
	if err != nil {
		return Started{}, fmt.Errorf("begin session: %w", err)
	}
	unfamiliar, err := a.meet(ctx, tx, who)
	if err != nil {
		return Started{}, err
	}
	s, said := Started{Token: token, Actor: who, Person: p}, beginning{How: e.how, Provider: e.by, Factor: e.factor, Device: tellDevice(who.Device), New: unfamiliar}
	if who.Half {
		s.Waits, said.Needs = outstanding(needs, ways), needs
		return s, a.tell(ctx, tx, who, "session.halfway", "session", int64(id), said)
	}
	return s, a.tell(ctx, tx, who, "session.started", "session", int64(id), said)
}
