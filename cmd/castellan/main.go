// Castellan serves a workspace and administers it.
//
// This is the only place that reads the environment and settings files, and the
// only one that knows how the rooms are joined. Each setting is a flag, a
// variable CASTELLAN_… and a line of a settings file; what is unknown is an
// error, and every default is a good one.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // hours of entry count in time zones, and not every machine knows them

	"github.com/alecthomas/kong"

	"castellan/internal/fault"
)

// version is stamped by the build.
var version = "unreleased"

// commands are what can be done.
type commands struct {
	Config string `help:"Settings file in TOML, with the names of the flags: data = \"/srv/castellan\"." placeholder:"FILE" env:"CASTELLAN_CONFIG" type:"path"`

	Serve    serveCommand    `cmd:"" help:"Serve the workspace. With nothing configured: data in ./data, page on http://localhost:8080."`
	Demo     demoCommand     `cmd:"" help:"Serve a workspace of made-up people and clients, to look around."`
	Import   importCommand   `cmd:"" help:"Bring clients in from a file."`
	User     userCommand     `cmd:"" help:"People who may sign in."`
	Role     roleCommand     `cmd:"" help:"Roles and what they allow."`
	Security securityCommand `cmd:"" help:"On what terms people are let in, and the way back in."`
	Explain  explainCommand  `cmd:"" help:"Why somebody sees a record or a field, or does not."`
	Mail     mailCommand     `cmd:"" help:"Mails that the house sends."`
	Verify   verifyCommand   `cmd:"" help:"Check the ledger of this workspace. A stranger uses castellan-verify."`
	Ledger   ledgerCommand   `cmd:"" help:"The ledger: its key, a copy for others, and what to do after a loss."`
	Check    checkCommand    `cmd:"" name:"config" help:"Show the settings that would be used."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
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
	status, asked := 0, false
	parser, err := kong.New(&cli, kong.Name("castellan"), kong.Description("A CRM whose client base cannot be stolen, misused or lost."),
		kong.Writers(out.out, out.err), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(out), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		// The help flag ends the program by this; remember it and return.
		kong.Exit(func(code int) { status, asked = code, true }))
	if err != nil {
		fmt.Fprintln(out.err, "castellan:", err)
		return 1
	}
	if len(args) == 0 || args[0] == "help" {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if asked {
		return status
	}
	if err == nil {
		err = unknownVariables(parser.Model, os.Environ())
	}
	if err == nil {
		err = exposed(parsed)
	}
	if err != nil {
		fmt.Fprintf(out.err, "castellan: %v\nTry castellan --help.\n", err)
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

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(out output) error {
	_, err := fmt.Fprintln(out.out, "castellan", version)
	return err
}
