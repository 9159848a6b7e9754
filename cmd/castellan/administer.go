package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/exchange"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/scribe"
	"castellan/ledger"
)

// quietly opens the rooms for a command that ends by itself.
func quietly(ctx context.Context, out output, p place, do func(*rooms) error) (err error) {
	r, err := p.open(ctx, slog.New(slog.NewTextHandler(out.err, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close(context.WithoutCancel(ctx))) }()
	return do(r)
}

type userCommand struct {
	Add  userAdd  `cmd:"" help:"Make an account. The first one of an empty workspace must be the owner's."`
	List userList `cmd:"" help:"List the accounts."`
}

type userAdd struct {
	place
	Email        string `arg:"" help:"Mail address to sign in with."`
	Name         string `required:"" help:"How the person is called."`
	Role         string `required:"" help:"Name or key of the role: owner, administrator, manager, specialist, call_centre, accountant, or one of your own."`
	PasswordFile string `required:"" help:"File with the password on its first line; - is standard input."`
	Language     string `help:"Language of the page." default:"en" enum:"en,ru,it,pl"`
	TimeZone     string `help:"Time zone, such as Europe/Warsaw." default:"UTC"`
	Region       string `help:"Country of the workspace, two letters; only with the first owner." default:"US"`
	Workspace    string `help:"Name of the workspace; only with the first owner." default:"Castellan"`
}

// Run makes the account in the name of the house: whoever can read the data
// directory can do anything.
func (c *userAdd) Run(ctx context.Context, out output) error {
	password, err := firstLine(c.PasswordFile)
	if err != nil {
		return err
	}
	return quietly(ctx, out, c.place, func(r *rooms) error {
		token, err := r.accounts.SetupLink(ctx)
		if err != nil {
			return err
		}
		if token != "" {
			if c.Role != policy.Owner {
				return errors.New("the workspace has nobody yet: the first account must have --role owner")
			}
			_, err = r.accounts.Setup(ctx, identity.Founding{Token: token, Email: c.Email, Name: c.Name, Password: password, Language: c.Language, Workspace: c.Workspace, Region: c.Region, TimeZone: c.TimeZone})
		} else {
			var role actor.RoleID
			if role, err = r.roleNamed(ctx, c.Role); err != nil {
				return err
			}
			_, err = r.accounts.CreatePerson(ctx, actor.House(), identity.Draft{Email: c.Email, Name: c.Name, Role: role, Language: c.Language, TimeZone: c.TimeZone, Password: password})
		}
		if err == nil {
			fmt.Fprintf(out.out, "%s can sign in as %s.\n", c.Email, c.Role)
		}
		return err
	})
}

// firstLine reads a secret: never from a flag, which others see in the list of
// processes.
func firstLine(path string) (string, error) {
	var r io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		defer f.Close()
		r = f
	}
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("the password file is empty")
	}
	return line, nil
}

func (r *rooms) roleNamed(ctx context.Context, name string) (actor.RoleID, error) {
	roles, err := r.rights.Roles(ctx, actor.House())
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

type userList struct{ place }

// Run lists the accounts.
func (c *userList) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		people, err := r.accounts.People(ctx, actor.House())
		if err != nil {
			return err
		}
		for _, p := range people {
			fmt.Fprintf(out.out, "%-36s %-28s %-16s %s\n", p.Email, p.Name, p.RoleName, p.State)
		}
		return nil
	})
}

type roleCommand struct {
	List roleList `cmd:"" help:"List the roles."`
	Show roleShow `cmd:"" help:"Show what a role allows."`
}

type roleList struct{ place }

// Run lists the roles.
func (c *roleList) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		roles, err := r.rights.Roles(ctx, actor.House())
		if err != nil {
			return err
		}
		for _, role := range roles {
			fmt.Fprintf(out.out, "%-28s %-16s %d people\n", role.Name, role.Built, role.People)
		}
		return nil
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
		fmt.Fprintln(out.out, role.Name)
		for _, kind := range r.workspace.Catalog().Kinds() {
			fmt.Fprintf(out.out, "  %-10s", kind.Name)
			for _, a := range policy.Actions() {
				grade := role.Grades[kind.Name][a.String()]
				if grade == "" {
					grade = policy.Denied.String()
				}
				fmt.Fprintf(out.out, " %s: %-7s", a, grade)
			}
			fmt.Fprintln(out.out)
		}
		for _, s := range role.Sights {
			what := strings.TrimSpace(s.Kind + " " + s.Field + " " + s.Class)
			on := s.Surface
			if on == "" {
				on = "everywhere"
			}
			fmt.Fprintf(out.out, "  sees %s, %s: own %s, group %s, all %s\n", what, on, s.Own, s.Group, s.All)
		}
		fmt.Fprintln(out.out, "  may", strings.Join(role.Abilities, ", "))
		return nil
	})
}

