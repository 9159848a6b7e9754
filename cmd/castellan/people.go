package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"castellan/internal/actor"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/rights"
)

// quietly opens the rooms for a command that ends by itself.
func quietly(ctx context.Context, out output, p place, do func(*rooms) error) error {
	return withMail(ctx, out, p, carrier{}, do)
}

// withMail is quietly for a command that may put mails, for serve to send.
func withMail(ctx context.Context, out output, p place, by carrier, do func(*rooms) error) (err error) {
	r, err := p.open(ctx, slog.New(slog.NewTextHandler(out.err, &slog.HandlerOptions{Level: slog.LevelError})), by)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close(context.WithoutCancel(ctx))) }()
	return do(r)
}

type userCommand struct {
	Add  userAdd  `cmd:"" help:"Make an account. The first one of an empty workspace must be the owner's."`
	List userList `cmd:"" help:"List the accounts."`
	Link userLink `cmd:"" help:"Print a one-time link by which somebody sets a new password."`
}

type userAdd struct {
	place
	doorway
	Email        string `arg:"" help:"Mail address to sign in with."`
	Name         string `required:"" help:"How the person is called."`
	Role         string `required:"" help:"Name or key of the role: owner, administrator, manager, specialist, call_centre, accountant, or one of your own."`
	PasswordFile string `help:"File with the password on its first line; - is standard input. Without it a one-time link is printed, by which the person sets one." placeholder:"FILE"`
	Language     string `help:"Language of the page: en, ru, it or pl." default:"en" enum:"en,ru,it,pl"`
	TimeZone     string `help:"Time zone, such as Europe/Warsaw." default:"UTC"`
	Region       string `help:"Country of the workspace, two letters; only with the first owner." default:"US"`
	Workspace    string `help:"Name of the workspace; only with the first owner." default:"Castellan"`
}

// Run makes the account in the name of the house: whoever can read the data
// directory can do anything.
func (c *userAdd) Run(ctx context.Context, out output) error {
	if err := c.doorway.check(); err != nil {
		return err
	}
	password := ""
	if c.PasswordFile != "" {
		var err error
		if password, err = secret(c.PasswordFile); err != nil {
			return err
		}
	}
	return quietly(ctx, out, c.place, func(r *rooms) error {
		first, err := r.accounts.SetupNeeded(ctx)
		if err != nil {
			return err
		}
		if first {
			return c.found(ctx, out, r, password)
		}
		role, err := r.roleNamed(ctx, c.Role)
		if err != nil {
			return err
		}
		p, err := r.accounts.CreatePerson(ctx, actor.House(), identity.Draft{Email: c.Email, Name: c.Name, Role: role, Language: c.Language, TimeZone: c.TimeZone, Password: password})
		if err != nil {
			return err
		}
		if password == "" {
			return printLink(ctx, out, r, p, identity.Invite, c.doorway)
		}
		_, err = fmt.Fprintf(out.out, "%s can sign in as %s.\n", p.Email, c.Role)
		return err
	})
}

// found makes the first account, which is the owner's.
func (c *userAdd) found(ctx context.Context, out output, r *rooms, password string) error {
	switch {
	case !strings.EqualFold(c.Role, policy.Owner):
		return errors.New("the workspace has nobody yet: the first account must have --role owner")
	case password == "":
		return errors.New("the first account needs a password: --password-file FILE")
	}
	token, err := r.accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	started, err := r.accounts.Setup(ctx, identity.Founding{Token: token, Email: c.Email, Name: c.Name, Password: password, Language: c.Language, Workspace: c.Workspace, Region: c.Region, TimeZone: c.TimeZone, Device: commandLine})
	if err != nil {
		return err
	}
	// Nobody sits at the session that founding begins.
	if err := r.accounts.SignOut(ctx, started.Actor); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.out, "%s owns the workspace %s.\n", c.Email, c.Workspace)
	return err
}

// commandLine is the device of whoever acts by these commands.
const commandLine = "command line"

type userLink struct {
	place
	doorway
	Email string `arg:"" help:"Whose password is to be set."`
}

// Run prints the link. It is how an owner comes in again whose password is lost.
func (c *userLink) Run(ctx context.Context, out output) error {
	if err := c.doorway.check(); err != nil {
		return err
	}
	return quietly(ctx, out, c.place, func(r *rooms) error {
		p, err := r.active(ctx, c.Email)
		if err != nil {
			return err
		}
		return printLink(ctx, out, r, p, identity.Reset, c.doorway)
	})
}

func printLink(ctx context.Context, out output, r *rooms, p identity.Person, purpose identity.Purpose, d doorway) error {
	token, ends, err := r.accounts.Link(ctx, actor.House(), p.ID, purpose)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.out, "Until %s, once, %s sets a password here:\n\n    %s/link#%s\n", ends.UTC().Format("2006-01-02 15:04 MST"), p.Email, d.base("http://localhost:8080"), token)
	return err
}

type userList struct{ place }

// Run lists the accounts.
func (c *userList) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		people, err := r.accounts.People(ctx, actor.House())
		if err != nil {
			return err
		}
		t := table(out)
		for i := range people {
			p := &people[i]
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.Email, p.Name, p.RoleName, p.State)
		}
		return t.Flush()
	})
}

