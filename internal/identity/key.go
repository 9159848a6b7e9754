package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
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
	Why      string    // ended, deactivated
	Version  int64

	// A key that is shown where or when it does not hold may have leaked.
	Refused     time.Time // the last time; zero: never
	RefusedFrom string
	RefusedWhy  string // ended, network
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
	k := Key{Name: f.name(d.Name), Owner: d.Owner, Role: d.Role, Networks: f.networks(d.Networks), Ends: d.Ends.UTC().Truncate(time.Microsecond), Version: 1}
	networks, err := networksText(k.Networks)
	if err != nil {
		return Key{}, "", err
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
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`), k.ID, vault.Hash(plain), k.Hint, k.Name, k.Owner, k.Role, networks, tx.Now(), who.Person, ends)
		if err != nil {
			return fmt.Errorf("create key: %w", err)
		}
		return a.tell(ctx, tx, who, "key.created", "key", int64(k.ID), keyDetailsOf(&k))
	})
	if err != nil {
		return Key{}, "", err
	}
	return k, plain, nil
}

// networks checks where a key may be used.
func (f *form) networks(typed []netip.Prefix) []netip.Prefix {
	all := []netip.Prefix{}
	for _, n := range typed {
		if !n.IsValid() || len(all) >= 100 {
			f.complain("networks", "key.networks", "Networks are at most 100 prefixes such as 192.0.2.0/24.")
			break
		}
		if n = n.Masked(); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

func networksText(all []netip.Prefix) (string, error) {
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("write networks: %w", err)
	}
	return string(text), nil
}

// keyDetails are what the ledger keeps of a key.
type keyDetails struct {
	Name     string         `json:"name"`
	Owner    actor.PersonID `json:"owner"`
	Role     actor.RoleID   `json:"role"`
	Networks []netip.Prefix `json:"networks"`
	Ends     *time.Time     `json:"ends_at,omitempty"`
}

func keyDetailsOf(k *Key) keyDetails {
	d := keyDetails{Name: k.Name, Owner: k.Owner, Role: k.Role, Networks: k.Networks}
	if !k.Ends.IsZero() {
		d.Ends = &k.Ends
	}
	return d
}

// KeyPatch is a change of a key: nil leaves as it is. A role or an owner cannot
// be changed: that is another key.
type KeyPatch struct {
	Name     *string
	Networks *[]netip.Prefix
	Ends     *time.Time // the zero time: it does not end by itself
}

// UpdateKey changes what a key is called, where and until when it may be used. It
// takes what CreateKey takes, since a wider or longer key is a new one. An ended
// key stays as it is. The version must be the one that was read.
func (a *Accounts) UpdateKey(ctx context.Context, who actor.Actor, id actor.KeyID, version int64, patch KeyPatch) (Key, error) {
	var f form
	if patch.Name != nil {
		n := f.name(*patch.Name)
		patch.Name = &n
	}
	if patch.Networks != nil {
		n := f.networks(*patch.Networks)
		patch.Networks = &n
	}
	var now Key
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Need(who, policy.ManageKeys); err != nil {
			return err
		}
		if who.Kind == actor.Program {
			return fault.New(fault.Denied, "key.program", "Programs do not change keys.")
		}
		was, err := scanKey(tx.QueryRow(ctx, keyByID, id))
		if errors.Is(err, store.ErrNoRows) {
			return noKey()
		}
		if err != nil {
			return err
		}
		if !self(who, was.Owner) {
			if err := look.Over(who, was.Owner); err != nil {
				return err
			}
		}
		if err := look.MayGive(who, 0, was.Role); err != nil {
			return err
		}
		if err := f.err(); err != nil {
			return err
		}
		if was.Version != version {
			return fault.New(fault.Conflict, "key.version", "Somebody else has changed this. Read it again.")
		}
		if !was.Ended.IsZero() {
			return fault.New(fault.Conflict, "key.over", "This key has been ended, for good. Make a new one.")
		}
		now = was
		set(&now.Name, patch.Name)
		if patch.Networks != nil {
			now.Networks = *patch.Networks
		}
		if patch.Ends != nil {
			now.Ends = patch.Ends.UTC().Truncate(time.Microsecond)
			if !now.Ends.IsZero() && !now.Ends.After(tx.Now()) {
				return fault.New(fault.Invalid, "key.ends", "The end lies in the past.").At("ends_at")
			}
		}
		networks, err := networksText(now.Networks)
		if err != nil {
			return err
		}
		now.Version, now.RoleName = version+1, look.RoleName(now.Role)
		_, err = tx.Exec(ctx, store.Text(`UPDATE program_key SET version = version + 1, name = ?, networks = ?, ends_at = ? WHERE id = ?`),
			now.Name, networks, keyDetailsOf(&now).Ends, id)
		if err != nil {
			return fmt.Errorf("change key: %w", err)
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "key.changed", "key", int64(id), struct {
			Before keyDetails `json:"before"`
			After  keyDetails `json:"after"`
		}{keyDetailsOf(&was), keyDetailsOf(&now)})
	})
	return now, err
}

func noKey() *fault.Fault { return fault.New(fault.Missing, "key.missing", "There is no such key.") }

// KeyName is a key as everybody in the house may know it.
type KeyName struct {
	ID    actor.KeyID
	Name  string
	Owner actor.PersonID
}

// KeyNames lists what every key is or was called, by id, for whoever is signed
// in: as with colleagues, who did something is no secret in the house.
func (a *Accounts) KeyNames(ctx context.Context, who actor.Actor) ([]KeyName, error) {
	if who.Kind == actor.Stranger {
		return nil, NotSignedIn()
	}
	rows, err := a.DB.Query(ctx, store.Text(`SELECT id, name, owner FROM program_key ORDER BY id`))
	if err != nil {
		return nil, fmt.Errorf("list names of keys: %w", err)
	}
	defer rows.Close()
	var all []KeyName
	for rows.Next() {
		var n KeyName
		if err := rows.Scan(&n.ID, &n.Name, &n.Owner); err != nil {
			return nil, fmt.Errorf("list names of keys: %w", err)
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

const keyColumns = `SELECT id, name, hint, owner, role, networks, created_at, COALESCE(ends_at, 0), COALESCE(used_at, 0), COALESCE(used_from, ''),
	COALESCE(ended_at, 0), COALESCE(ended_why, ''), version, COALESCE(refused_at, 0), COALESCE(refused_from, ''), COALESCE(refused_why, '') FROM program_key`

const keyByID = store.Text(keyColumns + ` WHERE id = ?`)

func scanKey(row interface{ Scan(...any) error }) (Key, error) {
	var k Key
	var networks string
	var ends, used, ended, refused int64
	err := row.Scan(&k.ID, &k.Name, &k.Hint, &k.Owner, &k.Role, &networks, &k.Created, &ends, &used, &k.UsedFrom, &ended, &k.Why, &k.Version, &refused, &k.RefusedFrom, &k.RefusedWhy)
	if err != nil {
		return k, err
	}
	k.Ends, k.Used, k.Ended, k.Refused = moment(ends), moment(used), moment(ended), moment(refused)
	if err := json.Unmarshal([]byte(networks), &k.Networks); err != nil {
		return k, fmt.Errorf("read networks: %w", err)
	}
	return k, nil
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
		rows, err := tx.Query(ctx, store.Text(keyColumns+` ORDER BY id DESC`))
		if err != nil {
			return fmt.Errorf("list keys: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			k, err := scanKey(rows)
			if err != nil {
				return fmt.Errorf("list keys: %w", err)
			}
			if !all && !self(who, k.Owner) {
				continue
			}
			k.RoleName = look.RoleName(k.Role)
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
			return noKey()
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
		// Its owner finds it beside the key, too.
		err := a.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text(`UPDATE program_key SET refused_at = ?, refused_from = ?, refused_why = ? WHERE id = ?`), tx.Now(), who.Address.String(), why, id)
			if err != nil {
				return fmt.Errorf("write down a refused key: %w", err)
			}
			return a.tell(ctx, tx, who, "key.refused", "key", int64(id), refusal{Reason: why, Device: tellDevice(who.Device)})
		})
		if err != nil {
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
