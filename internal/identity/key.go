package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/vault"
)

// KeyPrefix begins every program key, so that people and scanners of leaked
// secrets know one when they see it.
const KeyPrefix = "ck_"

// Key is a program's key as people see it.
type Key struct {
	ID       actor.KeyID
	Name     string
	Hint     string // its last four characters
	Owner    actor.PersonID
	Role     actor.RoleID
	RoleName string
	Networks []netip.Prefix // where it may be used; none: anywhere
	Created  time.Time
	Ends     time.Time // zero: it does not end by itself
	Used     time.Time // to the minute; zero: never
	UsedFrom string
	Ended    time.Time // zero: it holds, unless Ends has passed
	Why      string
}

// KeyDraft is what a new key is made of.
type KeyDraft struct {
	Name     string
	Owner    actor.PersonID // zero: whoever makes it
	Role     actor.RoleID
	Networks []netip.Prefix
	Ends     time.Time
}

// key is what is remembered of one.
type key struct {
	id       actor.KeyID
	owner    actor.PersonID
	role     actor.RoleID
	language string
	networks []netip.Prefix
	ends     time.Time
	used     atomic.Int64
}

// CreateKey makes a program key, which is shown this once. It takes ManageKeys
// and a standing that covers the role; for somebody else's key also one that
// covers that person. The owner must hold what the role gives, else the key
// would open nothing. Programs make no keys: a leaked one must not beget others.
func (a *Accounts) CreateKey(ctx context.Context, who actor.Actor, d KeyDraft) (Key, string, error) {
	if d.Owner == 0 {
		d.Owner = who.Person
	}
	var f form
	k := Key{Name: f.name(d.Name), Owner: d.Owner, Role: d.Role, Networks: []netip.Prefix{}, Ends: d.Ends.UTC().Truncate(time.Microsecond)}
	for _, n := range d.Networks {
		if !n.IsValid() || len(k.Networks) >= 100 {
			f.complain("networks", "key.networks", "Networks are at most 100 prefixes such as 192.0.2.0/24.")
			break
		}
		k.Networks = append(k.Networks, n.Masked())
	}
	networks, err := json.Marshal(k.Networks)
	if err != nil {
		return Key{}, "", fmt.Errorf("write networks: %w", err)
	}
	var plain string
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Need(who, policy.ManageKeys); err != nil {
			return err
		}
		if who.Kind == actor.Program {
			return fault.New(fault.Denied, "key.program", "Programs do not make keys.")
		}
		if !self(who, d.Owner) {
			if err := look.Over(who, d.Owner); err != nil {
				return err
			}
		}
		if err := f.err(); err != nil {
			return err
		}
		if !k.Ends.IsZero() && !k.Ends.After(tx.Now()) {
			return fault.New(fault.Invalid, "key.ends", "The end lies in the past.").At("ends_at")
		}
		if err := look.MayGive(who, 0, d.Role); err != nil {
			return err
		}
		held, err := look.Standing(actor.Actor{Kind: actor.Program, Person: d.Owner, Role: d.Role})
		if err != nil {
			return err
		}
		if held.Person() == 0 {
			return fault.New(fault.Invalid, "key.owner", "The owner of a key must hold all that its role gives.").At("role")
		}
		var token string
		token, _ = a.Vault.Token()
		plain = KeyPrefix + token
		k.ID, k.Created, k.RoleName, k.Hint = actor.KeyID(tx.NewID()), tx.Now(), look.RoleName(d.Role), plain[len(plain)-4:]
		var ends *time.Time
		if !k.Ends.IsZero() {
			ends = &k.Ends
		}
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO program_key (id, hash, hint, name, owner, role, networks, created_at, created_by, ends_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`), k.ID, vault.Hash(plain), k.Hint, k.Name, k.Owner, k.Role, string(networks), tx.Now(), who.Person, ends)
		if err != nil {
			return fmt.Errorf("create key: %w", err)
		}
		return a.tell(ctx, tx, who, "key.created", "key", int64(k.ID), struct {
			Name     string         `json:"name"`
			Owner    actor.PersonID `json:"owner"`
			Role     actor.RoleID   `json:"role"`
			Networks []netip.Prefix `json:"networks"`
			Ends     *time.Time     `json:"ends_at,omitempty"`
		}{k.Name, k.Owner, k.Role, k.Networks, ends})
	})
	if err != nil {
		return Key{}, "", err
	}
	return k, plain, nil
}

// Keys lists the keys, newest first: all of them for those who hold ManageKeys,
// else one's own.
func (a *Accounts) Keys(ctx context.Context, who actor.Actor) ([]Key, error) {
	if who.Kind == actor.Stranger {
		return nil, NotSignedIn()
	}
	all := a.Rights.May(ctx, who, policy.ManageKeys) == nil
	var keys []Key
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, store.Text(`SELECT id, name, hint, owner, role, networks, created_at, COALESCE(ends_at, 0), COALESCE(used_at, 0),
			COALESCE(used_from, ''), COALESCE(ended_at, 0), COALESCE(ended_why, '') FROM program_key ORDER BY id DESC`))
		if err != nil {
			return fmt.Errorf("list keys: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var k Key
			var networks string
			var ends, used, ended int64
			if err := rows.Scan(&k.ID, &k.Name, &k.Hint, &k.Owner, &k.Role, &networks, &k.Created, &ends, &used, &k.UsedFrom, &ended, &k.Why); err != nil {
				return fmt.Errorf("list keys: %w", err)
			}
			if !all && !self(who, k.Owner) {
				continue
			}
			if err := json.Unmarshal([]byte(networks), &k.Networks); err != nil {
				return fmt.Errorf("read networks: %w", err)
			}
			k.RoleName, k.Ends, k.Used, k.Ended = look.RoleName(k.Role), moment(ends), moment(used), moment(ended)
			keys = append(keys, k)
		}
		return rows.Err()
	})
	return keys, err
}

// moment reads a time of which zero stands for none.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// EndKey ends a key: one's own, or any for those who hold ManageKeys.
func (a *Accounts) EndKey(ctx context.Context, who actor.Actor, id actor.KeyID) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		var owner actor.PersonID
		err := tx.QueryRow(ctx, store.Text(`SELECT owner FROM program_key WHERE id = ?`), id).Scan(&owner)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return fmt.Errorf("read key: %w", err)
		}
		if !self(who, owner) {
			look, err := a.Rights.Look(ctx, tx)
			if err != nil {
				return err
			}
			if err := look.Need(who, policy.ManageKeys); err != nil {
				return err
			}
		}
		if owner == 0 {
			return fault.New(fault.Missing, "key.missing", "There is no such key.")
		}
		n, err := tx.Exec(ctx, store.Text(`UPDATE program_key SET ended_at = ?, ended_why = 'ended' WHERE id = ? AND ended_at IS NULL`), tx.Now(), id)
		if err != nil {
			return fmt.Errorf("end key: %w", err)
		}
		if n == 0 {
			return nil
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "key.ended", "key", int64(id), struct {
			Owner actor.PersonID `json:"owner"`
			Why   string         `json:"why"`
		}{owner, "ended"})
	})
}

// ResolveKey tells which program the bearer of a key is. A key that does not
// hold, or not from this address, gives NotSignedIn.
func (a *Accounts) ResolveKey(ctx context.Context, plain string, address netip.Addr, device string) (actor.Actor, error) {
	if !strings.HasPrefix(plain, KeyPrefix) {
		return actor.Actor{}, a.nobody(address)
	}
	hash := vault.Hash(plain)
	epoch, err := a.epoch.Current(ctx)
	if err != nil {
		return actor.Actor{}, err
	}
	k, known := a.keys.find(hash, epoch)
	if !known {
		if k, err = a.readKey(ctx, hash, stranger(address, device)); err != nil {
			return actor.Actor{}, err
		}
	}
	now := a.DB.Now()
	switch {
	case !k.ends.IsZero() && !now.Before(k.ends):
		return actor.Actor{}, a.refuseKey(ctx, stranger(address, device), k.id, "ended")
	case !k.from(address):
		return actor.Actor{}, a.refuseKey(ctx, stranger(address, device), k.id, "network")
	}
	who := actor.Actor{Kind: actor.Program, Person: k.owner, Key: k.id, Role: k.role, Language: k.language, Address: address, Device: cut(device)}
	if why, err := a.Rights.Admit(ctx, who); err != nil {
		return actor.Actor{}, err
	} else if why != "" {
		return actor.Actor{}, a.refuseKey(ctx, stranger(address, device), k.id, string(why))
	}
	if before := k.used.Load(); now.Sub(time.UnixMicro(before)) >= unwritten && k.used.CompareAndSwap(before, now.UnixMicro()) {
		err := a.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text(`UPDATE program_key SET used_at = ?, used_from = ? WHERE id = ?`), now, address.String(), k.id)
			return err
		})
		if err != nil {
			k.used.CompareAndSwap(now.UnixMicro(), before)
			return actor.Actor{}, fmt.Errorf("write down the use of a key: %w", err)
		}
	}
	return who, nil
}

// from tells whether the key may be used from an address. It is asked each
// time: an answer for one address is none for another.
func (k *key) from(address netip.Addr) bool {
	for _, n := range k.networks {
		if n.Contains(address.Unmap().WithZone("")) {
			return true
		}
	}
	return len(k.networks) == 0
}

// refuseKey notes that a key which exists, or did, was shown where or when it
// does not hold: it may have leaked. The answer is that of a key that never was.
func (a *Accounts) refuseKey(ctx context.Context, who actor.Actor, id actor.KeyID, why string) error {
	if _, ok := a.noted.Take(throttle.Network(who.Address).String()); ok {
		if err := a.note(ctx, who, "key.refused", "key", int64(id), refusal{Reason: why, Device: tellDevice(who.Device)}); err != nil {
			return err
		}
	}
	return a.nobody(who.Address)
}

func (a *Accounts) readKey(ctx context.Context, hash [32]byte, who actor.Actor) (*key, error) {
	k := &key{}
	var holds bool
	var epoch, ends, used int64
	var networks string
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if epoch, err = a.epoch.Under(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, store.Text(`SELECT k.id, k.owner, k.role, p.language, k.networks, COALESCE(k.ends_at, 0), COALESCE(k.used_at, 0),
			CASE WHEN k.ended_at IS NULL AND p.state = 'active' THEN 1 ELSE 0 END FROM program_key k JOIN person p ON p.id = k.owner WHERE k.hash = ?`), hash).
			Scan(&k.id, &k.owner, &k.role, &k.language, &networks, &ends, &used, &holds)
	})
	if errors.Is(err, store.ErrNoRows) {
		return nil, a.nobody(who.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if !holds {
		return nil, a.refuseKey(ctx, who, k.id, "ended")
	}
	if err := json.Unmarshal([]byte(networks), &k.networks); err != nil {
		return nil, fmt.Errorf("read networks: %w", err)
	}
	k.ends = moment(ends)
	k.used.Store(used)
	return a.keys.keep(hash, k, epoch), nil
}
