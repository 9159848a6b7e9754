package main

import (
	"context"
	"fmt"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/rights"
)

type securityCommand struct {
	Show securityShow `cmd:"" help:"Show on what terms people are let in: networks, hours, factors, limits of sessions."`
	Open securityOpen `cmd:"" help:"Lift all networks and hours, when nobody comes in any more. What was lifted is printed and goes into the log."`
}

type securityShow struct{ place }

// Run shows all terms.
func (c *securityShow) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		all, err := r.rights.AllTerms(ctx, actor.House())
		if err != nil {
			return err
		}
		said := false
		for _, t := range all {
			words := termWords(t.Terms)
			if words == "" {
				continue
			}
			whom, err := r.termed(ctx, t)
			if err != nil {
				return err
			}
			said = true
			fmt.Fprintf(out.out, "%s: %s\n", whom, words)
		}
		if !said {
			fmt.Fprintln(out.out, "Anyone with an account may come in from anywhere, at any hour.")
		}
		return nil
	})
}

type securityOpen struct{ place }

// Run opens the house again. Whoever can read the data directory can do
// anything, so nobody is asked for more.
func (c *securityOpen) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		lifted, err := r.rights.LiftTerms(ctx, actor.House())
		if err != nil {
			return err
		}
		if len(lifted) == 0 {
			fmt.Fprintln(out.out, "No networks or hours were set: nothing is lifted.")
			return nil
		}
		for _, t := range lifted {
			whom, err := r.termed(ctx, t)
			if err != nil {
				return err
			}
			gone := t.Terms
			gone.Factor, gone.Idle, gone.Absolute = false, 0, 0
			fmt.Fprintf(out.out, "Lifted for %s: %s\n", whom, termWords(gone))
		}
		fmt.Fprintln(out.out, "People may come in from anywhere, at any hour, until somebody sets new terms.")
		return nil
	})
}

// termed says whom terms bind.
func (r *rooms) termed(ctx context.Context, t rights.Termed) (string, error) {
	switch t.Scope {
	case rights.ForRole:
		role, err := r.rights.Role(ctx, actor.House(), actor.RoleID(t.Subject))
		return "the role " + role.Name, err
	case rights.ForPerson:
		p, err := r.accounts.Person(ctx, actor.House(), actor.PersonID(t.Subject))
		return p.Email, err
	}
	return "everybody", nil
}

// termWords are terms in a line, empty if they say nothing.
func termWords(t rights.Terms) string {
	var all []string
	if len(t.Networks) > 0 {
		all = append(all, "only from "+strings.Join(t.Networks, ", "))
	}
	var hours []string
	for _, h := range t.Hours {
		hours = append(hours, fmt.Sprintf("%s %s-%s", strings.Join(h.Days, ", "), h.From, h.To))
	}
	if len(hours) > 0 {
		words := "only on " + strings.Join(hours, "; ")
		if t.Zone != "" {
			words += " (" + t.Zone + ")"
		}
		all = append(all, words)
	}
	if t.Factor {
		all = append(all, "with a second factor")
	}
	if t.Idle > 0 {
		all = append(all, fmt.Sprintf("until %d minutes unused", t.Idle))
	}
	if t.Absolute > 0 {
		all = append(all, fmt.Sprintf("for %d minutes at most", t.Absolute))
	}
	return strings.Join(all, "; ")
}
