package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity/blocklist"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/vault"
)

// Weight is what a password is worth that somebody thinks of taking.
type Weight struct {
	Score int    // 0 to 4; from 2 on it is taken
	Why   string // code of what is wrong, such as password.short; empty: it is taken
}

// Weigh judges a password that is being typed, by the rules by which it would be
// taken. It is neither kept nor noted. token is that of a one-time link, if one
// was followed: words of its person count for little.
func (a *Accounts) Weigh(ctx context.Context, who actor.Actor, password, token string) (Weight, error) {
	if wait, ok := a.weighing.Take(throttle.Network(who.Address).String()); !ok {
		return Weight{}, often(wait)
	}
	about, err := a.place(ctx)
	if err != nil {
		return Weight{}, err
	}
	id := who.Person
	if token != "" {
		err := a.DB.QueryRow(ctx, linkHolder, vault.Hash(token), a.DB.Now()).Scan(&id)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return Weight{}, fmt.Errorf("read link: %w", err)
		}
	}
	if id != 0 {
		p, err := personAt(ctx, a.DB, id)
		if err != nil {
			return Weight{}, err
		}
		about = append(about, p.Email, p.Name)
	}
	if weak, ok := fault.As(CheckPassword(password, about...)); ok {
		score := 0
		if weak.Code == "password.guessable" {
			score = 1
		}
		return Weight{score, weak.Code}, nil
	}
	w := Weight{Score: 2}
	switch n := blocklist.Weight(password, about...); {
	case n >= 2*minWeight:
		w.Score = 4
	case n >= minWeight+minWeight/2:
		w.Score = 3
	}
	return w, nil
}

// Awaited is what whoever follows a one-time link may know of it.
type Awaited struct {
	Purpose Purpose
	Email   string
	Name    string
	Lang    string
	Zone    string
}

// Look tells whom a one-time link is for, to whoever has it. It uses nothing up.
func (a *Accounts) Look(ctx context.Context, token string, address netip.Addr, device string) (Awaited, error) {
	who, network := stranger(address, device), throttle.Network(address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return Awaited{}, often(wait)
	}
	var w Awaited
	err := a.DB.QueryRow(ctx, store.Text(`SELECT l.purpose, p.email, p.name, p.language, p.time_zone FROM one_time_link l JOIN person p ON p.id = l.person
		WHERE l.hash = ? AND l.purpose <> 'setup' AND l.ends_at > ? AND p.state = 'active'`), vault.Hash(token), a.DB.Now()).
		Scan(&w.Purpose, &w.Email, &w.Name, &w.Lang, &w.Zone)
	if errors.Is(err, store.ErrNoRows) {
		return w, a.refuseLink(ctx, who, network, "link.refused", "link")
	}
	if err != nil {
		return w, fmt.Errorf("read link: %w", err)
	}
	return w, nil
}