// table writes columns that stand below each other.
func table(out output) *tabwriter.Writer { return tabwriter.NewWriter(out.out, 0, 4, 2, ' ', 0) }

// active is the person with the mail address.
func (r *rooms) active(ctx context.Context, email string) (identity.Person, error) {
	return r.personWho(ctx, func(p *identity.Person) bool { return strings.EqualFold(p.Email, email) })
}

// owner is the first owner who can still sign in.
func (r *rooms) owner(ctx context.Context) (identity.Person, error) {
	role, err := r.roleNamed(ctx, policy.Owner)
	if err != nil {
		return identity.Person{}, err
	}
	return r.personWho(ctx, func(p *identity.Person) bool { return p.Role == role })
}

func (r *rooms) personWho(ctx context.Context, is func(*identity.Person) bool) (identity.Person, error) {
	people, err := r.accounts.People(ctx, actor.House())
	if err != nil {
		return identity.Person{}, err
	}
	i := slices.IndexFunc(people, func(p identity.Person) bool { return p.State == identity.Active && is(&p) })
	if i < 0 {
		return identity.Person{}, errors.New("there is nobody active with this address. `castellan user list` shows who there is")
	}
	return people[i], nil
}

// as is the person at the command line, under no more rights than their own.
func as(p identity.Person) actor.Actor {
	return actor.Actor{Kind: actor.Person, Person: p.ID, Device: commandLine}
}

type roleCommand struct {
	List roleList `cmd:"" help:"List the roles."`
	Show roleShow `cmd:"" help:"Show what a role allows."`
}

// errNobody is the answer where a workspace has not been founded.
var errNobody = errors.New("the workspace has nobody yet: begin with castellan user add --role owner, or serve it and open the link that is printed")

func (r *rooms) roles(ctx context.Context) ([]rights.Role, error) {
	roles, err := r.rights.Roles(ctx, actor.House())
	if err == nil && len(roles) == 0 {
		err = errNobody
	}
	return roles, err
}

func (r *rooms) roleNamed(ctx context.Context, name string) (actor.RoleID, error) {
	roles, err := r.roles(ctx)
	if err != nil {
		return 0, err
	}
	var names []string
	for _, role := range roles {
		if role.Built == name || strings.EqualFold(role.Name, name) {
			return role.ID, nil
		}
		names = append(names, role.Name)
	}
	return 0, fmt.Errorf("there is no role %q. There are: %s", name, strings.Join(names, ", "))
}

type roleList struct{ place }

// Run lists the roles.
func (c *roleList) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		roles, err := r.roles(ctx)
		if err != nil {
			return err
		}
		t := table(out)
		for i := range roles {
			people := "people"
			if roles[i].People == 1 {
				people = "person"
			}
			fmt.Fprintf(t, "%s\t%s\t%d %s\n", roles[i].Name, roles[i].Built, roles[i].People, people)
		}
		return t.Flush()
	})
}

type roleShow struct {
	place
	Name string `arg:"" help:"Name or key of the role."`
}

// Run shows a role: grades, sights, abilities.
func (c *roleShow) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		id, err := r.roleNamed(ctx, c.Name)
		if err != nil {
			return err
		}
		role, err := r.rights.Role(ctx, actor.House(), id)
		if err != nil {
			return err
		}
		return r.show(out, &role)
	})
}

func (r *rooms) show(out output, role *rights.Role) error {
	fmt.Fprintf(out.out, "%s\n\n", role.Name)
	t := table(out)
	fmt.Fprint(t, "kind")
	for _, a := range policy.Actions() {
		fmt.Fprintf(t, "\t%s", a)
	}
	fmt.Fprintln(t)
	for _, kind := range r.workspace.Catalog().Kinds() {
		fmt.Fprint(t, kind.Name)
		for _, a := range policy.Actions() {
			word := role.Grades[kind.Name][a.String()]
			if word == "" {
				word = policy.Denied.String()
			}
			if days, limited := role.Days[kind.Name][a.String()]; limited {
				word += fmt.Sprintf(", %d days", days)
			}
			fmt.Fprintf(t, "\t%s", word)
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(t, "\nsees\town\tgroup\tall\n")
	for _, s := range role.Sights {
		what := strings.TrimSpace(s.Kind + " " + s.Field + s.Class)
		if s.Surface != "" {
			what += " on " + s.Surface
		}
		own, group, all, err := seen(s)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", what, own, group, all)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	abilities := strings.Join(role.Abilities, ", ")
	if abilities == "" {
		abilities = "nothing"
	}
	fmt.Fprintf(out.out, "\nmay besides: %s\n", abilities)
	if role.Administrator {
		fmt.Fprintln(out.out, "The guard rails leave this role alone.")
	}
	return nil
}

// seen is how much of a field is seen in the end: whoever sees it on all
// records sees it on their own, too.
func seen(s rights.Sight) (own, group, all policy.Sight, err error) {
	for _, one := range []struct {
		word string
		into *policy.Sight
	}{{s.Own, &own}, {s.Group, &group}, {s.All, &all}} {
		if one.word == "" {
			continue
		}
		if err := one.into.UnmarshalText([]byte(one.word)); err != nil {
			return own, group, all, err
		}
	}
	group = max(group, all)
	return max(own, group), group, all, nil
}
