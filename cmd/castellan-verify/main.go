// Castellan-verify checks a ledger without trusting the server that wrote it.
//
// It needs the log's public key and the files: a data directory on SQLite or its
// ledger.db alone, or a bundle in a folder or in one .zip or .tar file. It
// answers with the exit status as much as with words: 0 when all is proved, 1
// when something is not, 2 when it was called wrongly.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], time.Now(), os.Stdout, os.Stderr))
}

// The exit statuses.
const (
	allProved = 0
	notProved = 1
	misused   = 2
)

// flags are what may be said on the command line.
type flags struct {
	Log string `arg:"" optional:"" help:"A data directory or its ledger.db, a bundle, or a bundle in one .zip or .tar file." type:"path"`

	Key       string        `required:"" placeholder:"FILE" help:"Public key of the ledger. Get it from its owner, not from the place that you check."`
	Head      []string      `placeholder:"FILE" help:"Signed head that reached you by another way, such as the daily mail. May be given several times. Without one, nobody can tell whether the end was cut off."`
	State     string        `placeholder:"FILE" help:"Go on from where the last check ended, and note here where this one did. Keep this file away from the server."`
	Heartbeat time.Duration `default:"15m" help:"How often a sign of life is due in the ledger; 0 does not ask for any."`
	Skew      time.Duration `default:"10s" help:"How far a time may lie before an earlier one."`
	Proof     string        `placeholder:"FILE" help:"Check the proof (.tlog-proof) of a single entry; needs --entry."`
	Entry     string        `placeholder:"FILE" help:"The entry that --proof is about, in its canonical bytes."`
	JSON      bool          `name:"json" help:"Print the report for programs."`
}

// Validate is asked by kong after reading the flags.
func (f *flags) Validate() error {
	switch {
	case (f.Proof == "") != (f.Entry == ""):
		return fmt.Errorf("--proof and --entry belong together")
	case f.Log == "" && f.Proof == "":
		return fmt.Errorf("name what to check: a data directory, a bundle, or --proof and --entry")
	case f.Log == "" && (f.State != "" || len(f.Head) > 0):
		return fmt.Errorf("--state and --head need a data directory or a bundle")
	}
	return nil
}

// run is main with everything it touches given to it.
func run(ctx context.Context, args []string, now time.Time, out, complaints io.Writer) int {
	var f flags
	status, asked := 0, false
	parser, err := kong.New(&f,
		kong.Name("castellan-verify"),
		kong.Description("Checks a ledger of Castellan without trusting the server that wrote it."),
		kong.Writers(out, complaints),
		// The help flag ends the program by this; remember it and return.
		kong.Exit(func(code int) { status, asked = code, true }),
	)
	if err != nil {
		fmt.Fprintln(complaints, "castellan-verify:", err)
		return misused
	}
	_, err = parser.Parse(args)
	if asked {
		return status
	}
	if err != nil {
		fmt.Fprintf(complaints, "castellan-verify: %v\nTry castellan-verify --help.\n", err)
		return misused
	}
	ok, err := check(ctx, &f, now, out)
	if err != nil {
		fmt.Fprintf(complaints, "castellan-verify: nothing is proved: %v\n", err)
		return notProved
	}
	if !ok {
		return notProved
	}
	return allProved
}
