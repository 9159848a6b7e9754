package web

import (
	"net/netip"
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
		{method: "DELETE", path: "/api/v1/keys/{id}", name: "endKey", tag: "Keys", summary: "End a program key", door: anyone, shape: does((*call).endKey)},
	}
}

type keyAnswer struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Hint     string   `json:"hint" doc:"Its last four characters."`
	Owner    named    `json:"owner"`
	Role     named    `json:"role"`
	Networks []string `json:"networks" nullable:"false" doc:"From where it may be used; empty: anywhere."`
	Created  string   `json:"created_at"`
	Used     *string  `json:"last_used_at"`
	Ends     *string  `json:"ends_at"`
	Ended    *string  `json:"ended_at"`
	Token    string   `json:"token,omitempty" doc:"The key itself, when it is made."`
}

func (c *call) keyOf(k *identity.Key) (keyAnswer, error) {
	owner, err := c.person(k.Owner)
	a := keyAnswer{
		ID: c.Vault.Public("key", int64(k.ID)), Name: k.Name, Hint: k.Hint, Owner: owner, Role: named{c.Vault.Public("role", int64(k.Role)), k.RoleName},
		Networks: []string{}, Created: instant(k.Created), Used: instantOr(k.Used), Ends: instantOr(k.Ends), Ended: instantOr(k.Ended),
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
	for _, word := range b.Networks {
		n, err := netip.ParsePrefix(word)
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(word); err == nil {
				n, err = one.Prefix(one.BitLen())
			}
		}
		if err != nil {
			return keyAnswer{}, fault.New(fault.Invalid, "key.network", "A network is written as 192.0.2.0/24 or 2001:db8::/48.").At("networks")
		}
		d.Networks = append(d.Networks, n)
	}
	k, plain, err := c.Accounts.CreateKey(c.ctx, c.who, d)
	if err != nil {
		return keyAnswer{}, err
	}
	a, err := c.keyOf(&k)
	a.Token = plain
	return a, err
}

func (c *call) endKey() error {
	id, err := c.numbered("key", "id")
	if err != nil {
		return err
	}
	return c.Accounts.EndKey(c.ctx, c.who, actor.KeyID(id))
}