type importCommand struct {
	Contacts importContacts `cmd:"" help:"Clients: CSV, XLSX or vCard, whatever wrote it."`
}

type importContacts struct {
	place
	File       string `arg:"" help:"The file." type:"existingfile"`
	As         string `help:"Mail address of whoever imports; the new clients are theirs. Default: the first owner."`
	Duplicates string `help:"What happens to clients who are there already." default:"skip" enum:"skip,fill,update"`
	DryRun     bool   `help:"Only say what would happen."`
	Refused    string `help:"Where to write the rows that were refused." type:"path"`
}

// Run imports a file under the rights of one person.
func (c *importContacts) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		who, err := r.actAs(ctx, c.As)
		if err != nil {
			return err
		}
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("open the file: %w", err)
		}
		defer f.Close()
		i, err := r.imports.Upload(ctx, who, filepath.Base(c.File), f)
		if err != nil {
			return err
		}
		s := i.Settings
		s.Duplicates = c.Duplicates
		if i, err = r.imports.Adjust(ctx, who, i.ID, s); err != nil {
			return err
		}
		p, err := r.imports.Preview(ctx, who, i.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(out.out, "Recognised as %s. %d new, %d changed, %d skipped, %d refused, %d with something left out.\n", i.Settings.Guess.Source, p.Create, p.Update, p.Skipped, p.Refused, p.Warnings)
		if c.DryRun {
			return nil
		}
		if err := r.imports.Start(ctx, who, i.ID); err != nil {
			return err
		}
		r.imports.Wait()
		if i, err = r.imports.Status(ctx, who, i.ID); err != nil {
			return err
		}
		if i.State != exchange.Done {
			return fmt.Errorf("the import is %s: %s", i.State, i.Problem)
		}
		fmt.Fprintf(out.out, "Done: %d new, %d changed, %d skipped, %d refused.\n", i.Created, i.Updated, i.Skipped, i.Refused)
		if c.Refused == "" {
			return nil
		}
		to, err := os.OpenFile(c.Refused, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("write the refused rows: %w", err)
		}
		return errors.Join(r.imports.Refused(ctx, who, i.ID, to), to.Close())
	})
}

// actAs is the person with the address, or the first owner.
func (r *rooms) actAs(ctx context.Context, email string) (actor.Actor, error) {
	people, err := r.accounts.People(ctx, actor.House())
	if err != nil {
		return actor.Actor{}, err
	}
	owner, err := r.roleNamed(ctx, policy.Owner)
	if err != nil {
		return actor.Actor{}, err
	}
	i := slices.IndexFunc(people, func(p identity.Person) bool {
		return p.State == identity.Active && (strings.EqualFold(p.Email, email) || email == "" && p.Role == owner)
	})
	if i < 0 {
		return actor.Actor{}, errors.New("there is nobody active with this address. `castellan user list` shows who there is")
	}
	return actor.Actor{Kind: actor.Person, Person: people[i].ID, Device: "command line"}, nil
}

type explainCommand struct {
	place
	As     string `required:"" help:"Mail address of the person asked about."`
	Kind   string `arg:"" help:"Kind of record, such as contact."`
	ID     string `arg:"" help:"Id of the record, as in its address: contact_…"`
	Action string `help:"What is done." default:"view" enum:"view,edit,delete,export"`
	Field  string `help:"A field of the record, such as phones."`
}

// Run tells why, in the name of the first owner.
func (c *explainCommand) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		owner, err := r.actAs(ctx, "")
		if err != nil {
			return err
		}
		person, err := r.actAs(ctx, c.As)
		if err != nil {
			return err
		}
		id, ok := r.book.Record(c.Kind, c.ID)
		if !ok {
			return errors.New("this is not the id of such a record")
		}
		var a policy.Action
		if err := a.UnmarshalText([]byte(c.Action)); err != nil {
			return err
		}
		var b *records.Because
		if b, err = r.book.Why(ctx, owner, c.Kind, id, person.Person, a, policy.Card, c.Field); err != nil {
			return err
		}
		switch {
		case !b.Allowed:
			fmt.Fprintf(out.out, "No: %s may not %s it.\n", c.As, c.Action)
		case c.Field != "":
			fmt.Fprintf(out.out, "%s sees %s as %s.\n", c.As, c.Field, b.Sight)
		default:
			fmt.Fprintf(out.out, "Yes: %s may %s it.\n", c.As, c.Action)
		}
		for _, why := range b.Reasons {
			fmt.Fprintln(out.out, "  "+why.English())
		}
		return nil
	})
}

