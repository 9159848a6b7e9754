// Castellan serves a workspace and administers it.
//
// This is the only place that reads the environment and settings files, and the
// only one that knows how the rooms are joined. Each setting is a flag, a
// variable CASTELLAN_… and a line of a settings file; what is unknown is an
// error, and every default is a good one.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"castellan/internal/fault"
)

// version is stamped by the build.
var version = "unreleased"

// commands are what can be done.
type commands struct {
	Config kong.ConfigFlag `help:"Settings file in TOML, with the names of the flags: data = \"/srv/castellan\"." placeholder:"FILE"`

	Serve   serveCommand   `cmd:"" help:"Serve the workspace. With nothing configured: data in ./data, page on http://localhost:8080."`
	Demo    demoCommand    `cmd:"" help:"Serve a workspace of made-up people and clients, to look around."`
	Import  importCommand  `cmd:"" help:"Bring clients in from a file."`
	User    userCommand    `cmd:"" help:"People who may sign in."`
	Role    roleCommand    `cmd:"" help:"Roles and what they allow."`
	Explain explainCommand `cmd:"" help:"Why somebody sees a record or a field, or does not."`
	Verify  verifyCommand  `cmd:"" help:"Check the ledger of this workspace. A stranger uses castellan-verify."`
	Ledger  ledgerCommand  `cmd:"" help:"The ledger: its key, a copy for others, and what to do after a loss."`
	Check   checkCommand   `cmd:"" name:"config" help:"Show the settings that would be used."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// output is where commands write.
type output struct{ out, err io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], output{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is main with everything it touches given to it. It is 0 if all went well,
// 1 if not, 2 if the command was called wrongly.
func run(ctx context.Context, args []string, out output) int {
	var cli commands
	parser, err := kong.New(&cli, kong.Name("castellan"), kong.Description("A CRM whose client base cannot be stolen, misused or lost."),
		kong.Writers(out.out, out.err), kong.Configuration(settingsFile), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(out),
		kong.Exit(func(int) {}), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(out.err, "castellan:", err)
		return 1
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if args[0] == "--help" {
		return 0
	}
	if err == nil {
		err = unknownVariables(parser, os.Environ())
	}
	if err != nil {
		fmt.Fprintln(out.err, "castellan:", err)
		return 2
	}
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(out.err, "castellan:", plain(err))
		return 1
	}
	return 0
}

// plain is an error in the words for people: those of a fault if there is one,
// each field on a line of its own.
func plain(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return err.Error()
	}
	if len(f.Fields) == 0 {
		if f.Field != "" {
			return f.Field + ": " + f.Public
		}
		return f.Public
	}
	lines := []string{f.Public}
	for _, one := range f.Fields {
		lines = append(lines, "  "+one.Field+": "+one.Public)
	}
	return strings.Join(lines, "\n")
}

// settingsFile reads a TOML file into flags. A line that is no setting of the
// command is an error: a misspelt setting that is silently ignored is worse
// than none.
func settingsFile(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := toml.NewDecoder(r).Decode(&values); err != nil {
		return nil, fmt.Errorf("settings file: %w", err)
	}
	return &settings{values}, nil
}

type settings struct{ values map[string]any }

// Validate refuses names that no flag of any command has.
func (s *settings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	var walk func(*kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(app.Node)
	var wrong []error
	for name := range s.values {
		if !known[name] {
			wrong = append(wrong, fmt.Errorf("settings file: there is no setting %q", name))
		}
	}
	return errors.Join(wrong...)
}

// Resolve gives the value of a flag.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	return s.values[flag.Name], nil
}

// unknownVariables refuses CASTELLAN_… variables that nothing reads.
func unknownVariables(parser *kong.Kong, environment []string) error {
	known := map[string]bool{}
	var walk func(*kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			for _, name := range f.Envs {
				known[name] = true
			}
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(parser.Model.Node)
	for _, one := range environment {
		name, _, _ := strings.Cut(one, "=")
		// CASTELLAN_TEST_… belong to the project's own tests.
		if strings.HasPrefix(name, "CASTELLAN_") && !strings.HasPrefix(name, "CASTELLAN_TEST_") && !known[name] {
			return fmt.Errorf("there is no setting %s", name)
		}
	}
	return nil
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(out output) error {
	_, err := fmt.Fprintln(out.out, "castellan", version)
	return err
}
