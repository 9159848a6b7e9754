package web

import (
	"net/netip"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/records"
)

func (s *Server) keyRoutes() []route {
	return []route{
		{method: "GET", path: "/api/v1/keys", name: "listKeys", tag: "Keys", summary: "List program keys: one's own, or all for those who manage keys", door: anyone, shape: answers((*call).keys)},
		{method: "POST", path: "/api/v1/keys", name: "createKey", tag: "Keys", summary: "Make a program key, which is shown this once", door: need(records.ManageKeys), body: smallBody, fresh: true, shape: created(takes((*call).createKey))},
		{method: "PATCH", path: "/api/v1/keys/{id}", name: "updateKey", tag: "Keys", summary: "Change what a program key is called, where and until when it may be used", door: need(records.ManageKeys), body: smallBody, fresh: true, shape: takes((*call).updateKey)},
		{method: "DELETE", path: "/api/v1/keys/{id}", name: "endKey", tag: "Keys", summary: "End a program key", door: anyone, shape: does((*call).endKey)},
	}
}

type keyAnswer struct {
	ID       string     `json:"id"`
	Version  int64      `json:"version"`
	Name     string     `json:"name"`
	Hint     string     `json:"hint" doc:"Its last four characters."`
	Owner    named      `json:"owner"`
	Role     calledRole `json:"role"`
	Networks []string   `json:"networks" nullable:"false" doc:"From where it may be used; empty: anywhere."`
	Created  string     `json:"created_at"`
	Used     *string    `json:"last_used_at" doc:"To the minute."`
	UsedFrom string     `json:"last_used_from,omitempty"`
	Ends     *string    `json:"ends_at"`
	Ended    *string    `json:"ended_at"`
	Why      string     `json:"why,omitempty" doc:"Why it ended: ended, deactivated (its owner)."`
	Refused  *string    `json:"refused_at" doc:"When it was last shown where or when it does not hold: it may have leaked."`
	From     string     `json:"refused_from,omitempty"`
	Because  string     `json:"refused_why,omitempty" doc:"ended, or network: from elsewhere than it may."`
	Token    string     `json:"token,omitempty" doc:"The key itself, when it is made."`
}

func (c *call) keyOf(k *identity.Key) (keyAnswer, error) {
	owner, err := c.person(k.Owner)
	if err != nil {
		return keyAnswer{}, err
	}
	role, err := c.roleCalled(k.Role, k.RoleName)
	a := keyAnswer{
		ID: c.Vault.Public("key", int64(k.ID)), Version: k.Version, Name: k.Name, Hint: k.Hint, Owner: owner, Role: role,
		Networks: []string{}, Created: instant(k.Created), Used: instantOr(k.Used), Ends: instantOr(k.Ends), Ended: instantOr(k.Ended),
		UsedFrom: k.UsedFrom, Why: k.Why, Refused: instantOr(k.Refused), From: k.RefusedFrom, Because: k.RefusedWhy,
	}
	for _, n := range k.Networks {
		a.Networks = append(a.Networks, n.String())
	}
	return a, err
}

func (c *call) keys() (listOf[keyAnswer], error) {
	keys, err := c.Accounts.Keys(c.ctx, c.who)
	if err != nil {
		return listOf[keyAnswer]{}, err
	}
	var all []keyAnswer
	for i := range keys {
		a, err := c.keyOf(&keys[i])
		if err != nil {
			return listOf[keyAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

type keyBody struct {
	Name     string     `json:"name"`
	Role     string     `json:"role"`
	Owner    string     `json:"owner,omitempty" required:"false" doc:"By default whoever makes it."`
	Networks []string   `json:"networks,omitempty" required:"false" nullable:"false" doc:"Addresses or networks from which it may be used, such as 192.0.2.0/24."`
	EndsAt   *time.Time `json:"ends_at,omitempty" required:"false"`
}

func (c *call) createKey(b keyBody) (keyAnswer, error) {
	d := identity.KeyDraft{Name: b.Name, Ends: until(b.EndsAt)}
	var err error
	if d.Role, err = c.role(b.Role, "role"); err != nil {
		return keyAnswer{}, err
	}
	if b.Owner != "" {
		id, ok := c.Vault.ID("person", b.Owner)
		if !ok {
			return keyAnswer{}, fault.New(fault.Invalid, "key.owner", "There is no such person.").At("owner")
		}
		d.Owner = actor.PersonID(id)
	}
	if d.Networks, err = networksOf(b.Networks); err != nil {
		return keyAnswer{}, err
	}
	k, plain, err := c.Accounts.CreateKey(c.ctx, c.who, d)
	if err != nil {
		return keyAnswer{}, err
	}
	a, err := c.keyOf(&k)
	a.Token = plain
	return a, err
}

// networksOf reads networks and single addresses.
func networksOf(words []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, word := range words {
		n, err := netip.ParsePrefix(strings.TrimSpace(word))
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(strings.TrimSpace(word)); err == nil {
				n, err = one.Prefix(one.BitLen())
			}
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "key.network", "A network is written as 192.0.2.0/24 or 2001:db8::/48.").At("networks")
		}
		all = append(all, n)
	}
	return all, nil
}

type keyPatch struct {
	Version  int64     `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Name     *string   `json:"name,omitempty" required:"false"`
	Networks *[]string `json:"networks,omitempty" required:"false" nullable:"false" doc:"Empty: from anywhere."`
	EndsAt   *string   `json:"ends_at,omitempty" required:"false" doc:"A time, or empty: it does not end by itself."`
}

func (c *call) updateKey(b keyPatch) (keyAnswer, error) {
	id, err := c.numbered("key", "id")
	if err != nil {
		return keyAnswer{}, err
	}
	patch := identity.KeyPatch{Name: b.Name}
	if b.Networks != nil {
		n, err := networksOf(*b.Networks)
		if err != nil {
			return keyAnswer{}, err
		}
		patch.Networks = &n
	}
	if b.EndsAt != nil {
		ends := time.Time{}
		if *b.EndsAt != "" {
			if ends, err = time.Parse(time.RFC3339Nano, *b.EndsAt); err != nil {
				return keyAnswer{}, fault.New(fault.Invalid, "key.time", "A time is written as 2026-03-01T09:30:00Z.").At("ends_at")
			}
		}
		patch.Ends = &ends
	}
	if b.Version == 0 {
		all, err := c.Accounts.Keys(c.ctx, c.who)
		if err != nil {
			return keyAnswer{}, err
		}
		for i := range all {
			if all[i].ID == actor.KeyID(id) {
				b.Version = all[i].Version
			}
		}
	}
	k, err := c.Accounts.UpdateKey(c.ctx, c.who, actor.KeyID(id), b.Version, patch)
	if err != nil {
		return keyAnswer{}, err
	}
	return c.keyOf(&k)
}

func (c *call) endKey() error {
	id, err := c.numbered("key", "id")
	if err != nil {
		return err
	}
	return c.Accounts.EndKey(c.ctx, c.who, actor.KeyID(id))
}