type verifyCommand struct{ place }

// Run checks the ledger as it lies in the database, with the workspace's own key
// and the head that is kept outside.
func (c *verifyCommand) Run(ctx context.Context, out output) error {
	db, v, err := c.foundation(ctx, nil)
	if err != nil {
		return err
	}
	options := ledger.Options{Now: time.Now(), Heartbeat: heartbeat + heartbeat/2}
	if head, herr := os.ReadFile(c.head()); herr == nil {
		options.Heads = [][]byte{head}
	}
	report, err := ledger.Verify(ctx, scribe.SourceOf(db), v.LedgerVerifier(), options)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	fmt.Fprintf(out.out, "%d entries. Integrity: %s. Completeness: %s.\n", report.Entries, report.Integrity, report.Completeness)
	for _, l := range report.Losses {
		fmt.Fprintf(out.out, "  Accepted on %s: entries %d to %d are lost.\n", l.Time.UTC().Format(time.DateOnly), l.First, l.Next-1)
	}
	for _, f := range report.Findings {
		fmt.Fprintln(out.out, "  "+f.Text)
	}
	if !report.OK() {
		return errors.New("the ledger is not whole")
	}
	return nil
}

type ledgerCommand struct {
	Accept ledgerAccept `cmd:"" help:"Let the log go on after a loss, which it will tell of for good."`
	Key    ledgerKey    `cmd:"" help:"Print the public key."`
	Bundle ledgerBundle `cmd:"" help:"Write a copy that anybody can check with castellan-verify and the public key."`
}

type ledgerAccept struct {
	place
	Yes bool `help:"Accept without being asked."`
}

// Run shows the loss and, when the operator says so, accepts it.
func (c *ledgerAccept) Run(ctx context.Context, out output) (err error) {
	db, v, err := c.foundation(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	o := c.scribe(nil)
	s, err := scribe.Open(ctx, db, v, o)
	if err == nil {
		fmt.Fprintln(out.out, "The ledger is whole: there is nothing to accept.")
		return s.Close(ctx)
	}
	var loss *scribe.LossError
	if !errors.As(err, &loss) {
		return err
	}
	fmt.Fprintln(out.out, loss.Error())
	if !c.Yes {
		fmt.Fprint(out.out, "Accept it? The log will say so for good. Type yes: ")
		answer, rerr := bufio.NewReader(os.Stdin).ReadString('\n')
		if rerr != nil || strings.TrimSpace(answer) != "yes" {
			return errors.New("nothing was accepted, and nothing has changed")
		}
	}
	if _, err := scribe.Accept(ctx, db, v, o); err != nil {
		return err
	}
	fmt.Fprintln(out.out, "Accepted. The log goes on in a new incarnation.")
	return nil
}

type ledgerKey struct{ place }

// Run prints the public key.
func (c *ledgerKey) Run(ctx context.Context, out output) (err error) {
	db, v, err := c.foundation(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out.out, v.LedgerKey())
	return db.Close()
}

type ledgerBundle struct {
	place
	Dir string `arg:"" help:"New directory for the copy." type:"path"`
}

// Run writes the bundle.
func (c *ledgerBundle) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		if err := r.scribe.Flush(ctx); err != nil {
			return err
		}
		if err := os.Mkdir(c.Dir, 0o700); err != nil {
			return fmt.Errorf("make the directory: %w", err)
		}
		head, err := ledger.WriteBundle(ctx, r.scribe.Source(), r.vault.LedgerVerifier(), func(name string) (io.WriteCloser, error) {
			path := filepath.Join(c.Dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, err
			}
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out.out, "%d entries, signed at %s.\n", head.Size, head.Time.UTC().Format(time.DateTime))
		return nil
	})
}

type checkCommand struct {
	Check configCheck `cmd:"" help:"Show the settings that would be used; secrets are withheld."`
}

type configCheck struct {
	place
	facing
}

// Run prints the settings of serve.
func (c *configCheck) Run(out output) error {
	database := "SQLite in " + c.Data
	if c.Database != "" {
		database = "PostgreSQL, schema " + c.Schema // the address may hold a password
	}
	token := "none"
	if c.Metrics != "" {
		token = "set"
	}
	_, err := fmt.Fprintf(out.out, "database: %s\ndata: %s\nhead-file: %s\nlisten: %s\nurl: %s\nproxies: %s\ntls: %t\nmetrics token: %s\n",
		database, c.Data, c.head(), c.Listen, c.URL, strings.Join(c.Proxies, ", "), c.TLSCert != "", token)
	return err
}
