package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"castellan/internal/actor"
	"castellan/internal/identity"
	"castellan/internal/rights"
)

type userAdd struct {
	place
	Email        string `arg:"" help:"Mail address, by which the person signs in."`
	Name         string `required:"" help:"What the person is called."`
	Role         string `required:"" help:"Name of the role, or the key of a ready one: owner, administrator, manager, specialist, call_centre, accountant."`
	PasswordFile string `placeholder:"FILE" type:"path" help:"File with the password. Without it a one-time link is printed."`
	Language     string `default:"en" enum:"en,ru,it,pl" help:"en, ru, it or pl."`
	TimeZone     string `default:"UTC" help:"Such as Europe/Warsaw."`
	Workspace    string `default:"Castellan" help:"Of the first account: what the firm is called."`
	Region       string `default:"US" help:"Of the first account: country code of two letters, to which phone numbers without a country belong."`
}

// Run creates the account.
func (c *userAdd) Run(w *world) error {
	password := ""
	if c.PasswordFile != "" {
		var err error
		if password, err = secret(c.PasswordFile); err != nil {
			return err
		}
	}
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		first, err := r.accounts.SetupNeeded(ctx)
		if err != nil {
			return err
		}
		if first {
			return c.found(ctx, w, r, password)
		}
		role, err := r.role(ctx, c.Role)
		if err != nil {
			return err
		}
		p, err := r.accounts.CreatePerson(ctx, actor.House(), identity.Draft{Email: c.Email, Name: c.Name, Role: role.ID, Language: c.Language, TimeZone: c.TimeZone, Password: password})
		if err != nil {
			return err
		}
		if password == "" {
			return printLink(ctx, w, r, p, identity.Invite)
		}
		_, err = fmt.Fprintf(w.out, "%s has an account with the role %s.\n", p.Email, role.Name)
		return err
	})
}

// found makes the first account, which is the owner's.
func (c *userAdd) found(ctx context.Context, w *world, r *rooms, password string) error {
	switch {
	case c.Role != "owner":
		return errors.New("the first account must be the owner's: --role owner")
	case password == "":
		return errors.New("the first account needs a password: --password-file FILE")
	}
	token, err := r.accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	started, err := r.accounts.Setup(ctx, identity.Founding{
		Token: token, Email: c.Email, Name: c.Name, Password: password, Language: c.Language, Workspace: c.Workspace, Region: c.Region, TimeZone: c.TimeZone, Device: "castellan on the command line",
	})
	if err != nil {
		return err
	}
	// Nobody sits at the session that founding begins.
	if err := r.accounts.SignOut(ctx, started.Actor); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "%s owns the workspace %s.\n", c.Email, c.Workspace)
	return err
}

type userList struct{ place }

// Run lists accounts.
func (c *userList) Run(w *world) error {
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		people, err := r.accounts.People(ctx, actor.House())
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
		for i := range people {
			p := &people[i]
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.Email, p.Name, p.RoleName, p.State)
		}
		return t.Flush()
	})
}

type userLink struct {
	place
	Email string `arg:"" help:"Whose password is to be set."`
}

// Run prints a one-time link.
func (c *userLink) Run(w *world) error {
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		p, err := r.person(ctx, c.Email)
		if err != nil {
			return err
		}
		return printLink(ctx, w, r, p, identity.Reset)
	})
}

func printLink(ctx context.Context, w *world, r *rooms, p identity.Person, purpose identity.Purpose) error {
	token, ends, err := r.accounts.Link(ctx, actor.House(), p.ID, purpose)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "Until %s, once: open the page at /link#%s\n", ends.Format("2006-01-02 15:04 MST"), token)
	return err
}

type roleList struct{ place }

// Run lists roles.
func (c *roleList) Run(w *world) error {
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		roles, err := r.rights.Roles(ctx, actor.House())
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
		for i := range roles {
			fmt.Fprintf(t, "%s\t%s\t%d\n", roles[i].Name, roles[i].Built, roles[i].People)
		}
		return t.Flush()
	})
}

type roleShow struct {
	place
	Role string `arg:"" help:"Name of the role, or the key of a ready one."`
}

// Run shows what a role gives.
func (c *roleShow) Run(w *world) error {
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		role, err := r.role(ctx, c.Role)
		if err != nil {
			return err
		}
		return show(w, &role)
	})
}

func show(w *world, role *rights.Role) error {
	t := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "%s\n\n", role.Name)
	actions := []string{"create", "view", "edit", "delete", "export"}
	fmt.Fprint(t, "kind")
	for _, a := range actions {
		fmt.Fprintf(t, "\t%s", a)
	}
	fmt.Fprintln(t)
	for _, kind := range keys(role.Grades) {
		fmt.Fprint(t, kind)
		for _, a := range actions {
			word := role.Grades[kind][a]
			if word == "" {
				word = "denied"
			}
			if n, limited := role.Days[kind][a]; limited {
				word = fmt.Sprintf("%s, %d days", word, n)
			}
			fmt.Fprintf(t, "\t%s", word)
		}
		fmt.Fprintln(t)
	}
	fmt.Fprint(t, "\nsees\town\tgroup\tall\n")
	for _, s := range role.Sights {
		what := s.Class
		if s.Field != "" {
			what = s.Field
		}
		if s.Kind != "" {
			what = s.Kind + "." + what
		}
		if s.Surface != "" {
			what += " on " + s.Surface
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", what, s.Own, s.Group, s.All)
	}
	fmt.Fprintln(t, "\nabilities")
	for _, a := range role.Abilities {
		fmt.Fprintln(t, a)
	}
	if role.Administrator {
		fmt.Fprintln(t, "\nThe guard rails leave this role alone.")
	}
	return t.Flush()
}
