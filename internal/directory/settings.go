package directory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Settings are how accounts are kept in step, and how far that is.
type Settings struct {
	Version int64
	Role    actor.RoleID // of people whom the directory brings; zero: it brings none
	Groups  []GroupRole  // roles by group, in the order in which they count
	Active  int          // accounts that the directory keeps
	Closed  int
	Kept    int       // groups that it keeps
	Last    time.Time // when it last changed something; zero: never
}

// GroupRole gives the members of a group a role.
type GroupRole struct {
	Group actor.GroupID `json:"group"`
	Name  string        `json:"-"`
	Role  actor.RoleID  `json:"role"`
	Kept  bool          `json:"-"` // the directory keeps the group
}

// Settings tells how accounts are kept in step. It takes ManageSecurity. Groups
// without a role follow those with one.
func (d *Directory) Settings(ctx context.Context, who actor.Actor) (s Settings, err error) {
	if err := d.Rights.May(ctx, who, policy.ManageSecurity); err != nil {
		return s, err
	}
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		look, err := d.Rights.Look(ctx, tx)
		if err == nil {
			s, err = settings(ctx, tx, look)
		}
		return err
	})
	return s, err
}

func settings(ctx context.Context, tx *store.Tx, look *rights.Picture) (s Settings, err error) {
	if err := tx.QueryRow(ctx, store.Text(`SELECT version, COALESCE(role, 0) FROM directory WHERE id = 1`)).Scan(&s.Version, &s.Role); err != nil {
		return s, fmt.Errorf("read settings of directory: %w", err)
	}
	var people, groups int64
	err = tx.QueryRow(ctx, store.Text(`SELECT COALESCE(SUM(CASE WHEN p.state = 'active' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN p.state = 'active' THEN 0 ELSE 1 END), 0), COALESCE(MAX(d.synced_at), 0)
		FROM directory_person d JOIN person p ON p.id = d.person WHERE d.removed_at IS NULL`)).Scan(&s.Active, &s.Closed, &people)
	if err != nil {
		return s, fmt.Errorf("count people of directory: %w", err)
	}
	if err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*), COALESCE(MAX(synced_at), 0) FROM directory_group WHERE synced_at > 0`)).Scan(&s.Kept, &groups); err != nil {
		return s, fmt.Errorf("count groups of directory: %w", err)
	}
	if at := max(people, groups); at > 0 {
		s.Last = time.UnixMicro(at).UTC()
	}
	all, err := groupsOf(ctx, tx, look)
	if err != nil {
		return s, err
	}
	slices.SortStableFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.place, b.place), cmp.Compare(a.Name, b.Name))
	})
	for _, g := range all {
		s.Groups = append(s.Groups, GroupRole{g.ID, g.Name, g.role, g.known && !g.synced.IsZero() && g.synced.UnixMicro() > 0})
	}
	return s, nil
}

// last puts groups without a role behind the others.
func last(g *group) int {
	if g.role == 0 {
		return 1
	}
	return 0
}

// SetSettings says which roles the directory gives: to everybody, and to members
// of groups, the first that fits. It takes ManageSecurity, ManagePeople and a
// standing that covers the roles, and the version that was read. People get them
// with the next change that the directory sends.
func (d *Directory) SetSettings(ctx context.Context, who actor.Actor, version int64, role actor.RoleID, groups []GroupRole) (s Settings, err error) {
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := d.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range []policy.Ability{policy.ManageSecurity, policy.ManagePeople} {
			if err := look.Need(who, a); err != nil {
				return err
			}
		}
		was, err := settings(ctx, tx, look)
		if err != nil {
			return err
		}
		if was.Version != version {
			return fault.New(fault.Conflict, "directory.version", "Somebody else has changed this. Read it again.")
		}
		owner, _ := look.Built(policy.Owner)
		given := []actor.RoleID{}
		if role != 0 {
			given = append(given, role)
		}
		for _, g := range groups {
			given = append(given, g.Role)
		}
		for _, r := range given {
			if err := look.MayGive(who, 0, r); err != nil {
				return err
			}
			if r == owner {
				return fault.New(fault.Invalid, "directory.owner_role", "Nobody becomes an owner by the directory.").At("role")
			}
		}
		if err := put(ctx, tx, role, groups, &was); err != nil {
			return err
		}
		if s, err = settings(ctx, tx, look); err != nil {
			return err
		}
		return d.Scribe.Write(ctx, tx, scribe.Entry{Event: "directory.changed", Who: who, Details: struct {
			Before said `json:"before"`
			After  said `json:"after"`
		}{saidOf(&was), saidOf(&s)}, Records: []schema.RecordID{}})
	})
	return s, err
}

// said is what the ledger keeps of the settings.
type said struct {
	Role   actor.RoleID `json:"role"`
	Groups []GroupRole  `json:"groups"`
}

func saidOf(s *Settings) said {
	with := []GroupRole{}
	for _, g := range s.Groups {
		if g.Role != 0 {
			with = append(with, g)
		}
	}
	return said{s.Role, with}
}

func put(ctx context.Context, tx *store.Tx, role actor.RoleID, groups []GroupRole, was *Settings) error {
	var everybody *int64
	if role != 0 {
		n := int64(role)
		everybody = &n
	}
	if _, err := tx.Exec(ctx, store.Text(`UPDATE directory SET version = version + 1, role = ? WHERE id = 1`), everybody); err != nil {
		return fmt.Errorf("change settings of directory: %w", err)
	}
	if _, err := tx.Exec(ctx, store.Text(`UPDATE directory_group SET role = NULL, place = 0`)); err != nil {
		return fmt.Errorf("change roles of directory: %w", err)
	}
	for i, g := range groups {
		if !slices.ContainsFunc(was.Groups, func(known GroupRole) bool { return known.Group == g.Group }) {
			return fault.New(fault.Invalid, "group.missing", "There is no such group.").At("groups")
		}
		_, err := tx.Exec(ctx, store.Text(`INSERT INTO directory_group (workgroup, made, role, place, synced_at) VALUES (?, 0, ?, ?, 0)
			ON CONFLICT (workgroup) DO UPDATE SET role = excluded.role, place = excluded.place`), g.Group, g.Role, i+1)
		if err != nil {
			return fmt.Errorf("change roles of directory: %w", err)
		}
	}
	return nil
}

// Keys lists the keys by which the directory comes, for those who manage keys.
func (d *Directory) Keys(ctx context.Context, who actor.Actor) ([]identity.Key, error) {
	return d.Accounts.SyncKeys(ctx, who)
}
